"""Values between the contract's types and a column's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

_EPOCH, _SECOND = dt.datetime(1970, 1, 1), dt.timedelta(seconds=1)
Store = Callable[[Any], Any]


def storing(kind: str, column: sa.Column[Any]) -> Store | None:
    """What turns a value of the contract (not None) into what the column takes: instants become seconds in whole-number
    columns, flags 0 and 1. None: values go as they are. Chosen once for a column, because it is asked for every cell."""
    if is_number(column):
        if kind == "epoch":
            return lambda value: (value - _EPOCH) // _SECOND if isinstance(value, dt.datetime) else int(value)
        return int if kind in ("flag", "string", "int") else None
    if kind == "flag" and not isinstance(column.type, sa.Boolean):
        return int
    if isinstance(column.type, sa.Numeric) and not isinstance(column.type, sa.Float):
        return lambda value: Decimal(repr(value)) if isinstance(value, float) else value
    if kind == "int" and isinstance(column.type, sa.String):
        return str
    if isinstance(column.type, sa.Uuid):
        return lambda value: str(UUID(value))  # as the database gives it back
    return None


def stored(kind: str, column: sa.Column[Any], store: Store | None, values: pa.Array) -> pa.Array:
    """What ``store`` makes of a column of values, without touching each where that can be. Raises ValueError."""
    if store is None:
        return values
    if is_number(column) and kind == "epoch":
        return pc.floor_temporal(values, unit="second").cast(pa.timestamp("s")).cast(pa.int64())
    if is_number(column) or kind == "flag":
        return values.cast(pa.int64())
    return pa.array([None if value is None else store(value) for value in values.to_pylist()])


def typed(cell: Any, kind: str) -> Any:
    """A cell as a value of the contract's type."""
    if cell is None:
        return None
    if kind == "epoch" and isinstance(cell, int):
        return _EPOCH + dt.timedelta(seconds=cell)
    if kind == "flag":
        return bool(cell)
    if kind == "decimal":
        return float(cell)
    if kind == "date" and isinstance(cell, dt.datetime):
        return cell.date()
    if kind in ("datetime", "epoch") and isinstance(cell, dt.datetime) and cell.tzinfo is not None:
        return cell.astimezone(dt.UTC).replace(tzinfo=None)
    if kind == "string" and not isinstance(cell, str):
        return str(cell)
    return cell


def plain(value: Any) -> Any:
    """A cell of a key as it compares with what was asked for."""
    return int(value) if isinstance(value, Decimal) and value == int(value) else value


def is_number(column: sa.Column[Any]) -> bool:
    """Does the column hold whole numbers?"""
    return isinstance(column.type, sa.Integer)
