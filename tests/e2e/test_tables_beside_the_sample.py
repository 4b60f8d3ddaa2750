"""Tables that a real Moodle has and the sample has not: consents, overrides with passwords, what add-ons keep."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from command_line import ATTENTION, only_run, within
from run_reading import findings, summary, table
from sample_runs import write_sample_workspace

TABLES = {
    "tool_policy_acceptances": "id integer, policyversionid integer, userid integer, status integer",
    "tool_mfa_secrets": "id integer, userid integer, secret text",
    "tool_muprog_completion": "id integer, userid integer, timecompleted integer",
    "quiz_overrides": "id integer, quiz integer, groupid integer, userid integer, timeopen integer, timeclose integer, "
    "timelimit integer, attempts integer, password text",
    "lti_submission": "id integer, ltiid integer, userid integer, gradepercent text",
}  # fmt: skip
ROWS = {
    "tool_policy_acceptances": (1, 4, 7, 1),
    "tool_mfa_secrets": (1, 7, "a second factor"),
    "tool_muprog_completion": (1, 7, 1700000000),
    "quiz_overrides": (1, 2, None, 7, 0, 1700000000, None, 3, "let me in"),
    "lti_submission": (1, 2, 7, "81.5"),
}


@pytest.mark.long
def test_each_is_archived_reported_or_left_alone(tmp_path: Path) -> None:
    workspace = write_sample_workspace(tmp_path / "campus", "moodle_to_canvas")
    with closing(sqlite3.connect(workspace / "source.sqlite")) as database, database:
        for name, columns in TABLES.items():
            database.execute(f"CREATE TABLE mdl_{name} ({columns})")
            database.execute(f"INSERT INTO mdl_{name} VALUES ({', '.join('?' * len(ROWS[name]))})", ROWS[name])
    assert within("run", workspace).code == ATTENTION
    run = only_run(workspace)

    archive = run / "archive"
    assert [row["userid"] for row in table(archive / "tool_policy_acceptances.parquet")] == ["7"]
    assert [row["gradepercent"] for row in table(archive / "lti_submission.parquet")] == ["81.5"]
    [override] = table(archive / "quiz_overrides.parquet")
    assert {"userid", "userid__target", "timeclose"} <= override.keys()
    assert "password" not in override
    undeclared = [row["entity"] for row in findings(run) if row["code"] == "LOSS-UNDECLARED"]
    assert undeclared == ["local_mentoring", "tool_muprog_completion"], "the first is planted in the sample"
    lost = {entry["source"]: entry["treatment"] for entry in summary(run)["loss_register"]}
    assert lost["tool_policy_acceptances"] == lost["lti_submission"] == "archived"
    assert lost["tool_muprog_completion"] == "undeclared"
    assert "tool_mfa_secrets" not in lost
    assert not (archive / "tool_mfa_secrets.parquet").exists()
