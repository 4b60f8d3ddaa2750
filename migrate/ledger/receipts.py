"""Receipts, within a transaction of the ledger: reading those that stand alone and those of batches as one, and changing them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Subquery, bindparam, case, func, null, select, true, union_all, update

from migrate.ledger.entries import OPEN
from migrate.ledger.tables import BATCHES, NATIVES, RECEIPTS

AT_ONCE = 500
"""Numbers in one statement: databases bound the number of parameters."""
_OWN = ("run", "entity", "key", "mapping", "source_key", "action", "state", "native", "fingerprint", "meant", "before")
_COLUMNS = ("id", *_OWN, "message", "intended", "settled")


def every(of_batches: ColumnElement[bool] | None = None) -> Subquery:
    """All receipts, each with what its batch says of it; of the batches, those that ``of_batches`` is true of. What was meant
    is shown of those that are open: later it is the identity's."""
    state = func.coalesce(RECEIPTS.c.state, BATCHES.c.state)
    told = {
        **{one: BATCHES.c[one] for one in ("run", "entity", "mapping", "action", "intended")},
        **{one: func.coalesce(RECEIPTS.c[one], BATCHES.c[one]) for one in ("message", "settled")},
        "state": state, "native": func.coalesce(RECEIPTS.c.native, NATIVES.c.native),
        "meant": case((state.in_(OPEN), RECEIPTS.c.meant), else_=null()),
    }  # fmt: skip
    alone = select(*(RECEIPTS.c[one] for one in _COLUMNS)).where(RECEIPTS.c.batch.is_(None))
    together = (
        select(*(told.get(one, RECEIPTS.c[one]).label(one) for one in _COLUMNS))
        .join_from(BATCHES, RECEIPTS, RECEIPTS.c.batch == BATCHES.c.id)
        .join(NATIVES, NATIVES.c.receipt == RECEIPTS.c.id, isouter=True)
        .where(true() if of_batches is None else of_batches)
    )
    return union_all(alone, together).subquery()


def undone(connection: Connection, receipts: Sequence[int], by: str, now: str) -> None:
    """Mark receipts, and the others of the same records in their run, as taken back by the rollback ``by``."""
    found = every()
    records = [
        {"r": row.run, "e": row.entity, "k": row.key}
        for start in range(0, len(receipts), AT_ONCE)
        for row in connection.execute(select(found).where(found.c.id.in_(receipts[start : start + AT_ONCE])))
    ]
    if not records:
        return
    batches = select(BATCHES.c.id).where(BATCHES.c.run == bindparam("r"), BATCHES.c.entity == bindparam("e"))
    for same in (
        (RECEIPTS.c.batch.is_(None), RECEIPTS.c.run == bindparam("r"), RECEIPTS.c.entity == bindparam("e")),
        (RECEIPTS.c.batch.is_not(None), RECEIPTS.c.batch.in_(batches)),
    ):
        statement = update(RECEIPTS).where(*same, RECEIPTS.c.key == bindparam("k"))
        connection.execute(statement.values(state="undone", settled=now, message=f"taken back by {by}"), records)


def void(connection: Connection, receipts: Sequence[int], message: str, now: str) -> None:
    """Mark receipts that never took effect."""
    if receipts:
        connection.execute(
            update(RECEIPTS)
            .where(RECEIPTS.c.id == bindparam("i"))
            .values(state="void", settled=now, message=message or RECEIPTS.c.message),
            [{"i": number} for number in receipts],
        )
