"""Statements and records: what was taken apart is what was put together, ids are stable, and calls lose and invent nothing."""

from __future__ import annotations

import datetime as dt
import json
import random
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.compiler.text import translate_text
from migrate.connectors.json_package import write_objects
from migrate.connectors.json_records import objects
from migrate.connectors.json_shape import Shape, compact, json_value, strict_loads, typed_value
from migrate.connectors.target import Outcome
from migrate.connectors.xapi.compare import differing
from migrate.connectors.xapi.http import Refused
from migrate.connectors.xapi.sending import Sender
from migrate.contracts.load import load_contract
from migrate.contracts.model import FileFormat
from migrate.resources import contract_file

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

ENGINE = duckdb.connect()
MANY = settings(max_examples=150, deadline=None)
TARGET = load_contract(contract_file("xapi", "target")).model
SOURCE = load_contract(contract_file("xapi", "source")).model
FIELDS = TARGET.entities["statements"].fields
FORMAT = TARGET.target.format if TARGET.target else FileFormat()
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
VALUES = {
    "string": TEXT,
    "decimal": st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: x + 0.0),
    "int": st.integers(-(2**40), 2**40),
    "flag": st.booleans(),
    "datetime": st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0)),
}
RECORDS = st.fixed_dictionaries({}, optional={name: VALUES[rule.type] for name, rule in FIELDS.items()})


@MANY
@given(record=RECORDS)
def test_a_record_that_became_a_statement_is_the_record_again(record: dict[str, Any]) -> None:
    shape = Shape(FIELDS)
    statement = shape.build({name: json_value(FIELDS[name], value, FORMAT) for name, value in record.items()})
    back = strict_loads(compact(statement))
    found = {name: typed_value(FIELDS[name], value) for name, value in shape.values(back).items() if value is not None}
    assert found == record
    assert shape.unknown(back) == []
    assert None not in [value for part in back.values() for value in _all(part)]
    assert differing(statement, back) == []
    # The source of the same system finds every value where the target put it.
    read = Shape(SOURCE.entities["statements"].fields)
    assert read.unknown(back) == []
    assert {n: v for n, v in read.values(back).items() if v is not None and n in FIELDS} == {
        n: v for n, v in shape.values(back).items() if v is not None
    }


def _all(part: Any) -> list[Any]:
    if isinstance(part, dict | list):
        inner = part.values() if isinstance(part, dict) else part
        assert len(part) > 0
        return [found for one in inner for found in _all(one)]
    return [part]


@MANY
@given(rows=st.lists(st.tuples(TEXT, st.none() | TEXT), max_size=6), how=st.sampled_from(("lines", "array")),
       most=st.sampled_from((None, 1, 2)))  # fmt: skip
def test_objects_that_are_written_are_read_back(
    rows: list[tuple[str, str | None]], how: str, most: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import pyarrow as pa

    format_ = FileFormat.model_validate_json(json.dumps({"json": how}))
    entity = TARGET.entities["statements"]
    batch = pa.RecordBatch.from_arrays(
        [pa.array([row[n] for row in rows], pa.string()) for n in (0, 1)], names=["id", "platform"]
    )
    folder = tmp_path_factory.mktemp("objects")
    files = (folder / f"{n}.json" for n in range(20))
    written = write_objects(iter([batch]), entity, ["id", "platform"], format_, files, most)
    found = []
    for file, count in written:
        with file.open(encoding="utf-8", newline="") as stream:
            read = [one for _, one in objects(stream, format_)]
        assert len(read) == count <= (most or len(rows))
        found += read
    assert found == [{"id": a, **({} if b is None else {"context": {"platform": b}})} for a, b in rows]


@MANY
@given(name=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")), space=st.uuids())
def test_ids_are_those_of_the_standard_and_the_same_each_time(name: str, space: uuid.UUID) -> None:
    sql = translate_text("uuid5(a, b)", frozenset({(("", "a"), '"a"'), (("", "b"), '"b"')}), "2026-01-01")
    rows = ENGINE.execute(f"SELECT {sql} FROM (SELECT ? AS a, ? AS b)", [str(space).upper(), name]).fetchall()
    nothing = ENGINE.execute(f"SELECT {sql} FROM (SELECT ? AS a, ? AS b)", ["no uuid", name]).fetchall()
    assert rows == [(str(uuid.uuid5(space, name)),)]
    assert nothing == [(None,)]


class Picky:
    """A store in memory: all of a call or nothing, and what the real ones do with what they have already."""

    def __init__(self, bad: set[str], most: int, most_bytes: int, held: dict[str, Any], *, conflicts: bool) -> None:
        self.bad, self.most, self.most_bytes, self.held, self.conflicts = bad, most, most_bytes, dict(held), conflicts
        self.calls: list[int] = []

    def post(self, body: bytes) -> None:
        given = json.loads(body)
        self.calls.append(len(given))
        assert 0 < len(given) <= self.most
        if len(body) > self.most_bytes:
            raise Refused(413, "too large")
        if any(one["id"] in self.bad for one in given):
            raise Refused(400, "bad")
        if any(one["id"] in self.held and (self.conflicts or self.held[one["id"]] != one) for one in given):
            raise Refused(409, "taken")
        for one in given:
            self.held.setdefault(one["id"], one)

    def statement(self, id_: str) -> dict[str, Any] | None:
        return self.held.get(id_)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    number=st.integers(0, 40), bad=st.sets(st.integers(0, 39), max_size=6), same=st.sets(st.integers(0, 39), max_size=8),
    other=st.sets(st.integers(0, 39), max_size=4), voided=st.sets(st.integers(0, 39), max_size=3), most=st.integers(1, 15),
    conflicts=st.booleans(), large=st.sets(st.integers(0, 39), max_size=3), seed=st.integers(0, 5),
)  # fmt: skip
def test_calls_lose_nothing_invent_nothing_and_do_not_depend_on_order(
    number: int,
    bad: set[int],
    same: set[int],
    other: set[int],
    voided: set[int],
    most: int,
    conflicts: bool,
    large: set[int],
    seed: int,
) -> None:
    def one(n: int) -> dict[str, Any]:
        return {
            "id": f"i{n}",
            "actor": {"mbox": "mailto:a@x.org"},
            "result": {"score": {"raw": n}, "response": "x" * (400 if n in large else 1)},
        }

    held = {f"i{n}": {**one(n), "stored": "2026"} for n in same - bad} | {
        f"i{n}": {**one(n), "result": {}} for n in other - same - bad
    }
    store = Picky({f"i{n}" for n in bad}, most, 450, held, conflicts=conflicts)
    sender = Sender(store, most, 10**6, lambda id_: int(id_[1:]) in voided)  # type: ignore[arg-type]
    statements = [(f"k{n}", one(n)) for n in range(number)]
    random.Random(seed).shuffle(statements)
    outcomes: list[Outcome] = sender.send(statements)
    assert Counter(outcome.key for outcome in outcomes) == Counter(key for key, _ in statements)
    done = {int(outcome.key[1:]) for outcome in outcomes if outcome.result == "done"}
    fits = {n for n in range(number) if len(compact([one(n)])) <= 450}
    new = {n for n in fits if n not in bad and f"i{n}" not in held}
    assert done == {n for n in range(number) if n not in voided and (n in new or (n in same - bad and (n in fits or n in done)))}
    assert {id_: store.held[id_] for id_ in held} == held
    assert store.held.keys() - held.keys() == {f"i{n}" for n in new - voided}
    assert all(outcome.message for outcome in outcomes if outcome.result != "done")
