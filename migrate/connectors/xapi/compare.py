"""Are two statements of one id the same? By the rules of the Experience API 1.0.3, section 2.3.1 of its data part.

A store may set authority, stored and version, may keep definitions of verbs and activities of its own, may write an instant in
another zone, members of a group in another order, and one context activity as a list. All else is what a statement says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrate.connectors.json_shape import compact
from migrate.connectors.xapi.http import instant

SET_BY_STORES = ("authority", "stored", "version")
_MEMBERS_AGENT = ("actor", "instructor", "team")


def differing(meant: Mapping[str, Any], held: Mapping[str, Any]) -> list[str]:
    """Paths at which the statement that is ``held`` says something else than is ``meant``, sorted."""
    one, other = _plain(meant), _plain(held)
    if "timestamp" not in meant:
        other.pop("timestamp", None)
    return sorted(_unequal(one, other, ""))


def _plain(statement: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: _part(name, value) for name, value in statement.items() if name not in SET_BY_STORES}
    if isinstance(plain.get("id"), str):
        plain["id"] = plain["id"].lower()
    if isinstance(plain.get("object"), dict):
        plain["object"].setdefault("objectType", "Activity")
    return plain


def _part(name: str, value: Any) -> Any:
    if name == "timestamp":
        return instant(value) or value
    if not isinstance(value, dict):
        return value
    if name == "object" and value.get("objectType") == "SubStatement":
        return _plain(value)
    if name in ("verb", "object"):
        return _without(value, "display" if name == "verb" else "definition")
    if name in _MEMBERS_AGENT:
        return _agent(value)
    if name == "context":
        inner = {key: _agent(one) if key in _MEMBERS_AGENT and isinstance(one, dict) else one for key, one in value.items()}
        if isinstance(inner.get("contextActivities"), dict):
            inner["contextActivities"] = {key: _activities(listed) for key, listed in inner["contextActivities"].items()}
        return inner
    return value


def _without(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key != name}


def _activities(listed: Any) -> Any:
    several = listed if isinstance(listed, list) else [listed]
    return [{"objectType": "Activity", **_without(one, "definition")} if isinstance(one, dict) else one for one in several]


def _agent(value: Mapping[str, Any]) -> dict[str, Any]:
    agent: dict[str, Any] = {"objectType": "Agent", **value}
    if isinstance(agent.get("mbox"), str):
        name, at, domain = agent["mbox"].rpartition("@")
        agent["mbox"] = f"{name}{at}{domain.lower()}"
    if isinstance(agent.get("member"), list):
        members = [_agent(one) if isinstance(one, dict) else one for one in agent["member"]]
        agent["member"] = sorted(members, key=compact)
    return agent


def _unequal(one: Any, other: Any, path: str) -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        names = one.keys() | other.keys()
        return [found for name in names for found in _unequal(one.get(name), other.get(name), f"{path}.{name}" if path else name)]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [found for n, pair in enumerate(zip(one, other, strict=True)) for found in _unequal(*pair, f"{path}.{n}")]
    same = one == other and isinstance(one, bool) == isinstance(other, bool)
    return [] if same else [path]
