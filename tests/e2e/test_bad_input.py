"""Bad input gets a clear error, no traceback, and nothing is lost: what there is of a run stays readable."""

from __future__ import annotations

import os
import re
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_line import ATTENTION, CONFIGURATION, FAILED, PASS, Ended, migrate, only_run, within
from run_reading import assert_balances, facts, findings, summary
from sample_runs import SAMPLES
from small_pair import CLEAN_ROWS, Bench, write_rows

from migrate import pipeline
from migrate.run_folder import STAGES
from migrate.scaffold import new_workspace


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, (old, text)
    file.write_text(text.replace(old, new), "utf-8")


def place(text: str, file: str) -> tuple[int, int]:
    """Line and column that the message gives for ``file``."""
    found = re.search(rf"{re.escape(file)}:(\d+):(\d+): ", text)
    assert found, text
    return int(found[1]), int(found[2])


def assert_readable(run: Path, stopped_at: str) -> None:
    """A run folder that a person, the report and the next tool can read."""
    assert facts(run)["stopped_at"] == stopped_at
    assert facts(run)["failure"]
    assert summary(run)["verdict"] == "fail"
    assert stopped_at in summary(run)["timings"]


def assert_refused(ended: Ended, *words: str) -> None:
    assert ended.code == CONFIGURATION, ended.text
    for word in words:
        assert word in ended.err, ended.err
    assert "next:" in ended.err


# The source -----------------------------------------------------------------------------------------------------


def test_no_database(school: Path) -> None:
    (school / "source.sqlite").unlink()
    assert_refused(migrate("run", school), "source.sqlite")
    assert not (school / "runs").exists()


def test_a_database_that_is_none(school: Path) -> None:
    (school / "source.sqlite").write_bytes(b"this is no database, " * 500)
    assert_refused(within("run", school), "source.sqlite")


def test_a_database_without_the_tables(school: Path) -> None:
    (school / "source.sqlite").unlink()
    with closing(sqlite3.connect(school / "source.sqlite")) as database, database:
        database.execute("CREATE TABLE something_else (id)")
    assert_refused(within("run", school), "something_else")


def test_no_folder_of_files(school_files: Path) -> None:
    shutil.rmtree(school_files / "source")
    assert_refused(within("run", school_files), "source")


def test_a_folder_without_the_files(school_files: Path) -> None:
    for file in (school_files / "source").iterdir():
        file.unlink()
    assert_refused(within("run", school_files), "user.csv")


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("postgresql://reader@127.0.0.1:1/school", "127.0.0.1"),
        ("mysql://reader@127.0.0.1:1/school", "127.0.0.1"),
        ("oracle://reader@127.0.0.1/school", "oracle"),
        ("nothing like an address", "SQLAlchemy"),
        ("sqlite:///", "SQLite"),
        ("mysql://reader:${NO_SUCH_VARIABLE}@127.0.0.1/school", "NO_SUCH_VARIABLE"),
    ],
)
def test_an_address_nobody_answers_at(school: Path, address: str, word: str) -> None:
    change(school / "migration.yaml", "sqlite:///source.sqlite", address)
    assert_refused(within("run", school), word)


def test_a_password_does_not_stand_in_the_settings(school: Path) -> None:
    change(school / "migration.yaml", "sqlite:///source.sqlite", "mysql://reader:s3cret@127.0.0.1/school")
    ended = within("run", school)
    assert_refused(ended, "password", "${NAME}")
    assert place(ended.err, "migration.yaml")[0] == 4
    assert "s3cret" not in ended.text


