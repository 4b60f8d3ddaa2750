"""The suites every target connector passes.

Subclass :class:`TargetContract` in a test module, name it ``Test...``, and override the fixture ``connector`` (open on an
empty target) and the fixture ``case``, as often as entities shall be tried. Entities that go in files that a person gives to the
target are tried with :class:`HandsOverContract`, which wants the fixture ``give`` too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from migrate.connectors.target import (
    Action,
    HandsOver,
    Held,
    Outcome,
    Record,
    Standing,
    TakesTables,
    TargetConnector,
    Waiting,
)


@dataclass(frozen=True)
class Case:
    """Records of one entity that a connector is tried with. References they need exist in the target already."""

    entity: str
    good: Sequence[Record]
    """At least three, as they are created: without ``native``."""
    changes: dict[str, Any]
    """Values that an update gives to each of them; empty where the entity cannot be updated."""
    bad: Record | None = None
    """One that the target refuses for what it holds; None where it takes everything."""


class TargetContract:
    """What the live stage relies on."""

    @pytest.fixture
    def connector(self) -> TargetConnector:
        raise NotImplementedError("override the fixture connector")

    @pytest.fixture
    def case(self) -> Case:
        raise NotImplementedError("override the fixture case")

    def test_what_was_never_written_is_not_found(self, connector: TargetConnector, case: Case) -> None:
        assert found(connector, case.entity, case.good) == {}

    def test_what_is_created_is_found_with_its_values(self, connector: TargetConnector, case: Case) -> None:
        outcomes = write(connector, case.entity, "create", case.good)
        assert {outcome.result for outcome in outcomes.values()} == {"done"}, outcomes
        held = found(connector, case.entity, case.good)
        assert held.keys() == {record.key for record in case.good}
        for record in case.good:
            assert differences(connector, case.entity, record, held[record.key]) == {}
            assert outcomes[record.key].native == held[record.key].native

    def test_no_records_are_no_work(self, connector: TargetConnector, case: Case) -> None:
        assert connector.write(case.entity, "create", []) == []
        assert connector.remove(case.entity, []) == []
        assert list(connector.find(case.entity, [])) == []

    def test_creating_twice_leaves_one(self, connector: TargetConnector, case: Case) -> None:
        write(connector, case.entity, "create", case.good)
        again = write(connector, case.entity, "create", case.good)
        assert {outcome.result for outcome in again.values()} <= {"done", "refused"}, again
        assert all(outcome.message for outcome in again.values() if outcome.result == "refused")
        held = found(connector, case.entity, case.good)  # which fails where one is there twice
        assert held.keys() == {record.key for record in case.good}

    def test_a_bad_record_does_not_keep_the_others_out(self, connector: TargetConnector, case: Case) -> None:
        if case.bad is None:
            pytest.skip("this target takes everything")
        mixed = [case.good[0], case.bad, *case.good[1:]]
        outcomes = write(connector, case.entity, "create", mixed)
        refused = [key for key, outcome in outcomes.items() if outcome.result != "done"]
        assert refused == [case.bad.key], outcomes
        assert outcomes[case.bad.key].result == "refused"
        assert outcomes[case.bad.key].message
        assert found(connector, case.entity, mixed).keys() == {record.key for record in case.good}

    def test_an_update_changes_what_is_held_and_nothing_else(self, connector: TargetConnector, case: Case) -> None:
        if not connector.ability(case.entity).update:
            pytest.skip("this entity cannot be updated")
        write(connector, case.entity, "create", case.good)
        held = found(connector, case.entity, case.good)
        records = [replace(record, native=held[record.key].native) for record in case.good]
        changed = [replace(record, values={**record.values, **case.changes}) for record in records[:2]]
        outcomes = write(connector, case.entity, "update", changed)
        assert {outcome.result for outcome in outcomes.values()} == {"done"}, outcomes
        held = found(connector, case.entity, records)
        for record in [*changed, *records[2:]]:
            assert differences(connector, case.entity, record, held[record.key]) == {}

    def test_what_is_removed_is_gone_and_removing_it_again_is_done(self, connector: TargetConnector, case: Case) -> None:
        if not connector.ability(case.entity).remove:
            pytest.skip("this entity cannot be removed")
        write(connector, case.entity, "create", case.good)
        held = found(connector, case.entity, case.good)
        records = [replace(record, native=held[record.key].native) for record in case.good]
        for _ in range(2):
            outcomes = {outcome.key: outcome for outcome in connector.remove(case.entity, records[:2])}
            assert {outcome.result for outcome in outcomes.values()} == {"done"}, outcomes
            assert found(connector, case.entity, records).keys() == {record.key for record in records[2:]}

    def test_the_order_of_records_does_not_matter(self, connector: TargetConnector, case: Case) -> None:
        write(connector, case.entity, "create", list(reversed(case.good)))
        held = found(connector, case.entity, case.good)
        for record in case.good:
            assert differences(connector, case.entity, record, held[record.key]) == {}

    def test_a_table_of_new_records_gives_what_records_give(self, connector: TargetConnector, case: Case) -> None:
        if not connector.ability(case.entity).tables:
            pytest.skip("this target takes no tables")
        assert isinstance(connector, TakesTables)
        taken = connector.create_table(case.entity, as_table(case.good))
        assert taken.result == "done", taken.message
        held = found(connector, case.entity, case.good)
        assert held.keys() == {record.key for record in case.good}
        for record in case.good:
            assert differences(connector, case.entity, record, held[record.key]) == {}
            assert taken.natives.get(record.key) == held[record.key].native

    def test_a_table_with_a_bad_record_is_refused_as_a_whole(self, connector: TargetConnector, case: Case) -> None:
        if not connector.ability(case.entity).tables or case.bad is None:
            pytest.skip("this target takes no tables, or everything")
        assert isinstance(connector, TakesTables)
        mixed = [*case.good, case.bad]
        taken = connector.create_table(case.entity, as_table(mixed))
        assert taken.result == "refused"
        assert found(connector, case.entity, mixed) == {}

    def test_what_can_be_done_is_said_for_every_entity(self, connector: TargetConnector, case: Case) -> None:
        ability = connector.ability(case.entity)
        assert ability.parallel >= 1
        assert ability.batch is None or ability.batch >= 1
        assert ability.find_batch is None or ability.find_batch >= 1
        for warned in connector.preflight([case.entity]):
            assert warned.code
            assert warned.message
            assert warned.next


class HandsOverContract:
    """What the live stage relies on, of entities whose records are handed over."""

    @pytest.fixture
    def connector(self) -> TargetConnector:
        raise NotImplementedError("override the fixture connector")

    @pytest.fixture
    def case(self) -> Case:
        """``changes`` are not used; ``bad`` is one that the files have no way to say."""
        raise NotImplementedError("override the fixture case")

    @pytest.fixture
    def give(self) -> Callable[[Path], None]:
        """What a person does with a folder."""
        raise NotImplementedError("override the fixture give")

    def test_it_says_that_a_person_hands_them_over(self, connector: TargetConnector, case: Case) -> None:
        ability = connector.ability(case.entity)
        assert isinstance(connector, HandsOver)
        assert ability.together
        assert not ability.update
        assert not ability.remove
        assert {outcome.result for outcome in connector.write(case.entity, "create", case.good)} == {"refused"}
        for warned in connector.preflight([case.entity]):
            assert warned.code
            assert warned.next

    def test_what_is_handed_over_is_there_once_it_was_given(
        self, connector: TargetConnector, case: Case, give: Callable[[Path], None], tmp_path: Path
    ) -> None:
        outcomes = hand_over(connector, case.entity, {"new": case.good}, tmp_path)
        assert {outcome.result for outcome in outcomes.values()} == {"handed_over"}, outcomes
        assert all(outcome.message for outcome in outcomes.values())
        assert found(connector, case.entity, case.good) == {}
        for _ in range(2):  # giving it twice leaves one
            give(tmp_path)
            held = found(connector, case.entity, case.good)
            assert held.keys() == {record.key for record in case.good}
            for record in case.good:
                assert differences(connector, case.entity, record, held[record.key]) == {}

    def test_a_bad_record_does_not_keep_the_others_out(
        self, connector: TargetConnector, case: Case, give: Callable[[Path], None], tmp_path: Path
    ) -> None:
        if case.bad is None:
            pytest.skip("these files can say everything")
        mixed = [case.good[0], case.bad, *case.good[1:]]
        outcomes = hand_over(connector, case.entity, {"new": mixed}, tmp_path)
        assert [key for key, outcome in outcomes.items() if outcome.result != "handed_over"] == [case.bad.key]
        assert outcomes[case.bad.key].result == "refused"
        assert outcomes[case.bad.key].message
        give(tmp_path)
        assert found(connector, case.entity, mixed).keys() == {record.key for record in case.good}

    def test_what_waits_is_in_the_new_files_or_in_those_it_was_in(
        self, connector: TargetConnector, case: Case, give: Callable[[Path], None], tmp_path: Path
    ) -> None:
        first, second = tmp_path / "first", tmp_path / "second"
        hand_over(connector, case.entity, {"new": case.good[:2]}, first)
        outcomes = hand_over(connector, case.entity, {"waiting": case.good[:2], "new": case.good[2:]}, second)
        assert {record.key for record in case.good[2:]} <= outcomes.keys()
        if not {record.key for record in case.good[:2]} <= outcomes.keys():
            give(first)
        give(second)
        assert found(connector, case.entity, case.good).keys() == {record.key for record in case.good}

    def test_what_is_there_is_not_handed_over(
        self, connector: TargetConnector, case: Case, give: Callable[[Path], None], tmp_path: Path
    ) -> None:
        first, second = tmp_path / "first", tmp_path / "second"
        hand_over(connector, case.entity, {"new": case.good[:1]}, first)
        give(first)
        outcomes = hand_over(connector, case.entity, {"there": case.good[:1], "new": case.good[1:]}, second)
        assert outcomes.keys() == {record.key for record in case.good[1:]}
        give(second)
        assert found(connector, case.entity, case.good).keys() == {record.key for record in case.good}


def hand_over(
    connector: TargetConnector, entity: str, records: Mapping[Standing, Sequence[Record]], folder: Path
) -> dict[str, Outcome]:
    """Outcomes by key; fails where there are two of one record, or one of a record that was not given."""
    assert isinstance(connector, HandsOver)
    folder.mkdir(parents=True, exist_ok=True)
    given = [Waiting(record, standing) for standing, some in records.items() for record in some]
    outcomes = list(connector.hand_over({entity: given}, folder).get(entity, ()))
    assert len({outcome.key for outcome in outcomes}) == len(outcomes)
    assert {outcome.key for outcome in outcomes} <= {one.record.key for one in given if one.standing != "there"}
    return {outcome.key: outcome for outcome in outcomes}


def write(connector: TargetConnector, entity: str, action: Action, records: Sequence[Record]) -> dict[str, Outcome]:
    """Outcomes by key; fails unless there is exactly one for each record."""
    outcomes = list(connector.write(entity, action, records))
    assert sorted(outcome.key for outcome in outcomes) == sorted(record.key for record in records)
    return {outcome.key: outcome for outcome in outcomes}


def found(connector: TargetConnector, entity: str, records: Sequence[Record]) -> dict[str, Held]:
    """What is held, by key; fails where something is held twice or was not asked for."""
    held = list(connector.find(entity, records))
    keys = [one.key for one in held]
    assert len(keys) == len(set(keys)), f"held twice: {sorted(key for key in set(keys) if keys.count(key) > 1)}"
    assert set(keys) <= {record.key for record in records}
    return {one.key: one for one in held}


def as_table(records: Sequence[Record]) -> pa.Table:
    """Records in columns, as the live stage gives them; all have the same fields."""
    rows = [
        {"_key": record.key, **record.values, **{f"link:{field}": native for field, native in record.links.items()}}
        for record in records
    ]
    return pa.Table.from_pylist(rows)


def differences(connector: TargetConnector, entity: str, record: Record, held: Held) -> dict[str, tuple[Any, Any]]:
    """``{field: (meant, held)}`` of the fields that the target is able to write and to show."""
    ability = connector.ability(entity)
    unequal: dict[str, tuple[Any, Any]] = {}
    for field in _fields(record, held, (*ability.unwritable, *ability.unseen)):
        if field in record.links and field in held.links:
            if record.links[field] != held.links[field]:
                unequal[field] = (record.links[field], held.links[field])
        elif record.values.get(field) != held.values.get(field):
            unequal[field] = (record.values.get(field), held.values.get(field))
    return unequal


def _fields(record: Record, held: Held, left_out: Sequence[str]) -> Iterable[str]:
    return (field for field in (record.values.keys() | record.links.keys()) if field not in left_out)
