"""The connector: batches in transactions, refused rows found by halving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pyarrow as pa
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from migrate.connectors.database_target.rows import FIND_AT_ONCE, create, create_table, find, remove, update
from migrate.connectors.database_target.tables import Options, Table, reflect
from migrate.connectors.target import Ability, Action, Held, Outcome, Record, Taken, TargetInfo, Warned
from migrate.contracts.load import LoadedContract
from migrate.errors import TargetLost, TargetRefused

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}


class DatabaseTarget:
    """See :class:`migrate.connectors.target.TargetConnector`."""

    def __init__(self, engine: sa.Engine, contract: LoadedContract, options: Options, tables: dict[str, Table]) -> None:
        self._engine, self._contract, self._options, self._tables = engine, contract, options, tables
        address = engine.url.set(password=None, query={}).render_as_string(hide_password=True)
        self.info = TargetInfo(address, _version(engine))

    @classmethod
    def open(cls, contract: LoadedContract, url: str, token: SecretStr, options: Mapping[str, Any]) -> DatabaseTarget:
        """Connect and look at every table. Raises TargetRefused with everything that lacks."""
        chosen = Options.model_validate(dict(options))
        try:
            parsed = make_url(url)
            parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
            engine = sa.create_engine(parsed, pool_pre_ping=True, hide_parameters=True, pool_size=chosen.parallel + 1)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError):
            hint = "target: {url: postgresql://user:${NAME}@host:5432/database}"
            raise TargetRefused("the target's url is not an SQLAlchemy URL of a known database", hint=hint) from None
        try:
            tables = reflect(engine, contract, chosen)
        except SQLAlchemyError as error:
            engine.dispose()
            raise TargetRefused(
                f"the target cannot be opened: {_words(error)}", hint="look at target: in migration.yaml"
            ) from None
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, contract, chosen, tables)

    def preflight(self, entities: Sequence[str]) -> list[Warned]:
        """Tables whose key the database does not protect: two writers at once could write a record twice."""
        bare = [entity for entity in entities if not self._tables[entity].protected]
        if not bare:
            return []
        message = f"the database lets a key stand twice in: {', '.join(bare)}"
        return [Warned("DB-KEY-UNPROTECTED", message, "add a unique index, or let nothing else write these tables")]

    def ability(self, entity: str) -> Ability:
        table = self._tables[entity]
        cascades = sorted(
            other.name
            for other in table.table.metadata.tables.values()
            for key in other.foreign_keys
            if key.column.table is table.table and (key.ondelete or "").upper() == "CASCADE"
        )
        return Ability(
            batch=self._options.batch,
            find_batch=self._options.batch,
            parallel=self._options.parallel,
            tables=True,
            cascades=", ".join(cascades),
        )

    def find(self, entity: str, records: Sequence[Record]) -> Iterable[Held]:
        table = self._tables[entity]
        with self._connection() as connection:
            for start in range(0, len(records), FIND_AT_ONCE):
                yield from find(connection, table, records[start : start + FIND_AT_ONCE], self._contract.entity(entity).fields)

    def write(self, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        """In one transaction; where the database refuses a row, the halves are tried until the culprit stands alone."""
        if not records:
            return []
        table = self._tables[entity]
        try:
            with self._connection() as connection, connection.begin():
                if action == "create":
                    return create(connection, table, records)
                return update(connection, table, records)
        except (DBAPIError, psycopg.Error, ValueError) as error:
            if _is_lost(error):
                raise TargetLost(f"the target stopped answering: {_words(error)}") from None
            if len(records) == 1:
                return [Outcome(records[0].key, "refused", None, _words(error))]
            half = len(records) // 2
            return [*self.write(entity, action, records[:half]), *self.write(entity, action, records[half:])]

    def create_table(self, entity: str, rows: pa.Table) -> Taken:
        """See :class:`migrate.connectors.target.TakesTables`: one transaction."""
        try:
            with self._connection() as connection, connection.begin():
                return Taken("done", create_table(connection, self._tables[entity], rows))
        except TargetLost as error:
            return Taken("unknown", message=error.message)
        except (DBAPIError, psycopg.Error, ValueError) as error:
            if _is_lost(error):
                return Taken("unknown", message=f"the target stopped answering: {_words(error)}")
            return Taken("refused", message=_words(error))

    def remove(self, entity: str, records: Sequence[Record]) -> list[Outcome]:
        """As ``write`` does: what the database will not let go is found by halves."""
        if not records:
            return []
        try:
            with self._connection() as connection, connection.begin():
                return remove(connection, self._tables[entity], records)
        except (DBAPIError, ValueError) as error:
            if _is_lost(error):
                raise TargetLost(f"the target stopped answering: {_words(error)}") from None
            if len(records) == 1:
                return [Outcome(records[0].key, "refused", None, _words(error))]
            half = len(records) // 2
            return [*self.remove(entity, records[:half]), *self.remove(entity, records[half:])]

    def count(self, entity: str) -> int | None:
        with self._connection() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(self._tables[entity].table)).scalar_one())

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise TargetLost(f"the target stopped answering: {_words(error)}") from None
        try:
            yield connection
        except DBAPIError as error:
            if _is_lost(error):
                raise TargetLost(f"the target stopped answering: {_words(error)}") from None
            raise
        finally:
            with suppress(SQLAlchemyError):
                connection.close()


def _version(engine: sa.Engine) -> str | None:
    version = getattr(engine.dialect, "server_version_info", None)
    return f"{engine.dialect.name} {'.'.join(str(part) for part in version)}" if version else engine.dialect.name


def _is_lost(error: Exception) -> bool:
    own = getattr(error, "orig", None) or error
    state = getattr(own, "sqlstate", None) or ""
    number = own.args[0] if own.args else None
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    # PostgreSQL: classes 08 and 57P; MariaDB: 2006, 2013, 1053; a driver that lost its socket says so in no code at all.
    return invalidated or state[:2] == "08" or state[:3] == "57P" or number in (2002, 2003, 2006, 2013, 1053)


def _words(error: Exception) -> str:
    """The database's own words in a line, without the statement and its values."""
    own = getattr(error, "orig", None) or error
    first = str(own).strip().splitlines()[0] if str(own).strip() else type(own).__name__
    return " ".join(first.split())[:300]
