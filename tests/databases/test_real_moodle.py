"""The data of a real Moodle site, where it is at hand: the run balances on both servers and gives the same on both.

The data is not in the repository. It is looked for in ``shared/moodle`` beside the repository, or beneath the folder
that LMS_MIGRATE_SHARED names. Restoring and moving it twice takes minutes.
"""

from __future__ import annotations

import json
import lzma
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import database_servers as servers
import duckdb
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from database_servers import Database

from migrate.losses import register
from migrate.pipeline import RunResult
from migrate.workspace import open_workspace

SHARED = Path(os.environ.get("LMS_MIGRATE_SHARED", servers.REPOSITORY.parent / "shared"))
DUMPS = {kind: SHARED / "moodle" / f"moodle45.{name}.sql.xz" for kind, name in
         (("postgresql", "postgres"), ("mariadb", "mariadb"))}  # fmt: skip
CLIENTS = {"postgresql": "psql", "mariadb": "mysql"}
ONLY_IN_MARIADB = ("facetoface", "customcert")
"""Add-on modules whose tables the PostgreSQL dump lacks."""
pytestmark = pytest.mark.long
BUILT_IN_DISPOSITIONS = {"REF-BLOCKED", "REF-ORPHAN", "REF-CYCLE", "KEY-DUPLICATE", "REC-MISSING", "LIVE-ONLY"}


def restore(database: Database) -> None:
    """Stream the dump into the server's own client."""
    server = database.server
    url = sa.make_url(server.url)
    if database.kind == "postgresql":
        user = ["-U", url.username] if url.username else []
        command = [
            "psql",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            server.host,
            "-p",
            str(server.port),
            *user,
            database.name,
        ]
        secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    else:
        command = ["mysql", "-h", server.host, "-P", str(server.port), "-u", url.username or "root", database.name]
        secret = {"MYSQL_PWD": str(url.password)} if url.password else {}
    with (
        lzma.open(DUMPS[database.kind], "rb") as dump,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env={**os.environ, **secret}) as client,
    ):
        assert client.stdin is not None
        if database.kind == "mariadb":
            client.stdin.write(b"SET SESSION unique_checks = 0; SET SESSION foreign_key_checks = 0;\n")
        shutil.copyfileobj(dump, client.stdin, 1 << 20)
        client.stdin.close()
    assert client.returncode == 0


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Database, RunResult]]]:
    """A run on each server."""
    missing = [str(dump) for dump in DUMPS.values() if not dump.is_file()]
    if missing:
        pytest.skip(f"the data of the real site is not here: {', '.join(missing)} (LMS_MIGRATE_SHARED names its folder)")
    for client in CLIENTS.values():
        if shutil.which(client) is None:
            reason = f"the client {client} is not installed; it restores the dump"
            if os.environ.get("LMS_MIGRATE_REQUIRE_DATABASES") == "1":
                pytest.fail(reason)
            pytest.skip(reason)
    with ExitStack() as stack:
        found = {}
        for kind in servers.KINDS:
            database = stack.enter_context(servers.server(kind).database())
            restore(database)
            folder = tmp_path_factory.mktemp(kind)
            found[kind] = (database, servers.migrate_site(folder / "workspace", database.url))
        yield found


def each(runs: dict[str, tuple[Database, RunResult]]) -> Iterator[tuple[str, Database, RunResult]]:
    for kind, (database, result) in runs.items():
        yield kind, database, result


def test_it_balances_without_a_difference(runs: dict[str, tuple[Database, RunResult]]) -> None:
    for kind, _, result in each(runs):
        summary = result.summary
        assert result.failure is None, kind
        assert summary["balanced"], kind
        assert summary["verdict"] in ("pass", "attention"), kind
        for name, entity in summary["entities"].items():
            assert (entity["missing"], entity["extra"], entity["differences"]) == (0, 0, {}), (kind, name)
            assert sum(entity["dispositions"].values()) == entity["source"], (kind, name)
            assert entity["dispositions"]["failed"] == 0, (kind, name)
            left = entity["source"] - entity["dispositions"]["excluded"] - entity["dispositions"]["merged"]
            for field, split in entity["references"].items():
                assert sum(split.values()) == left, (kind, name, field)
        assert summary["entities"]["users"]["dispositions"]["created"] > 5000, kind