@pytest.fixture
def mariadb_reader() -> Iterator[str]:
    """A role with a password on a MariaDB of ours, as an address without the password."""
    import sqlalchemy as sa

    url = sa.make_url(os.environ.get("LMS_MIGRATE_TEST_MARIADB", "mysql://root@127.0.0.1:3306/mysql"))
    engine = sa.create_engine(url.set(drivername="mysql+pymysql"), connect_args={"connect_timeout": 3})
    role = f"lms_e2e_{os.getpid()}"
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE USER '{role}'@'%%' IDENTIFIED BY 'right-9'")
            connection.exec_driver_sql(f"GRANT SELECT ON mysql.* TO '{role}'@'%%'")
    except sa.exc.OperationalError as error:
        required = os.environ.get("LMS_MIGRATE_REQUIRE_DATABASES") == "1"
        (pytest.fail if required else pytest.skip)(f"no MariaDB answers at {url.host}:{url.port}: {error.orig}")
    yield f"mysql://{role}:${{E2E_PASSWORD}}@{url.host}:{url.port}/mysql"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP USER '{role}'@'%%'")
    engine.dispose()


@pytest.mark.database
def test_a_wrong_password(school: Path, mariadb_reader: str) -> None:
    change(school / "migration.yaml", "sqlite:///source.sqlite", mariadb_reader)
    wrong = migrate("run", school, env={"E2E_PASSWORD": "wr0ng-7"})
    assert_refused(wrong, "Access denied", "password")
    assert "wr0ng-7" not in wrong.text
    right = migrate("run", school, env={"E2E_PASSWORD": "right-9"})
    assert "Access denied" not in right.text
    assert_refused(right, "no table of School")


def test_a_missing_table(school: Path) -> None:
    with closing(sqlite3.connect(school / "source.sqlite")) as database, database:
        database.execute("DROP TABLE enrol")
    ended = within("run", school)
    assert_refused(ended, "enrol", "optional: true")
    assert_readable(only_run(school), "extract")


def test_missing_columns_are_named_all_at_once(school: Path) -> None:
    with closing(sqlite3.connect(school / "source.sqlite")) as database, database:
        database.execute('ALTER TABLE "user" DROP COLUMN email')
        database.execute("ALTER TABLE course DROP COLUMN title")
    ended = within("run", school)
    assert_refused(ended, "user.email", "course.title")


def test_a_missing_file(school_files: Path) -> None:
    (school_files / "source" / "enrol.csv").unlink()
    assert_refused(within("run", school_files), "enrol.csv")


def test_a_file_without_even_a_header(school_files: Path) -> None:
    (school_files / "source" / "enrol.csv").write_bytes(b"")
    assert_refused(within("run", school_files), "enrol.csv", "header")


def test_a_missing_column_of_a_file(school_files: Path) -> None:
    (school_files / "source" / "course.csv").write_text("id,code\n2,A1\n", "utf-8")
    assert_refused(within("run", school_files), "course.title")


def test_a_column_that_stands_twice(school_files: Path) -> None:
    (school_files / "source" / "course.csv").write_text("id,code,title,level,teacher,Title\n", "utf-8")
    assert_refused(within("run", school_files), "course.csv:1", "title")


def test_a_quotation_mark_that_is_never_closed(school_files: Path) -> None:
    text = 'id,code,title,level,teacher\n2,A1,"Algebra,1,2\n3,B2,Biology,1,2\n'
    (school_files / "source" / "course.csv").write_text(text, "utf-8")
    assert_refused(within("run", school_files), "course.csv:2", "quotation")


@pytest.mark.parametrize("fixture", ["school", "school_files"])
def test_invalid_utf_8_in_a_source(fixture: str, request: pytest.FixtureRequest) -> None:
    workspace: Path = request.getfixturevalue(fixture)
    if fixture == "school":
        with closing(sqlite3.connect(workspace / "source.sqlite")) as database, database:
            database.execute("UPDATE user SET name = CAST(? AS TEXT) WHERE id = 3", [b"Jos\xe9"])
    else:
        file = workspace / "source" / "user.csv"
        file.write_bytes(file.read_bytes().replace(b'"Bo"', b'"Jos\xe9"'))
    ended = migrate("run", workspace)
    assert ended.code == ATTENTION, ended.text
    run = only_run(workspace)
    assert_balances(run, {"people": 3, "courses": 2, "enrolments": 5})
    found = [row for row in findings(run) if row["code"] == "SRC-ENCODING"]
    assert [(row["entity"], row["key"]) for row in found] == [("people", "3")]
    assert "Jos\\xe9" in found[0]["value"]
    assert summary(run)["entities"]["people"]["dispositions"]["quarantined"] == 1


