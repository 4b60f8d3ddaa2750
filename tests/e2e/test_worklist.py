"""People in the loop: a run asks, a person answers in a file, and the next run has nothing left to ask."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
from command_line import ATTENTION, CONFIGURATION, PASS, within
from run_reading import dispositions, summary
from small_pair import GOOD_ROWS, write_rows, write_workspace

ROWS = {
    **GOOD_ROWS,
    "user": [*GOOD_ROWS["user"], {"id": 6, "login": "di", "name": "Di", "active": "perhaps"}],
    "course": [*GOOD_ROWS["course"], {"id": 4, "code": "C3", "title": " ", "level": "9"}],
}


def latest(workspace: Path) -> Path:
    return max((workspace / "runs").iterdir(), key=lambda path: path.stat().st_mtime_ns)


def answer(file: Path, answers: dict[str, tuple[str, str]]) -> int:
    """Fill in a workbook: ``{finding code: (decision, new value)}``; gives the number of rows."""
    book = openpyxl.load_workbook(file)
    head, *rows = book["Items"].iter_rows()
    at = {str(cell.value): n for n, cell in enumerate(head)}
    number = 0
    for row in rows:
        decided = answers.get(str(row[at["code"]].value))
        if decided:
            number += 1
            told = zip(("decision", "new_value", "reason", "decided_by"), (*decided, "we asked", "ana"), strict=True)
            for column, text in told:
                row[at[column]].value = text or None
    book.save(file)
    return number


def test_a_worklist_is_answered_and_the_next_run_passes(tmp_path: Path) -> None:
    school = write_workspace(tmp_path / "school")
    write_rows(school, ROWS)
    assert within("run", school).code == ATTENTION
    asked = summary(latest(school))["worklist"]["open"]
    shown = within("worklist", "show", school)
    assert (shown.code, "CRS-TITLE" in shown.out, "USR-MERGE" in shown.out) == (PASS, True, True)

    file = tmp_path / "answers.xlsx"
    assert within("worklist", "export", school, file).code == PASS
    answers = {
        "USR-MERGE": ("survivor", "2"), "CRS-TITLE": ("override", "Chemistry"), "CRS-LEVEL": ("confirm", "basic"),
        "USR-STATUS": ("override", "active"), "SRC-TYPE": ("override", "true"),
    }  # fmt: skip
    assert answer(file, answers) == asked

    wrong = dict(answers, **{"CRS-LEVEL": ("confirm", "expert")})
    answer(file, wrong)
    refused = within("worklist", "import", school, file)
    assert refused.code == CONFIGURATION
    assert "answers.xlsx:Items!" in refused.err
    assert "expert" in refused.err
    assert "basic, advanced" in refused.err
    assert not (school / "decisions.csv").exists()

    answer(file, answers)
    assert within("worklist", "import", school, file, "--dry-run").code == PASS
    assert not (school / "decisions.csv").exists()
    taken = within("worklist", "import", school, file)
    assert (taken.code, f"{asked} decisions taken in" in taken.out) == (PASS, True)
    assert "9,,," in (school / "crosswalks" / "levels.csv").read_text("utf-8").replace("9,,1,", "9,,,")

    done = within("run", school)
    assert done.code == PASS, done.text
    ended = {(row["entity"], row["key"]): row for row in dispositions(latest(school))}
    assert (ended["people", "4"]["disposition"], ended["people", "4"]["target_key"]) == ("merged", "p-2")
    with (latest(school) / "4_load" / "courses.csv").open(encoding="utf-8", newline="") as stream:
        (chemistry,) = [row for row in csv.DictReader(stream) if row["course_id"] == "c-4"]
    assert (chemistry["title"], chemistry["level"]) == ("Chemistry", "basic")
    assert ended["people", "6"]["disposition"] == "created"

    again = tmp_path / "again.csv"
    assert within("worklist", "export", school, again).code == PASS
    assert "nothing new" in within("worklist", "import", school, again).out


def test_a_file_of_another_workspace_is_refused(tmp_path: Path) -> None:
    school = write_workspace(tmp_path / "school")
    write_rows(school, ROWS)
    within("run", school)
    file = tmp_path / "page.csv"
    file.write_text("item,decision,new_value,reason,by,at,run\nW-0123456789abcdef,waive,,x,ana,,20200101-000000\n", "utf-8")
    refused = within("worklist", "import", school, file)
    assert refused.code == CONFIGURATION
    assert "may be of another workspace" in refused.err


def test_without_a_run_there_is_no_worklist(tmp_path: Path) -> None:
    school = write_workspace(tmp_path / "school")
    for words in (("show",), ("export", tmp_path / "w.csv"), ("import", tmp_path / "w.csv")):
        done = within("worklist", words[0], school, *words[1:])
        assert done.code == CONFIGURATION
        assert "lms-migrate run" in done.err
