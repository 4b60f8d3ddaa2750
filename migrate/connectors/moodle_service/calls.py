"""One call of a Moodle web service: how it is encoded, and what its answer means.

Moodle answers errors with HTTP 200, PHP may put notices before (or in place of) the JSON, and a reply may break off. Only a
whole JSON document is an answer; anything else leaves open what happened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Pairs = list[tuple[str, str]]

_TAGS = re.compile(r"<[^<>]*>")
_START = re.compile(r"[\[{]|null\s*$|true\s*$|false\s*$")


class Refused(Exception):
    """The site understood the call and will not do it. Nothing was done, unless the function writes row by row."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class TooMany(Exception):
    """The site cut the call off behind its limit of parameters; nothing was done."""


class Lost(Exception):
    """There is no answer to rely on."""

    def __init__(self, reason: str, *, happened: bool, busy: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.happened = happened
        """May the call have had its effect?"""
        self.busy = busy
        """May the site still be working at it?"""


@dataclass(frozen=True)
class Answer:
    data: Any
    noise: bool = False
    """Was there something before the JSON?"""


def pairs(name: str, value: Any) -> Pairs:
    """``value`` as PHP reads it from a form: ``users[0][customfields][0][type]``."""
    if isinstance(value, Mapping):
        return [pair for key, one in value.items() for pair in pairs(f"{name}[{key}]" if name else str(key), one)]
    if isinstance(value, list | tuple):
        return [pair for index, one in enumerate(value) for pair in pairs(f"{name}[{index}]", one)]
    if isinstance(value, bool):
        return [(name, "1" if value else "0")]
    return [(name, str(value))]


def texts(value: Any) -> Any:
    """``value`` with everything in it as the text that a form would hold, for functions that take JSON."""
    if isinstance(value, Mapping):
        return {str(key): texts(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [texts(one) for one in value]
    return pairs("", value)[0][1]


def nested(flat: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """``{"categorytype.type": "id"}`` as ``{"categorytype": {"type": "id"}}``."""
    result: dict[str, Any] = {}
    for path, value in flat:
        at = result
        *parents, last = path.split(".")
        for parent in parents:
            at = at.setdefault(parent, {})
        at[last] = value
    return result


def understand(body: bytes) -> Answer:
    """The answer in the body of a reply with status 200. Raises Refused or Lost."""
    text = body.decode("utf-8", "replace").strip()
    found = _document(text)
    if found is None:
        raise Lost(f"the answer is no JSON ({len(body)} bytes)", happened=True)
    data = found.data
    if isinstance(data, dict) and "exception" in data:
        message = str(data.get("debuginfo") or data.get("message") or data["exception"])
        raise Refused(plain(str(data.get("errorcode") or data["exception"])), plain(message))
    return found


def _document(text: str) -> Answer | None:
    """A JSON document that reaches to the end of the text; PHP's notices may stand before it."""
    decoder = json.JSONDecoder()
    for number, start in enumerate(_START.finditer(text)):
        try:
            data, end = decoder.raw_decode(text, start.start())
        except ValueError:
            data, end = None, -1
        if end >= 0 and not text[end:].strip():
            return Answer(data, noise=start.start() > 0)
        if start.start() == 0 or number > 200:  # what begins as JSON and breaks off is half an answer, not a notice
            return None
    return None


def plain(text: str) -> str:
    """Moodle's messages may hold HTML; as one line of text, and not endless."""
    return " ".join(_TAGS.sub(" ", text).split())[:500]


def at(row: Any, path: str) -> Any:
    """What stands under a dotted path; None where there is nothing. Of paths that ``/`` divides, all values, divided by it."""
    if "/" in path:
        parts = [at(row, part) for part in path.split("/")]
        return None if None in parts else "/".join(str(part) for part in parts)
    for part in path.split(".") if path else []:
        if isinstance(row, Mapping):
            row = row.get(part)
        elif isinstance(row, list) and part.isdigit() and int(part) < len(row):
            row = row[int(part)]
        else:
            return None
    return row
