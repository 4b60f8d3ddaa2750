"""Databases as sources, through SQLAlchemy URLs: MariaDB/MySQL, PostgreSQL, SQLite.

Every session is read-only. Rows stream: through ConnectorX where it has a reader for the database, through SQLAlchemy's
server-side cursors otherwise, so memory does not grow with the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from migrate.connectors.addresses import refused_options, shown
from migrate.connectors.source import EXTRA, SourceInfo
from migrate.contracts.load import colliding
from migrate.contracts.model import Contract
from migrate.errors import SourceLost, SourceRefused

BATCH = 50_000
_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_CONNECTORX = {"mysql": "mysql", "mariadb": "mysql", "postgresql": "postgresql"}
_READ_ONLY = {
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION time_zone = '+00:00'"),
    "postgresql": ("SET default_transaction_read_only = on", "SET TIME ZONE 'UTC'", "SET DateStyle = 'ISO, YMD'"),
}
"""What every session says first, whichever library opens it."""
_TIMEOUTS = {
    "mysql": {"connect_timeout": 10, "read_timeout": 3600},
    "postgresql": {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 5},
}
"""Seconds. A server that takes the connection and then says nothing must not hold a run for ever."""


class DatabaseSource:
    """One database, opened read-only."""

    def __init__(self, url: str, prefix: str, contract: Contract, base: Path) -> None:
        self._prefix, self._contract = prefix, contract
        self._url = _usable(url, base)
        address = shown(make_url(url))
        try:
            self._engine = _read_only_engine(self._url)
            with _connected(self._engine) as connection:
                found = sa.inspect(connection).get_multi_columns()
        except (SQLAlchemyError, UnicodeError) as error:
            raise SourceRefused(f"the source {address} cannot be opened: {_cause(error)}", hint=_hint(self._url)) from None
        self._tables = {key[1]: [(str(c["name"]), c["type"]) for c in columns] for key, columns in found.items()}
        self._names = {table.lower(): table for table in self._tables}
        self._refuse_twins(address)
        if not any(self.present(entity) for entity in contract.entities):
            some = ", ".join(sorted(self._tables)[:5]) or "none at all"
            raise SourceRefused(
                f"{address} holds no table of {contract.label} with the prefix {prefix!r} (tables there: {some})",
                hint="set source: {prefix: ...} in migration.yaml, or name the right database",
            )
        version = self._version()
        known = contract.source.version.known if contract.source and contract.source.version else ()
        self.info = SourceInfo(address, version, version is None or _is_one_of(version, known), {}, _server(self._engine.dialect))

    def present(self, entity: str) -> bool:
        return self._table(entity) in self._names

    def columns(self, entity: str) -> list[str]:
        return list(self._columns(entity))

    def lacking(self, entity: str, fields: list[str]) -> list[str]:
        there = {column.lower() for column in self.columns(entity)}
        return [f"{entity}.{field}" for field in fields if field.lower() not in there]

    def count(self, entity: str) -> int:
        return self._count(self._names[self._table(entity)])

    def rows(self, entity: str, fields: list[str]) -> Iterator[pa.RecordBatch]:
        actual = {known.lower(): column for known, column in self._columns(entity).items()}
        pairs = [(actual[f.lower()], f) for f in fields if f.lower() in actual]
        return self._stream(self._names[self._table(entity)], pairs)

    def holding_data(self, entity: str, never: Mapping[str, tuple[object, ...]]) -> dict[str, int]:
        table = self._names[self._table(entity)]
        actual = {known.lower(): column for known, column in self._columns(entity).items()}
        return self._holding(table, {f: (actual[f.lower()], n) for f, n in never.items() if f.lower() in actual})

    def undeclared(self, contract: Contract, archived: Sequence[str] = ()) -> dict[str, int]:
        declared = {self._table(e) for e, model in contract.entities.items() if model.sql is None}
        found: dict[str, int] = {}
        for lowered, table in sorted(self._names.items()):
            if lowered in declared or not lowered.startswith(self._prefix.lower()):
                continue
            bare = lowered[len(self._prefix) :]
            wanted = any(fnmatchcase(bare, pattern) for pattern in archived)
            if wanted or not any(fnmatchcase(bare, pattern) for pattern in contract.internal):
                found[bare] = self._count(table)
        return found

    def undeclared_rows(self, table: str) -> Iterator[pa.RecordBatch]:
        actual = self._names[(self._prefix + table).lower()]
        return self._stream(actual, [(column, column) for column, _ in self._tables[actual]])

    def close(self) -> None:
        self._engine.dispose()

    # ------------------------------------------------------------------------------------------------------------

    def _refuse_twins(self, address: str) -> None:
        """Tables or columns that differ in nothing but case: names are looked up without it, so one would be lost."""
        mine = [table for table in self._tables if table.lower().startswith(self._prefix.lower())]
        twins = [pair for names in (mine, *([c for c, _ in self._tables[t]] for t in mine)) for pair in colliding(names)]
        if twins:
            listed = ", ".join(f"{one} and {other}" for one, other in twins[:5])
            raise SourceRefused(f"{address} holds names that differ in nothing but case: {listed}", hint="rename one of each")

    def _columns(self, entity: str) -> dict[str, str]:
        """``{name as the contract has it: name in the database}``; columns that it does not describe keep theirs."""
        rules = self._contract.entities[entity].fields
        called = {rule.column.lower(): field for field, rule in rules.items() if rule.column is not None}
        table = self._names[self._table(entity)]
        names = [(called.get(column.lower(), column), column) for column, _ in self._tables[table]]
        for known, column in names:
            other = next((c for k, c in names if c != column and k.lower() == known.lower()), None)
            if other is not None:
                raise SourceRefused(
                    f"{table} holds {column} and {other}, and the contract takes both for {known}",
                    hint="give the field of the contract another name",
                )
        return dict(names)

    def _table(self, entity: str) -> str:
        return (self._prefix + (self._contract.entities[entity].table or entity)).lower()

    def _version(self) -> str | None:
        probe = self._contract.source.version if self._contract.source else None
        stored = self._names.get((self._prefix + probe.table).lower()) if probe else None
        if probe is None or stored is None:
            return None
        table = sa.table(stored, *[sa.column(c) for c in (probe.value, *probe.where)])
        query = sa.select(table.c[probe.value]).where(*[table.c[c] == value for c, value in probe.where.items()])
        value = self._one(query)
        return None if value is None else str(value)

    def _count(self, table: str) -> int:
        return int(self._one(sa.select(sa.func.count()).select_from(sa.table(table))))

    def _one(self, query: sa.Select[Any]) -> Any:
        try:
            with self._engine.connect() as connection:
                return connection.execute(query).scalar()
        except SQLAlchemyError as error:
            raise SourceLost(f"the source stopped answering: {_cause(error)}", hint="run again when it is back") from None

    def _holding(self, table: str, columns: dict[str, tuple[str, tuple[object, ...]]]) -> dict[str, int]:
        if not columns:
            return {}
        types = dict(self._tables[table])
        source = sa.table(table, *[sa.column(actual) for actual, _ in columns.values()])
        counts = []
        for field, (actual, never) in columns.items():
            column = source.c[actual]
            held: sa.ColumnElement[bool] = column.is_not(None)
            if isinstance(types[actual], sa.String | sa.LargeBinary) or self._engine.dialect.name == "sqlite":
                # MariaDB takes blanks for the empty text by itself, the others do not.
                held = sa.and_(held, sa.func.trim(sa.cast(column, sa.String)).not_in(["", *map(str, never)]))
            else:
                numbers = [value for value in never if isinstance(value, int | float)]
                held = sa.and_(held, column.not_in(numbers)) if numbers else held
            counts.append(sa.func.sum(sa.case((held, 1), else_=0)).label(field))
        try:
            with self._engine.connect() as connection:
                row = connection.execute(sa.select(*counts).select_from(source)).one()
        except SQLAlchemyError as error:
            raise SourceLost(f"the source stopped answering: {_cause(error)}", hint="run again when it is back") from None
        return {field: int(value or 0) for field, value in zip(columns, row, strict=True)}

    def _stream(self, table: str, pairs: list[tuple[str, str]]) -> Iterator[pa.RecordBatch]:
        types = dict(self._tables[table])
        source = sa.table(table, *[sa.column(actual) for actual, _ in pairs])
        query = (
            sa.select(*[self._exact(source.c[actual], types[actual]).label(field) for actual, field in pairs])
            if pairs
            else sa.select(sa.literal(1).label("_one")).select_from(source)
        )
        protocol = _CONNECTORX.get(self._engine.dialect.name)
        numbered = 0
        if protocol and pairs:
            self._one(sa.select(sa.literal(1)))  # ConnectorX tries for half a minute before it says that nobody is there
            try:
                for batch in self._connectorx(protocol, query):
                    yield _with_extra(batch, numbered)
                    numbered += batch.num_rows
            except (KeyboardInterrupt, GeneratorExit):
                raise
            except BaseException:  # ConnectorX panics, which Python sees as a BaseException
                if numbered:
                    raise SourceLost(
                        f"reading {table} broke off after {numbered} rows", hint="run again when the source is back"
                    ) from None
            else:
                return
        yield from self._sqlalchemy(query, table)

    def _exact(self, column: sa.ColumnElement[Any], kind: Any) -> sa.ColumnElement[Any]:
        """The column, or the server's own text of it where a client library would round, cut or re-spell the value.

        Dates are text because servers hold some that no library does: MariaDB's 0000-00-00, at which ConnectorX breaks off in
        the middle of a table, and PostgreSQL's infinity, which it takes for a day of the year 262142.
        """
        dialect = self._engine.dialect.name
        plain = sa.Integer | sa.String | sa.Boolean
        if dialect == "sqlite" or isinstance(kind, plain):
            return column
        if isinstance(kind, mysql.BIT):  # Hibernate's booleans; as text they would be bytes that nobody can see
            return sa.cast(column, mysql.INTEGER(unsigned=True))
        if isinstance(kind, sa.LargeBinary):
            return sa.func.hex(column) if dialect == "mysql" else sa.func.encode(column, "hex")
        return sa.cast(column, sa.Text)

    def _connectorx(self, protocol: str, query: sa.Select[Any]) -> Iterator[pa.RecordBatch]:
        import connectorx

        # ConnectorX refuses parameters it does not know, such as the charset PyMySQL needs; it speaks utf8mb4 anyway.
        known = {key: value for key, value in self._url.query.items() if key in ("sslmode", "sslrootcert")}
        address = self._url.set(drivername=protocol, query=known).render_as_string(hide_password=False)
        sql = str(query.compile(self._engine, compile_kwargs={"literal_binds": True}))
        # ConnectorX passes the text on as it is; the driver's doubled percent signs would reach the server.
        yield from connectorx.read_sql(
            address,
            sql.replace("%%", "%"),
            return_type="arrow_stream",
            batch_size=BATCH,
            pre_execution_query=list(_READ_ONLY[protocol]),
        )

    def _sqlalchemy(self, query: sa.Select[Any], table: str) -> Iterator[pa.RecordBatch]:
        names = [column.name for column in query.selected_columns]
        numbered = 0
        try:
            with self._engine.connect().execution_options(stream_results=True, yield_per=BATCH) as connection:
                for part in connection.execute(query).partitions():
                    yield _batch(names, part, numbered)
                    numbered += len(part)
        except DBAPIError as error:
            what = f"reading {table} broke off after {numbered} rows: {_cause(error)}"
            raise SourceLost(what, hint="run again when the source is back") from None


@dataclass(frozen=True)
class TableShape:
    """A table as the database declares it."""

    table: str
    columns: tuple[tuple[str, Any, bool], ...]
    """``(name, type of SQLAlchemy, may it be null)``."""
    key: tuple[str, ...]
    references: tuple[tuple[str, str, str], ...]
    """``(column, table referred to, its column)``, of references with one column."""


def table_shapes(url: str, base: Path) -> list[TableShape]:
    """The tables of a database that is only looked at, in the order of their names. Raises SourceRefused."""
    usable = _usable(url, base)
    try:
        engine = _read_only_engine(usable)
        try:
            with _connected(engine) as connection:
                asked = sa.inspect(connection)
                columns: dict[Any, Any] = dict(asked.get_multi_columns())
                keys: dict[Any, Any] = dict(asked.get_multi_pk_constraint())
                foreign: dict[Any, Any] = dict(asked.get_multi_foreign_keys())
        finally:
            engine.dispose()
    except (SQLAlchemyError, UnicodeError) as error:
        raise SourceRefused(f"{shown(make_url(url))} cannot be opened: {_cause(error)}", hint=_hint(usable)) from None
    return [
        TableShape(
            where[1],
            tuple((str(c["name"]), c["type"], bool(c.get("nullable", True))) for c in columns[where]),
            tuple((keys.get(where) or {}).get("constrained_columns") or ()),
            tuple(
                (f["constrained_columns"][0], f["referred_table"], f["referred_columns"][0])
                for f in foreign.get(where) or ()
                if len(f["constrained_columns"]) == len(f["referred_columns"]) == 1
            ),
        )
        for where in sorted(columns, key=lambda where: str(where[1]))
    ]


def read_query(url: str, base: Path, query: str) -> tuple[list[str], list[list[str | None]]]:
    """Columns and rows, as text, of a query to a database that is only read. Raises SourceRefused."""
    usable = _usable(url, base)
    try:
        engine = _read_only_engine(usable)
        try:
            with _connected(engine) as connection:
                found = connection.execute(sa.text(query))
                if not found.returns_rows:
                    raise SourceRefused("the query gives no rows", hint="query: SELECT ...")
                return list(found.keys()), [[_text(cell) for cell in row] for row in found]
        finally:
            engine.dispose()
    except (SQLAlchemyError, UnicodeError) as error:
        raise SourceRefused(f"{shown(make_url(url))} cannot be asked: {_cause(error)}", hint=_hint(usable)) from None


def _is_one_of(version: str, known: tuple[str, ...]) -> bool:
    """'4.1.10' is a 4.1, '4.15' is not."""
    return any(re.match(re.escape(prefix) + r"(?![0-9])", version) for prefix in known)


def _usable(url: str, base: Path) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number is a ValueError
        raise SourceRefused(
            "the source's url is not a SQLAlchemy URL",
            hint="such as mysql://user:${PASSWORD}@host:3306/moodle, postgresql://..., sqlite:///moodle.sqlite",
        ) from None
    if refused := refused_options(parsed):
        raise SourceRefused(
            f"the source's url has an option by which more than reading is done: {', '.join(refused)}",
            hint="leave it out of source: {url: ...} in migration.yaml",
        )
    if parsed.drivername in _DRIVERS:
        parsed = parsed.set(drivername=_DRIVERS[parsed.drivername])
    if parsed.get_backend_name() == "mysql" and "charset" not in parsed.query:
        parsed = parsed.update_query_dict({"charset": "utf8mb4"})
    if parsed.get_backend_name() == "sqlite":
        file = (base / (parsed.database or "")).resolve()
        if not parsed.database or not file.is_file():
            raise SourceRefused(f"there is no SQLite database {file}", hint="correct source: {url: ...} in migration.yaml")
        parsed = parsed.set(database=f"file:{quote(str(file))}", query={"mode": "ro", "uri": "true"})
    return parsed


def _server(dialect: sa.Dialect) -> str:
    """``postgresql 15.6``: the kind of database and the version that it told when the connection was made."""
    told = getattr(dialect, "server_version_info", None) or ()
    kind = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
    if kind == "sqlite":
        import sqlite3

        return f"sqlite {sqlite3.sqlite_version}"
    return " ".join((kind, ".".join(str(part) for part in told))).strip()


def _read_only_engine(url: URL) -> sa.Engine:
    try:
        backend = url.get_backend_name()
        options: dict[str, Any] = {"pool_pre_ping": True}
        if backend == "postgresql":
            options["execution_options"] = {"postgresql_readonly": True}
        if backend in _TIMEOUTS and "unix_socket" not in url.query:
            options["connect_args"] = _TIMEOUTS[backend]
        engine = sa.create_engine(url, **options)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise SourceRefused(
            f"no driver for {url.drivername}: {error}", hint="supported: mysql://, postgresql://, sqlite:///"
        ) from None

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        if backend in _READ_ONLY:
            cursor = connection.cursor()
            for statement in _READ_ONLY[backend]:
                cursor.execute(statement)
            cursor.close()
            connection.commit()
        elif backend == "sqlite":
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")

    return engine


def _connected(engine: sa.Engine) -> sa.Connection:
    """Raises SourceRefused, too, for what a driver makes of options that it does not know."""
    try:
        return engine.connect()
    except (TypeError, AttributeError, LookupError) as error:
        hint = f"look at what stands behind the ? of the url: {', '.join(engine.url.query)}"
        raise SourceRefused(f"{shown(engine.url)} has an option that its driver does not take: {error}", hint=hint) from None


def _batch(names: list[str], rows: Any, start: int) -> pa.RecordBatch:
    """A batch of text columns. Text that was not UTF-8 is kept readable (``\\xNN``) and its row is marked."""
    faults: list[str | None] = [None] * len(rows)
    values: list[str | None] = [None] * len(rows)
    columns = []
    for index, column in enumerate(names):
        cells = [_text(row[index]) for row in rows]
        try:
            array = pa.array(cells, pa.string())
        except UnicodeEncodeError:
            for number, cell in enumerate(cells):
                if cell is not None and not _encodable(cell):
                    cells[number] = cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
                    faults[number] = "SRC-ENCODING"
                    values[number] = f"{column}: {cells[number]}"
            array = pa.array(cells, pa.string())
        columns.append(array)
    extra = [
        pa.arange(start + 1, start + 1 + len(rows)),
        pa.array(faults, pa.string()),
        pa.array(values, pa.string()),
    ]
    return pa.RecordBatch.from_arrays([*columns, *extra], names=[*names, *[n for n, _ in EXTRA]])


def _with_extra(batch: pa.RecordBatch, start: int) -> pa.RecordBatch:
    size = batch.num_rows
    extra = [pa.arange(start + 1, start + 1 + size), *[pa.nulls(size, pa.string())] * 2]
    return pa.RecordBatch.from_arrays([*batch.columns, *extra], names=[*batch.schema.names, *[n for n, _ in EXTRA]])


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return repr(value) if isinstance(value, float) else str(value)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _cause(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    text = " ".join(str(part) for part in original.args) if getattr(original, "args", None) else str(original)
    return " ".join(text.split())[:300]


def _hint(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return "is the file a SQLite database?"
    return "check host, port, user and the variable that holds the password, then: lms-migrate run WORKSPACE"
