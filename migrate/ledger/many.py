"""Receipts of many new records at once, within a transaction of the ledger: no row is touched one by one."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, insert, literal, null, select, text, update

from migrate.copying import insert_columns
from migrate.ledger.entries import Together
from migrate.ledger.tables import BATCHES, IDENTITIES, NATIVES, OF_BATCH, RECEIPTS

_KNOWN = ("entity", "mapping", "run")
_OWN = ("key", "source_key", "fingerprint")


def intend(connection: Connection, run: str, entity: str, rows: pa.Table, now: str) -> Together:
    """Write receipts of creations; ``rows`` as of :meth:`migrate.live.works.Works.columns`, whose order is that of the indexes.
    There is one batch for each mapping."""
    batches, keys, numbers = [], [], []
    own = {"key": "_key", "source_key": "_source", "fingerprint": "_fingerprint", "meant": "_meant"}
    for mapping in pc.unique(rows["_mapping"]).to_pylist():
        same = {"run": run, "entity": entity, "mapping": mapping, "action": "create", "state": "intended", "intended": now}
        part = rows.filter(pc.equal(rows["_mapping"], mapping))
        receipts = _numbers(connection, part.num_rows)
        lie = {"first_receipt": receipts[0].as_py(), "last_receipt": receipts[-1].as_py()}
        batch = int(connection.execute(insert(BATCHES).values(same | lie).returning(BATCHES.c.id)).scalar_one())
        columns = [receipts, pa.repeat(pa.scalar(batch), part.num_rows), *(part[one].combine_chunks() for one in own.values())]
        insert_columns(connection, RECEIPTS, ["id", "batch", *own], columns)
        batches.append(batch)
        keys.append(columns[2])
        numbers.append(receipts)
    return Together(batches, pa.chunked_array(keys, pa.string()), pa.chunked_array(numbers, pa.int64()))


def settle(
    connection: Connection, together: Together, state: str, natives: Mapping[str, str], message: str | None, now: str
) -> None:
    """Write down what became of all of them; where they are done, their records are known from now on."""
    given = pa.array([natives.get(key) for key in together.keys.to_pylist()] if natives else [], pa.string())
    if given.null_count < len(given):
        there = given.is_valid()
        columns = [together.receipts.filter(there).combine_chunks(), given.filter(there)]
        insert_columns(connection, NATIVES, ["receipt", "native"], columns)
    if state == "done":
        native = NATIVES.c.native if natives else null()
        known = select(
            *(BATCHES.c[one] for one in _KNOWN), *(RECEIPTS.c[one] for one in _OWN), RECEIPTS.c.id, native,
            literal("held"), literal("created"),
        ).join_from(BATCHES, RECEIPTS, OF_BATCH)  # fmt: skip
        if natives:
            known = known.join(NATIVES, NATIVES.c.receipt == RECEIPTS.c.id, isouter=True)
        written = known.where(BATCHES.c.id.in_(together.batches))
        connection.execute(insert(IDENTITIES).from_select([*_KNOWN, *_OWN, "receipt", "native", "state", "origin"], written))
    statement = update(BATCHES).where(BATCHES.c.id.in_(together.batches))
    connection.execute(statement.values(state=state, settled=now, message=message))


def _numbers(connection: Connection, many: int) -> pa.Array:
    """Numbers for new receipts, one after the other: whoever gives them need not read them back."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {RECEIPTS.name} IN SHARE ROW EXCLUSIVE MODE"))  # or others take some in between
        sequence = func.pg_get_serial_sequence(RECEIPTS.name, "id")
        last = connection.execute(select(func.setval(sequence, func.nextval(sequence) + many - 1))).scalar_one()
        return pa.array(range(last - many + 1, last + 1), pa.int64())
    first = connection.execute(select(func.coalesce(func.max(RECEIPTS.c.id), 0) + 1)).scalar_one()
    return pa.array(range(first, first + many), pa.int64())
