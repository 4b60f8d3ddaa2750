"""PostgreSQL and MariaDB for tests: where they are, databases of our own, the Moodle sample in either, and workspaces.

A server that is not there skips the test and says so; with LMS_MIGRATE_REQUIRE_DATABASES=1 it fails the test.
"""

from __future__ import annotations

import getpass
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from moodle_sample.schema import UNIQUE, Column
from sqlalchemy.engine import make_url

from migrate.pipeline import RunResult, run
from migrate.progress import Progress
from migrate.scaffold import new_workspace

REPOSITORY = Path(__file__).parents[2]
AS_OF = "2025-06-16 07:00:00"
KINDS = ("postgresql", "mariadb")
_DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mysql+pymysql"}

Rows = dict[str, list[dict[str, Any]]]


# Servers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """A database server that tests may make databases on."""

    kind: str
    url: str

    @property
    def host(self) -> str:
        return make_url(self.url).host or "127.0.0.1"

    @property
    def port(self) -> int:
        return make_url(self.url).port or {"postgresql": 5432, "mariadb": 3306}[self.kind]

    def engine(self, database: str | None = None) -> sa.Engine:
        """An engine that commits each statement at once."""
        url = make_url(self.url).set(drivername=_DRIVERS[self.kind])
        if self.kind == "mariadb":
            url = url.update_query_dict({"charset": "utf8mb4"})
        return sa.create_engine(
            url if database is None else url.set(database=database), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )

    @contextmanager
    def database(self) -> Iterator[Database]:
        """A new, empty database with a name of its own, dropped at the end."""
        name = f"lms_migrate_test_{secrets.token_hex(6)}"
        engine = self.engine()
        with engine.connect() as connection:
            unicode = " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci" if self.kind == "mariadb" else ""
            connection.exec_driver_sql(f"CREATE DATABASE {name}{unicode}")
        try:
            yield Database(self, name)
        finally:
            with engine.connect() as connection:
                force = " WITH (FORCE)" if self.kind == "postgresql" else ""
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")


@dataclass(frozen=True)
class Database:
    """A database of a test."""

    server: Server
    name: str

    @property
    def kind(self) -> str:
        return self.server.kind

    @property
    def url(self) -> str:
        """As a workspace would state it: without a driver."""
        short = {"postgresql": "postgresql", "mariadb": "mysql"}[self.kind]
        url = make_url(self.server.url).set(drivername=short, database=self.name)
        return url.render_as_string(hide_password=False)

    def engine(self) -> sa.Engine:
        return self.server.engine(self.name)

    def execute(self, *statements: str) -> None:
        """Run statements, committed."""
        with self.engine().connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))

    def value(self, statement: str) -> Any:
        with self.engine().connect() as connection:
            return connection.exec_driver_sql(statement.replace("%", "%%")).scalar()

    def quoted(self, name: str) -> str:
        mark = "`" if self.kind == "mariadb" else '"'
        return f"{mark}{name}{mark}"

    def checksums(self) -> dict[str, Any]:
        """A checksum of the content of every table."""
        found = {}
        with self.engine().connect() as connection:
            for table in sorted(sa.inspect(connection).get_table_names()):
                quoted = self.quoted(table)
                if self.kind == "mariadb":
                    found[table] = connection.exec_driver_sql(f"CHECKSUM TABLE {quoted} EXTENDED").one()[1]
                else:
                    text = f"SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {quoted} AS t"
                    found[table] = connection.exec_driver_sql(text).scalar()
        return found

    def end_sessions(self) -> int:
        """End every session in this database, as an administrator would; gives how many there were."""
        ended = 0
        with self.server.engine().connect() as connection:
            if self.kind == "postgresql":
                query = sa.text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name "
                    "AND pid <> pg_backend_pid()"
                )
                return int(connection.execute(query, {"name": self.name}).scalar() or 0)
            query = sa.text("SELECT id FROM information_schema.processlist WHERE db = :name")
            for (number,) in connection.execute(query, {"name": self.name}).all():
                try:
                    connection.exec_driver_sql(f"KILL {int(number)}")
                except sa.exc.DBAPIError:  # it has ended by itself
                    continue
                ended += 1
        return ended


