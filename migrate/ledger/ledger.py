"""Reading and writing the ledger. Every method is one transaction; a database that fails raises LedgerLost."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from sqlalchemy import (
    Boolean,
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    case,
    create_engine,
    event,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from migrate.connectors.addresses import shown
from migrate.copying import select_columns
from migrate.errors import ConfigurationError, LedgerLost
from migrate.ledger import audit, identities, many, receipts
from migrate.ledger.entries import OPEN, Identity, Intent, Settled, Together, as_json
from migrate.ledger.lock import hold
from migrate.ledger.tables import BATCHES, RECEIPTS, RUNS

FETCH = 50_000
NATIVES_AT_ONCE = 10_000
"""Ids in one statement, each of which reads all receipts of an entity: databases bound the number of parameters."""
IDENTITY_SCHEMA = pa.schema(
    [
        (c, pa.string())
        for c in ("key", "mapping", "source_key", "native", "fingerprint", "seen", "state", "origin", "meant", "run")
    ]
)
WRITTEN_SCHEMA = pa.schema([("key", pa.string()), ("action", pa.string())])


class Ledger:
    """The ledger of one workspace. Threads may share it; their transactions follow one another."""

    def __init__(self, engine: Engine, address: str, folder: Path) -> None:
        self.engine, self.address, self.folder = engine, address, folder
        self._one_at_a_time = threading.RLock()
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error
        """What the driver raises where it is asked without SQLAlchemy in between: columns go and come that way."""

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._one_at_a_time, self.engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, self._driver_error) as error:
            raise _lost(self.address, error) from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the ledger for one live run. Raises ConfigurationError while another run holds it, LedgerLost where its database
        does not answer."""
        with ExitStack() as stack:
            try:
                stack.enter_context(hold(self.engine, self.folder))
            except SQLAlchemyError as error:
                raise _lost(self.address, error) from None
            yield

    # Runs --------------------------------------------------------------------------------------------------------

    def begin(self, run: str, kind: str, target: str, of_run: str | None = None, approvals: Sequence[int] | None = None) -> None:
        """Enter a run; ``approvals`` are the entries of the trail that let it start. Runs that never ended are marked as failed:
        this one holds the lock."""
        with self._transaction() as connection:
            connection.execute(update(RUNS).where(RUNS.c.state == "running").values(state="failed"))
            connection.execute(
                insert(RUNS).values(id=run, kind=kind, target=target, of_run=of_run, started=_now(), state="running")
            )
            signed = {} if approvals is None else {"approvals": list(approvals)}
            audit.append(connection, _now(), run, f"{kind} began", {"target": target, "of": of_run, **signed})

    def end(self, run: str, state: Literal["finished", "failed"], counts: Mapping[str, Any]) -> audit.Head:
        """Close a run; gives how far the audit trail goes, to be noted outside the ledger."""
        with self._transaction() as connection:
            connection.execute(update(RUNS).where(RUNS.c.id == run).values(state=state, ended=_now()))
            audit.append(connection, _now(), run, state, counts)
            return audit.head(connection)

    def note(
        self, run: str | None, what: str, detail: Mapping[str, Any], *, at: str | None = None,
        ready: Callable[[audit.Head], None] = lambda _: None,
    ) -> audit.Head:  # fmt: skip
        """Add to the audit trail; gives how far it goes now. ``ready`` is called before the entry stands: where it raises,
        there is none."""
        with self._transaction() as connection:
            head = audit.append(connection, at or _now(), run, what, detail)
            ready(head)
            return head

    def unfinished(self) -> list[str]:
        """Live runs since the last one that came to its end: what they began, the next one goes on with."""
        with self._transaction() as connection:
            ended = (
                select(func.max(RUNS.c.started)).where(RUNS.c.state == "finished", RUNS.c.kind != "rollback").scalar_subquery()
            )
            query = select(RUNS.c.id).where(RUNS.c.kind != "rollback", RUNS.c.state == "failed")
            return list(connection.execute(query.where(RUNS.c.started >= func.coalesce(ended, ""))).scalars())

    def trail(self) -> list[Row[Any]]:
        """The audit trail, the oldest entry first."""
        with self._transaction() as connection:
            return audit.entries(connection)

    def broken(self) -> int | None:
        """See :func:`migrate.ledger.audit.broken`."""
        with self._transaction() as connection:
            return audit.broken(connection)

    def runs(self) -> list[Row[Any]]:
        """All runs, the newest last."""
        with self._transaction() as connection:
            return list(connection.execute(select(RUNS).order_by(RUNS.c.started, RUNS.c.id)))

    # Identities --------------------------------------------------------------------------------------------------

    def identities(self, entity: str) -> Iterator[pa.RecordBatch]:
        """What is known of the records of an entity, in the columns of IDENTITY_SCHEMA."""
        query = identities.known(entity, IDENTITY_SCHEMA.names)
        with self._transaction() as connection:
            yield from select_columns(connection, query, IDENTITY_SCHEMA, FETCH)

    def saw(self, entity: str, seen: Iterable[tuple[str, str]]) -> None:
        """Remember (key, fingerprint) of records as the target shows them."""
        with self._transaction() as connection:
            identities.saw(connection, entity, seen)

    def gone(self, entity: str, keys: Sequence[str]) -> None:
        """These records are in the target no more."""
        with self._transaction() as connection:
            identities.gone(connection, entity, keys)

    def missed(self, entity: str, keys: Sequence[str]) -> None:
        """These records were said to be written, and the target does not show them."""
        with self._transaction() as connection:
            identities.missed(connection, entity, keys)

    def doubt(self, entity: str, keys: Sequence[str]) -> None:
        """Nobody knows what these records look like now: the next run asks the target."""
        with self._transaction() as connection:
            identities.doubt(connection, entity, keys)

    def renumber(self, entity: str, natives: Sequence[tuple[str, str]]) -> None:
        """Remember (key, native) of records that have another id in the target now."""
        with self._transaction() as connection:
            identities.renumber(connection, entity, natives)

    def relabel(self, entity: str, labels: Sequence[tuple[str, str, str]]) -> None:
        """Remember (key, mapping, source key) of records that another source record stands behind now."""
        with self._transaction() as connection:
            identities.relabel(connection, entity, labels)

    def rename(self, entity: str, names: Sequence[tuple[str, str]]) -> None:
        """Records (old key, new key) that somebody renamed in the target."""
        with self._transaction() as connection:
            identities.rename(connection, entity, names)

    # Receipts ----------------------------------------------------------------------------------------------------

    def intend(self, run: str, entity: str, intents: Sequence[Intent]) -> list[int]:
        """Write down what is about to be done, before it is done; gives the numbers of the receipts."""
        if not intents:
            return []
        now = _now()
        rows = [
            {
                "run": run, "entity": entity, "key": intent.key, "action": intent.action, "state": "intended",
                "mapping": intent.mapping, "source_key": intent.source_key,
                "native": intent.native, "fingerprint": intent.fingerprint, "intended": now,
                "before": as_json(intent.before), "meant": as_json(intent.meant),
            }
            for intent in intents
        ]  # fmt: skip
        with self._transaction() as connection:
            statement = insert(RECEIPTS).returning(RECEIPTS.c.id, sort_by_parameter_order=True)
            return [int(number) for number in connection.execute(statement, rows).scalars()]

    def settle(self, run: str, entity: str, settled: Sequence[Settled]) -> None:
        """Write down how intents ended, and what is known of the records from now on, in one step."""
        if settled:
            with self._transaction() as connection:
                _settle(connection, run, entity, settled)

    def intend_table(self, run: str, entity: str, rows: pa.Table) -> Together:
        """Write down that many records are about to be created; columns as of :meth:`migrate.live.works.Works.columns`. Gives
        what ``settle_table`` wants."""
        with self._transaction() as connection:
            return many.intend(connection, run, entity, rows, _now())

    def settle_table(
        self, together: Together, state: Literal["done", "unknown", "void"], natives: Mapping[str, str], message: str = ""
    ) -> None:
        """Write down how all of them ended; ``natives`` has the target's own ids by key."""
        with self._transaction() as connection:
            many.settle(connection, together, state, natives, message or None, _now())

    def take_back(
        self, run: str, entity: str, settled: Sequence[Settled], done: Sequence[int], met: Sequence[str],
        cut_off: Sequence[int] = (),
    ) -> None:  # fmt: skip
        """Settle what the rollback ``run`` did, in one step: its own intents, the receipts ``done`` that it took back, what
        rollbacks that were ``cut_off`` left open, and ``met``, records that were in the target before any run and are nobody's
        again."""
        with self._transaction() as connection:
            _settle(connection, run, entity, settled)
            identities.forget(connection, entity, met)
            receipts.undone(connection, done, run, _now())
            receipts.void(connection, cut_off, f"done again by {run}", _now())

    def void(self, never: Sequence[int], message: str = "") -> None:
        """Mark receipts that never took effect."""
        if never:
            with self._transaction() as connection:
                receipts.void(connection, never, message, _now())

    def open_receipts(self, entity: str) -> list[Row[Any]]:
        """Receipts of which nobody knows whether they took effect, oldest first."""
        found = receipts.every(BATCHES.c.state.in_(OPEN))  # a batch stays as it ended, and none of its receipts opens again
        query = select(found).where(found.c.entity == entity, found.c.state.in_(OPEN)).order_by(found.c.id)
        with self._transaction() as connection:
            return list(connection.execute(query))

    def handed_over(self, entity: str) -> dict[str, tuple[str, str]]:
        """{key: (run, message)} of records of which the last that was done is that they were handed over."""
        query = (
            select(RECEIPTS.c.key, RECEIPTS.c.run, RECEIPTS.c.message)
            .where(RECEIPTS.c.entity == entity, RECEIPTS.c.state == "handed_over")
            .order_by(RECEIPTS.c.id)
        )
        with self._transaction() as connection:
            return {row.key: (row.run, row.message or "") for row in connection.execute(query)}

    def receipts(self, run: str, entity: str | None = None) -> list[Row[Any]]:
        """Receipts of a run, in the order in which they were written."""
        found = receipts.every(BATCHES.c.run == run)
        query = select(found).where(found.c.run == run).order_by(found.c.id)
        if entity is not None:
            query = query.where(found.c.entity == entity)
        with self._transaction() as connection:
            return list(connection.execute(query))

    def others(self, run: str, *, later: bool) -> dict[tuple[str, str], str]:
        """{(entity, key): run} of records of ``run`` that another run wrote after it, or before it.

        Rollbacks do not count, which put back what was there before, nor what was taken back.
        """
        own, other = receipts.every(BATCHES.c.run == run), receipts.every(BATCHES.c.run != run)
        order = other.c.id > own.c.id if later else other.c.id < own.c.id
        query = (
            select(own.c.entity, own.c.key, other.c.run)
            .join(other, and_(other.c.entity == own.c.entity, other.c.key == own.c.key, order))
            .join(RUNS, RUNS.c.id == other.c.run)
            .where(own.c.run == run, other.c.run != run, other.c.state.in_(("done", "handed_over", *OPEN)))
            .where(RUNS.c.kind != "rollback")
        )
        with self._transaction() as connection:
            return {(row.entity, row.key): row.run for row in connection.execute(query)}

    def later(self, run: str, entities: Sequence[str]) -> list[Row[Any]]:
        """(entity, key, run, native, meant) of records of ``entities`` that others wrote after ``run`` began to write."""
        own, other = receipts.every(BATCHES.c.run == run), receipts.every(BATCHES.c.run != run)
        first = select(func.min(own.c.id)).where(own.c.run == run).scalar_subquery()
        query = (
            select(
                other.c.entity, other.c.key,
                func.max(other.c.run).label("run"), func.max(other.c.native).label("native"),
                func.max(other.c.meant).label("meant"),
            )
            .join(RUNS, RUNS.c.id == other.c.run)
            .where(other.c.id > first, other.c.run != run, other.c.entity.in_(entities), RUNS.c.kind != "rollback")
            .where(other.c.state.in_(("done", "handed_over", *OPEN)), other.c.action != "remove")
            .group_by(other.c.entity, other.c.key)
        )  # fmt: skip
        with self._transaction() as connection:
            return list(connection.execute(query))

    def written(self, entity: str, runs: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Records of an entity that ``runs`` wrote and that were not taken back, in the columns of WRITTEN_SCHEMA."""
        found = receipts.every(BATCHES.c.run.in_(runs))
        query = (
            select(found.c.key, func.min(found.c.action))  # what was created and changed since is "create"
            .where(found.c.entity == entity, found.c.run.in_(runs), found.c.state == "done")
            .where(found.c.action.in_(("create", "update")))
            .group_by(found.c.key)
        )
        with self._transaction() as connection:
            yield from select_columns(connection, query, WRITTEN_SCHEMA, FETCH)

    def created(self, entity: str) -> dict[str, int]:
        """{key: number of the receipt} of what runs created last, so that what came last can go first."""
        found = receipts.every(BATCHES.c.entity == entity)
        query = (
            select(found.c.key, func.max(found.c.id))
            .where(found.c.entity == entity, found.c.action == "create")
            .group_by(found.c.key)
        )
        with self._transaction() as connection:
            return {key: int(number) for key, number in connection.execute(query)}

    def known_as(self, entity: str, natives: Sequence[str]) -> dict[str, str]:
        """{the target's id: key} of records, by every receipt that ever named the id; the last one counts."""
        found = receipts.every(BATCHES.c.entity == entity)
        query = select(found.c.native, found.c.key).where(found.c.entity == entity).order_by(found.c.id)
        with self._transaction() as connection:
            return {
                row.native: row.key
                for start in range(0, len(natives), NATIVES_AT_ONCE)
                for row in connection.execute(query.where(found.c.native.in_(natives[start : start + NATIVES_AT_ONCE])))
            }

    def last_target(self) -> str | None:
        """Address of the target that live runs wrote last; None where none did."""
        by = func.coalesce(RECEIPTS.c.run, BATCHES.c.run)
        last = select(by).join_from(RECEIPTS, BATCHES, BATCHES.c.id == RECEIPTS.c.batch, isouter=True)
        query = select(RUNS.c.target).where(RUNS.c.id == last.order_by(RECEIPTS.c.id.desc()).limit(1).scalar_subquery())
        with self._transaction() as connection:
            return connection.execute(query).scalar()

    def known(self, entity: str) -> dict[str, Identity]:
        """Everything that is known of the records of an entity, by key."""
        query = identities.known(entity, list(Identity.__dataclass_fields__))
        with self._transaction() as connection:
            rows = connection.execute(query)
            return {row.key: Identity(*row) for row in rows}


def _settle(connection: Connection, run: str, entity: str, settled: Sequence[Settled]) -> None:
    if not settled:
        return
    now = _now()
    still_open = bindparam("o", type_=Boolean) == true()
    connection.execute(
        update(RECEIPTS)
        .where(RECEIPTS.c.id == bindparam("i"))
        .values(
            state=bindparam("s"), native=bindparam("n"), message=bindparam("m"), settled=bindparam("t"),
            meant=case((still_open | RECEIPTS.c.batch.is_not(None), RECEIPTS.c.meant), else_=None),  # identities lean on those
        ),
        [
            {
                "i": one.receipt, "s": one.state, "n": one.native or one.intent.native, "m": one.message or None, "t": now,
                "o": one.state in OPEN,
            }
            for one in settled
        ],
    )  # fmt: skip
    identities.remember(connection, run, entity, [one for one in settled if one.state in ("done", "handed_over")])


def open_ledger(url: str, folder: Path, *, must_exist: bool = False) -> Ledger | None:
    """The ledger at ``url``; a relative SQLite file lies in ``folder``. None where it has to exist and does not.

    Raises ConfigurationError where it cannot be opened.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
            file = folder / parsed.database
            if must_exist and not file.is_file():
                return None
            parsed = parsed.set(database=str(file))
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ValueError("a ledger is kept in sqlite or postgresql")  # whose text keys compare exactly
        address = shown(parsed)
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        raise ConfigurationError(
            f"the ledger's address cannot be used: {_short(error)}", hint="ledger: in migration.yaml"
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    from migrate.ledger.upgrade import upgrade  # with Alembic, which nobody needs who opens none

    try:
        with engine.begin() as connection:
            upgrade(connection)
    except SQLAlchemyError as error:
        engine.dispose()
        raise ConfigurationError(
            f"the ledger {address} cannot be opened: {_short(error)}", hint="ledger: in migration.yaml"
        ) from None
    return Ledger(engine, address, folder)


def _durable(connection: Any, _: object) -> None:
    """A receipt that was committed has to outlive the process and the machine."""
    connection.execute("PRAGMA page_size=8192")  # of a new ledger
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA cache_size=-65536")  # KiB: the keys of a large entity are looked up in memory
    connection.execute("PRAGMA wal_autocheckpoint=10000")  # pages; many rows at once are not copied twice within one commit


def _lost(address: str, error: Exception) -> LedgerLost:
    hint = "mend its cause, then run again: what is not settled is looked up in the target"
    return LedgerLost(f"the ledger {address} cannot be used: {_short(error)}", hint=hint)


def _short(error: Exception) -> str:
    own = getattr(error, "orig", None) or error
    return " ".join(str(own).split())[:300]


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
