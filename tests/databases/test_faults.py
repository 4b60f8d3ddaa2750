"""What goes wrong with a source, before a run and in its middle, ends with a clear word and a readable folder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import connectorx
import database_servers as servers
import generate_moodle
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from database_servers import At, Database
from moodle_sample.schema import SCHEMA

from migrate.errors import EXIT_CONFIGURATION, EXIT_FAILED, SourceRefused
from migrate.pipeline import RunResult


def load_sample(database: Database) -> None:
    site = generate_moodle.build()
    servers.storable(site)
    servers.load(database, site, "mdl_")


def assert_readable(result: RunResult, stage: str) -> None:
    """A failed run says how far it came."""
    summary = json.loads((result.folder / "summary.json").read_text("utf-8"))
    facts = json.loads((result.folder / "run.json").read_text("utf-8"))
    assert summary["verdict"] == "fail"
    assert not summary["balanced"]
    assert facts["failure"] == result.failure
    assert facts["stopped_at"] == stage
    assert facts["ended"]
    assert stage in summary["timings"]
    assert not (result.folder / ".scratch").exists()
    assert not (result.folder / ".spare").exists()


# Before a run -------------------------------------------------------------------------------------------------------


def refused(folder: Path, url: str, prefix: str = "mdl_") -> str:
    """Run a workspace that cannot be opened; gives the message. No run folder is left behind."""
    with pytest.raises(SourceRefused) as error:
        servers.migrate_site(folder, url, prefix)
    assert error.value.exit_code == EXIT_CONFIGURATION
    assert error.value.hint
    assert not list((folder / "runs").glob("*"))
    return error.value.message


def test_unknown_database(database: Database, tmp_path: Path) -> None:
    message = refused(tmp_path / "workspace", database.url.replace(database.name, "no_such_database"))
    assert "no_such_database" in message
    assert "exist" in message or "Unknown database" in message


def test_wrong_port(database: Database, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    message = refused(tmp_path / "workspace", database.url.replace(f":{database.server.port}/", f":{port}/"))
    assert str(port) in message
    assert "refused" in message


def test_wrong_password(mariadb: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = mariadb.name[-20:]
    mariadb.execute(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'right'")
    try:
        monkeypatch.setenv("SOURCE_PASSWORD", "wr0ng-s3cret")
        url = mariadb.url.replace("//root@", f"//{user}:${{SOURCE_PASSWORD}}@")
        with pytest.raises(SourceRefused) as error:
            servers.migrate_site(tmp_path / "workspace", url)
        assert "Access denied" in error.value.message
        assert "wr0ng" not in str(error.value)
        assert "password" in error.value.hint
    finally:
        mariadb.execute(f"DROP USER '{user}'@'%'")


def test_unknown_role(postgres: Database, tmp_path: Path) -> None:
    host = postgres.url.partition("://")[2].rpartition("@")[2]
    message = refused(tmp_path / "workspace", f"postgresql://nobody_of_this_name@{host}")
    assert "nobody_of_this_name" in message
    assert "does not exist" in message or "authentication failed" in message


def test_another_prefix(sample_database: Database, tmp_path: Path) -> None:
    database = sample_database
    message = refused(tmp_path / "workspace", database.url, "moodle_")
    assert "'moodle_'" in message
    assert "mdl_" in message


def test_an_empty_database(database: Database, tmp_path: Path) -> None:
    assert "none at all" in refused(tmp_path / "workspace", database.url)


def test_missing_tables_and_columns_are_named_together(postgres: Database, tmp_path: Path) -> None:
    load_sample(postgres)
    postgres.execute(
        "DROP TABLE mdl_cohort",
        "DROP TABLE mdl_user_enrolments",
        f"ALTER TABLE {postgres.quoted('mdl_course')} DROP COLUMN shortname",
    )
    result = servers.migrate_site(tmp_path / "workspace", postgres.url)
    assert result.exit_code == EXIT_CONFIGURATION
    assert result.failure is not None
    for missing in ("cohort", "user_enrolments", "course.shortname"):
        assert missing in result.failure
    assert "grade_deductedmark" not in result.failure
    assert_readable(result, "extract")


def test_a_table_that_may_not_be_read(sample_database: Database, tmp_path: Path) -> None:
    """The account reads the catalogue and every table but one."""
    database = sample_database
    reader = database.name[-20:]
    host = database.url.partition("://")[2].rpartition("@")[2]
    tables = [f"mdl_{table}" for table in SCHEMA if table != "grade_grades"]
    if database.kind == "mariadb":
        database.execute(f"CREATE USER '{reader}'@'%' IDENTIFIED BY 'reader'")
        database.execute(*[f"GRANT SELECT ON {database.name}.{table} TO '{reader}'@'%'" for table in tables])
    else:
        database.execute(f"CREATE ROLE {reader} LOGIN PASSWORD 'reader'")
        database.execute(f"GRANT SELECT ON {', '.join(tables)} TO {reader}")
    scheme = database.url.partition("://")[0]
    folder = servers.workspace(tmp_path / "workspace", f"{scheme}://{reader}:${{SOURCE_PASSWORD}}@{host}")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "migrate", "run", str(folder), "--stop-after", "extract"],
            capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "SOURCE_PASSWORD": "reader"},
        )  # fmt: skip
        assert done.returncode in (EXIT_CONFIGURATION, EXIT_FAILED)
        assert "grade_grades" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        if database.kind == "mariadb":
            database.execute(f"DROP USER '{reader}'@'%'")
        else:
            database.execute(f"DROP OWNED BY {reader}", f"DROP ROLE {reader}")


# In the middle of a run -----------------------------------------------------------------------------------------------

LAST_ACCESS = "INSERT INTO mdl_user_lastaccess (id, userid, courseid, timeaccess) VALUES (900001, 900001, 2, 1700000000)"


@pytest.mark.parametrize("moment", ["before it is read", pytest.param("after it was read", marks=pytest.mark.long)])
def test_a_row_that_comes_during_the_extract_is_reported(database: Database, moment: str, tmp_path: Path) -> None:
    load_sample(database)
    when = "user_lastaccess" if moment == "before it is read" else _last_table(tmp_path / "probe", database)
    progress = At(when, lambda: database.execute(LAST_ACCESS))
    result = servers.migrate_site(tmp_path / "workspace", database.url, progress=progress, stop_after="extract")
    assert progress.done == 1
    assert result.failure is None
    moved = [
        row for row in pq.read_table(result.folder / "1_extract" / "findings.parquet").to_pylist() if row["code"] == "SRC-MOVED"
    ]
    assert [(row["entity"], row["severity"]) for row in moved] == [("user_lastaccess", "warn")]
    before = json.loads((result.folder / "run.json").read_text("utf-8"))["extract"]["user_lastaccess"]
    assert before["after"] == before["before"] + 1
    assert before["rows"] == (before["after"] if moment == "before it is read" else before["before"])


def _last_table(folder: Path, database: Database) -> str:
    from migrate.compiler.plan import make_plan
    from migrate.workspace import open_workspace

    there = set(sa.inspect(database.server.engine(database.name)).get_table_names())
    plan = make_plan(open_workspace(servers.workspace(folder, database.url)).pair, servers.AS_OF)
    tables = [table for table in plan.physical if f"mdl_{table}" in there]
    assert tables[-1] != "user_lastaccess"
    return tables[-1]


MANY = {
    "postgresql": "INSERT INTO mdl_grade_grades_history (id, oldid, itemid, userid, feedback) "
    "SELECT 1000000 + n, n, 1, 2, repeat(md5(n::text), 12) FROM generate_series(1, 400000) AS n",
    "mariadb": "INSERT INTO mdl_grade_grades_history (id, oldid, itemid, userid, feedback) "
    "SELECT 1000000 + seq, seq, 1, 2, repeat(md5(seq), 12) FROM seq_1_to_400000",
}


@pytest.mark.parametrize("way", ["fast", pytest.param("fallback", marks=pytest.mark.long)])
def test_sessions_ended_while_a_table_is_read(
    database: Database, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator ends the session when the first rows have come: the run fails, it does not go on with a part."""
    load_sample(database)
    database.execute(MANY[database.kind])
    if way == "fallback":

        def refuse(*_: object, **__: object) -> None:
            raise RuntimeError("not for this database")

        monkeypatch.setattr(connectorx, "read_sql", refuse)
    progress = At("grade_grades_history", database.end_sessions, with_rows=True)
    result = servers.migrate_site(tmp_path / "workspace", database.url, progress=progress)
    assert progress.done == 1
    assert result.exit_code == EXIT_FAILED
    assert result.failure is not None
    assert "grade_grades_history broke off after" in result.failure
    assert_readable(result, "extract")


