"""Values as a backup has them: what XML or Moodle's restore cannot hold is replaced and said, never written as it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from migrate.connectors.moodle_backup.history import Number

NULL = "$@NULL@$"
"""How a backup writes 'no value'."""
_UNHOLDABLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_MARKER = re.compile(r"\$@(?=[A-Z0-9]+(?:\*[^@]*)?@\$)")
_DIGITS = Decimal("0.00001")
_LARGEST = Decimal(100_000)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CannotHold(ValueError):
    """Moodle's tables have no place for this value; the message says why, without the value where it is a person's."""


class Trial:
    """The making ready of one record: which field is at hand, and what had to be done to values."""

    def __init__(self) -> None:
        self.field = ""
        self.altered: list[tuple[str, str]] = []
        """Field, and what was done."""

    def of(self, name: str) -> Trial:
        """The field that comes next."""
        self.field = name
        return self

    def __call__(self, what: str) -> None:
        """Something was done to the value of this field."""
        self.altered.append((self.field, what))


def text(value: str, say: Trial, limit: int | None = None) -> str:
    """Raises CannotHold for a text of more than ``limit`` characters (code points)."""
    if limit is not None and len(value) > limit:
        raise CannotHold(f"a text of {len(value)} characters; Moodle takes {limit}")
    held, count = _UNHOLDABLE.subn("\ufffd", value)
    if count:
        say(f"{count} control characters replaced by U+FFFD")
    held, count = _MARKER.subn("$@ ", held)
    if count:
        say(f"a blank put into {count} texts that Moodle's restore reads as its own markers")
    return held


def seconds(value: datetime | None, say: Trial) -> int:
    """Seconds since 1970; 0 is Moodle's 'not set'. Raises CannotHold for the very instant that would read so."""
    if value is None:
        return 0
    elapsed = value.replace(tzinfo=value.tzinfo or UTC) - _EPOCH
    whole = elapsed.days * 86_400 + elapsed.seconds
    if whole == 0:
        raise CannotHold("1970-01-01 00:00:00, which Moodle reads as 'not set'")
    if elapsed.microseconds:
        say("the fraction of a second cut")
    return whole


def seconds_or_null(value: datetime | None, say: Trial) -> int | None:
    """For columns that can be null."""
    return None if value is None else seconds(value, say)


def hidden(now: bool, until: datetime | None, say: Trial) -> int:
    """One column for both: 0 shown, 1 hidden, else hidden until that instant."""
    if until is None:
        return int(now)
    instant = seconds(until, say)
    if instant <= 1:
        raise CannotHold(f"hidden until {until}, which Moodle's one column for 'hidden' cannot say")
    return instant


def number(value: Number, say: Trial) -> str:
    """Digits with up to five decimals. Raises CannotHold for what NUMERIC(10, 5) cannot hold."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact.is_finite() or abs(exact) >= _LARGEST:
        raise CannotHold(f"{value}; Moodle takes numbers between -99999.99999 and 99999.99999")
    rounded = exact.quantize(_DIGITS)
    if abs(rounded) >= _LARGEST:
        raise CannotHold(f"{value}; Moodle takes numbers between -99999.99999 and 99999.99999")
    if rounded != exact:
        say("rounded to five decimals")
    return format(rounded if rounded else abs(rounded), "f")
