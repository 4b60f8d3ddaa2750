"""The source keys of the groups that a rule takes for one, as the map stage saw them."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow.parquet as pq

from migrate.compiler.text import literal
from migrate.engine import scan, session
from migrate.errors import RunFailed
from migrate.worklist.current import Worklist
from migrate.worklist.identity import item_sql


def group_keys(worklist: Worklist, wanted: Iterable[str]) -> dict[str, list[str]]:
    """``{item: keys of its group}``, the survivor first; items whose rows are not there any more are left out."""
    asked: dict[tuple[str, str], set[str]] = {}
    for item_id in wanted:
        item = worklist.items[item_id]
        if item["kind"] == "merge":
            asked.setdefault((item["entity"], item["code"]), set()).add(item_id)
    found: dict[str, list[str]] = {}
    for (entity, code), items in sorted(asked.items()):
        file = worklist.stage("2_map") / f"{entity}.parquet"
        try:
            if "_group" not in pq.read_schema(file).names:
                continue
            with session() as connection:
                own = item_sql("merge", literal(code), literal(entity), "_group")
                rows = connection.execute(
                    f"SELECT {own} AS item, list(_key ORDER BY _disposition = 'merged', _key) FROM {scan(file)} "
                    "WHERE _group IS NOT NULL GROUP BY 1"
                ).fetchall()
        except (OSError, RunFailed):
            continue
        found |= {item_id: keys for item_id, keys in rows if item_id in items}
    return found
