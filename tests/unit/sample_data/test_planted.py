"""What the generators of samples share."""

from __future__ import annotations

from pathlib import Path

import pytest
from planted import Fault, Files, command_line, count, fault_table, plant_all, write_files


@pytest.fixture
def files() -> Files:
    made = Files({"people": "no,name", "courses": "code"})
    made.add("people", no=7, name="Zoë; Ana")
    return made


def test_rows_are_found_by_what_they_hold(files: Files) -> None:
    files.add("people", no=8)
    assert files.one("people", no=8) == {"no": "8", "name": ""}
    assert count("people", name="")(files) == 1


def test_a_column_that_the_file_does_not_have_is_refused(files: Files) -> None:
    with pytest.raises(KeyError, match="shoe"):
        files.add("people", shoe=44)


def test_files_are_written_with_what_no_writer_would_produce(files: Files, tmp_path: Path) -> None:
    files.raw["people"] = [b"9,\xff\r\n"]
    files.extra["note.csv"] = "a\n"
    write_files(tmp_path, files, {"courses": "course list.csv"}, encoding="cp1252", delimiter=";")
    assert (tmp_path / "people.csv").read_bytes() == 'no;name\r\n7;"Zoë; Ana"\r\n'.encode("cp1252") + b"9,\xff\r\n"
    assert (tmp_path / "course list.csv").read_bytes() == b"code\r\n"
    assert (tmp_path / "note.csv").read_text() == "a\n"


def test_a_further_column_gets_a_blank_in_other_rows(files: Files, tmp_path: Path) -> None:
    files.add("people", no=8)["shoe"] = "44"
    files.raw["people"] = [b"9,x\r\n"]
    write_files(tmp_path, files)
    assert (tmp_path / "people.csv").read_text("utf-8").splitlines() == ["no,name,shoe", "7,Zoë; Ana,", "8,,44", "9,x,"]


def test_a_function_that_plants_two_faults_runs_once(files: Files) -> None:
    def plant(world: Files) -> None:
        world.add("people", no=901)

    faults = [Fault("One", "person 901", "A-B", count("people", no=901), 1, plant)] * 2
    assert all(fault.probe(plant_all(files, faults[:1])) == 1 for fault in faults[:1])
    assert count("people", no=901)(plant_all(Files({"people": "no"}), faults)) == 1


def test_the_list_marks_what_arrives_unharmed() -> None:
    faults = [Fault("Odd", "row 1", "-", count("people"), 1), Fault("Bad", "row 2", "USR-BAD", count("people"), 1)]
    assert fault_table(faults, "the sample").splitlines()[-2:] == ["| 1 | Odd | row 1 | - |", "| 2 | Bad | row 2 | `USR-BAD` |"]


def test_the_command_line_writes_or_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lists = {"list": lambda: "one\n", "list-more": lambda: "two\n"}
    assert command_line(lambda path: path.write_text("x"), lists, "sample", [str(tmp_path / "x")]) == 0
    assert (tmp_path / "x").read_text() == "x"
    assert command_line(print, lists, "sample", ["--list-more"]) == 0
    assert capsys.readouterr().out.endswith("two\n")
    with pytest.raises(SystemExit) as refused:
        command_line(print, lists, "sample", [])
    assert refused.value.code == 2
    assert "--list" in capsys.readouterr().err
