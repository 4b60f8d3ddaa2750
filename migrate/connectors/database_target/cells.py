"""Values between the contract's types and a column's."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

_EPOCH = dt.datetime(1970, 1, 1)


def stored(value: Any, kind: str, column: sa.Column[Any]) -> Any:
    """A value of the contract as the column takes it: instants as seconds in whole-number columns, flags as 0 and 1."""
    if value is None:
        return None
    if kind == "epoch" and is_number(column) and isinstance(value, dt.datetime):
        return int((value - _EPOCH).total_seconds())
    if kind == "flag" and not isinstance(column.type, sa.Boolean) and isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and is_number(column):
        return int(value)
    if isinstance(column.type, sa.Numeric) and isinstance(value, float) and not isinstance(column.type, sa.Float):
        return Decimal(repr(value))
    if kind == "int" and isinstance(column.type, sa.String) and not isinstance(value, str):
        return str(value)
    return value


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
