"""What every whole export has is asked of the source, where the run reads it, and its lack is a warning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_pair import CLEAN_ROWS, write_rows, write_workspace

from migrate.check import check
from migrate.errors import ConfigurationError
from migrate.pipeline import run

LEAVERS = "{code: SCHOOL-NO-LEAVERS, message: nobody ever left, sql: select id from user where not active}"


def school(folder: Path, expectation: str = LEAVERS) -> Path:
    workspace = write_workspace(folder)
    write_rows(workspace, CLEAN_ROWS)
    contract = workspace / "systems/school.yaml"
    text = contract.read_text("utf-8")
    said = text.replace("source:\n  kind: database\n", f"source:\n  kind: database\n  expects:\n    - {expectation}\n")
    assert said != text
    contract.write_text(said, "utf-8")
    return workspace


def everybody_active() -> dict[str, list[dict[str, object]]]:
    return {**CLEAN_ROWS, "user": [{**row, "active": 1} for row in CLEAN_ROWS["user"]]}


def test_what_is_there_is_not_told(tmp_path: Path) -> None:
    assert "SCHOOL-NO-LEAVERS" not in run(school(tmp_path / "school")).summary["findings"]


def test_what_lacks_is_a_warning_about_the_system(tmp_path: Path) -> None:
    workspace = school(tmp_path / "school")
    write_rows(workspace, everybody_active())
    result = run(workspace)
    assert result.summary["findings"]["SCHOOL-NO-LEAVERS"] == 1
    facts = json.loads((result.folder / "run.json").read_text("utf-8"))
    assert facts["codes"]["SCHOOL-NO-LEAVERS"] == {"severity": "warn", "title": "nobody ever left"}


def test_a_run_that_does_not_read_it_does_not_ask(tmp_path: Path) -> None:
    workspace = school(
        tmp_path / "school", LEAVERS.replace("select id from user where not active", "select id from enrol where id < 0")
    )
    assert run(workspace).summary["findings"]["SCHOOL-NO-LEAVERS"] == 1
    assert "SCHOOL-NO-LEAVERS" not in run(workspace, only="courses").summary["findings"]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select nothing from user", "nothing"),
        ("select id from pupils", "pupils"),
        ("select id from read_csv('/etc/passwd')", "read_csv"),
    ],
)
def test_a_query_that_does_not_fit_is_refused_before_a_run(tmp_path: Path, sql: str, told: str) -> None:
    workspace = school(tmp_path / "school", LEAVERS.replace("select id from user where not active", f'"{sql}"'))
    with pytest.raises(ConfigurationError, match=r"school\.yaml:6:60") as caught:
        check(workspace)
    assert told in str(caught.value).lower()
