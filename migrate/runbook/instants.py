"""Instants of a cutover: minutes before and after T, the moment at which it begins, and what a clock on the wall shows then."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

FORMS = ("T", "T-7d", "T+1h30m", "2027-01-09 22:00", "2026-10-25 02:30 +02:00")

_OFFSET = re.compile(r"^T(?:([+-])(?=\d)(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?)?$")
_LOCAL = re.compile(r"^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d)(?: ?([+-]\d\d:\d\d))?$")


def offset(text: str) -> int | None:
    """``T-1h30m`` as minutes; None where the text is no such thing. A day has 24 hours."""
    found = _OFFSET.match(text)
    if found is None:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups()[1:])
    return (days * 1440 + hours * 60 + minutes) * (-1 if found[1] == "-" else 1)


def show_offset(minutes: int) -> str:
    """Minutes as ``T-1h30m``."""
    days, rest = divmod(abs(minutes), 1440)
    hours, left = divmod(rest, 60)
    parts = "".join(f"{number}{unit}" for number, unit in ((days, "d"), (hours, "h"), (left, "m")) if number)
    return f"T{'-' if minutes < 0 else '+'}{parts}" if parts else "T"


def show_minutes(minutes: int) -> str:
    """A duration: ``45 min``, ``2 h``, ``2 h 05 min``, ``3 d 4 h``."""
    sign, minutes = ("-" if minutes < 0 else ""), abs(minutes)
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(rest, 60)
    if days:
        return f"{sign}{days} d" + (f" {hours} h" if hours else "") + (f" {left:02} min" if left else "")
    if hours:
        return f"{sign}{hours} h" + (f" {left:02} min" if left else "")
    return f"{sign}{left} min"


def local(text: str, zone: ZoneInfo) -> dt.datetime:
    """The instant, in UTC, of a wall clock's ``YYYY-MM-DD HH:MM`` in ``zone``, or of one with its own ``+HH:MM``.

    Raises ValueError for what is no such text, for a time that a change of the clocks leaves out, and for one that it has twice.
    """
    found = _LOCAL.match(text)
    if found is None:
        raise ValueError("this is no instant")
    naive = dt.datetime.fromisoformat(found[1])
    if found[2]:
        return dt.datetime.fromisoformat(f"{naive.isoformat()}{found[2]}").astimezone(dt.UTC)
    first, second = (naive.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != naive:
        raise ValueError(f"the clocks of {zone.key} leave this time out")
    if first != second:
        raise ValueError(f"the clocks of {zone.key} show this time twice; write its distance from UTC behind it, as +02:00")
    return first


def show_local(instant: dt.datetime, zone: ZoneInfo) -> str:
    """What a clock in ``zone`` shows: ``Sat 2027-01-09 22:00``."""
    return instant.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


def minutes_from(zero: dt.datetime, instant: dt.datetime) -> int:
    """Whole minutes from ``zero`` to ``instant``, rounded to the nearest."""
    return round((instant - zero).total_seconds() / 60)
