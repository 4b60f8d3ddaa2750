"""Reading a store from some instant on, to the end, whatever happens on the way."""

from __future__ import annotations

import datetime as dt
from typing import Any

from migrate.connectors.xapi.http import Expired, Lrs, instant
from migrate.connectors.xapi.spool import Spool

STEP = dt.timedelta(milliseconds=1)
TRIES = 5
"""How often a list is begun anew that the store forgot before its end, without anything new in between."""


class Unreadable(Exception):
    """A store that cannot be read to its end."""


def read_all(
    lrs: Lrs, spool: Spool, *, since: dt.datetime | None = None, until: dt.datetime | None = None, **asked: str
) -> dt.datetime | None:
    """Put every statement that was stored after ``since``, up to ``until``, into ``spool``; gives when the last was stored.

    Where the store forgets a list before its end, it is asked again from the last statement on; what comes twice is kept once.
    """
    last, tries = since, 0
    while True:
        bounds = {"since": _text(last)} if last else {}
        bounds |= {"until": _text(until)} if until else {}
        before = len(spool)
        try:
            for page in lrs.pages(**asked, **bounds, ascending="true"):
                odd = spool.add(page)
                if odd is not None:
                    raise Unreadable(f"{lrs.address} gives two statements of the id {odd}")
                last = _latest(page, last)
        except Expired as error:
            tries = 0 if len(spool) > before else tries + 1
            if tries == TRIES or last is None:
                raise Unreadable(f"{lrs.address} forgets its lists before their end: {error}") from None
            last -= STEP  # of those that were stored at one instant, some may be missing
            continue
        return last


def _latest(page: list[dict[str, Any]], last: dt.datetime | None) -> dt.datetime | None:
    stored = [found for statement in page if (found := instant(statement.get("stored"))) is not None]
    return max([*stored, *([last] if last else [])], default=None)


def _text(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
