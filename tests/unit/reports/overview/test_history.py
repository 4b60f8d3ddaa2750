"""Which runs count as those before, and why some are not compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.overview.history import Past, read_history, unfit, unlike

Lay = Callable[..., Path]
NOW = "20310504-091000"
TOLD = [("USR-004", "warn", "users", "7", "email", "a@b", "odd", None)]


def facts(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return found


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def ids(folder: Path) -> list[str]:
    return [run.id for run in read_history(folder, facts(folder)).runs]


def test_only_runs_that_started_before_count_oldest_first(lay_run: Lay) -> None:
    now = lay_run(NOW, TOLD)
    for name in ("20310504-091001", "20310503-120000", "20310504-091000-2", "20300101-000000"):
        lay_run(name, TOLD)
    assert ids(now) == ["20300101-000000", "20310503-120000"]
    assert ids(now.parent / "20310504-091000-2") == ["20300101-000000", "20310503-120000", NOW]


def test_a_run_that_lies_elsewhere_has_no_history(lay_run: Lay, tmp_path: Path) -> None:
    now = lay_run(NOW, TOLD)
    lay_run("20310101-000000", TOLD)
    elsewhere = now.parent.rename(tmp_path / "copies") / NOW
    assert ids(elsewhere) == []


def test_damaged_folders_are_named_and_rollbacks_are_no_runs(lay_run: Lay) -> None:
    now = lay_run(NOW, TOLD)
    broken = lay_run("20310101-000000", TOLD)
    (broken / "summary.json").write_text('{"run": ')
    odd = lay_run("20310102-000000", TOLD)
    (odd / "run.json").write_text("[]")
    (lay_run("20310103-000000", TOLD) / "run.json").unlink()
    back = lay_run("20310104-000000", TOLD)
    (back / "rollback.json").write_text("{}")
    (now.parent / "notes").mkdir()
    history = read_history(now, facts(now))
    assert history.runs == ()
    assert [(each.run, each.why) for each in history.unreadable] == [
        ("20310101-000000", "summary.json cannot be read"),
        ("20310102-000000", "run.json is not what a run writes"),
        ("20310103-000000", "run.json is not there"),
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"stopped_at": "map"}, "it stopped at map"),
        ({"failure": "the disk is full"}, "it failed"),
        ({"only": "users"}, "it ran only users"),
        ({"pseudonyms": True}, "its people have pseudonyms"),
        ({"source": {"system": "sakai"}}, "its source is sakai, not moodle"),
        ({"target": None}, "its target is not named, not canvas"),
        ({"summary": {"mode": "live"}}, "it is a live run, and this is a rehearsal run"),
        ({"summary": {"entities": None}}, "its summary has no entities: it is of an older shape"),
        ({}, ""),
    ],
)
def test_runs_that_cannot_be_compared_say_why(lay_run: Lay, change: dict[str, Any], why: str) -> None:
    now, before = lay_run(NOW, TOLD), lay_run("20310101-000000", TOLD, **change)
    past = Past(before, summary(before), facts(before))
    assert unlike(summary(now), facts(now), past) == why


def test_a_partial_run_is_compared_with_the_same_part(lay_run: Lay) -> None:
    now, before = lay_run(NOW, TOLD, only="users"), lay_run("20310101-000000", TOLD, only="users")
    past = Past(before, summary(before), facts(before))
    assert unlike(summary(now), facts(now), past) == ""
    assert unlike(summary(now), facts(now) | {"only": "courses"}, past) == "it ran only users"
    whole = Past(before, summary(before), facts(before) | {"only": None})
    assert unlike(summary(now), facts(now), whole) == "it ran all mappings, and this run only some"


def test_a_run_that_does_not_say_whether_it_ended_is_unfit() -> None:
    assert unfit({"entities": {}}, {}) == "it does not say whether it came to its end"
    assert unfit({"entities": {}}, {"stopped_at": None}) == ""