@pytest.mark.parametrize("fixture", ["school", "school_files"])
def test_an_empty_source(fixture: str, request: pytest.FixtureRequest) -> None:
    workspace: Path = request.getfixturevalue(fixture)
    write_rows(workspace, {})
    ended = within("run", workspace)
    assert ended.code == PASS, ended.text
    assert_balances(only_run(workspace), {"people": 0, "courses": 0, "enrolments": 0})
    assert summary(only_run(workspace))["verdict"] == "pass"


def test_rows_with_too_many_and_too_few_cells(school_files: Path) -> None:
    text = "id,code,title,level,teacher\n2,A1,Algebra,1,2\n3,B2,Biology,1,2,more\n4,C3\n"
    (school_files / "source" / "course.csv").write_text(text, "utf-8")
    assert within("run", school_files).code == ATTENTION
    run = only_run(school_files)
    assert_balances(run, {"people": 3, "courses": 3, "enrolments": 5})
    assert sorted(row["key"] for row in findings(run) if row["code"] == "SRC-SHAPE") == ["3", "4"]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A workspace of the training history, with the sample as its source."""
    new_workspace(tmp_path / "history", "csv_history", "totara")
    shutil.copytree(SAMPLES / "legacy_history", tmp_path / "history" / "source")
    return tmp_path / "history"


@pytest.mark.long
def test_a_row_that_only_a_lookup_uses_and_that_fits_nobody_is_named(history: Path) -> None:
    with (history / "source" / "person_names.csv").open("a", encoding="utf-8") as file:
        file.write("999999\tNobody\tHere\tLatn\n")
    assert within("run", history).code == ATTENTION
    found = [row for row in findings(only_run(history)) if row["code"] == "SRC-UNUSED"]
    assert [(row["entity"], row["key"], row["field"]) for row in found] == [("person_name", "999999", "emp_id")]


@pytest.mark.long
def test_a_file_whose_mark_contradicts_the_contract_is_refused(history: Path) -> None:
    file = history / "source" / "persons.csv"
    file.write_bytes(file.read_bytes().decode("cp1252", "replace").encode("utf-8-sig"))
    assert_refused(within("run", history), "persons.csv", "byte order mark of utf-8", "cp1252")


# The workspace --------------------------------------------------------------------------------------------------


def test_a_mapping_that_names_an_unknown_source_field(school: Path) -> None:
    change(school / "mapping" / "people.yaml", "  note: {from: note,", "  note: {from: notes,")
    ended = migrate("check", school)
    assert_refused(ended, "value:   notes", "allowed:", "login, name, email", "lms-migrate check")
    assert place(ended.err, "people.yaml") == (21, 10)
    assert migrate("run", school).code == CONFIGURATION
    assert not (school / "runs").exists()


def test_a_mapping_that_names_an_unknown_target_field(school: Path) -> None:
    change(school / "mapping" / "people.yaml", "  note: {from: note,", "  remark: {from: note,")
    ended = within("check", school)
    assert_refused(ended, "value:   remark", "allowed:", "person_id, login, name")
    assert place(ended.err, "people.yaml") == (21, 3)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\"'p-' || cast(id as text)\"", "read_text('/etc/passwd')", ("read_text", "allowed:", "coalesce")),
        ("\"'p-' || cast(id as text)\"", "\"nosuch(id)\"", ("nosuch", "allowed:", "coalesce")),
        ("\"'p-' || cast(id as text)\"", "\"id ||\"", ("id ||",)),
        ("do: [trim, lower]", "do: [trim, lowercase]", ("lowercase", "allowed:", "lower")),
        ("email: {code: USR-EMAIL", "mail: {code: USR-EMAIL", ("mail", "allowed:", "email")),
        ("{ref: people, by: boss}", "{ref: persons, by: boss}", ("persons", "allowed:", "people, courses")),
        ("code: USR-STATUS, severity: hold", "code: USR-STATUS, severity: skip", ("skip", "allowed:", "quarantine")),
        ("from: school.user", "from: school.users", ("school.users", "allowed:", "school.user")),
        ("reason: the same address", "reasons: the same address", ("reasons", "allowed:", "reason")),
        ("status: active}]", "status: shut}]", ("shut", "active")),
        ("  note: {from: note, do: [blank_to_null]}\n", "", ("user.note", "neither mapped nor dropped", "drop:")),
    ],
)  # fmt: skip
def test_a_mapping_that_is_wrong(school: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    change(school / "mapping" / "people.yaml", old, new)
    ended = within("check", school)
    assert_refused(ended, *words)
    place(ended.err, "people.yaml")


def test_every_problem_is_listed_not_the_first_only(school: Path) -> None:
    change(school / "mapping" / "people.yaml", "  note: {from: note,", "  note: {from: notes,")
    change(school / "mapping" / "courses.yaml", "ref: people, by: teacher", "ref: people, by: teachers")
    ended = within("check", school)
    assert_refused(ended, "notes", "teachers", "people.yaml:", "courses.yaml:")


@pytest.mark.parametrize("file", ["mapping/people.yaml", "mapping/pair.yaml", "migration.yaml", "systems/hub.yaml"])
def test_a_duplicate_key_in_yaml(school: Path, file: str) -> None:
    path = school / file
    first = path.read_text("utf-8").splitlines()[0]
    path.write_text(path.read_text("utf-8") + first + "\n", "utf-8")
    ended = within("check", school)
    assert_refused(ended, "stands twice", "line 1")
    assert place(ended.err, path.name) == (len(path.read_text("utf-8").splitlines()), 1)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"from: school.user\nto: [unclosed\n", "YAML"),
        (b"from: caf\xe9\n", "UTF-8"),
        (b"", "empty"),
        (b"- a list\n", "mapping of keys"),
        (b"from: &a school.user\nto: *a\n", "anchors"),
        (b"\x00", "YAML"),
    ],
)
def test_a_mapping_that_cannot_be_read(school: Path, content: bytes, word: str) -> None:
    (school / "mapping" / "people.yaml").write_bytes(content)
    ended = within("check", school)
    assert ended.code == CONFIGURATION
    assert word in ended.err
    place(ended.err, "people.yaml")


def test_a_missing_crosswalk(school: Path) -> None:
    (school / "crosswalks" / "levels.csv").unlink()
    assert_refused(within("check", school), "levels.csv", "source,label,rows,target")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1,,,basic,equal,,confirmed,ana,2026-01-01,\n", ("stands twice", "levels.csv:5")),
        ("9,,,basic,equal,,maybe,,,\n", ("maybe", "proposed, confirmed")),
        ("9,,,,equal,,confirmed,,,\n", ("has no target",)),
        ("9,,,basic,alike,,confirmed,,,\n", ("alike", "equal, wider")),
        (",,,basic,equal,,confirmed,,,\n", ("source is blank",)),
        ("9,,,basic,equal,,confirmed,,,,,,\n", ("levels.csv",)),
    ],
)
def test_a_crosswalk_that_is_wrong(school: Path, line: str, words: tuple[str, ...]) -> None:
    file = school / "crosswalks" / "levels.csv"
    file.write_text(file.read_text("utf-8") + line, "utf-8")
    ended = within("check", school)
    assert ended.code == CONFIGURATION, ended.text
    assert all(word in ended.err for word in words), ended.err


def test_a_crosswalk_that_is_not_utf_8(school: Path) -> None:
    file = school / "crosswalks" / "levels.csv"
    file.write_bytes(file.read_bytes() + b"9,Caf\xe9,,basic,equal,,confirmed,,,\n")
    ended = within("check", school)
    assert ended.code == CONFIGURATION
    assert "levels.csv" in ended.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("system: school", "system: scool", ("scool", "allowed:", "moodle", "systems/scool.yaml")),
        ("as_of: 2026-01-01 00:00:00", "as_of: yesterday", ("yesterday", "YYYY-MM-DD")),
        ("as_of: 2026-01-01 00:00:00", "as_of: 2026-02-31 00:00:00", ("2026-02-31",)),
        ("label: School to Hub", "lable: School to Hub", ("lable", "allowed:", "label")),
        ("memory: 512MB", "memory: much", ("much",)),
        ("mask: false", "mask: no", ("mask",)),
    ],
)
def test_settings_that_are_wrong(school: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    change(school / "migration.yaml", old, new)
    ended = within("check", school)
    assert ended.code == CONFIGURATION, ended.text
    assert all(word in ended.err for word in words), ended.err
    place(ended.err, "migration.yaml")


def test_a_system_that_cannot_be_a_source(school: Path) -> None:
    change(school / "migration.yaml", "system: school", "system: blackboard")
    ended = within("check", school)
    assert ended.code == CONFIGURATION
    assert "cannot be a source" in ended.err


# The disk -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[Path, str], None]]:
    """Mount a disk with these options at a folder; skipped where that takes more rights than we have."""
    mounted: list[Path] = []

    def mount(folder: Path, options: str) -> None:
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no right to mount a small disk")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def assert_no_run_is_made(workspace: Path) -> None:
    ended = migrate("run", workspace, timeout=30)
    assert ended.code == CONFIGURATION, ended.text
    assert "no run folder" in ended.err


def test_a_runs_folder_that_is_a_file(school: Path) -> None:
    (school / "runs").write_text("a file", "utf-8")
    assert_no_run_is_made(school)


def test_a_runs_folder_that_leads_nowhere(school: Path) -> None:
    (school / "runs").symlink_to(school / "gone" / "runs")
    assert_no_run_is_made(school)


def test_a_runs_folder_that_is_read_only(school: Path, small_disk: Callable[[Path, str], None]) -> None:
    if os.geteuid() == 0:  # whom no permission stops
        small_disk(school / "runs", "ro")
    else:
        (school / "runs").mkdir(mode=0o555)
    assert_no_run_is_made(school)


def _much(rows: int) -> dict[str, list[dict[str, Any]]]:
    """Rows that do not shrink when they are compressed."""
    import random

    chance = random.Random(1)
    return {
        "user": [
            {"id": n, "login": f"{chance.getrandbits(60):x}", "active": 1, "note": f"{chance.getrandbits(800):x}"}
            for n in range(1, rows)
        ]
    }


@pytest.mark.parametrize(
    "kilobytes",
    [
        pytest.param(300, marks=pytest.mark.long),
        pytest.param(1000, marks=pytest.mark.long),
        1800,
        pytest.param(2200, marks=pytest.mark.long),
    ],
)
def test_a_disk_that_fills_up(school: Path, small_disk: Callable[[Path, str], None], kilobytes: int) -> None:
    """6,000 people take 2.5 MB in all stages; wherever the disk ends, the run folder says so."""
    write_rows(school, _much(6000))
    small_disk(school / "runs", f"size={kilobytes}k")
    ended = migrate("run", school)
    assert ended.code == FAILED, ended.text
    assert "disk is full" in ended.err
    assert "free space" in ended.err
    run = only_run(school)
    assert_readable(run, facts(run)["stopped_at"])
    assert facts(run)["stopped_at"] in STAGES
    assert "disk is full" in facts(run)["failure"]
    assert not (run / ".spare").exists()
    again = migrate("report", school)
    assert again.code in (PASS, FAILED), again.text


def test_files_that_may_not_grow(school: Path) -> None:
    """A quota on the size of files, which needs no rights to set."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    write_rows(school, _much(6000))
    ended = migrate("run", school, preexec_fn=limit)
    assert ended.code == FAILED, ended.text
    run = only_run(school)
    assert_readable(run, facts(run)["stopped_at"])


