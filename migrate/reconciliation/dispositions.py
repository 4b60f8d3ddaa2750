"""Where each source record ended: what was to be loaded ends as the load says, and failed where it was not found again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

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
    ends = _ends(connection, f"({' UNION ALL '.join(validated.values())})")
    # Words of which there are few are sorted and written in a fraction of the time as enumerations; in the file they are texts.
    words, entities = _one_of([*DISPOSITIONS, "candidate"]), _one_of(sorted(validated))
    ended = {mapping: _ended(mapping, select, ends, words, gone=mapping in missing) for mapping, select in validated.items()}
    records = " UNION ALL ".join(f"SELECT CAST({literal(m)} AS {entities}) AS entity, {rest}" for m, rest in ended.items())
    copy_to_parquet(connection, f"SELECT * FROM ({records}) ORDER BY entity, key", file)
    connection.execute(f"CREATE VIEW dispositions AS SELECT * FROM {scan(file)}")


def _ended(mapping: str, select: str, ends: Mapping[str, _Ended | None], words: str, *, gone: bool) -> str:
    """The columns of the dispositions of a mapping after its entity, and where they come from: ``key``, ``disposition`` (of the
    type ``words``), ``target_key`` and ``code``. ``gone``: are there records that were not found again?"""
    rows = f"({select}) AS d"
    disposition, code = f"TRY_CAST(d.disposition AS {words})", "d.code"
    if (end := ends.get(mapping)) is not None:
        open_ = "d.disposition = 'candidate' AND d.target_key IS NOT NULL"
        disposition = f"CASE WHEN {open_} THEN CAST({literal(end.result)} AS {words}) ELSE {disposition} END"
        if end.code is not None:
            code = f"CASE WHEN {open_} THEN coalesce(d.code, {literal(end.code)}) ELSE d.code END"
    elif mapping in ends:
        # A condition on one side alone would have the engine compare every record with every result.
        open_ = "CASE WHEN d.disposition = 'candidate' THEN d.key END"
        own = f"SELECT source_key, key, result, code FROM results WHERE {_ENDED} AND mapping = {literal(mapping)}"
        rows += f" LEFT JOIN ({own}) AS r ON r.source_key = {open_} AND r.key = d.target_key"
        disposition = f"TRY_CAST(coalesce(r.result, d.disposition) AS {words})"
        code = "coalesce(d.code, r.code)"
    if gone:
        own = f"SELECT DISTINCT key FROM differences WHERE kind = 'missing' AND entity = {literal(mapping)}"
        rows += f" LEFT JOIN ({own}) AS x ON x.key = d.key"
        disposition = f"CASE WHEN x.key IS NOT NULL THEN CAST('failed' AS {words}) ELSE {disposition} END"
        code = f"CASE WHEN x.key IS NOT NULL THEN 'REC-MISSING' ELSE {code} END"
    return f"d.key, {disposition} AS disposition, d.target_key, {code} AS code FROM {rows}"


def _one_of(words: Iterable[str]) -> str:
    """The type of a column that holds some of these words, and sorts as they are given."""
    return f"ENUM ({', '.join(map(literal, words))})"


@dataclass(frozen=True)
class _Ended:
    """What the load says of the candidates of a mapping."""

    result: str
    code: str | None


def _ends(connection: Engine, validated: str) -> Mapping[str, _Ended | None]:
    """For each mapping of which there are results, how all of its candidates ended, each of them: no record has to be joined
    with its result there. None: the results are other ones.

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
    ends: dict[str, _Ended | None] = {}
    for mapping, result, code, keyed, *counted in ended:
        rows, keys, target_keys, _ = the_same = [int(number) for number in counted]
        alike = not keyed or (candidates.get(mapping) == the_same and rows == keys == target_keys)
        ends[mapping] = _Ended(result, code) if alike and ways[mapping] == 1 else None
    return ends


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
