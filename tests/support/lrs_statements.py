"""What a strict learning record store takes for a statement, written from the standard and without the connector."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
DURATION = re.compile(r"P(\d+(\.\d+)?W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)")
TOP = {"id", "actor", "verb", "object", "result", "context", "timestamp", "stored", "authority", "version", "attachments"}
NAMES = ("mbox", "mbox_sha1sum", "openid", "account")
RESULT = {"score", "success", "completion", "response", "duration", "extensions"}
CONTEXT = {
    "registration",
    "instructor",
    "team",
    "contextActivities",
    "revision",
    "platform",
    "language",
    "statement",
    "extensions",
}


class Bad(Exception):
    """No statement, with the reason."""


def check(statement: Any) -> None:
    """Raise Bad where the standard says that a store refuses the statement."""
    _object(statement, "a statement", TOP)
    for word in ("actor", "verb", "object"):
        if word not in statement:
            raise Bad(f"{word} is missing")
    _no_nulls(statement, "statement")
    if "id" in statement and not (isinstance(statement["id"], str) and UUID.fullmatch(statement["id"])):
        raise Bad("id is no UUID")
    _agent(statement["actor"], "actor")
    _object(statement["verb"], "verb", {"id", "display"})
    _iri(statement["verb"].get("id"), "verb.id")
    _thing(statement["object"])
    if "result" in statement:
        _result(statement["result"])
    if "context" in statement:
        _context(statement["context"])
    if "timestamp" in statement:
        try:
            dt.datetime.fromisoformat(statement["timestamp"])
        except (TypeError, ValueError):
            raise Bad("timestamp is no instant") from None


def _object(value: Any, what: str, known: set[str]) -> None:
    if not isinstance(value, dict):
        raise Bad(f"{what} is no object")
    if unknown := value.keys() - known:
        raise Bad(f"{what} has the unknown member {min(unknown)}")


def _no_nulls(value: Any, path: str) -> None:
    if value is None:
        raise Bad(f"{path} is null")
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if name != "extensions":
            _no_nulls(inner, f"{path}.{name}")


def _iri(value: Any, what: str) -> None:
    if not isinstance(value, str) or not IRI.fullmatch(value):
        raise Bad(f"{what} is no IRI")


def _agent(value: Any, what: str) -> None:
    _object(value, what, {"objectType", "name", "member", *NAMES})
    if value.get("objectType", "Agent") == "Agent" and len([name for name in NAMES if name in value]) != 1:
        raise Bad(f"{what} has not exactly one name")
    if "mbox" in value and not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+", str(value["mbox"])):
        raise Bad(f"{what}.mbox is no address")
    if "mbox_sha1sum" in value and not re.fullmatch(r"[0-9a-f]{40}", str(value["mbox_sha1sum"])):
        raise Bad(f"{what}.mbox_sha1sum is no checksum")
    if "account" in value:
        _object(value["account"], f"{what}.account", {"homePage", "name"})
        _iri(value["account"].get("homePage"), f"{what}.account.homePage")
        if not isinstance(value["account"].get("name"), str):
            raise Bad(f"{what}.account.name is no text")


def _thing(value: Any) -> None:
    kind = value.get("objectType", "Activity") if isinstance(value, dict) else ""
    if kind == "StatementRef":
        _object(value, "object", {"objectType", "id"})
        if not UUID.fullmatch(str(value.get("id"))):
            raise Bad("object.id is no UUID")
    elif kind == "Activity":
        _object(value, "object", {"objectType", "id", "definition"})
        _iri(value.get("id"), "object.id")
        definition = value.get("definition", {})
        _object(definition, "object.definition", {"name", "description", "type", "moreInfo", "extensions", "interactionType"})
        for word in ("type", "moreInfo"):
            if word in definition:
                _iri(definition[word], f"object.definition.{word}")
    elif kind in ("Agent", "Group"):
        _agent(value, "object")
    else:
        raise Bad("object.objectType is unknown")


def _result(value: Any) -> None:
    _object(value, "result", RESULT)
    for word in ("success", "completion"):
        if word in value and not isinstance(value[word], bool):
            raise Bad(f"result.{word} is neither true nor false")
    if "duration" in value and not DURATION.fullmatch(str(value["duration"])):
        raise Bad("result.duration is no duration")
    score = value.get("score", {})
    _object(score, "result.score", {"scaled", "raw", "min", "max"})
    for word, number in score.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise Bad(f"result.score.{word} is no number")
    if not -1 <= score.get("scaled", 0) <= 1:
        raise Bad("result.score.scaled lies outside of -1 and 1")
    low, high = score.get("min", float("-inf")), score.get("max", float("inf"))
    if low >= high or not low <= score.get("raw", low) <= high:
        raise Bad("result.score.raw lies outside of min and max")


def _context(value: Any) -> None:
    _object(value, "context", CONTEXT)
    if "registration" in value and not UUID.fullmatch(str(value["registration"])):
        raise Bad("context.registration is no UUID")
    if "instructor" in value:
        _agent(value["instructor"], "context.instructor")
    _object(value.get("contextActivities", {}), "context.contextActivities", {"parent", "grouping", "category", "other"})
    for listed in value.get("contextActivities", {}).values():
        for one in listed if isinstance(listed, list) else [listed]:
            _thing(one)
    for name in value.get("extensions", {}):
        _iri(name, "context.extensions")
