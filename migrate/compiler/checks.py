"""The rules that may stand under ``check``: each gives the SQL condition under which a value FAILS."""

from __future__ import annotations

from collections.abc import Callable

from migrate.compiler.text import literal
from migrate.expressions.regex import regex_error

EMAIL = r"[^\s\p{Z}\p{C}@<>()\[\],;:\\\x22]+@([\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}\p{N}][\p{L}\p{N}-]*[\p{L}\p{N}]"


class CheckError(ValueError):
    """A check whose argument ``to`` is missing or of the wrong kind."""


def email(value: str, to: object) -> str:
    """An address with a local part, an @ and a domain of at least two labels. Null passes."""
    _no_argument(to)
    return f"NOT regexp_full_match({value}, {literal(EMAIL)})"


def not_blank(value: str, to: object) -> str:
    """Null and text of blanks only fail."""
    _no_argument(to)
    return rf"({value} IS NULL OR regexp_full_match(CAST({value} AS VARCHAR), '[\s\p{{Z}}]*'))"


def matches(value: str, to: object) -> str:
    """The whole value has to match the regular expression ``to``. Null passes."""
    if not isinstance(to, str) or not to:
        raise CheckError("'to' has to be a regular expression")
    if (error := regex_error(to)) is not None:
        raise CheckError(f"{to!r} is not a regular expression: {error}")
    return f"NOT regexp_full_match(CAST({value} AS VARCHAR), {literal(str(to))})"


def max_length(value: str, to: object) -> str:
    """At most ``to`` characters."""
    if isinstance(to, bool) or not isinstance(to, int) or to < 1:
        raise CheckError(f"{to!r} is not a number of characters")
    return f"length({value}) > {to}"


def in_(value: str, to: object) -> str:
    """One of the values listed in ``to``. Null passes."""
    if not isinstance(to, list) or not to:
        raise CheckError("'to' has to be a list of values")
    # A null in the list would make the condition null for every value, and the check void.
    return f"{value} NOT IN ({', '.join(literal(item) for item in to if item is not None) or literal('')})"


def between(value: str, to: object) -> str:
    """Within ``to: [lowest, highest]``, both allowed. Null passes."""
    if not isinstance(to, list) or len(to) != 2:
        raise CheckError("'to' has to be a list of the lowest and the highest value")
    return f"{value} NOT BETWEEN {literal(to[0])} AND {literal(to[1])}"


CHECKS: dict[str, Callable[[str, object], str]] = {
    "email": email,
    "not_blank": not_blank,
    "matches": matches,
    "max_length": max_length,
    "in": in_,
    "between": between,
}
"""``expr`` is compiled beside these, because it needs the mapping's names."""


def _no_argument(to: object) -> None:
    if to is not None:
        raise CheckError("this check takes no 'to'")
