"""Whatever stands on both sides, the comparison by hashes finds what a plain one finds, row by row."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mapped_rows import lay

from migrate.artefacts import Mapped, ReadBack, Validated, write_manifest
from migrate.engine import session
from migrate.mapper import hash_of_mapped
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.progress import Silent
from migrate.reconciliation import apart, entity, excused
from migrate.reconciliation.apart import Apart, find_apart
from migrate.reconciliation.balance import Balance
from migrate.reconciliation.entity import compare_entity
from migrate.run_folder import RunFolder

Row = dict[str, Any]
BY_MAP = "as the map stage stores it"
KINDS = {
    "user_id": pa.string(), "name": pa.string(), "email": pa.string(), "manager": pa.string(), "status": pa.string(),
    "age": pa.int64(), "score": pa.float64(), "active": pa.bool_(), "born": pa.date32(), "seen": pa.timestamp("us"),
}  # fmt: skip
FILLED = {"users": ("user_id", "name", "age", "score"), "staff": ("user_id", "name", "email", "age", "score")}
BOTH = "user_id: {from: id}, name: {from: name, compare: trim}, age: {from: age}, score: {from: age}"
MAPPINGS = {"users": f"{{{BOTH}}}", "staff": f"{{{BOTH}, email: {{from: mail}}}}"}
KEYS = ("a", "b", "c", "d", "e", "f")
VALUES = {
    "name": st.sampled_from((None, "", "Ana", "Ana ", " Ana", "ana", "Bo")),
    "age": st.sampled_from((None, 0, 7)),
    "score": st.sampled_from((None, 0.0, -0.0, math.nan, 0.1 + 0.2, 0.3)),
}
ROWS = st.fixed_dictionaries(VALUES)


@dataclass
class Case:
    """Rows by target key. ``held``: what was read back; a row that is None is the one that is expected of its key."""

    expected: Mapping[str | None, tuple[str, Row]]
    held: list[tuple[str | None, Row | None]]
    refused: list[str] = field(default_factory=list)
    asked: frozenset[str] = frozenset(KEYS)
    kept: frozenset[str] = frozenset()

    def rows(self, mapping: str) -> list[Row]:
        found = [(key, row) for key, (of, row) in self.expected.items() if of == mapping]
        return [{"_key": f"source {key}", "_target_key": key, "user_id": key, **row} for key, row in found]

    def read_back(self) -> list[Row]:
        plain = {"name": "Bo", "age": 1, "score": None}
        rows = [(key, row or self.expected.get(key, ("", plain))[1]) for key, row in self.held]
        return [{"_target_key": key, "user_id": key, **row} for key, row in rows]


CASES = st.builds(
    Case,
    st.dictionaries(st.sampled_from((*KEYS, None)), st.tuples(st.sampled_from(tuple(MAPPINGS)), ROWS), max_size=6),
    st.lists(st.tuples(st.sampled_from((*KEYS, "x", None)), st.one_of(st.none(), st.none(), ROWS)), max_size=8),
    st.lists(st.sampled_from((*KEYS, "x")), max_size=2),
    st.frozensets(st.sampled_from(KEYS)),
    st.frozensets(st.sampled_from(KEYS)),
)


@dataclass
class Found:
    differences: Counter[tuple[str | None, ...]]
    excused: Counter[tuple[str | None, ...]]
    numbers: dict[str, tuple[int, int, dict[str, int]]]
    balance: Balance
    looked_at: int
    """Rows that were read back and were held beside others."""


def plain(case: Case, *, live: bool) -> tuple[Counter[tuple[str | None, ...]], Counter[tuple[str | None, ...]]]:
    """The same, row by row: what differs and what is excused."""
    differences: Counter[tuple[str | None, ...]] = Counter()
    excuses: Counter[tuple[str | None, ...]] = Counter()
    held, wanted = case.read_back(), Counter[str | None]()
    for mapping, filled in FILLED.items():
        for row in case.rows(mapping):
            key = row["_target_key"]
            if live and key not in case.asked:
                continue
            wanted[key] += 1
            there = [other for other in held if key is not None and other["_target_key"] == key]
            if not there:
                differences[mapping, row["_key"], key, None, "missing"] += 1
            for other in there:
                for name in filled if live else KINDS:
                    if alike(row.get(name), other.get(name), blank=live and KINDS[name] == pa.string()):
                        continue
                    if name == "name" and None not in (row[name], other[name]) and row[name].strip() == other[name].strip():
                        excuses[mapping, row["_key"], key, name, "trim"] += 1
                    elif live and key in case.kept:
                        excuses[mapping, row["_key"], key, name, excused.MATCHED] += 1
                    else:
                        differences[mapping, row["_key"], key, name, "different"] += 1
    for key, n in (Counter([*(row["_target_key"] for row in held), *case.refused]) - wanted).items():
        differences["users", None, key, None, "extra"] += n
    return differences, excuses


def alike(one: Any, other: Any, *, blank: bool) -> bool:
    if blank:
        one, other = one or None, other or None
    return bool(one == other or (one != one and other != other))


@pytest.fixture
def pair(bench: Any) -> LoadedPair:
    return bench.pair(  # type: ignore[no-any-return]
        **{mapping: f"from: old.person\nto: new.users\nfields: {fields}\n" for mapping, fields in MAPPINGS.items()}
    )


@pytest.fixture
def compared(pair: LoadedPair) -> Callable[..., Found]:
    """Compares a case by the code of the stage."""

    def compare(
        case: Case, *, live: bool = False, kinds: Mapping[str, pa.DataType] = KINDS, memory: int | None = None,
        hashed: str | None = None,
    ) -> Found:  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            return _compared(pair, case, Path(folder), live, kinds, memory, hashed)

    return compare


def _compared(
    pair: LoadedPair, case: Case, folder: Path, live: bool, kinds: Mapping[str, pa.DataType], memory: int | None,
    hashed: str | None,
) -> Found:  # fmt: skip
    run = RunFolder(folder / "run")
    mapped, validated, back = (run.stage(stage) for stage in ("map", "validate", "read_back"))
    keys = {"_key": pa.string(), "_target_key": pa.string()}
    for mapping, filled in FILLED.items():
        schema = pa.schema({**keys, **{name: KINDS[name] for name in filled}})
        lay(mapped, validated, mapping, pa.Table.from_pylist(case.rows(mapping), schema), hashed=_stored(pair, mapping, hashed))
    loading = {mapping: len(case.rows(mapping)) for mapping in FILLED}
    stored = {mapping: list(pair.mappings[mapping].compared) for mapping in FILLED} if hashed else {}
    write_manifest(Mapped, mapped, None, [], hashed=stored)
    write_manifest(Validated, validated, Mapped(mapped), [], loading=loading)
    schema = pa.schema({"_target_key": pa.string(), **kinds})
    pq.write_table(pa.Table.from_pylist(case.read_back(), schema), back / "users.parquet")
    lists = {"refused": case.refused, "asked": case.asked, "kept": case.kept}
    for name, listed in lists.items():
        rows = [{"entity": "users", "key": key, "reason": "", "field": ""} for key in listed]
        columns = pa.schema({column: pa.string() for column in ("entity", "key", "reason", "field")})
        pq.write_table(pa.Table.from_pylist(rows, columns), back / f"{name}.parquet")
    run.summary = {"entities": {mapping: {} for mapping in FILLED}}
    run.facts = {"entities": {mapping: {} for mapping in FILLED}} | ({"live": {}} if live else {})
    looked_at = 0

    def find(connection: Any, *args: Any, **named: Any) -> Apart | None:
        nonlocal looked_at
        found = find_apart(connection, *args, **named)
        looked_at = connection.execute(f"SELECT count(*) FROM {found.actual}").fetchone()[0] if found else 0
        return found

    with session() as connection, pytest.MonkeyPatch.context() as patched:
        patched.setattr(entity, "find_apart", find)
        connection.execute("CREATE TABLE results (entity VARCHAR, key VARCHAR, code VARCHAR)")
        for table, last in (("differences", "kind"), ("excused", "rule")):
            words = ("entity", "key", "target_key", "field", last, "expected", "actual")
            connection.execute(f"CREATE TABLE {table} ({', '.join(f'{word} VARCHAR' for word in words)})")
        mappings: list[LoadedMapping] = [pair.mappings[mapping] for mapping in FILLED]
        balance = compare_entity(connection, mappings, Validated(validated), ReadBack(back), run, Silent(), memory)
        differences, excuses = (
            Counter(connection.execute(f"SELECT entity, key, target_key, field, {last} FROM {table}").fetchall())
            for table, last in (("differences", "kind"), ("excused", "rule"))
        )
    counted = run.summary["entities"]
    for of in FILLED:
        wanted = [row for row in case.rows(of) if not live or row["_target_key"] in case.asked]
        assert counted[of]["compared"] + counted[of]["missing"] == len(wanted)
        told = {(f, rule): n for f, rules in run.facts["entities"][of]["excused"].items() for rule, n in rules.items()}
        assert Counter(told) == Counter((f, rule) for entity, _, _, f, rule in excuses.elements() if entity == of)
    numbers = {of: (counted[of]["missing"], counted[of]["extra"], counted[of]["differences"]) for of in FILLED}
    return Found(differences, excuses, numbers, balance, looked_at)


def _stored(pair: LoadedPair, mapping: str, hashed: str | None) -> str | None:
    return hash_of_mapped(pair.mappings[mapping]) if hashed == BY_MAP else hashed


SAME = {"name": "Ana", "age": 7, "score": 0.3}


@pytest.mark.parametrize("live", [False, True], ids=["files", "live"])
@pytest.mark.parametrize(("memory", "buckets"), [(None, 0), (0, 1), (0, apart.BUCKETS)], ids=["join", "one bucket", "buckets"])
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])  # it keeps nothing
@given(case=CASES, hashed=st.sampled_from((None, BY_MAP)))
@example(hashed=BY_MAP, case=Case({None: ("users", SAME)}, [(None, None)]))
@example(hashed=BY_MAP, case=Case({"a": ("users", SAME), "b": ("staff", SAME)}, [("a", None), ("b", None)]))
@example(hashed=BY_MAP, case=Case({"a": ("users", SAME)}, [("a", None), ("a", None), ("x", None)], refused=["x", "b"]))
@example(hashed=BY_MAP, case=Case({"a": ("users", SAME)}, [], refused=["a"]))
@example(hashed=BY_MAP, case=Case({"a": ("users", SAME)}, [("a", None), ("a", SAME | {"age": 8})]))
@example(hashed=BY_MAP, case=Case({"a": ("users", SAME), "b": ("users", SAME)}, [("a", None), ("a", None)]))
def test_what_a_plain_comparison_finds_is_found(
    compared: Callable[..., Found], memory: int | None, buckets: int, live: bool, hashed: str | None, case: Case
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(apart, "BUCKETS", buckets)
        found = compared(case, live=live, memory=memory, hashed=hashed)
    assert (found.differences, found.excused) == plain(case, live=live)
    for mapping, (missing, extra, differences) in found.numbers.items():
        of = Counter((kind, name) for entity, _, _, name, kind in found.differences.elements() if entity == mapping)
        assert (missing, extra) == (of.pop(("missing", None), 0), of.pop(("extra", None), 0))
        assert differences == {name: n for (_, name), n in of.items()}
    keys = [*(key for key, _ in case.held), *case.expected]
    if not case.refused and None not in keys and len({key for key, _ in case.held}) == len(case.held):
        assert found.balance.accounted == found.balance.rows == len(case.held)


@pytest.mark.parametrize("hashed", [None, BY_MAP], ids=["reckoned", "stored"])
@pytest.mark.parametrize("memory", [None, 0])
def test_sides_that_are_the_same_are_not_looked_at_again(
    compared: Callable[..., Found], memory: int | None, hashed: str | None
) -> None:
    case = Case(dict.fromkeys(KEYS, ("staff", SAME)), [(key, None) for key in reversed(KEYS)])
    found = compared(case, memory=memory, hashed=hashed)
    assert (found.looked_at, found.balance) == (0, Balance(rows=6, identical=6))


@pytest.mark.parametrize("memory", [None, 0])
def test_stored_hashes_that_say_something_else_only_cost_time(compared: Callable[..., Found], memory: int | None) -> None:
    """Those of another version of the engine: nothing differs by them, and no difference goes unseen."""
    case = Case(dict.fromkeys(KEYS, ("staff", SAME)), [(key, SAME | {"age": 8} if key == "b" else None) for key in KEYS])
    found = compared(case, memory=memory, hashed="hash(_key)")
    assert (found.looked_at, found.numbers["staff"]) == (6, (0, 0, {"age": 1}))


@pytest.mark.parametrize("memory", [None, 0])
@pytest.mark.parametrize("name", ["name", "age", "score"])
def test_values_that_two_records_swapped_do_not_count_each_other_out(
    compared: Callable[..., Found], name: str, memory: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "BUCKETS", 1)
    other = {"name": "Bo", "age": 0, "score": 0.1}
    rows = {"a": SAME, "b": SAME | {name: other[name]}}
    swapped: list[tuple[str | None, Row | None]] = [("a", rows["b"]), ("b", rows["a"])]
    found = compared(Case({key: ("users", row) for key, row in rows.items()}, swapped), memory=memory)
    assert found.numbers["users"] == (0, 0, {name: 2})


def test_values_of_two_types_are_compared_as_values(compared: Callable[..., Found]) -> None:
    """Text that reads as the same number is the same to the engine, and no hash says so."""
    case = Case({"a": ("users", SAME), "b": ("users", SAME)}, [("a", SAME | {"age": "007"}), ("b", SAME | {"age": "8"})])
    found = compared(case, kinds=KINDS | {"age": pa.string()})
    assert found.numbers["users"] == (0, 0, {"age": 1})
    assert found.differences == Counter({("users", "source b", "b", "age", "different"): 1})


@pytest.mark.parametrize("memory", [None, 0])
def test_hashes_that_tell_nothing_would_be_noticed_here(
    compared: Callable[..., Found], memory: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What these tests are worth: with a hash of the key alone a changed value is missed."""
    case = Case({"a": ("users", SAME)}, [("a", SAME | {"age": 8})])
    assert compared(case, memory=memory).numbers["users"] == (0, 0, {"age": 1})
    monkeypatch.setattr(apart, "_hash", lambda _: "hash(0)")
    assert compared(case, memory=memory).differences == Counter() != plain(case, live=False)[0]