def test_every_code_is_declared(runs: dict[str, tuple[Database, RunResult]]) -> None:
    """A record that is not simply created says why, by a code that mapping, contract or gate declares."""
    for kind, _, result in each(runs):
        workspace = open_workspace(result.folder.parent.parent)
        declared = _codes(workspace.pair.document.data) | BUILT_IN_DISPOSITIONS
        for mapping in workspace.pair.mappings.values():
            declared |= _codes(mapping.document.data)
        declared |= _codes(workspace.target.document.data)
        dispositions = pq.read_table(result.folder / "dispositions.parquet").to_pylist()
        assert {row["code"] for row in dispositions if row["disposition"] == "created"} == {None}, kind
        others = {row["code"] for row in dispositions if row["disposition"] != "created"}
        assert None not in others, kind
        assert {code for code in others if not code.startswith(("GATE-", "XWALK-", "SRC-"))} <= declared, kind


def _codes(data: Any) -> set[str]:
    """Every value of a key ``code``, however deep."""
    if isinstance(data, dict):
        own = {str(data["code"])} if "code" in data else set()
        return own.union(*[_codes(value) for value in data.values()])
    return set().union(*[_codes(value) for value in data]) if isinstance(data, list | tuple) else set()


def test_every_loss_has_a_reason(runs: dict[str, tuple[Database, RunResult]]) -> None:
    for kind, _, result in each(runs):
        entries = result.summary["loss_register"]
        assert entries, kind
        assert not [entry["source"] for entry in entries if entry["treatment"] == "undeclared"], kind
        assert not [entry["source"] for entry in entries if not entry["reason"].strip()], kind
        assert all(entry["rows"] > 0 for entry in entries), kind
        assert not {"LOSS-UNDECLARED", "SRC-UNKNOWN-COLUMN", "SRC-UNCOVERED"} & result.summary["findings"].keys(), kind


def test_every_table_with_rows_is_accounted_for(runs: dict[str, tuple[Database, RunResult]]) -> None:
    """Counted anew in the database: a table with rows is extracted, in the loss register, or internal by contract."""
    from fnmatch import fnmatchcase

    for kind, database, result in each(runs):
        facts = json.loads((result.folder / "run.json").read_text("utf-8"))
        contract = open_workspace(result.folder.parent.parent).source.model
        lost = {entry["source"].split(".")[0] for entry in result.summary["loss_register"]}
        with database.engine().connect() as connection:
            tables = [name for name in sa.inspect(connection).get_table_names() if name.startswith("mdl_")]
        for table in tables:
            bare = table.removeprefix("mdl_")
            known = bare in facts["extract"] or bare in lost
            if not known and not any(fnmatchcase(bare, pattern) for pattern in contract.internal):
                assert database.value(f"SELECT count(*) FROM {database.quoted(table)}") == 0, (kind, bare)


def test_the_archive_holds_every_row(runs: dict[str, tuple[Database, RunResult]]) -> None:
    for kind, database, result in each(runs):
        facts = json.loads((result.folder / "run.json").read_text("utf-8"))
        tables = {name: table for archive in facts["archive"].values() for name, table in archive["tables"].items()}
        assert {"grade_grades", "course_completions", "badge_issued"} <= tables.keys(), kind
        for name, table in tables.items():
            stored = pq.read_metadata(result.folder / table["file"]).num_rows
            counted = 0
            if not (kind == "postgresql" and name.startswith(ONLY_IN_MARIADB)):
                with database.engine().connect() as connection:
                    if sa.inspect(connection).has_table(f"mdl_{name}"):
                        counted = database.value(f"SELECT count(*) FROM {database.quoted(f'mdl_{name}')}")
            assert table["archived"] == table["source"] == stored == counted, (kind, name)
            assert (result.folder / table["file"]).with_suffix(".csv").is_file(), (kind, name)


