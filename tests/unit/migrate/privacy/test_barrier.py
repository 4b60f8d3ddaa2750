"""The connector behind the barrier, and the lists that it stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from migrate.connectors.target import Ability, Action, Outcome, Record, Taken, TargetInfo, Waiting
from migrate.contracts.model import Contract
from migrate.privacy.barrier import Barrier, Guarded
from migrate.privacy.settings import Suppression
from migrate.privacy.suppression import Entry, Suppressed

SOURCE = {
    "system": "old", "label": "Old", "entities": {
        "person": {"key": ["id"], "fields": {"id": {}, "mail": {"pii": "email"}, "number": {"concept": "person.number"}}},
    },
}  # fmt: skip
TARGET = {
    "system": "new", "label": "New", "entities": {
        "users": {"key": ["key"], "fields": {
            "key": {}, "address": {"pii": "email"}, "no": {"concept": "person.number"}, "x": {},
        }},
        "courses": {"key": ["key"], "fields": {"key": {}, "title": {}}},
    },
}  # fmt: skip
SETTINGS = Suppression.model_validate_json('{"key": "${K}", "kinds": {"mail": {"person": ["mail", "number"]}}}')


def contract(words: dict[str, Any]) -> Contract:
    import json

    return Contract.model_validate_json(json.dumps(words))


@pytest.fixture
def barrier() -> Barrier:
    key = b"k" * 16
    hashed = Suppressed((), key).hash("mail", "Di@x.org")
    suppressed = Suppressed((Entry(hashed, "mail"),), key, frozenset({hashed}))
    return Barrier(suppressed, SETTINGS, contract(SOURCE), contract(TARGET))


class Connector:
    """Notes what reaches it."""

    def __init__(self) -> None:
        self.info = TargetInfo("memory://")
        self.written: list[str] = []

    def ability(self, entity: str) -> Ability:
        return Ability()

    def write(self, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        self.written += [record.key for record in records]
        return [Outcome(record.key, "done") for record in records]

    def create_table(self, entity: str, rows: pa.Table) -> Taken:
        self.written += rows["_key"].to_pylist()
        return Taken("done")

    def hand_over(self, given: Mapping[str, Sequence[Waiting]], folder: Path) -> Mapping[str, Sequence[Outcome]]:
        self.written += [one.record.key for some in given.values() for one in some]
        return {e: [Outcome(w.record.key, "handed_over") for w in some if w.standing == "new"] for e, some in given.items()}

    remove = preflight = find = count = close = write  # not asked here


@pytest.mark.parametrize(
    ("entity", "values", "stopped"),
    [
        ("users", {"address": "di@x.org"}, True),
        ("users", {"address": " DI@X.ORG "}, True),
        ("users", {"no": "di@x.org"}, True),
        ("users", {"x": "di@x.org"}, False),
        ("users", {"address": "bo@x.org", "no": None}, False),
        ("users", {"address": ""}, False),
        ("courses", {"title": "di@x.org"}, False),
    ],
)
def test_it_looks_at_fields_of_the_class_or_concept_of_the_identifiers(
    barrier: Barrier, entity: str, values: dict[str, Any], stopped: bool
) -> None:
    assert barrier.stops(entity, values) is stopped


def records() -> list[Record]:
    return [Record("1", {"address": "bo@x.org"}), Record("2", {"address": "DI@x.org"}), Record("3", {"no": "di@x.org"})]


def test_erased_people_are_refused_and_the_others_are_written(barrier: Barrier) -> None:
    connector = Connector()
    outcomes = Guarded(connector, barrier).write("users", "create", records())  # type: ignore[arg-type]
    assert {o.key: o.result for o in outcomes} == {"1": "done", "2": "refused", "3": "refused"}
    assert connector.written == ["1"]
    assert "PRV-SUPPRESSED" in outcomes[-1].message
    assert "@" not in outcomes[-1].message
    assert Guarded(connector, barrier).write("users", "update", records()[1:]) != []  # type: ignore[arg-type]
    assert connector.written == ["1"]


def test_a_table_with_an_erased_person_is_taken_back_whole(barrier: Barrier) -> None:
    connector = Connector()
    guarded = Guarded(connector, barrier)  # type: ignore[arg-type]
    rows = pa.table({"_key": ["1", "2"], "address": ["bo@x.org", "di@x.org"]})
    assert guarded.create_table("users", rows).result == "refused"
    assert guarded.create_table("users", rows.slice(0, 1)).result == "done"
    assert guarded.create_table("courses", rows.select(["_key"])).result == "done"
    assert connector.written == ["1", "1", "2"]


def test_erased_people_are_in_no_file_for_a_person(barrier: Barrier, tmp_path: Path) -> None:
    connector = Connector()
    given = {"users": [Waiting(r, s) for r, s in zip(records(), ("new", "new", "there"), strict=True)]}  # type: ignore[arg-type]
    outcomes = Guarded(connector, barrier).hand_over(given, tmp_path)  # type: ignore[arg-type]
    assert {o.key: o.result for o in outcomes["users"]} == {"1": "handed_over", "2": "refused"}
    assert connector.written == ["1"]
