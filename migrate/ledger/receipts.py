"""Receipts, within a transaction of the ledger: reading those that stand alone and those of batches as one, and changing them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Subquery, bindparam, case, func, null, select, true, union_all, update

from migrate.ledger.entries import OPEN
from migrate.ledger.tables import BATCHES, NATIVES, OF_BATCH, RECEIPTS

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
        .join_from(BATCHES, RECEIPTS, OF_BATCH)
        .join(NATIVES, NATIVES.c.receipt == RECEIPTS.c.id, isouter=True)
        .where(true() if of_batches is None else of_batches)
    )
    return union_all(alone, together).subquery()


def undone(connection: Connection, receipts: Sequence[int], by: str, now: str) -> None:
    """Mark receipts as taken back by the rollback ``by``."""
    _end(connection, receipts, "undone", f"taken back by {by}", now)


def void(connection: Connection, receipts: Sequence[int], message: str, now: str) -> None:
    """Mark receipts that never took effect."""
    _end(connection, receipts, "void", message or RECEIPTS.c.message, now)


def _end(connection: Connection, receipts: Sequence[int], state: str, message: str | ColumnElement[str], now: str) -> None:
    if receipts:
        connection.execute(
            update(RECEIPTS).where(RECEIPTS.c.id == bindparam("i")).values(state=state, settled=now, message=message),
            [{"i": number} for number in receipts],
        )