@pytest.mark.parametrize("memory", [None, 0])
def test_many_rows_of_which_all_or_few_differ(compared: Callable[..., Found], memory: int | None) -> None:
    rows = {f"k{n}": ("users", SAME | {"age": n}) for n in range(3000)}
    few = Case(rows, [(key, row | {"score": 0.1} if row["age"] % 1000 == 7 else None) for key, (_, row) in rows.items()])
    found = compared(few, memory=memory)
    assert found.numbers["users"] == (0, 0, {"score": 3})
    assert found.looked_at == 3 if memory is None else 3 <= found.looked_at < 300
    every = Case(rows, [(key, row | {"score": 0.1}) for key, (_, row) in rows.items()])
    assert compared(every, memory=memory).numbers["users"] == (0, 0, {"score": 3000})


def test_a_row_that_stands_twice_in_place_of_another_is_seen(compared: Callable[..., Found]) -> None:
    """As many rows as are meant, none of them without an equal: only the numbers of both sides together tell."""
    case = Case({"a": ("users", SAME), "b": ("users", SAME)}, [("a", None), ("a", None)])
    found = compared(case)
    assert found.differences == Counter({("users", "source b", "b", None, "missing"): 1, ("users", None, "a", None, "extra"): 1})


def test_the_engine_hashes_what_differs_differently() -> None:
    """What is relied on: null, blank, blanks at the end, forms of a letter and the last digit have hashes of their own."""
    values = ["NULL", "''", "' '", "'a'", "'a '", "'A'", "'\u00e9'", "'e\u0301'", "'0'", "'00'"]
    numbers = ["NULL", "0.0", "0.30000000000000004", "0.3", "'nan'", "1e-300"]
    for kind, listed in (("VARCHAR", values), ("DOUBLE", numbers)):
        sql = ", ".join(f"hash(hash('k', CAST({value} AS {kind})))" for value in listed)
        (hashes,) = duckdb.sql(f"SELECT {sql}").fetchall()
        assert len(set(hashes)) == len(listed)