@pytest.mark.long
def test_sessions_ended_between_two_tables_are_opened_anew(sample_database: Database, tmp_path: Path) -> None:
    database = sample_database
    progress = At("course", database.end_sessions)
    result = servers.migrate_site(tmp_path / "workspace", database.url, progress=progress, stop_after="extract")
    assert progress.done == 1
    assert result.failure is None


PASSAGE = """
import select, socket, sys, threading

def carry(one, other):
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(65536)
            if not data:
                one.close()
                other.close()
                return
            (other if ready is one else one).sendall(data)

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client = listener.accept()[0]
    there = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    threading.Thread(target=carry, args=(client, there), daemon=True).start()
"""


class Passage:
    """A TCP port in front of a server that can be closed: the network goes away, the server does not know.

    It is a process of its own, because ConnectorX lets no other thread of ours run while it connects.
    """

    def __init__(self, host: str, port: int) -> None:
        command = [sys.executable, "-c", PASSAGE, host, str(port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def passage(sample_database: Database) -> Iterator[Passage]:
    made = Passage(sample_database.server.host, sample_database.server.port)
    yield made
    made.close()


@pytest.mark.parametrize("entity", ["course", pytest.param("user", marks=pytest.mark.long)])
def test_a_source_that_goes_away(sample_database: Database, passage: Passage, entity: str, tmp_path: Path) -> None:
    database = sample_database
    url = database.url.replace(f":{database.server.port}/", f":{passage.port}/")
    progress = At(entity, passage.close)
    result = servers.migrate_site(tmp_path / "workspace", url, progress=progress)
    assert progress.done == 1
    assert result.exit_code == EXIT_FAILED
    assert result.failure is not None
    assert "run again when" in result.failure
    assert_readable(result, "extract")
    assert_command_can_report(result)


def assert_command_can_report(result: RunResult) -> None:
    """The report of a run that failed can be rendered."""
    workspace = result.folder.parent.parent
    done = subprocess.run(
        [sys.executable, "-m", "migrate", "report", str(workspace)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (result.folder / "report.html").stat().st_size > 0


def test_the_command_ends_with_the_documented_codes(mariadb: Database, tmp_path: Path) -> None:
    """As a person runs it: a refused source is a configuration error and shows no traceback."""
    folder = servers.workspace(tmp_path / "workspace", mariadb.url.replace(mariadb.name, "no_such_database"))
    done = subprocess.run(
        [sys.executable, "-m", "migrate", "run", str(folder)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == EXIT_CONFIGURATION
    assert "no_such_database" in done.stderr
    assert "next:" in done.stderr
    assert "Traceback" not in done.stderr
