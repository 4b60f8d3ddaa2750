"""Files for a person to restore, and an outcome for each record."""

from __future__ import annotations

import csv
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from migrate.connectors.moodle_backup import Person, hand_over, read_backup, restore_command
from migrate.connectors.moodle_backup.handover import file_name
from migrate.connectors.target import Record
from migrate.contracts.load import load_contract
from migrate.errors import TargetRefused
from migrate.resources import contract_file

RECORDS = {
    "grade_items": [
        Record("a", {"idnumber": "a", "course": "C 1", "itemname": "A"}),
        Record("b", {"idnumber": "b", "course": "GONE", "itemname": "B"}),
        Record("c", {"idnumber": "c", "course": "C 1", "itemname": "a "}),
    ],
    "grades": [
        Record("a|ann", {"item": "a", "user": "ann", "finalgrade": 5, "feedback": "x\x00"}),
        Record("a|ghost", {"item": "a", "user": "ghost", "finalgrade": 5}),
        Record("b|ann", {"item": "b", "user": "ann", "finalgrade": 5}),
        Record("c|ann", {"item": "c", "user": "ann", "finalgrade": 5}),
        Record("z|ann", {"item": "z", "user": "ann", "finalgrade": 5}),
    ],
    "course_completions": [Record("D/2|ann", {"course": "D/2", "user": "ann", "timecompleted": datetime(2015, 1, 1)})],
    "activities": [Record("x", {"idnumber": "x", "course": "D/2", "name": "X"})],
    "activity_completions": [Record("x|ann", {"activity": "x", "user": "ann"})],
}


def given(folder: Path, records: Any = RECORDS) -> Any:
    return hand_over(
        load_contract(contract_file("moodle", "target")).model,
        records,
        folder,
        accounts={"ann": Person("ann", "ann@example.invalid")},
        courses={"C 1": "12", "D/2": "13"},
        titles={},
        made=datetime(2026, 11, 25),
    )


def test_every_record_has_one_outcome(tmp_path: Path) -> None:
    outcomes, _ = given(tmp_path)
    assert {entity: [o.key for o in found] for entity, found in outcomes.items()} == {
        entity: [record.key for record in records] for entity, records in RECORDS.items()
    }
    results = {(entity, o.key): (o.result, o.message) for entity, found in outcomes.items() for o in found}
    refused = {key: message for key, (result, message) in results.items() if result != "handed_over"}
    assert refused == {
        ("grade_items", "b"): "the target has no such course",
        ("grade_items", "c"): "the course has another item of this name, and restore would put both into one",
        ("grades", "a|ghost"): "the target has no account of this username",
        ("grades", "b|ann"): "the target has no such course",
        ("grades", "c|ann"): "its item is not in the file",
        ("grades", "z|ann"): "what it belongs to is not among the records",
    }
    command, _, altered = results["grades", "a|ann"][1].partition("; ")
    assert command == restore_command(file_name("C 1"), "12")
    assert altered == "feedback: 1 control characters replaced by U+FFFD"


def test_what_was_handed_over_is_in_the_files(tmp_path: Path) -> None:
    outcomes, files = given(tmp_path)
    rows = sum(len(part) for file in files for part in read_backup(file.file).rows.values())
    assert rows == sum(o.result == "handed_over" for found in outcomes.values() for o in found) == 5
    assert [(file.course, read_backup(file.file).shortname) for file in files] == [("C 1", "C 1"), ("D/2", "D/2")]


def test_a_course_of_which_nothing_is_left_gets_no_file(tmp_path: Path) -> None:
    records = {"course_completions": [Record("C 1|ghost", {"course": "C 1", "user": "ghost"})]}
    outcomes, files = given(tmp_path, records)
    assert [o.result for o in outcomes["course_completions"]] == ["refused"]
    assert (files, sorted(path.name for path in tmp_path.iterdir())) == ([], ["README.txt", "restore.csv"])


def test_the_list_names_course_and_file(tmp_path: Path) -> None:
    _, files = given(tmp_path)
    with (tmp_path / "restore.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [["12", files[0].file.name], ["13", files[1].file.name]]


def test_the_instructions_hold_every_command_in_the_order_of_the_list(tmp_path: Path) -> None:
    _, files = given(tmp_path)
    lines = [line.strip() for line in (tmp_path / "README.txt").read_text("utf-8").splitlines() if "--courseid" in line]
    assert [shlex.split(line.replace("$folder", "/srv")) for line in lines] == [
        ["php", "admin/cli/restore_backup.php", f"--file=/srv/{file.file.name}", f"--courseid={course}"]
        for file, course in zip(files, ("12", "13"), strict=True)
    ]


@pytest.mark.parametrize("name", ["", "..", "/", "a/b", "a\x00b", "\ud800", "x" * 300, "Übung", "C 1", "C/1"])
def test_names_of_files_are_safe_and_differ(name: str) -> None:
    made = file_name(name)
    assert made == Path(made).name
    assert made.isascii()
    assert len(made) < 80
    assert made != file_name(name + " ")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(TargetRefused, match="cannot write"):
        given(tmp_path / "none")


def test_the_command_holds_one_file_and_one_course() -> None:
    command = restore_command("/srv/it's here; rm -rf x/c 1.mbz", "12")
    assert shlex.split(command) == [
        "php", "admin/cli/restore_backup.php", "--file=/srv/it's here; rm -rf x/c 1.mbz", "--courseid=12",
    ]  # fmt: skip
