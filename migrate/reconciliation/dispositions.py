"""Where each source record ended: what was to be loaded ends as the load says, and failed where it was not found again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.artefacts import Foreseen
from migrate.compiler.text import literal
from migrate.engine import Engine, copy_to_parquet, scan

DISPOSITIONS = ("created", "updated", "unchanged", "merged", "excluded", "quarantined", "blocked", "held", "failed")
_ENDED = f"result IN ({', '.join(literal(word) for word in DISPOSITIONS)})"
_BATCH = 100_000


def finish_dispositions(
    connection: Engine, validated: str, file: Path, foreseen: Mapping[str, Foreseen] = MappingProxyType({}), *, missing: bool
) -> None:
    """Write the run's file of dispositions, by entity and key, which the view ``dispositions`` shows from then on.

    ``connection`` has the view ``results`` and the table ``differences``; ``validated`` is SQL of the dispositions before the
    load. ``foreseen``: what the load says of all records of each mapping, where it lists none. ``missing``: were there records
    that were not found again?
    """
    alike, apart = (foreseen, list[str]()) if foreseen else _alike(connection, validated)
    result, code = (_said(column, alike) for column in ("result", "code"))
    joined = ""
    if apart:
        # A condition on one side alone would have the engine compare every record with every result.
        open_ = "CASE WHEN d.disposition = 'candidate' THEN d.key END"
        result, code = f"coalesce({result}, r.result)", f"coalesce({code}, r.code)"
        joined = (
            f" LEFT JOIN (SELECT * FROM results WHERE {_ENDED} AND mapping IN ({', '.join(map(literal, apart))})) AS r "
            f"ON r.mapping = d.entity AND r.source_key = {open_} AND r.key = d.target_key"
        )
    disposition = f"coalesce({result}, d.disposition)"
    reason = f"CASE WHEN {result} IS NOT NULL THEN coalesce(d.code, {code}) ELSE d.code END"
    if missing:
        joined += (
            " LEFT JOIN (SELECT DISTINCT entity, key FROM differences WHERE kind = 'missing') AS x "
            "ON x.entity = d.entity AND x.key = d.key"
        )
        disposition = f"CASE WHEN x.key IS NOT NULL THEN 'failed' ELSE {disposition} END"
        reason = f"CASE WHEN x.key IS NOT NULL THEN 'REC-MISSING' ELSE {reason} END"
    copy_to_parquet(
        connection,
        f"SELECT d.entity, d.key, {disposition} AS disposition, d.target_key, {reason} AS code FROM {validated} AS d{joined} "
        "ORDER BY d.entity, d.key",
        file,
    )
    connection.execute(f"CREATE VIEW dispositions AS SELECT * FROM {scan(file)}")


def _said(column: Literal["result", "code"], alike: Mapping[str, Foreseen]) -> str:
    """SQL of what became of a candidate ``d`` of one of these mappings; null for all other records."""
    whens = " ".join(f"WHEN {literal(mapping)} THEN {literal(getattr(said, column))}" for mapping, said in alike.items())
    value = (
        f"CASE WHEN d.disposition = 'candidate' AND d.target_key IS NOT NULL THEN CASE d.entity {whens} END END"
        if alike
        else "NULL"
    )
    return f"CAST({value} AS VARCHAR)"


def _alike(connection: Engine, validated: str) -> tuple[Mapping[str, Foreseen], list[str]]:
    """Mappings whose candidates all ended in one way, each of them: no record has to be joined with its result there. And the
    mappings of which there are other results.

    That they are the same records is told by their number and the sum of their hashes.
    """
    sums = "count(*), count({0}), count({1}), sum(CAST(hash(hash({0}, {1})) >> 1 AS BIGINT))"
    ended = connection.execute(
        f"SELECT mapping, result, code, {sums.format('source_key', 'key')} FROM results WHERE {_ENDED} "
        "GROUP BY mapping, result, code"
    ).fetchall()
    open_ = connection.execute(
        f"SELECT entity, {sums.format('key', 'target_key')} FROM {validated} WHERE disposition = 'candidate' GROUP BY entity"
    ).fetchall()
    candidates = {mapping: [int(number) for number in counted] for mapping, *counted in open_}
    ways = Counter(mapping for mapping, *_ in ended)
    alike = {}
    for mapping, result, code, *counted in ended:
        rows, keys, target_keys, _ = the_same = [int(number) for number in counted]
        if ways[mapping] == 1 and candidates.get(mapping) == the_same and rows == keys == target_keys:
            alike[mapping] = Foreseen(mapping, result, code)
    return alike, [mapping for mapping in ways if mapping not in alike]


def grows(file: Path) -> bool:
    """Do entity and key grow from row to row of a file of dispositions? Then no entity has a key twice. In the order of bytes, as
    the engine sorts."""
    before: tuple[pa.Array, pa.Array] | None = None
    with pq.ParquetFile(file) as reader:
        for batch in reader.iter_batches(_BATCH, columns=["entity", "key"]):
            entities, keys = batch.column("entity"), batch.column("key")
            if before is not None:
                entities, keys = pa.concat_arrays([before[0], entities]), pa.concat_arrays([before[1], keys])
            first, then = (entities[:-1], keys[:-1]), (entities[1:], keys[1:])
            more = pc.and_kleene(pc.equal(first[0], then[0]), pc.less(first[1], then[1]))
            if not pc.all(pc.or_kleene(pc.less(first[0], then[0]), more), skip_nulls=False, min_count=0).as_py():
                return False
            before = (entities[-1:], keys[-1:])
    return True
