"""A tiny workspace with a runbook, run folders that say what a test wants, and a clock."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from migrate.fingerprints import fingerprints
from migrate.run_folder import STAGES
from migrate.runbook.book import Book, open_book
from migrate.runbook.tick import Ticked, open_round, tick
from migrate.workspace import open_workspace

SOURCE = "system: old\nlabel: Old\nsource: {kind: database}\nentities: {person: {key: id, fields: {id: {}}}}\n"
TARGET = "system: new\nlabel: New\ntarget: {kind: files}\nentities: {users: {key: id, file: u.csv, fields: {id: {}}}}\n"
LIVE = (
    "system: new\nlabel: New\ntarget: {kind: database}\nentities: {users: {key: id, write: {table: users}, fields: {id: {}}}}\n"
)
SETTINGS = "label: test\nsource: {system: old, url: 'sqlite:///x.sqlite'}\ntarget: {system: new%s}\n"
BOOK = """
title: Night
cutover: "2027-01-09 20:00"
zone: Europe/Berlin
buffer: 0
freeze: {start: T, end: T+10h, what: [writes]}
people:
  lead: {name: Ada}
  engineer: {name: Ben, deputy: Eve}
phases:
  - id: prepare
    title: Prepare
    at: T-1d
    steps:
      - {id: backup, title: Back up, owner: engineer, minutes: 30}
  - id: night
    title: Night
    at: T
    within_freeze: true
    steps:
      - {id: close, title: Close, owner: engineer, minutes: 10, rollback: [reopen]}
      - {id: rehearse, title: Rehearse, owner: engineer, minutes: {from: rehearsal}, command: lms-migrate run .}
      - id: decide
        title: Decide
        owner: lead
        minutes: 10
        gate: {question: Load?, decider: lead, criteria: [People agree, {code: USR-001, most: 2}, {verdict: attention}]}
      - {id: load, title: Load, owner: engineer, minutes: 60, rollback: [restore]}
      - {id: verify, title: Verify, owner: lead, minutes: 30}
      - {id: open, title: Open, owner: engineer, minutes: 5, point_of_no_return: true}
rollback:
  - {id: restore, title: Restore, owner: engineer, minutes: 45}
  - {id: reopen, title: Reopen, owner: engineer, minutes: 15}
"""
T = dt.datetime(2027, 1, 9, 19, 0, tzinfo=dt.UTC)


@dataclass
class Desk:
    """A workspace, and a clock that tests turn."""

    folder: Path
    clock: dt.datetime = T
    made: int = field(default=0)

    def book(self, text: str = BOOK) -> None:
        (self.folder / "runbook.yaml").write_text(text, "utf-8")

    def opened(self, label: str | None = None) -> Book:
        return open_book(self.folder, label)

    def now(self) -> dt.datetime:
        return self.clock

    def wait(self, minutes: float) -> None:
        self.clock += dt.timedelta(minutes=minutes)

    def round(self, label: str = "dress rehearsal", kind: Any = "rehearsal", **words: Any) -> Any:
        return open_round(self.folder, label, kind, "Ada", now=self.now, **words)

    def tick(self, step: str, what: str = "done", by: str = "Ben", **words: Any) -> Ticked:
        return tick(self.folder, step, what, by, now=self.now, **words)

    def done(self, step: str, minutes: float, **words: Any) -> Ticked:
        """Begin a step and end it later."""
        self.tick(step, "start")
        self.wait(minutes)
        return self.tick(step, **words)

    def run(
        self,
        *,
        minutes: float | dict[str, float] = 12.0,
        rows: int = 100,
        written: dict[str, int] | None = None,
        kind: str = "rehearsal",
        days: float = 1.0,
        findings: dict[str, int] | None = None,
        verdict: str = "attention",
        failure: str | None = None,
        entities: tuple[str, ...] = ("users",),
        differences: int = 0,
    ) -> str:
        """Write a run folder that ended ``days`` before T; gives its id."""
        self.made += 1
        run = f"run-{self.made}"
        folder = self.folder / "runs" / run
        folder.mkdir(parents=True)
        each = {stage: minutes * 60 / len(STAGES) for stage in STAGES} if not isinstance(minutes, dict) else minutes
        ended = T - dt.timedelta(days=days)
        started = ended - dt.timedelta(seconds=sum(each.values()))
        counts = dict.fromkeys(("created", "updated", "unchanged", "held"), 0) | (written or {"created": rows})
        entity = {"source": rows, "dispositions": counts, "missing": 0, "extra": 0, "differences": {"id": differences}}
        summary = {
            "run": run, "mode": "rehearsal" if kind == "rehearsal" else "live", "verdict": verdict, "timings": each,
            "findings": findings or {}, "entities": dict.fromkeys(entities, entity),
        }  # fmt: skip
        facts: dict[str, Any] = {
            "started": started.isoformat(), "ended": ended.isoformat(), "failure": failure,
            "stopped_at": "load" if failure else None,
            "parts": {"mapping": fingerprints(open_workspace(self.folder))["mapping"].hash},
        }  # fmt: skip
        if kind in ("live", "delta"):
            facts["live"] = {"delta": kind == "delta"}
        (folder / "summary.json").write_text(json.dumps(summary), "utf-8")
        (folder / "run.json").write_text(json.dumps(facts), "utf-8")
        return run

    def took_back(self, minutes: float, records: int, failed: int = 0) -> str:
        """Write the folder of a rollback."""
        self.made += 1
        run = f"run-{self.made}"
        folder = self.folder / "runs" / run
        folder.mkdir(parents=True)
        ended = T - dt.timedelta(days=1)
        started = ended - dt.timedelta(minutes=minutes)
        content = {"started": started.isoformat(), "ended": ended.isoformat(), "steps": [{}] * records, "failed": [{}] * failed}
        (folder / "rollback.json").write_text(json.dumps(content), "utf-8")
        return run


@pytest.fixture
def desk(bench: Any) -> Desk:
    return _desk(bench, TARGET, "")


@pytest.fixture
def live_desk(bench: Any) -> Desk:
    """The same with a target that is written live."""
    return _desk(bench, LIVE, ", url: 'sqlite:///y.sqlite'")


@pytest.fixture
def edited() -> Callable[..., str]:
    """The runbook with pieces of its text replaced; each has to stand there once."""

    def edit(*pairs: tuple[str, str]) -> str:
        text = BOOK
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text

    return edit


def _desk(bench: Any, target: str, rest: str) -> Desk:
    for path, text in {
        "migration.yaml": SETTINGS % rest, "systems/old.yaml": SOURCE, "systems/new.yaml": target,
        "mapping/users.yaml": "from: old.person\nto: new.users\nfields: {id: {from: id}}\n",
        "mapping/pair.yaml": "from: old\nto: new\nlabel: x\n",
    }.items():  # fmt: skip
        bench.file(path, text)
    desk = Desk(bench.folder)
    desk.book()
    return desk
