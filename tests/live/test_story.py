"""The way of a whole migration, by its commands: rehearse, decide, rehearse, approve, go live, verify."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from live_school import different
from signed_school import SignedSchool
from small_pair import GOOD_ROWS

from migrate.cli import cli
from migrate.errors import MigrateError

ANSWERS = {
    "USR-MERGE": ("survivor", "2", "the older account has the grades"),
    "CRS-LEVEL": ("confirm", "advanced", "level 9 is what they call it"),
    "MAP-UNMAPPED": ("override", "student", "observers watch the course"),
    "REF-ORPHAN": ("exclude", "", "the account is gone since 2019"),
    "USR-EMAIL": ("waive", "", "they sign in without one"),
}
ROWS = {**GOOD_ROWS, "enrol": [*GOOD_ROWS["enrol"], {"id": 7, "userid": 99, "courseid": 2, "role": "student"}]}
ROWS = different(different(different(ROWS, "course", 3, level="9"), "enrol", 6, role="observer"), "user", 5, email="cy at x")


@pytest.fixture
def school(tmp_path: Path) -> SignedSchool:
    school = SignedSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}")
    school.rows(ROWS)
    return school


@pytest.fixture
def lms_migrate() -> Callable[..., tuple[int, str]]:
    """The command line, in this process: exit code and what it said."""

    def call(*arguments: str | Path) -> tuple[int, str]:
        ended = CliRunner().invoke(cli, [str(each) for each in arguments], standalone_mode=False)
        if isinstance(ended.exception, MigrateError):
            return ended.exception.exit_code, f"{ended.output}{ended.exception}"
        if ended.exception is not None:
            raise ended.exception
        return int(ended.return_value or 0), ended.output

    return call


def answer_csv(file: Path, answers: dict[str, tuple[str, str, str]]) -> None:
    """Fill in an export as people do in a spreadsheet."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if row["item"].startswith("W-") and row["code"] in answers:
            row["decision"], row["new_value"], row["reason"] = answers[row["code"]]
            row["decided_by"] = "registrar"
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_rehearse_decide_rehearse_approve_go_live_verify(
    school: SignedSchool, lms_migrate: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    workspace, sheet, pack = school.folder, tmp_path / "worklist.csv", tmp_path / "evidence.zip"
    code, said = lms_migrate("run", workspace)
    assert code == 1, said
    refused, said = lms_migrate("run", workspace, "--live")
    assert refused == 2
    assert "data_owner" in said
    assert "quality" in said

    assert lms_migrate("worklist", "export", workspace, sheet)[0] == 0
    answer_csv(sheet, ANSWERS | {"REF-ORPHAN": ("accept", "", "x")})
    before = (workspace / "crosswalks/levels.csv").read_bytes()
    code, said = lms_migrate("worklist", "import", workspace, sheet)
    assert code == 2, "an answer that the item does not take refuses them all"
    assert "accept" in said
    assert not (workspace / "decisions.csv").exists()
    assert (workspace / "crosswalks/levels.csv").read_bytes() == before
    answer_csv(sheet, ANSWERS)
    assert lms_migrate("worklist", "import", workspace, sheet)[0] == 0

    code, said = lms_migrate("run", workspace)
    assert code == 0, said
    assert lms_migrate("gates", workspace)[0] == 0
    for role, name in (("data_owner", "Ann Lee"), ("quality", "Bo Rix")):
        assert lms_migrate("run", workspace, "--live")[0] == 2
        assert lms_migrate("approve", workspace, "--role", role, "--as", name, "--reason", "looked at the report")[0] == 0

    code, said = lms_migrate("run", workspace, "--live")
    assert code == 0, said
    held = school.held()
    assert [row["person_id"] for row in held["people"]] == ["p-2", "p-3", "p-5"]
    assert [(row["course_id"], row["level"]) for row in held["courses"]] == [("c-2", "basic"), ("c-3", "advanced")]
    assert ("c-3", "p-3", "student") in [(row["course_id"], row["person_id"], row["role"]) for row in held["places"]]
    live = max((workspace / "runs").iterdir())
    summary = json.loads((live / "summary.json").read_text("utf-8"))
    assert (summary["mode"], summary["verdict"], summary["balanced"]) == ("live", "pass", True)
    assert summary["worklist"] == {"decided": 4, "waived": 1}

    code, said = lms_migrate("audit", "verify", workspace)
    assert code == 0, said
    code, said = lms_migrate("evidence", workspace, "--run", live.name, "--out", pack)
    assert code in (0, 1), said  # nothing is signed without a key, and that is said
    code, said = lms_migrate("evidence", "verify", pack)
    assert code == 1, said
    assert "not signed" in said
    file = workspace / "mapping/people.yaml"
    file.write_text(file.read_text("utf-8") + "# seen\n", "utf-8")
    code, said = lms_migrate("run", workspace, "--live")
    assert code == 2
    assert "people.yaml" in said


def test_the_same_answers_come_back_from_a_workbook(
    school: SignedSchool, lms_migrate: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    workspace, book = school.folder, tmp_path / "worklist.xlsx"
    assert lms_migrate("run", workspace)[0] == 1
    assert lms_migrate("worklist", "export", workspace, book)[0] == 0
    opened = openpyxl.load_workbook(book)
    sheet = opened["Items"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        code = sheet.cell(row, columns["code"]).value
        if code in ANSWERS:
            for word, value in zip(("decision", "new_value", "reason"), ANSWERS[str(code)], strict=True):
                sheet.cell(row, columns[word]).value = value or None
            sheet.cell(row, columns["decided_by"]).value = "registrar"
    opened.save(book)
    assert lms_migrate("worklist", "import", workspace, book)[0] == 0
    assert lms_migrate("run", workspace)[0] == 0
