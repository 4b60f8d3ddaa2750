"""Addresses inside the page. ``#view=findings&code=USR-001`` opens the findings of that code."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from reports.parts import Count

NULL = "\N{EMPTY SET}"
"""Stands for null in an address; the empty text stands for itself."""


def rows(table: str, n: int | None = None, **filters: str | int | tuple[str, ...] | None) -> str:
    """The address of the rows of ``table`` with these values; ``n`` is how many the reader was promised."""
    pairs: list[tuple[str, str]] = [("view", table)]
    for column, wanted in filters.items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        pairs += [(column, NULL if value is None else str(value)) for value in values]
    if n is not None:
        pairs.append(("of", str(n)))
    return "#" + urlencode(pairs, quote_via=quote)


def counted(table: str, n: int, *, shown: bool = True, **filters: str | int | tuple[str, ...] | None) -> Count:
    """A number with the address of its rows. Nothing lies behind a zero, or where the file is not there."""
    return Count(n, rows(table, n, **filters) if n and shown else None)


def entity(name: str) -> str:
    """The address of one entity: its rules, and the way to its records."""
    return "#" + urlencode({"view": "entity", "entity": name}, quote_via=quote)


def record(entity: str, key: str | None, row: int | None, target_key: str | None = None) -> str:
    """The address of one record: by its row among the dispositions where it has one, else by its keys."""
    if row is not None:
        return "#" + urlencode({"view": "record", "row": row})
    known = {"view": "record", "entity": entity, "key": key, "target_key": target_key}
    return "#" + urlencode({name: value for name, value in known.items() if value is not None}, quote_via=quote)
