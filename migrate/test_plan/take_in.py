"""Taking in a filled worksheet: every mistake is named by row and column, and either all of it is recorded or nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.artefacts import sha256
from migrate.errors import ConfigurationError, Problem
from migrate.ledger import open_ledger
from migrate.said import number_of
from migrate.test_plan import sheets, store
from migrate.test_plan.plan import DrawnPlan, Pick
from migrate.test_plan.sheets import Row
from migrate.test_plan.store import Result
from migrate.workspace import Workspace

RESULTS = ("pass", "fail")
SAYS = ("result", "requirement", "note", "tester", "tested_on")
"""The columns that a person fills in."""
EVENT = "test results"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class TakenIn:
    """What an import did. Numbers of picks."""

    plan: str
    file: Path
    new: int
    corrected: int
    unchanged: int
    blank: int
    """Picks of the worksheet that nobody has looked at yet."""


def take_in(workspace: Workspace, file: Path, now: dt.datetime) -> TakenIn:
    """Record the results in ``file``. Raises ConfigurationError with every mistake; then nothing was recorded."""
    rows = sheets.read(file)
    plan = _plan(workspace.folder, file, rows)
    before = store.results(workspace.folder, plan.id)
    filled = [row for row in rows if any(row.cells[column] for column in ("result", "requirement", "note"))]
    _tidied(filled)
    problems = [*_picks_wrong(plan, file, rows), *_unwritable(file, filled), *_answers_wrong(plan, file, filled, now.date())]
    last = store.current(before)
    changed = [row for row in filled if _changes(row, last)]
    problems += [
        Problem("a result that differs from the one recorded needs a note that says why", row.place(file, "note"))
        for row in changed
        if row.cells["pick"] in last and row.cells["note"] in ("", last[row.cells["pick"]].note)
    ]
    if problems:
        problems.sort(key=lambda p: (p.place.line, p.place.column) if p.place else (0, 0))
        hint = f"mend these, then: lms-migrate test-plan import {workspace.folder} {file}"
        raise ConfigurationError(f"{number_of(len(problems), 'problem')}; nothing was taken in", problems=problems, hint=hint)
    digest, at = sha256(file), now.isoformat(timespec="seconds")
    added = [
        Result(
            number=str(len(before) + n),
            recorded=at,
            pick=row.cells["pick"],
            corrects=last[row.cells["pick"]].number if row.cells["pick"] in last else "",
            worksheet=digest,
            **{word: row.cells[word] for word in SAYS},
        )
        for n, row in enumerate(changed, start=1)
    ]
    corrected = sum(1 for result in added if result.corrects)
    kept = store.results_file(workspace.folder, plan.id)
    if added:
        with _audit(workspace, {"plan": plan.id, "new": len(added) - corrected, "corrected": corrected}) as note:
            store.append(workspace.folder, plan.id, added, note)
    return TakenIn(plan.id, kept, len(added) - corrected, corrected, len(filled) - len(changed), len(rows) - len(filled))


def _plan(workspace: Path, file: Path, rows: list[Row]) -> DrawnPlan:
    if not rows:
        raise ConfigurationError(f"{file} has no rows; nothing was taken in")
    named = {row.cells["plan"] for row in rows}
    problems = [
        Problem("a worksheet is of one plan", row.place(file, "plan"), row.cells["plan"], (rows[0].cells["plan"],))
        for row in rows
        if row.cells["plan"] != rows[0].cells["plan"]
    ]
    if problems:
        raise ConfigurationError(f"{number_of(len(problems), 'problem')}; nothing was taken in", problems=problems)
    return store.load(workspace, named.pop()).plan


def _picks_wrong(plan: DrawnPlan, file: Path, rows: list[Row]) -> Iterator[Problem]:
    """Is each row a pick of the plan, once, with the keys that were picked?"""
    known, seen = plan.by_id(), dict[str, int]()
    for row in rows:
        pick = row.cells["pick"]
        if pick not in known:
            yield Problem(f"{plan.id} has no such pick", row.place(file, "pick"), pick)
            continue
        if pick in seen:
            yield Problem(f"this pick stands in row {seen[pick]} already", row.place(file, "pick"), pick)
        seen.setdefault(pick, row.number)
        for column, meant in _meant(known[pick]).items():
            if row.cells[column] != meant.strip():
                yield Problem(f"{column} is not that of the pick", row.place(file, column), row.cells[column], (meant,))


def _meant(pick: Pick) -> dict[str, str]:
    return {"entity": pick.entity, "source_key": pick.source_key or "", "target_key": pick.target_key or ""}


def _unwritable(file: Path, rows: list[Row]) -> Iterator[Problem]:
    """Characters that a spreadsheet could not hold: the results are written into one again."""
    for row in rows:
        for column in SAYS:
            if (wrong := _CONTROL.search(row.cells[column])) is not None:
                message = f"the character U+{ord(wrong[0]):04X} may not stand here"
                yield Problem(message, row.place(file, column))


def _answers_wrong(plan: DrawnPlan, file: Path, rows: list[Row], today: dt.date) -> Iterator[Problem]:
    known = plan.by_id()
    for row in rows:
        cells = row.cells
        if cells["result"] not in RESULTS:
            yield Problem("result is pass or fail", row.place(file, "result"), cells["result"], RESULTS)
            continue
        if not cells["tester"]:
            yield Problem("a result needs the name of who looked", row.place(file, "tester"))
        if (wrong := _date_wrong(cells["tested_on"], today)) is not None:
            yield Problem(wrong, row.place(file, "tested_on"), cells["tested_on"], ("YYYY-MM-DD",))
        if cells["result"] == "fail" and not cells["note"]:
            yield Problem("what failed needs a note that says what was seen", row.place(file, "note"))
        if cells["pick"] in known:
            yield from _requirement_wrong(known[cells["pick"]], file, row)


def _requirement_wrong(pick: Pick, file: Path, row: Row) -> Iterator[Problem]:
    place, text = row.place(file, "requirement"), row.cells["requirement"]
    missed = store.named(text)
    if row.cells["result"] == "pass":
        if missed:
            yield Problem("a requirement is named for what failed", place, text)
    elif not missed and len(pick.requirements) > 1:
        yield Problem("what failed needs the requirement that is not met", place, allowed=pick.requirements)
    for each in missed:
        if each not in pick.requirements:
            yield Problem("nobody asks this requirement of the record", place, each, pick.requirements)


def _date_wrong(text: str, today: dt.date) -> str | None:
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return "tested_on is no date"
    if date.isoformat() != text:
        return "tested_on is no date"
    return "tested_on is in the future" if date > today + dt.timedelta(days=1) else None  # a day ahead in the far east


def _changes(row: Row, last: Mapping[str, Result]) -> bool:
    known = last.get(row.cells["pick"])
    return known is None or any(row.cells[word] != getattr(known, word) for word in SAYS)


def _tidied(rows: list[Row]) -> None:
    """Requirements in one form, however they were parted."""
    for row in rows:
        row.cells["requirement"] = ", ".join(store.named(row.cells["requirement"]))


@contextmanager
def _audit(workspace: Workspace, detail: dict[str, Any]) -> Iterator[Callable[[str], object]]:
    """Enters the import in the audit trail, where there is a ledger: no names, only numbers and the hash of the results."""
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
    if ledger is None:
        yield lambda _: None
        return
    try:
        yield lambda digest: ledger.note(None, EVENT, detail | {"results": digest})
    finally:
        ledger.close()