def server(kind: str) -> Server:
    """The server of this kind; skips, or fails when databases are required."""
    given = {
        "postgresql": ("LMS_MIGRATE_TEST_POSTGRES", f"postgresql://{getpass.getuser()}@127.0.0.1:5432/postgres"),
        "mariadb": ("LMS_MIGRATE_TEST_MARIADB", "mysql://root@127.0.0.1:3306/mysql"),
    }[kind]
    found = Server(kind, os.environ.get(*given))
    try:
        with found.engine().connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except sa.exc.DBAPIError as error:
        reason = f"{kind} does not answer ({given[0]} says where it is): {' '.join(str(error.orig).split())[:200]}"
        if os.environ.get("LMS_MIGRATE_REQUIRE_DATABASES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


# The Moodle sample -----------------------------------------------------------------------------------------------


def storable(site: Any) -> list[tuple[str, int, str]]:
    """Replace text that is not UTF-8, which servers refuse to store; gives table, id and column of each."""
    replaced = []
    for table, rows in site.rows.items():
        for number, row in rows.items():
            for column, value in row.items():
                if isinstance(value, bytes):
                    row[column] = value.decode("utf-8", "backslashreplace")
                    replaced.append((table, number, column))
    return replaced


def load(database: Database, site: Any, prefix: str) -> None:
    """Create the tables of a Moodle site with the types Moodle gives them on this server, and fill them."""
    with database.engine().connect() as connection:
        for table, columns in site.columns.items():
            stored = database.quoted(prefix + table)
            listed = ", ".join(_ddl(database, column) for column in columns.values())
            unique = UNIQUE.get(table)
            if unique:
                listed += f", UNIQUE ({', '.join(database.quoted(column) for column in unique)})"
            connection.exec_driver_sql(f"CREATE TABLE {stored} ({listed}, PRIMARY KEY (id))".replace("%", "%%"))
            rows = [dict(row) for row in site.rows[table].values()]
            if rows:
                connection.execute(sa.table(prefix + table, *map(sa.column, columns)).insert(), rows)


def _ddl(database: Database, column: Any) -> str:
    kind = column.type
    if database.kind == "postgresql":
        kind = {"tinyint": "smallint", "mediumint": "integer", "longtext": "text", "double": "double precision"}.get(kind, kind)
    nullable = "" if column.nullable else " NOT NULL"
    has_default = column.default is not None and kind not in ("longtext", "text")
    default = f" DEFAULT {column.default}" if has_default else ""
    return f"{database.quoted(column.name)} {kind}{nullable}{default}"


def as_version(site: Any, version: str) -> Any:
    """Give a site of version 4.5 the shape that its tables have in 4.1 or 5.1."""
    if version == "4.5":
        return site
    change = {"4.1": _as_4_1, "5.1": _as_5_1}[version]
    change(site)
    return site


def set_release(site: Any, release: str) -> None:
    next(row for row in site.all("config") if row["name"] == "release")["value"] = release


def _without(site: Any, table: str, *columns: str) -> None:
    for column in columns:
        if site.columns[table].pop(column, None) is not None:
            for row in site.all(table):
                del row[column]


def _with(site: Any, table: str, definition: str) -> None:
    name, kind, *rest = definition.split()
    column = Column(name, kind.rstrip("?"), kind.endswith("?"), rest[0] if rest else None)
    site.columns[table][name] = column
    for row in site.all(table):
        row[name] = column.value


def _as_4_1(site: Any) -> None:
    set_release(site, "4.1.10 (Build: 20240422)")
    _without(site, "groups", "visibility", "participation")
    _without(site, "course", "pdfexportfont")
    _without(site, "course_sections", "component", "itemid")
    _without(site, "customfield_data", "valuetrust")
    _without(site, "assign", "markinganonymous")
    _without(site, "quiz", "reviewmaxmarks")
    _without(site, "customcert", "usecustomfilename", "customfilenamepattern")
    # Until 4.2 one table holds what 4.3 spread over scorm_attempt, scorm_element and scorm_scoes_value.
    names = ("id", "userid", "scormid", "scoid", "attempt", "timemodified")
    site.columns["scorm_scoes_track"] = {name: Column(name, "bigint", False, None) for name in names} | {
        "element": Column("element", "varchar(255)", False, "''"),
        "value": Column("value", "longtext", False, None),
    }
    tracks = {}
    for number, row in site.rows["scorm_scoes_value"].items():
        attempt, element = site.get("scorm_attempt", row["attemptid"]), site.get("scorm_element", row["elementid"])
        tracks[number] = {
            "id": number,
            **{name: attempt[name] for name in ("userid", "scormid", "attempt")},
            **{name: row[name] for name in ("scoid", "timemodified", "value")},
            "element": element["element"],
        }
    site.rows["scorm_scoes_track"] = tracks
    for table in ("scorm_attempt", "scorm_element", "scorm_scoes_value"):
        del site.columns[table], site.rows[table]


def _as_5_1(site: Any) -> None:
    set_release(site, "5.1+ (Build: 20251017)")
    site.columns["course"]["fullname"] = Column("fullname", "varchar(1333)", False, "''")
    _with(site, "course", "enableaitools smallint?")
    _with(site, "course_modules", "enableaitools smallint?")
    _with(site, "course_modules", "enabledaiactions longtext?")
    _with(site, "customfield_category", "shared tinyint 0")
    _with(site, "customfield_data", "component varchar(100) ''")
    _with(site, "customfield_data", "area varchar(100) ''")
    _with(site, "customfield_data", "itemid bigint 0")
    _with(site, "grade_grades", "deductedmark decimal(10,5) 0.00000")
    _with(site, "assign_grades", "penalty decimal(10,5) 0.00000")
    _with(site, "assign", "gradepenalty tinyint 0")
    _with(site, "quiz", "precreateattempts tinyint?")
    _without(site, "badge", "imageauthorname", "imageauthoremail", "imageauthorurl")


# Workspaces and runs -----------------------------------------------------------------------------------------------


def workspace(folder: Path, url: str, prefix: str | None = "mdl_", target: str = "canvas") -> Path:
    """A workspace that reads Moodle at ``url``, without inline tests: others run them, and here they cost time."""
    new_workspace(folder, "moodle", target)
    file = folder / "migration.yaml"
    text = re.sub(r"^  url: .*$", lambda _: f"  url: {url}", file.read_text("utf-8"), flags=re.MULTILINE)
    if prefix is not None:
        text = re.sub(r"^  prefix: .*$", f'  prefix: "{prefix}"', text, flags=re.MULTILINE)
    file.write_text(f"{text}as_of: {AS_OF}\n", "utf-8")
    for mapping in (folder / "mapping").glob("*.yaml"):
        kept = re.sub(r"^tests:\n(?:[ \t#-].*\n|\n)*", "", mapping.read_text("utf-8"), flags=re.MULTILINE)
        mapping.write_text(kept, "utf-8")
    return folder


def migrate_site(
    folder: Path,
    url: str,
    prefix: str = "mdl_",
    progress: Progress | None = None,
    stop_after: str | None = None,
) -> RunResult:
    return run(workspace(folder, url, prefix), progress=progress, stop_after=stop_after)


def rows_of(file: Path) -> list[tuple[Any, ...]]:
    """The rows of a Parquet file, sorted."""
    return sorted((tuple(row.values()) for row in pq.read_table(file).to_pylist()), key=repr)


def outcome(result: RunResult) -> dict[str, Any]:
    """What has to be equal wherever the same site lies: dispositions, findings, sums, losses and archived rows."""
    summary = result.summary
    return {
        "failure": result.failure,
        "dispositions": rows_of(result.folder / "dispositions.parquet"),
        "findings": rows_of(result.folder / "findings.parquet"),
        "entities": summary["entities"],
        "balanced": summary["balanced"],
        "loss_register": sorted(summary["loss_register"], key=lambda entry: entry["source"]),
    }


class At:
    """Progress that calls ``action`` once: when ``entity`` is opened in extract, or with its first rows."""

    def __init__(self, entity: str, action: Callable[[], object], *, with_rows: bool = False) -> None:
        self._entity, self._action, self._with_rows = entity, action, with_rows
        self.done = 0

    @contextmanager
    def task(self, stage: str, entity: str, total: int | None = None) -> Iterator[_Acting]:
        here = stage == "extract" and entity == self._entity
        if here and not self._with_rows:
            self._act()
        yield _Acting(self._act if here and self._with_rows else None)

    def _act(self) -> None:
        if not self.done:
            self.done += 1
            self._action()


class _Acting:
    def __init__(self, action: Callable[[], None] | None) -> None:
        self._action = action

    def advance(self, rows: int) -> None:
        if self._action:
            self._action()
