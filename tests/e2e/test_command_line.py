"""The commands from the first to the last, with every exit code, as a person meets them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import (
    ATTENTION,
    CONFIGURATION,
    INTERRUPTED,
    PASS,
    command,
    migrate,
    only_run,
    snapshot,
    within,
)
from run_reading import ENTITY, SUMMARY, assert_balances, dispositions, facts, load_files, summary
from sample_runs import put_sample_source
from small_pair import CLEAN_ROWS, GOOD_ROWS, write_rows

from migrate import __version__
from migrate.cli import COMMANDS
from migrate.run_folder import STAGES

ESCAPE = re.compile(r"\x1b|\r")
HEAVY = ("duckdb", "pandas", "polars", "pandera", "pyarrow", "sqlalchemy", "sqlglot", "connectorx", "pydantic",
         "jinja2", "great_expectations", "rich.progress", "numpy")  # fmt: skip
LOADS = {"people": 3, "courses": 2, "enrolments": 5}


# The way a person goes ------------------------------------------------------------------------------------------


def test_a_draft_that_maps_nothing_says_why(tmp_path: Path) -> None:
    contract = "system: own\nlabel: Own\nsource: {kind: files}\nentities:\n  a: {file: a.csv, key: k, fields: {k: {}}}\n"
    (tmp_path / "own.yaml").write_text(contract, "utf-8")
    made = migrate("new", "acme", "--from", "own.yaml", "--to", "totara", cwd=tmp_path)
    assert made.code == PASS
    assert "it maps nothing" in made.out
    assert "docs/add-your-lms.md" in made.out


@pytest.mark.long  # the tutorial is followed in every run of the tests
def test_from_a_new_workspace_to_the_report(tmp_path: Path) -> None:
    """The training history: systems, new, check, run, sql, report."""
    listed = migrate("systems")
    assert listed.code == PASS
    assert all(word in listed.out for word in ("moodle", "canvas", "csv_history", "totara", "--from moodle --to canvas"))

    made = migrate("new", "history", "--from", "csv_history", "--to", "totara", cwd=tmp_path)
    assert made.code == PASS
    workspace = tmp_path / "history"
    assert "lms-migrate check history" in made.out
    readme = (workspace / "README.md").read_text("utf-8")
    assert all(f"lms-migrate {word} history" in readme for word in ("check", "run", "report"))
    assert (workspace / "migration.yaml").is_file()
    assert (workspace / "mapping" / "pair.yaml").is_file()
    assert list((workspace / "crosswalks").glob("*.csv"))

    put_sample_source(workspace, "csv_history_to_totara")
    checked = migrate("check", "history", cwd=tmp_path)
    assert checked.code == PASS
    assert re.search(r"8 mappings, [1-9]\d* inline tests passed", checked.out)
    assert "lms-migrate run history" in checked.out
    assert not (workspace / "runs").exists()

    ran = migrate("run", "history", cwd=tmp_path)
    assert ran.code == ATTENTION
    run = only_run(workspace)
    assert f"Report: {Path('history') / 'runs' / run.name / 'report.html'}" in ran.out
    assert "course_completions" in ran.out
    assert (run / "report.html").stat().st_size > 50_000

    printed = migrate("sql", "history", "users", cwd=tmp_path)
    assert printed.code == PASS
    assert printed.out.lstrip().startswith("WITH")
    assert "emp_id" in printed.out

    (run / "report.html").unlink()
    again = migrate("report", "history", "--run", run.name, cwd=tmp_path)
    assert again.code == PASS
    assert (run / "report.html").is_file()


def test_exit_code_0_a_run_passes(school: Path) -> None:
    ran = migrate("run", school)
    assert ran.code == PASS, ran.text
    run = only_run(school)
    assert_balances(run, LOADS)
    assert summary(run)["verdict"] == "pass"
    assert summary(run)["mode"] == "rehearsal"
    assert facts(run)["stopped_at"] is None


def test_where_the_time_went_is_printed_after_the_summary(school: Path) -> None:
    """And with it nothing else changes: the run passes, and the lines before are those of a run without."""
    ended = within("run", school, "--profile")
    assert ended.code == PASS
    summary_, _, spent = ended.out.partition("\nWhere the time went: ")
    assert summary_.startswith("PASS  rehearsal")
    assert "Report: " in summary_
    lines = spent.splitlines()
    stages = [line.split()[0] for line in lines if line.endswith("%")]
    assert stages == [*STAGES, "the"]
    tasks = {tuple(line.split()[:2]): line for line in lines if line.startswith("  ")}
    assert tasks["map", "people"].split()[6] == "3"
    assert any("write people.parquet" in line for line in lines)
    assert not [row for row in CLEAN_ROWS["user"] if str(row.get("email", "Guest")) in spent]


def test_exit_code_1_findings_need_a_person(school: Path) -> None:
    write_rows(school, GOOD_ROWS)
    ran = migrate("run", school)
    assert ran.code == ATTENTION, ran.text
    run = only_run(school)
    assert_balances(run, {"people": 5, "courses": 3, "enrolments": 6})
    assert summary(run)["findings"] == {"USR-MERGE": 1}
    assert "USR-MERGE" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "school", "--stop-after", "lunch"],
        ["run", "school", "--only", "nobody"],
        ["run", "school", "--live", "--engine", "spark"],
        ["run", "nowhere"],
        ["check", "nowhere"],
        ["sql", "school", "nobody"],
        ["report", "school"],
        ["report", "school", "--run", "20000101-000000"],
        ["new", "x", "--from", "blackboard", "--to", "canvas"],
        ["new", "x", "--from", "canvas", "--to", "csv_history"],
        ["compare", "nowhere"],
        ["compare", "canvas", "csv_history"],
        ["new", "school", "--from", "moodle", "--to", "canvas"],
        ["new", "x"],
        ["unknown"],
        ["--unknown"],
    ],
    ids=" ".join,
)
def test_exit_code_2_usage(school: Path, arguments: list[str]) -> None:
    before = snapshot(school.parent)
    ended = within(*arguments, cwd=school.parent)
    assert ended.code == CONFIGURATION, ended.text
    assert ended.err.strip()
    assert snapshot(school.parent) == before


def test_a_name_that_is_not_there_is_answered_with_those_that_are(school: Path) -> None:
    for arguments in (["run", school, "--only", "nobody"], ["sql", school, "nobody"]):
        ended = within(*arguments)
        assert "nobody" in ended.err
        assert "people, courses, enrolments" in ended.err


def test_no_arguments_shows_the_help() -> None:
    ended = migrate()
    assert all(word in ended.text for word in COMMANDS)


def test_version() -> None:
    ended = migrate("--version")
    assert ended.code == PASS
    assert __version__ in ended.out


# Interrupting ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "how"),
    [
        ("map", signal.SIGTERM),
        pytest.param("read_back", signal.SIGINT, marks=pytest.mark.long),
        pytest.param("extract", signal.SIGINT, marks=pytest.mark.long),
        pytest.param("map", signal.SIGINT, marks=pytest.mark.long),
    ],
)
def test_exit_code_130_interrupted_in_the_middle(school: Path, stage: str, how: signal.Signals) -> None:
    """The signal comes when the stage's folder appears, wherever the engine then is."""
    rows = {
        "user": [{"id": n, "login": f"u{n}", "active": 1, "email": f"u{n}@x.org"} for n in range(1, 40_000)],
        "enrol": [{"id": n, "userid": n, "courseid": 5, "role": "student"} for n in range(1, 40_000)],
    }
    write_rows(school, rows)
    process = subprocess.Popen(command("run", school), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    folder = f"{STAGES.index(stage) + 1}_{stage}"
    try:
        until = time.monotonic() + 90
        while not list(school.glob(f"runs/*/{folder}")) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        process.send_signal(how)
        out, err = (part.decode() for part in process.communicate(timeout=90))
    finally:
        process.kill()
    assert process.returncode == INTERRUPTED, out + err
    assert "Traceback" not in out + err
    assert "interrupted; the run folder says how far a run came" in err
    run = only_run(school)
    assert facts(run)["failure"] == "interrupted"
    assert facts(run)["stopped_at"] in STAGES[STAGES.index(stage) :]
    assert summary(run)["verdict"] == "fail"
    assert not (run / ".scratch").exists()
    again = migrate("report", school)
    assert again.code == PASS, again.text
    assert (run / "report.html").is_file()


# Parts of a run -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_stop_after(school: Path, stage: str) -> None:
    ran = within("run", school, "--stop-after", stage)
    run = only_run(school)
    done = [name for name in STAGES if list(run.glob(f"?_{name}"))]
    assert done == list(STAGES[: STAGES.index(stage) + 1])
    assert list(summary(run)["timings"]) == done
    told = summary(run)
    assert set(told) == SUMMARY
    assert all(set(entity) == ENTITY for entity in told["entities"].values()), told["entities"]
    if stage == STAGES[-1]:
        assert ran.code == PASS
        assert facts(run)["stopped_at"] is None
    else:
        assert ran.code == ATTENTION, ran.text
        assert facts(run)["stopped_at"] == stage
        assert told["verdict"] == "attention"
    assert (run / "report.html").is_file()
    for folder in (run / f"{number}_{name}" for number, name in enumerate(done, 1)):
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        assert manifest["stage"] == folder.name[2:]
        for name, entry in manifest["files"].items():
            assert (folder / name).is_file()
            assert re.fullmatch("[0-9a-f]{64}", entry["sha256"])
            assert not name.endswith(".parquet") or entry["rows"] >= 0


@pytest.mark.parametrize(
    ("only", "expected"),
    [("people", ["people"]), ("courses", ["people", "courses"]), ("enrolments", ["people", "courses", "enrolments"])],
)
def test_only_runs_a_mapping_and_those_it_refers_to(school: Path, only: str, expected: list[str]) -> None:
    ran = within("run", school, "--only", only)
    assert ran.code == PASS, ran.text
    run = only_run(school)
    assert_balances(run, {name: LOADS[name] for name in expected})
    assert sorted(load_files(run / "4_load")) == sorted(f"{name}.csv" for name in expected)


# Where things are written ---------------------------------------------------------------------------------------


def test_a_rehearsal_writes_nothing_outside_its_run_folder(school: Path, tmp_path: Path) -> None:
    settings = school / "migration.yaml"
    settings.write_text(settings.read_text("utf-8").replace("# deliver: outbox", "deliver: ../outbox"), "utf-8")
    elsewhere = tmp_path / "elsewhere"
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    for folder in (elsewhere, home, temporary):
        folder.mkdir()
    before = snapshot(tmp_path)
    ran = migrate("run", school, cwd=elsewhere, env={"HOME": str(home), "TMPDIR": str(temporary)})
    assert ran.code == PASS, ran.text
    runs = school / "runs"
    assert snapshot(tmp_path, without=[runs]) == before
    assert {path.name for path in only_run(school).iterdir()} == {
        *(f"{number}_{stage}" for number, stage in enumerate(STAGES, 1)),
        "dispositions.parquet", "findings.parquet", "worklist.parquet", "summary.json", "run.json", "report.html",
    }  # fmt: skip


def test_live_refuses_without_a_place_to_deliver(school: Path) -> None:
    ended = migrate("run", school, "--live")
    assert ended.code == CONFIGURATION
    assert re.search(r"migration\.yaml:\d+:\d+", ended.err)
    assert "deliver" in ended.err
    assert not (school / "runs").exists()


def test_live_delivers_what_was_loaded(school: Path) -> None:
    settings = school / "migration.yaml"
    settings.write_text(settings.read_text("utf-8").replace("# deliver: outbox", "deliver: ../outbox"), "utf-8")
    before = snapshot(school.parent)
    ran = migrate("run", school, "--live")
    assert ran.code == PASS, ran.text
    run, outbox = only_run(school), school.parent / "outbox"
    assert summary(run)["mode"] == "live"
    assert_balances(run, LOADS)
    assert load_files(outbox) == load_files(run / "4_load")
    assert snapshot(school.parent, without=[school / "runs", outbox]) == before


def test_live_that_stops_before_loading_delivers_nothing(school: Path) -> None:
    settings = school / "migration.yaml"
    settings.write_text(settings.read_text("utf-8").replace("# deliver: outbox", "deliver: ../outbox"), "utf-8")
    assert within("run", school, "--live", "--stop-after", "validate").code == ATTENTION
    assert not (school.parent / "outbox").exists()


def test_live_into_a_place_that_cannot_take_files(school: Path) -> None:
    settings = school / "migration.yaml"
    settings.write_text(settings.read_text("utf-8").replace("# deliver: outbox", "deliver: ../outbox"), "utf-8")
    (school.parent / "outbox").write_text("a file, not a folder", "utf-8")
    ran = within("run", school, "--live")
    assert ran.code == CONFIGURATION, ran.text
    assert "outbox" in ran.err
    assert "deliver" in ran.err
    assert facts(only_run(school))["stopped_at"] == "load"


def test_two_runs_have_two_folders_and_the_report_is_of_the_newer(school: Path) -> None:
    for _ in range(2):
        assert within("run", school, "--stop-after", "extract").code == ATTENTION
    runs = sorted((school / "runs").iterdir())
    assert len(runs) == 2
    newest = max(runs, key=lambda run: facts(run)["ended"] + run.name)
    assert str(newest) in within("report", school).out


# What is shown --------------------------------------------------------------------------------------------------


def test_piped_output_is_plain_lines(school: Path) -> None:
    ran = migrate("run", school)
    assert not ESCAPE.search(ran.text)
    lines = ran.err.splitlines()
    for stage in ("extract", "map", "validate", "load", "read back", "reconcile"):
        assert [line for line in lines if line.startswith(stage) and "rows" in line], stage
    assert re.search(r"^map\s+people\s+3 rows\s", ran.err, re.M)


@pytest.mark.parametrize("name", ["systems", "check", "sql"])
def test_other_commands_print_plain_lines_too(school: Path, name: str) -> None:
    arguments = {"systems": ["systems"], "check": ["check", school], "sql": ["sql", school, "people"]}[name]
    ended = within(*arguments)
    assert ended.code == PASS
    assert not ESCAPE.search(ended.text)
    assert ended.out


def test_sql_is_what_the_engine_runs(school: Path) -> None:
    import duckdb

    sql = within("sql", school, "people").out
    assert duckdb.extract_statements(sql)


def test_output_into_a_closed_pipe_is_no_traceback(school: Path) -> None:
    script = f"{' '.join(command('sql', school, 'enrolments'))} | head -1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
    assert done.stdout.startswith(b"WITH")
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_terminal_that_is_not_utf_8_is_no_traceback(school: Path) -> None:
    ended = migrate("run", school, env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert ended.code == PASS, ended.text


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_imports_no_heavy_library(arguments: list[str]) -> None:
    script = (
        "import sys; from migrate.cli import main; sys.argv = ['lms-migrate', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit as end: assert end.code == 0\n"
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    assert "Usage: " in done.stdout
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_the_exit_codes_are_in_the_help_of_run() -> None:
    text = " ".join(within("run", "--help").out.split())
    for part in ("0 passes", "1 findings", "2 usage", "3 the run failed", "130 interrupted"):
        assert part in text


def test_a_workspace_is_found_from_any_folder_and_with_any_name(tmp_path: Path, school: Path) -> None:
    odd = tmp_path / "Ünïcode 'and' blanks"
    school.rename(odd)
    for arguments in (["check"], ["run"], ["report"]):
        ended = migrate(*arguments, odd.name, cwd=tmp_path)
        assert ended.code == PASS, ended.text
    assert len(dispositions(only_run(odd))) == sum(len(rows) for rows in CLEAN_ROWS.values())


def test_the_source_is_not_changed(school: Path) -> None:
    file = school / "source.sqlite"
    os.utime(file, (1_000_000_000, 1_000_000_000))
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    assert within("run", school).code == PASS
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert not list(school.glob("source.sqlite-*"))
