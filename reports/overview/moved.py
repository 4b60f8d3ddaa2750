"""Where records ended in the run before and in this one.

Both runs are first compared by sums of hashes, bucket by bucket, as values are (docs/adr/0033): most records end where they did,
and only those of the other buckets are looked up one by one.
"""

from __future__ import annotations

import duckdb

from migrate.compiler.text import literal
from reports import links
from reports.evidence import Evidence
from reports.model import HELD_BACK, LOADED
from reports.overview.history import Past
from reports.overview.model import Moved
from reports.overview.past_rows import rows_of
from reports.parts import Count

_SUM = (
    "SELECT bucket_of(entity, key) AS bucket, {sign}CAST(hash(hash(entity, key, disposition)) >> 1 AS BIGINT) AS part FROM {rows}"
)
_EVEN = f"""INSERT INTO as_before SELECT bucket FROM (
        {_SUM.format(sign="", rows="d")} UNION ALL {_SUM.format(sign="-", rows="({earlier})")})
    GROUP BY bucket HAVING sum(part) = 0"""
_UNEVEN = "(FROM {rows} AS r ANTI JOIN as_before ON bucket_of(r.entity, r.key) = as_before.bucket)"
_NOW = _UNEVEN.format(rows="d")
_BEFORE = f"""INSERT INTO ended_before SELECT entity, key, min(disposition) FROM {_UNEVEN.format(rows="({earlier})")}
    GROUP BY entity, key"""
_LOADED, _BACK = (f"({', '.join(literal(word) for word in words)})" for words in (LOADED, HELD_BACK))
_MOVED = f"""SELECT entity,
        count(*) FILTER (was IN {_BACK} AND disposition IN {_LOADED}),
        count(*) FILTER (was IN {_LOADED} AND disposition IN {_BACK}),
        count(*) FILTER (was IS NOT NULL AND was <> disposition
            AND NOT (was IN {_LOADED} AND disposition IN {_LOADED})
            AND NOT (was IN {_BACK} AND disposition IN {_LOADED}) AND NOT (was IN {_LOADED} AND disposition IN {_BACK})),
        count(*) FILTER (was IS NULL), count(was)
    FROM {_NOW} AS d LEFT JOIN ended_before USING (entity, key) GROUP BY entity"""
_BEFORE_BY = "SELECT entity, count(*) FROM ended_before GROUP BY entity"


def read_moved(evidence: Evidence, past: Past, known: list[str]) -> tuple[Moved, ...]:
    """Where records ended then and now, by entity, in the order of ``known``. Records learn where they were."""
    earlier = rows_of(evidence, past.folder / "dispositions.parquet", ("entity", "key", "disposition"))
    if earlier is None or not evidence.available["dispositions"]:
        return ()
    try:
        for statement in (_EVEN, _BEFORE):
            evidence.do(statement.format(earlier=earlier))
    except duckdb.Error:
        evidence.do("DELETE FROM as_before")
        return ()
    counts = {entity: numbers for entity, *numbers in evidence.ask(_MOVED)}
    before = evidence.counts(_BEFORE_BY)
    names = {entity for (entity,) in evidence.ask("SELECT DISTINCT entity FROM d")} | before.keys()
    found = []
    for entity in sorted(names, key=lambda name: place(known, name)):
        reached, fell, other, came, met = counts.get(entity, (0, 0, 0, 0, 0))
        asked = {"entity": entity}
        found.append(
            Moved(
                entity,
                links.counted("dispositions", reached, was=HELD_BACK, disposition=LOADED, **asked),
                links.counted("dispositions", fell, was=LOADED, disposition=HELD_BACK, **asked),
                Count(other),
                links.counted("dispositions", came, was=None, **asked),
                max(0, before.get(entity, 0) - met),
            )
        )
    return tuple(found)


def place(known: list[str], name: str | None) -> tuple[int, str]:
    """Sorts names that are known in their order, then the others."""
    return (known.index(name) if name in known else len(known), name or "")
