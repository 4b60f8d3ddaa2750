"""Findings as worklist items, in the engine: which item each finding belongs to, and what waits for it.

A finding about a record of its own is an item, or one of several that make an item together (all that have one value, all of
one group). A finding that only says that its record waits for another one belongs to what is wrong with that other record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from migrate.compiler.mapping import Compiled
from migrate.compiler.rules import WORST_FIRST
from migrate.engine import Engine, scan
from migrate.worklist.identity import cause_sql, item_sql

SCHEMA = "worklist"
MEMBERS = 20
"""Keys of a group that an item names."""

# A record that refers to itself, and is kept back for another reason, waits for nothing but that.
_TO_ITSELF = "coalesce(f.value = f.key AND f.root_cause = f.entity || '/' || f.key AND f.code <> 'REF-CYCLE', FALSE)"

_OWN = f"""CASE
    WHEN k.kind = 'crosswalk' THEN {item_sql("crosswalk", "k.about", "f.value")}
    WHEN k.kind = 'value' THEN {item_sql("value", "f.code", "f.entity", "f.field", "f.value")}
    WHEN k.kind = 'merge' AND g.grp IS NOT NULL THEN {item_sql("merge", "f.code", "f.entity", "g.grp")}
    WHEN f.key IS NULL THEN {item_sql("run", "f.code", "f.entity", "f.field")}
    WHEN f.root_cause IS NULL OR (f.root_cause = f.entity || '/' || f.key AND NOT {_TO_ITSELF})
        THEN {item_sql("record", "f.code", "f.entity", "f.field", "f.key")} END"""

_TOLD = f"""CREATE OR REPLACE TEMP TABLE told AS
    SELECT f.*, {WORST_FIRST} AS rank, k.about, c.content,
        CASE WHEN k.kind = 'merge' AND g.grp IS NULL THEN NULL
            ELSE coalesce(k.kind, CASE WHEN f.key IS NULL THEN 'run' ELSE 'record' END) END AS kind,
        {_OWN} AS own, g.grp
    FROM {{findings}} AS f
    LEFT JOIN {SCHEMA}.kinds AS k ON k.entity = f.entity AND k.code = f.code AND k.field IS NOT DISTINCT FROM f.field
    LEFT JOIN {SCHEMA}.groups AS g ON g.entity = f.entity AND g.key = f.key
    LEFT JOIN {SCHEMA}.contents AS c ON c.entity = f.entity AND c.key = f.key"""

# What is wrong with each record: the gravest item of its own.
_MAINS = """CREATE OR REPLACE TEMP TABLE mains AS
    SELECT entity || '/' || key AS record, arg_min(own, (rank, code, coalesce(field, ''))) AS item
    FROM told WHERE own IS NOT NULL AND key IS NOT NULL AND severity <> 'warn' GROUP BY 1"""

# A record that is blamed, and is itself kept back only because of another, hands the blame on.
_TOPS = """CREATE OR REPLACE TEMP TABLE tops AS
    WITH RECURSIVE up AS (
        SELECT entity || '/' || key AS record, min(root_cause) AS next FROM told
        WHERE severity <> 'warn' AND own IS NULL GROUP BY 1 HAVING record NOT IN (SELECT record FROM mains)),
    climb AS (
        SELECT DISTINCT root_cause AS blamed, root_cause AS top, 0 AS depth FROM told WHERE own IS NULL
        UNION ALL SELECT climb.blamed, up.next, depth + 1 FROM climb JOIN up ON climb.top = up.record WHERE depth < 20)
    SELECT blamed, arg_max(top, depth) AS top FROM climb GROUP BY blamed"""

_FINDINGS = f"""CREATE OR REPLACE TEMP TABLE finding_items AS
    SELECT told.* EXCLUDE (own, kind), own IS NOT NULL OR mains.item IS NULL AS is_own,
        coalesce(own, mains.item, {item_sql("root", "told.code", "told.entity", "told.root_cause")}) AS item,
        CASE WHEN own IS NULL AND mains.item IS NULL THEN 'root' ELSE kind END AS kind
    FROM told LEFT JOIN tops ON CASE WHEN own IS NULL THEN told.root_cause END = tops.blamed
    LEFT JOIN mains ON mains.record = tops.top"""

ITEMS = f"""SELECT item, first(kind ORDER BY n) AS kind,
        {cause_sql("first(coalesce(about, entity) ORDER BY n)", "first(code ORDER BY n)", "first(field ORDER BY n)")} AS cause,
        first(code ORDER BY n) AS code, first(severity ORDER BY n) AS severity,
        first(entity ORDER BY n) AS entity, first(field ORDER BY n) AS field,
        first(about ORDER BY n) AS about,
        CASE WHEN first(kind ORDER BY n) IN ('record', 'root') THEN min(key) FILTER (is_own) END AS key,
        CASE WHEN first(kind ORDER BY n) <> 'merge' THEN first(value ORDER BY n) END AS value,
        CASE WHEN first(kind ORDER BY n) = 'record' THEN first(content ORDER BY n) END AS content,
        first(root_cause ORDER BY n) AS root_cause,
        first(message ORDER BY n) AS message,
        CASE WHEN first(kind ORDER BY n) = 'merge' THEN list_sort(list(DISTINCT key) FILTER (is_own))[:{MEMBERS}] END AS members,
        CASE WHEN first(kind ORDER BY n) = 'run' THEN 0 ELSE count(DISTINCT (entity, key)) FILTER (is_own) END AS rows,
        count(DISTINCT (entity, key)) FILTER (NOT is_own AND root_cause IS DISTINCT FROM entity || '/' || key) AS waiting
    FROM (SELECT *, row_number() OVER (ORDER BY is_own DESC, rank, entity, code, field, key, value) AS n FROM finding_items)
    GROUP BY item"""
"""One row per item. ``rows``: records at fault; ``waiting``: records that wait for those and have no fault of their own."""


def prepare(connection: Engine, rules: Mapping[str, Compiled], mapped: Mapping[str, str]) -> None:
    """Tell the engine which rules are about values and groups, and which rows have no key of their own.

    ``mapped`` is the SQL of each mapping's rows.
    """
    kinds = {
        (entity, rule.code, rule.field or None): (rule.kind, rule.about or None)
        for entity, compiled in rules.items()
        for rule in sorted(compiled.rules, key=lambda rule: rule.kind == "value")
        if rule.kind != "record"
    }
    rows = [(*about, *kind) for about, kind in kinds.items()]
    names = ("entity", "code", "field", "kind", "about")
    table = pa.table({name: pa.array([row[n] for row in rows], pa.string()) for n, name in enumerate(names)})
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    connection.register("_kinds", table)
    connection.execute(f"CREATE OR REPLACE TABLE {SCHEMA}.kinds AS SELECT * FROM _kinds")
    connection.unregister("_kinds")
    connection.execute(f"CREATE OR REPLACE TABLE {SCHEMA}.groups (entity VARCHAR, key VARCHAR, grp VARCHAR)")
    connection.execute(f"CREATE OR REPLACE TABLE {SCHEMA}.contents (entity VARCHAR, key VARCHAR, content VARCHAR)")
    for entity, rows_sql in mapped.items():
        connection.execute(
            f"INSERT INTO {SCHEMA}.contents SELECT ?, _key, _content FROM {rows_sql} WHERE _content IS NOT NULL", [entity]
        )
    for entity, compiled in rules.items():
        merge = compiled.mapping.model.merge
        if merge is not None and merge.confirm and entity in mapped:
            connection.execute(
                f"INSERT INTO {SCHEMA}.groups SELECT ?, _key, _group FROM {mapped[entity]} WHERE _group IS NOT NULL", [entity]
            )


def find_blame(connection: Engine, findings: str) -> None:
    """Make ``told`` (the findings) and ``tops``: of each record that is ``blamed``, the ``top`` one to be mended first."""
    for statement in (_TOLD.format(findings=findings), _MAINS, _TOPS):
        connection.execute(statement)


def build_items(connection: Engine, findings: str) -> None:
    """Make ``finding_items`` (each finding with its item) and ``items`` from the SQL of a table of findings."""
    find_blame(connection, findings)
    connection.execute(_FINDINGS)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE items AS {ITEMS}")


def mapped_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SQL of the rows of each mapping, as the map stage wrote them."""
    return {name: scan(folder / f"{name}.parquet") for name in names}