# The source goes away in the middle -----------------------------------------------------------------------------


def between(bench_: Bench, monkeypatch: pytest.MonkeyPatch, stage: str, action: Callable[[], None]) -> pipeline.RunResult:
    """Run, and do ``action`` right before ``stage``."""
    original = getattr(pipeline, stage)

    def wrapped(*arguments: Any) -> Any:
        action()
        return original(*arguments)

    monkeypatch.setattr(pipeline, stage, wrapped)
    return bench_.run(CLEAN_ROWS)


@pytest.mark.parametrize("how", ["removed", "emptied", "cut short"])
def test_a_file_that_is_lost_before_it_is_read(files_bench: Bench, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    file = files_bench.folder / "source" / "enrol.csv"

    def lose() -> None:
        if how == "removed":
            file.unlink()
        else:
            file.write_bytes(b"" if how == "emptied" else file.read_bytes()[:60])

    result = between(files_bench, monkeypatch, "extract", lose)
    if how == "cut short":  # a header and a part of a row: the rows that are there are told of, in full
        assert result.exit_code in (1, 2, 3)
        assert result.exit_code != 1 or result.summary["findings"]
        return
    assert result.exit_code in (2, 3)
    assert "enrol.csv" in (result.failure or "")
    assert_readable(result.folder, "extract")


def test_a_file_that_is_lost_while_it_is_read(files_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the count and the rows of a table."""
    from migrate.connectors.delimited import DelimitedSource

    original = DelimitedSource.rows

    def rows(self: DelimitedSource, entity: str, fields: list[str]) -> Any:
        if entity == "enrol":
            (files_bench.folder / "source" / "enrol.csv").unlink()
        return original(self, entity, fields)

    monkeypatch.setattr(DelimitedSource, "rows", rows)
    result = files_bench.run(CLEAN_ROWS)
    assert result.exit_code == FAILED
    assert "enrol.csv" in (result.failure or "")
    assert_readable(result.folder, "extract")


def test_a_file_that_grows_while_it_is_read(files_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from migrate.connectors.delimited import DelimitedSource

    original = DelimitedSource.rows

    def rows(self: DelimitedSource, entity: str, fields: list[str]) -> Any:
        if entity == "enrol":
            with (files_bench.folder / "source" / "enrol.csv").open("a", encoding="utf-8") as stream:
                stream.write("99,2,3,student,,\n")
        return original(self, entity, fields)

    monkeypatch.setattr(DelimitedSource, "rows", rows)
    result = files_bench.run(CLEAN_ROWS)
    assert result.failure is None
    assert result.summary["findings"]["SRC-MOVED"] == 1
    assert facts(result.folder)["extract"]["enrol"] == {"before": 5, "rows": 6, "after": 6}


def test_a_database_that_grows_while_it_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from migrate.connectors.database import DatabaseSource

    original = DatabaseSource.rows

    def rows(self: DatabaseSource, entity: str, fields: list[str]) -> Any:
        if entity == "enrol":
            with closing(sqlite3.connect(bench.folder / "source.sqlite")) as database, database:
                database.execute("DELETE FROM enrol WHERE id = 6")
        return original(self, entity, fields)

    monkeypatch.setattr(DatabaseSource, "rows", rows)
    result = bench.run(CLEAN_ROWS)
    assert result.failure is None
    assert result.summary["findings"]["SRC-MOVED"] == 1


@pytest.mark.parametrize("stage", ["extract", "rows"])
def test_a_database_that_is_destroyed_in_the_middle(bench: Bench, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    file = bench.folder / "source.sqlite"

    def destroy() -> None:
        file.write_bytes(file.read_bytes()[:100] + b"\xff" * 20_000)

    if stage == "extract":
        result = between(bench, monkeypatch, "extract", destroy)
    else:
        from migrate.connectors.database import DatabaseSource

        original = DatabaseSource.rows

        def rows(self: DatabaseSource, entity: str, fields: list[str]) -> Any:
            if entity == "course":
                destroy()
            return original(self, entity, fields)

        monkeypatch.setattr(DatabaseSource, "rows", rows)
        result = bench.run(CLEAN_ROWS)
    assert result.exit_code == FAILED
    assert "source" in (result.failure or "") or "broke off" in (result.failure or "")
    assert_readable(result.folder, "extract")


# Texts that are hard to write -----------------------------------------------------------------------------------


def test_a_very_long_text(bench: Bench) -> None:
    """Longer than the csv module reads unless it is told to."""
    rows = {"user": [{"id": 1, "login": "a", "active": 1, "note": "".join(chr(33 + n % 90) for n in range(400_000))}]}
    result = bench.run(rows)
    assert result.failure is None
    assert_balances(result.folder, {"people": 1, "courses": 0, "enrolments": 0})
    assert result.exit_code == PASS


def test_a_package_that_shrinks_very_much(tmp_path: Path) -> None:
    """Our own zip of very regular text is not taken for a bomb."""
    packed = Bench(tmp_path / "school", package="hub.zip")
    people = [{"id": n, "login": f"u{n}", "active": 1, "note": "x" * 2000} for n in range(1, 1500)]
    result = packed.run({"user": people})
    assert result.failure is None
    assert result.exit_code == PASS


def test_a_letter_that_the_target_cannot_write(tmp_path: Path) -> None:
    """A target in Latin-1: what cannot be written is named, and the run ends with a verdict."""
    from small_pair import write_workspace

    workspace = write_workspace(tmp_path / "school")
    change(workspace / "systems" / "hub.yaml", "format: {", "format: {encoding: latin-1, ")
    write_rows(workspace, {"user": [{"id": 1, "login": "a", "active": 1, "name": "Žofie"}]})
    ended = migrate("run", workspace)
    assert ended.code in (ATTENTION, FAILED), ended.text
    assert (
        "Žofie" in ended.text or "latin-1" in ended.text or any(row["value"] == "Žofie" for row in findings(only_run(workspace)))
    )


def test_a_fatal_finding_stops_the_run_before_anything_is_loaded(school: Path) -> None:
    change(school / "mapping" / "courses.yaml", "code: CRS-LEVEL, severity: hold", "code: CRS-LEVEL, severity: fatal")
    change(school / "migration.yaml", "# deliver: outbox", "deliver: ../outbox")
    write_rows(school, {"course": [{"id": 2, "title": "Algebra", "level": "9"}]})
    ended = within("run", school, "--live")
    assert ended.code == FAILED, ended.text
    assert "CRS-LEVEL" in ended.err
    run = only_run(school)
    assert_readable(run, "validate")
    assert summary(run)["findings"] == {"CRS-LEVEL": 1}
    assert not (school.parent / "outbox").exists()


def test_the_value_of_a_finding_is_whole(bench: Bench) -> None:
    """Whatever stands in it: the engine's own separator too."""
    odd = "x\x1fy\x1f z|\\"
    result = bench.run({"user": [{"id": 1, "login": "a", "active": 1, "score": odd}]})
    assert [(row["code"], row["value"]) for row in findings(result.folder)] == [("SRC-TYPE", odd)]


def test_a_defect_of_ours_is_a_failed_run_and_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that goes wrong may look like findings that need a person."""

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a defect, planted")

    monkeypatch.setattr(pipeline, "load", broken)
    result = bench.run(CLEAN_ROWS)
    assert result.exit_code == FAILED
    assert "a defect, planted" in (result.failure or "")
    assert_readable(result.folder, "load")
