"""When two statements of one id are the same, by section 2.3.1 of the standard's data part."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.connectors.xapi.compare import differing

MEANT: dict[str, Any] = {
    "id": "AB", "actor": {"mbox": "mailto:Ana@example.org"}, "verb": {"id": "urn:v", "display": {"en": "did"}},
    "object": {"id": "urn:o", "definition": {"name": {"en": "O"}}},
    "result": {"score": {"raw": 1}, "duration": "PT60S", "success": True},
    "context": {"contextActivities": {"parent": [{"id": "urn:p"}]}, "team": {"objectType": "Group", "member": [
        {"mbox": "mailto:a@x.org"}, {"mbox": "mailto:b@x.org"}]}},
    "timestamp": "2024-01-01T10:00:00Z",
}  # fmt: skip


def held(path: str, value: Any) -> dict[str, Any]:
    import copy

    made = copy.deepcopy(MEANT)
    *above, last = path.split(".")
    place = made
    for step in above:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "ab"), ("stored", "2026-01-01T00:00:00Z"), ("authority", {"mbox": "mailto:x@x.org"}), ("version", "1.0.0"),
        ("verb.display", {"de": "tat"}), ("object.definition", {"name": {"de": "P"}}), ("object.objectType", "Activity"),
        ("actor.objectType", "Agent"), ("actor.mbox", "mailto:Ana@EXAMPLE.org"), ("timestamp", "2024-01-01T11:00:00+01:00"),
        ("result.score.raw", 1.0), ("context.contextActivities.parent", {"id": "urn:p", "definition": {"type": "urn:t"}}),
        ("context.team.member", [{"mbox": "mailto:b@x.org"}, {"mbox": "mailto:a@x.org"}]),
    ],
)  # fmt: skip
def test_what_a_store_may_change_is_no_difference(path: str, value: Any) -> None:
    assert differing(MEANT, held(path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "names"),
    [
        ("actor.mbox", "mailto:ana@example.org", "actor.mbox"), ("verb.id", "urn:w", "verb.id"),
        ("object.id", "urn:q", "object.id"),
        ("result.score.raw", 2, "result.score.raw"), ("result.score.raw", True, "result.score.raw"),
        ("result.success", 1, "result.success"), ("result.duration", "PT1M", "result.duration"),
        ("result.duration", None, "result.duration"),
        ("timestamp", "2024-01-01T10:00:01Z", "timestamp"), ("timestamp", "soon", "timestamp"),
        ("context.contextActivities.parent", [], "context.contextActivities.parent"),
        ("context.contextActivities.parent", [{"id": "urn:z"}], "context.contextActivities.parent.0.id"),
        ("context.platform", "Moodle", "context.platform"),
    ],
)  # fmt: skip
def test_all_else_is_one_and_is_named(path: str, value: Any, names: str) -> None:
    assert differing(MEANT, held(path, value)) == [names]


def test_a_time_that_the_store_set_is_no_difference() -> None:
    meant = {name: value for name, value in MEANT.items() if name != "timestamp"}
    assert differing(meant, MEANT) == []