def test_no_secret_leaves_the_source(runs: dict[str, tuple[Database, RunResult]]) -> None:
    for kind, _, result in each(runs):
        contract = open_workspace(result.folder.parent.parent).source.model
        for file in (result.folder / "1_extract").glob("*.parquet"):
            if file.stem in contract.entities:
                fields = contract.entities[file.stem].fields
                read = set(pq.read_schema(file).names)
                assert not {name for name in read & fields.keys() if fields[name].pii == "secret"}, (kind, file.stem)


def test_both_servers_give_the_same(runs: dict[str, tuple[Database, RunResult]]) -> None:
    """Sign-ups and certificates are history: a deleted account that has nothing else is kept on MariaDB only."""
    one, other = (runs[kind][1] for kind in servers.KINDS)
    only_mariadb = _known_by_add_ons(runs["mariadb"][0])
    first, second = (
        [row for row in servers.rows_of(run.folder / "dispositions.parquet") if not _about(row, only_mariadb)]
        for run in (one, other)
    )
    assert first == second
    assert len(first) > 80_000


def _known_by_add_ons(database: Database) -> set[str]:
    """Deleted accounts that only the add-on modules know."""
    with database.engine().connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT id FROM mdl_user WHERE deleted = 1 AND (id IN (SELECT userid FROM mdl_facetoface_signups) "
            "OR id IN (SELECT userid FROM mdl_customcert_issues))"
        ).all()
    return {str(number) for (number,) in rows}


def _about(row: tuple[Any, ...], users: set[str]) -> bool:
    entity, key, *_ = row
    return entity in ("users", "logins") and key in users


def test_archived_rows_are_the_same_on_both_servers(runs: dict[str, tuple[Database, RunResult]]) -> None:
    """Column by column, as text: no digit, letter or blank differs between the two ways to read."""
    one, other = (runs[kind][1].folder / "archive" for kind in servers.KINDS)
    compared = 0
    for table in (
        "user",
        "grade_grades",
        "grade_items",
        "course_completions",
        "badge_issued",
        "quiz_attempts",
        "course",
    ):
        columns = [name for name in pq.read_schema(one / f"{table}.parquet").names if "__" not in name]
        listed = ", ".join(f'CAST("{name}" AS VARCHAR) AS "{name}"' for name in columns)
        left, right = (f"SELECT {listed} FROM '{folder / f'{table}.parquet'}'" for folder in (one, other))
        with duckdb.connect() as connection:
            different = connection.execute(f"(({left}) EXCEPT ({right})) UNION ALL (({right}) EXCEPT ({left}))").fetchall()
        assert not different[:3], table
        compared += 1
    assert compared == 7


def test_the_register_matches_the_plan(runs: dict[str, tuple[Database, RunResult]]) -> None:
    """What the plan knows as lost and the source holds is in the register, with the rows counted in the database."""
    from migrate.compiler.plan import make_plan

    for kind, database, result in each(runs):
        plan = make_plan(open_workspace(result.folder.parent.parent).pair, servers.AS_OF)
        listed = {entry["source"]: entry["rows"] for entry in result.summary["loss_register"]}
        for loss in register(plan):
            if loss.field is None and plan.pair.source.model.entities[loss.entity].sql is None:
                with database.engine().connect() as connection:
                    there = sa.inspect(connection).has_table(f"mdl_{loss.entity}")
                rows = database.value(f"SELECT count(*) FROM {database.quoted(f'mdl_{loss.entity}')}") if there else 0
                assert listed.get(loss.source, 0) == rows, (kind, loss.source)
