"""Which records a page carries where it cannot carry all: chosen by their numbers, so that only those are read whole."""

from __future__ import annotations

import duckdb

from migrate.compiler.text import literal
from reports.model import HELD_BACK, SET_ASIDE

_TOLD = """CREATE OR REPLACE TEMP TABLE told_rows AS
    SELECT record AS row FROM f WHERE record IS NOT NULL UNION SELECT record FROM x WHERE record IS NOT NULL"""

SHOWN = """WITH answers AS (
        SELECT record, min(CASE kind WHEN 'missing' THEN 'missing' ELSE 'different' END) AS answer
        FROM x WHERE kind IN ('missing', 'different') AND record IS NOT NULL GROUP BY record)
    SELECT d.row, d.entity, d.key, target_key, disposition, code,
        CASE WHEN disposition IN ('created', 'updated', 'unchanged') OR disposition = 'held' AND code IN (FROM predicted)
            THEN coalesce(answer, CASE WHEN unread.key IS NULL THEN 'no difference' ELSE 'not read' END) END AS read_back,
        coalesce(was, CASE WHEN as_before.bucket IS NOT NULL THEN disposition END) AS was
    FROM (FROM d SEMI JOIN shown USING (row)) AS d
    LEFT JOIN answers ON d.row = answers.record
    LEFT JOIN unread ON d.entity = unread.entity AND d.key = unread.key
    LEFT JOIN ended_before ON d.entity = ended_before.entity AND d.key = ended_before.key
    LEFT JOIN as_before ON bucket_of(d.entity, d.key) = as_before.bucket
    ORDER BY d.row"""


def choose_records(database: duckdb.DuckDBPyConnection, limit: int) -> None:
    """Fill the table ``shown`` with at most ``limit`` rows of ``d``, in turns: what waits or failed, what something is told of,
    what was left out on purpose, what was updated, all others. Of each the first ones."""
    database.execute("CREATE OR REPLACE TEMP TABLE shown (row BIGINT)")
    database.execute(_TOLD)
    told = _number(database, "told_rows")
    held, aside = (", ".join(literal(word) for word in words) for words in (HELD_BACK, SET_ASIDE))
    others = f"coalesce(disposition NOT IN ({held}, {aside}, 'updated'), true)"
    for condition in (f"disposition IN ({held})", None, f"disposition IN ({aside})", "disposition = 'updated'", others):
        left = limit - _number(database, "shown")
        if left > 0:
            # Those that something is told of may be among the first; there are enough for all that are left without them.
            rows = "told_rows" if condition is None else _first(condition, left + told)
            database.execute(f"INSERT INTO shown SELECT row FROM {rows} ANTI JOIN shown USING (row) ORDER BY row LIMIT {left}")


def _first(condition: str, most: int) -> str:
    """The first rows of the file of which a condition holds: the engine gives those where nothing else is asked, and stops."""
    return f"(SELECT row FROM d WHERE {condition} LIMIT {most})"


def _number(database: duckdb.DuckDBPyConnection, table: str) -> int:
    ((found,),) = database.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(found)
