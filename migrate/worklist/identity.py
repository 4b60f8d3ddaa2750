"""Ids of worklist items: a hash of what the item is about, so that what comes back is the same item.

What an item is about depends on its kind:

    crosswalk  a value of a crosswalk, whichever mappings use it
    value      a value of a field under a rule: a value that no value map lists, a record referred to that is not there
    merge      the records that a rule takes for one
    record     one record under one rule
    root       what refers to a record that is not loaded, where nothing is wrong with that record itself
    run        a table, a field or the run as a whole under one rule
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal, get_args

from migrate.compiler.text import literal

Kind = Literal["crosswalk", "value", "merge", "record", "root", "run"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LENGTH = 16
"""Hex digits: two items of a worklist of a million have one id once in about 40 million worklists."""
_BETWEEN, _NULL = "\x1f", "\x1e"


def item_id(kind: Kind, *parts: str | None) -> str:
    """The id of an item; :func:`item_sql` gives the same in the engine."""
    return "W-" + _digest([kind, *parts])


def cause_id(entity: str | None, code: str | None, field: str | None) -> str:
    """The id of a root cause: all items of one rule on one field."""
    return "C-" + _digest([entity, code, field])


def item_sql(kind: Kind, *parts: str) -> str:
    """SQL of an item's id, from SQL of its parts."""
    return _sql("W-", [literal(kind), *parts])


def cause_sql(entity: str, code: str, field: str) -> str:
    """SQL of a cause's id."""
    return _sql("C-", [entity, code, field])


def _digest(parts: Iterable[str | None]) -> str:
    text = _BETWEEN.join(_NULL if part is None else part for part in parts)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:LENGTH]


def _sql(prefix: str, parts: Iterable[str]) -> str:
    joined = f" || {literal(_BETWEEN)} || ".join(f"coalesce(CAST({part} AS VARCHAR), {literal(_NULL)})" for part in parts)
    return f"({literal(prefix)} || left(sha256({joined}), {LENGTH}))"
