"""Instants as a page shows them: machine-readable, readable without a script, and put into the reader's zone by one."""

from __future__ import annotations

import re

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(?:Z|\+00:00)")


def instant(text: str | None) -> tuple[str, str] | None:
    """``(as <time datetime> takes it, as it reads)`` of an instant of UTC in ISO form; None for any other text."""
    found = _INSTANT.fullmatch(text or "")
    return (f"{found[1]}T{found[2]}Z", f"{found[1]} {found[2]} UTC") if found else None
