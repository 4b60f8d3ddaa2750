"""Where each source record ended: what was to be loaded ends as the load says, and failed where it was not found again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.compiler.text import literal
from migrate.engine import Engine, copy_to_parquet, scan

DISPOSITIONS = ("created", "updated", "unchanged", "merged", "excluded", "quarantined", "blocked", "held", "failed")
_ENDED = f"result IN ({', '.join(literal(word) for word in DISPOSITIONS)})"
_BATCH = 122_880
"""Rows read at once: the engine's row group, for a batch out of two of them is copied together."""


def finish_dispositions(connection: Engine, validated: Mapping[str, str], file: Path, *, missing: Collection[str]) -> None:
    """Write the run's file of dispositions, by entity and key, which the view ``dispositions`` shows from then on.

    ``connection`` has the view ``results`` and the table ``differences``; ``validated`` is, for each mapping, SQL of the
    dispositions before the load. ``missing``: the mappings of which records were not found again. A word that is no disposition
    becomes null.
    """
    alike, apart = _alike(connection, f"({' UNION ALL '.join(validated.values())})")
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
        disposition = f"CASE WHEN d.gone THEN 'failed' ELSE {disposition} END"
        reason = f"CASE WHEN d.gone THEN 'REC-MISSING' ELSE {reason} END"
    records = " UNION ALL ".join(_found_again(mapping, select, missing) for mapping, select in validated.items())
    # Words of which there are few are sorted and written in a fraction of the time as enumerations; in the file they are texts.
    words, entities = _one_of([*DISPOSITIONS, "candidate"]), _one_of(sorted(validated))
    ended = (
        f"SELECT CAST(d.entity AS {entities}) AS entity, d.key, TRY_CAST({disposition} AS {words}) AS disposition, d.target_key, "
        f"{reason} AS code FROM ({records}) AS d{joined}"
    )
    copy_to_parquet(connection, f"SELECT * FROM ({ended}) ORDER BY entity, key", file)
    connection.execute(f"CREATE VIEW dispositions AS SELECT * FROM {scan(file)}")


def _found_again(mapping: str, select: str, missing: Collection[str]) -> str:
    """A SELECT of the dispositions of a mapping and, as ``gone``, whether the target does not hold what was written."""
    if mapping not in missing:
        return f"SELECT *, FALSE AS gone FROM ({select})"
    # By the key alone: a join by entity and key takes twice as long.
    gone = f"SELECT DISTINCT key FROM differences WHERE kind = 'missing' AND entity = {literal(mapping)}"
    return f"SELECT d.*, x.key IS NOT NULL AS gone FROM ({select}) AS d LEFT JOIN ({gone}) AS x ON x.key = d.key"


def _one_of(words: Iterable[str]) -> str:
    """The type of a column that holds some of these words, and sorts as they are given."""
    return f"ENUM ({', '.join(map(literal, words))})"


@dataclass(frozen=True)
class _Ended:
    """What the load says of the candidates of a mapping."""

    result: str
    code: str | None


def _said(column: Literal["result", "code"], alike: Mapping[str, _Ended]) -> str:
    """SQL of what became of a candidate ``d`` of one of these mappings; null for all other records."""
    whens = " ".join(f"WHEN {literal(mapping)} THEN {literal(getattr(said, column))}" for mapping, said in alike.items())
    value = (
        f"CASE WHEN d.disposition = 'candidate' AND d.target_key IS NOT NULL THEN CASE d.entity {whens} END END"
        if alike
        else "NULL"
    )
    return f"CAST({value} AS VARCHAR)"


def _alike(connection: Engine, validated: str) -> tuple[Mapping[str, _Ended], list[str]]:
    """Mappings whose candidates all ended in one way, each of them: no record has to be joined with its result there. And the
    mappings of which there are other results.

    Either a result without keys says so, or as many results of the same keys. That they are the same is told by the sum of
    their hashes.
    """
    each = "source_key IS NOT NULL OR key IS NOT NULL"
    sums = "count(*), count({0}), count({1}), sum(CAST(hash(hash({0}, {1})) >> 1 AS BIGINT))"
    ended = connection.execute(
        f"SELECT mapping, result, code, {each}, {sums.format('source_key', 'key')} FROM results WHERE {_ENDED} GROUP BY ALL"
    ).fetchall()
    ways = Counter(mapping for mapping, *_ in ended)
    single = [mapping for mapping, _, _, keyed, *_ in ended if keyed and ways[mapping] == 1]
    candidates = {}
    if single:
        open_ = connection.execute(
            f"SELECT entity, {sums.format('key', 'target_key')} FROM {validated} WHERE disposition = 'candidate' "
            f"AND entity IN ({', '.join(map(literal, single))}) GROUP BY entity"
        ).fetchall()
        candidates = {mapping: [int(number) for number in counted] for mapping, *counted in open_}
    alike = {}
    for mapping, result, code, keyed, *counted in ended:
        if ways[mapping] > 1:
            continue
        if not keyed:
            alike[mapping] = _Ended(result, code)
            continue
        rows, keys, target_keys, _ = the_same = [int(number) for number in counted]
        if candidates.get(mapping) == the_same and rows == keys == target_keys:
            alike[mapping] = _Ended(result, code)
    return alike, [mapping for mapping in ways if mapping not in alike]


@dataclass(frozen=True)
class Counted:
    """What a file of dispositions holds."""

    numbers: Mapping[str, Mapping[str | None, int]]
    """Per entity how many records ended in each way; None: in none that there is."""
    unique: bool
    """Do entity and key only grow from row to row, so that no entity has a key twice? In the order of bytes, as the engine
    sorts."""


def count_dispositions(file: Path) -> Counted:
    """Read the file once, batch by batch."""
    numbers: dict[str, Counter[str | None]] = {}
    unique, before = True, None
    with pq.ParquetFile(file, read_dictionary=["entity", "disposition"]) as reader:
        for batch in reader.iter_batches(_BATCH, columns=["entity", "key", "disposition"]):
            for entity, disposition, n in _counts(batch):
                numbers.setdefault(entity, Counter())[disposition] += n
            entities, keys = batch.column("entity"), batch.column("key")
            unique = unique and _grow(entities, keys) and (before is None or _grow(*_joined(before, entities, keys)))
            before = entities[-1:], keys[-1:]
    return Counted(numbers, unique)


def _counts(batch: pa.RecordBatch) -> Iterator[tuple[str, str | None, int]]:
    entities, dispositions = batch.column("entity"), batch.column("disposition")
    present = pc.unique(entities)
    for entity in present:
        own = dispositions if len(present) == 1 else dispositions.filter(pc.equal(_plain(entities), entity.as_py()))
        for counted in pc.value_counts(own):
            yield entity.as_py(), counted["values"].as_py(), counted["counts"].as_py()


def _joined(before: tuple[pa.Array, pa.Array], entities: pa.Array, keys: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The last row before a batch and its first."""
    return pa.concat_arrays([_plain(before[0]), _plain(entities[:1])]), pa.concat_arrays([before[1], keys[:1]])


def _grow(entities: pa.Array, keys: pa.Array) -> bool:
    """Is each row after the one before it?"""
    further = pc.less(keys[:-1], keys[1:])
    if len(pc.unique(entities)) > 1:
        plain = _plain(entities)
        first, then = plain[:-1], plain[1:]
        further = pc.or_kleene(pc.less(first, then), pc.and_kleene(pc.equal(first, then), further))
    return bool(pc.all(further, skip_nulls=False, min_count=0).as_py())


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
