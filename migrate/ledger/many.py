"""Receipts of many new records at once, within a transaction of the ledger: no row is touched one by one."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Column, Connection, MetaData, Table, Text, delete, insert, literal, select, update
from sqlalchemy.schema import CreateTable, DropTable

from migrate.copying import insert_columns
from migrate.ledger.tables import BATCHES, IDENTITIES, RECEIPTS

_KNOWN = ("entity", "mapping", "run")
_OWN = ("key", "source_key", "native", "fingerprint")
_NATIVES = Table(
    "natives_of_batches", MetaData(), Column("key", Text, primary_key=True), Column("native", Text), prefixes=["TEMPORARY"]
)


def intend(connection: Connection, run: str, entity: str, rows: pa.Table, now: str) -> list[int]:
    """Write receipts of creations; ``rows`` as of :meth:`migrate.live.works.Works.columns`. Gives the numbers of their batches:
    one for each mapping."""
    batches = []
    for mapping in pc.unique(rows["_mapping"]).to_pylist():
        same = {"run": run, "entity": entity, "mapping": mapping, "action": "create", "state": "intended", "intended": now}
        batch = int(connection.execute(insert(BATCHES).values(same).returning(BATCHES.c.id)).scalar_one())
        part = rows.filter(pc.equal(rows["_mapping"], mapping)).sort_by("_key")  # as their indexes go
        own = {"key": "_key", "source_key": "_source", "fingerprint": "_fingerprint", "meant": "_meant"}
        columns = [pa.repeat(pa.scalar(batch), part.num_rows), *(part[one].combine_chunks() for one in own.values())]
        insert_columns(connection, RECEIPTS, ["batch", *own], columns)
        batches.append(batch)
    return batches


def settle(
    connection: Connection, batches: list[int], state: str, natives: Mapping[str, str], message: str | None, now: str
) -> None:
    """Write down what became of all of them; where they are done, their records are known from now on."""
    if natives:
        connection.execute(CreateTable(_NATIVES, if_not_exists=True))  # a transaction that broke may have left it
        connection.execute(delete(_NATIVES))
        columns = [pa.array(list(values), pa.string()) for values in (natives, natives.values())]
        insert_columns(connection, _NATIVES, ["key", "native"], columns)
        own = (RECEIPTS.c.batch.in_(batches), RECEIPTS.c.key == _NATIVES.c.key)
        connection.execute(update(RECEIPTS).where(*own).values(native=_NATIVES.c.native))
        connection.execute(DropTable(_NATIVES))
    if state == "done":
        known = select(
            *(BATCHES.c[one] for one in _KNOWN), *(RECEIPTS.c[one] for one in _OWN), RECEIPTS.c.id,
            literal("held"), literal("created"),
        )  # fmt: skip
        written = known.join_from(BATCHES, RECEIPTS, RECEIPTS.c.batch == BATCHES.c.id).where(BATCHES.c.id.in_(batches))
        connection.execute(insert(IDENTITIES).from_select([*_KNOWN, *_OWN, "receipt", "state", "origin"], written))
    statement = update(BATCHES).where(BATCHES.c.id.in_(batches))
    connection.execute(statement.values(state=state, settled=now, message=message))
