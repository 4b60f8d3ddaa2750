"""From the records of a contract to histories."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from migrate.connectors.moodle_backup import Person, read_backup, write_backup
from migrate.connectors.moodle_backup.words import attributes, backup_words, course_histories
from migrate.connectors.target import Record
from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract
from migrate.errors import ConfigurationError
from migrate.resources import contract_file

MADE = datetime(2026, 11, 25)
ACCOUNTS = {name: Person(name, f"{name}@example.invalid") for name in ("ann", "ben")}


@pytest.fixture(scope="module")
def moodle() -> Contract:
    return load_contract(contract_file("moodle", "target")).model


def contract(write: Mapping[str, Any], fields: Mapping[str, Any]) -> Contract:
    return Contract.model_validate(
        {"system": "s", "label": "S", "entities": {"e": {"key": "k", "write": write, "fields": fields}}}
    )


def test_the_contract_of_moodle_has_a_place_for_every_part(moodle: Contract) -> None:
    words = backup_words(moodle)
    assert {name: w.part for name, w in words.items()} == {name: name for name in words}
    assert len(words) == 5
    for name, entity_words in words.items():
        filled = {entity_words.names.get(attribute, attribute) for attribute in attributes(entity_words.part)}
        assert filled == moodle.entities[name].fields.keys(), "what a backup can hold can be mapped, and the other way round"


def test_its_lengths_are_those_that_are_checked(moodle: Contract) -> None:
    lengths = {
        (e, f): moodle.entities[e].fields[f].max_length for e, f in [("grade_items", "itemname"), ("activities", "idnumber")]
    }
    assert lengths == {("grade_items", "itemname"): 255, ("activities", "idnumber"): 100}


@pytest.mark.parametrize(
    ("write", "fields", "says"),
    [
        ({"route": "backup", "part": "quizzes"}, {"k": {}}, "write of e"),
        ({"route": "backup", "part": "grades", "names": {"mark": "k"}}, {"k": {}}, "mark: grades has"),
        ({"route": "backup", "part": "grades"}, {"k": {}}, "no place for e.k"),
        ({"route": "backup", "part": "grades", "calls": {}}, {"k": {}}, "calls"),
    ],
)
def test_words_that_are_not_known_are_refused(write: Any, fields: Any, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        backup_words(contract(write, fields))


def test_entities_of_other_routes_are_passed_over() -> None:
    assert backup_words(contract({"route": "service"}, {"k": {}})) == {}


def record(key: str, **values: Any) -> Record:
    return Record(key, values)


def test_records_are_brought_together_by_course(moodle: Contract, tmp_path: Path) -> None:
    records = {
        "grades": [
            record("a|ann", item="a", user="ann", finalgrade=5.5, feedback=None, hidden=None),
            record("b|ben", item="b", user="ben", finalgrade=7.0, grader="ann"),
            record("z|ben", item="z", user="ben", finalgrade=7.0),
        ],
        "grade_items": [
            record("a", idnumber="a", course="C1", itemname="A", counts=False),
            record("b", idnumber="b", course="C2", itemname="B", grademax=None),
        ],
        "course_completions": [record("C1|ben", course="C1", user="ben", timecompleted=datetime(2015, 1, 1))],
        "activities": [record("x", idnumber="x", course="C2", name="X")],
        "activity_completions": [record("x|ann", activity="x", user="ann", completionstate=2)],
    }
    histories = list(course_histories(moodle, records, ACCOUNTS, {"C1": "Course one"}, MADE, {"C1": ["A"]}))
    assert [(h.shortname, h.fullname, len(list(h.people))) for h in histories] == [
        ("", "", 1),
        ("C1", "Course one", 2),
        ("C2", "C2", 2),
    ]
    lost, one, two = (write_backup(tmp_path / f"{n}.mbz", history) for n, history in enumerate(histories))
    assert [(left.part, left.key) for left in lost.left_out] == [("grades", "z|ben")]
    assert [left.part for left in one.left_out] == ["grade_items", "grades"], "the course has an item of this name"
    assert two.counts == {"grade_items": 1, "grades": 1, "course_completions": 0, "activities": 1, "activity_completions": 1}
    (grade,) = read_backup(tmp_path / "2.mbz").rows["grades"]
    assert (grade["user"], grade["finalgrade"], grade["grader"]) == ("ben", 7, "ann")
    total = sum(sum(w.counts.values()) + len(w.left_out) for w in (lost, one, two))
    assert total == sum(len(given) for given in records.values()), "every record is in a file, or said to be left out"


def test_what_is_empty_keeps_the_default(moodle: Contract) -> None:
    records = {"grade_items": [record("b", idnumber="b", course="C2", itemname="B", grademax=None, counts=None, gradetype=None)]}
    ((item,),) = (h.grade_items for h in course_histories(moodle, records, {}, {}, MADE))
    assert (item.grademax, item.counts, item.gradetype) == (100, True, 1)


def test_people_without_an_account_in_the_target_are_left_out(moodle: Contract, tmp_path: Path) -> None:
    records = {"course_completions": [record(f"C|{user}", course="C", user=user) for user in ("ann", "ghost")]}
    (history,) = course_histories(moodle, records, ACCOUNTS, {}, MADE)
    written = write_backup(tmp_path / "c.mbz", history)
    assert [(left.key, left.reason) for left in written.left_out] == [("C|ghost", "the target has no account of this username")]
    assert read_backup(tmp_path / "c.mbz").people == {"ann": "ann@example.invalid"}
