"""Receipts of many new records at once, within a transaction of the ledger: no row is touched one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, literal, null, select, update

from migrate.copying import insert_columns
from migrate.ledger.tables import IDENTITIES, RECEIPTS


@dataclass(frozen=True)
class Receipts:
    """Receipts of creations that were written in one go."""

    run: str
    entity: str
    after: int
    """Their numbers are above this."""

    @property
    def own(self) -> ColumnElement[bool]:
        """The condition that a receipt is one of them, until they are settled."""
        return and_(
            RECEIPTS.c.id > self.after, RECEIPTS.c.run == self.run, RECEIPTS.c.entity == self.entity,
            RECEIPTS.c.state == "intended",
        )  # fmt: skip


def intend(connection: Connection, run: str, entity: str, rows: pa.Table, now: str) -> Receipts:
    """Write receipts of creations; ``rows`` as of :meth:`migrate.live.works.Works.columns`."""
    after = connection.execute(select(func.max(RECEIPTS.c.id))).scalar() or 0
    same = {"run": run, "entity": entity, "action": "create", "state": "intended", "intended": now}
    own = {"key": "_key", "mapping": "_mapping", "source_key": "_source", "fingerprint": "_fingerprint", "meant": "_meant"}
    columns = [pa.repeat(pa.scalar(value), rows.num_rows) for value in same.values()]
    columns += [rows[column].combine_chunks() for column in own.values()]
    insert_columns(connection, RECEIPTS, [*same, *own], columns)
    return Receipts(run, entity, int(after))


def settle(
    connection: Connection, receipts: Receipts, state: str, natives: Mapping[str, str], message: str | None, now: str
) -> None:
    """Write down what became of all of them; where they are done, their records are known from now on."""
    if natives:
        at = and_(receipts.own, RECEIPTS.c.key == bindparam("k"))
        parameters = [{"k": key, "n": native} for key, native in natives.items()]
        connection.execute(update(RECEIPTS).where(at).values(native=bindparam("n")), parameters)
    kept = {"meant": null()} if state == "done" else {}
    if state == "done":
        columns = ("entity", "key", "mapping", "source_key", "native", "fingerprint", "meant", "run")
        known = select(*(RECEIPTS.c[c] for c in columns), literal("held"), literal("created")).where(receipts.own)
        connection.execute(insert(IDENTITIES).from_select([*columns, "state", "origin"], known))
    statement = update(RECEIPTS).where(receipts.own).values(state=state, settled=now, message=message, **kept)
    connection.execute(statement)
