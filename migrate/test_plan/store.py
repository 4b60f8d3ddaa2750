"""Plans and results in the workspace: ``test_plans/<id>.json`` and ``test_results/<id>.csv``. Nothing in them is ever changed;
a correction is one more row."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from pydantic import ValidationError

from migrate.csv_line import csv_line
from migrate.errors import ConfigurationError, Place, Problem
from migrate.test_plan.plan import DrawnPlan
from reports.formulas import defused, restored

PLANS, RESULTS = "test_plans", "test_results"


@dataclass(frozen=True)
class Kept:
    """A plan that was written."""

    plan: DrawnPlan
    written: str
    """When it was written first, UTC."""


@dataclass(frozen=True)
class Result:
    """A row of the results: what a person saw of one pick. All text."""

    number: str
    """Counts from 1 in the file."""
    recorded: str
    """When the row was taken in, UTC."""
    pick: str
    result: str
    """``pass`` or ``fail``."""
    requirement: str
    """With ``fail``: the requirements that are not met, parted by ", "."""
    note: str
    tester: str
    tested_on: str
    corrects: str
    """Number of the row that this one corrects; blank for a first result."""
    worksheet: str
    """sha256 of the file that it came with."""

    @property
    def requirements(self) -> tuple[str, ...]:
        return named(self.requirement)


def named(text: str) -> tuple[str, ...]:
    """The requirements in a cell; commas, semicolons and blanks part them."""
    return tuple(dict.fromkeys(part for part in re.split(r"[,;\s]+", text) if part))


COLUMNS = tuple(field.name for field in fields(Result))


def save(workspace: Path, plan: DrawnPlan, now: dt.datetime) -> Kept:
    """Keep a plan; one that is there already stays as it is."""
    file = workspace / PLANS / f"{plan.id}.json"
    if file.is_file():
        return load(workspace, plan.id)
    kept = Kept(plan, now.isoformat(timespec="seconds"))
    content = {"id": plan.id, "written": kept.written, "plan": plan.model_dump(mode="json")}
    _write(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return kept


def load(workspace: Path, plan_id: str) -> Kept:
    """A plan by its id. Raises ConfigurationError where there is none, or where it is not what was written."""
    there = tuple(sorted(file.stem for file in (workspace / PLANS).glob("TP-*.json")))
    if plan_id not in there:
        problem = Problem("the workspace has no such test plan", value=plan_id, allowed=there)
        hint = f"lms-migrate test-plan write {workspace}"
        raise ConfigurationError("the test plan cannot be used", problems=[problem], hint=hint)
    file = workspace / PLANS / f"{plan_id}.json"
    try:
        content = json.loads(file.read_text("utf-8"))
        kept = Kept(DrawnPlan.model_validate_json(json.dumps(content["plan"])), str(content["written"]))
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        raise _altered(file) from None
    if kept.plan.id != plan_id:
        raise _altered(file)
    return kept


def plans(workspace: Path) -> list[Kept]:
    """Every plan, the oldest first."""
    found = [load(workspace, file.stem) for file in sorted((workspace / PLANS).glob("TP-*.json"))]
    return sorted(found, key=lambda kept: (kept.written, kept.plan.run))


def latest(workspace: Path) -> Kept:
    """The plan that was written last. Raises ConfigurationError where there is none."""
    found = plans(workspace)
    if not found:
        hint = f"lms-migrate test-plan write {workspace}"
        raise ConfigurationError("the workspace has no test plan yet", hint=hint)
    return found[-1]


def results_file(workspace: Path, plan_id: str) -> Path:
    """Where the results of a plan are."""
    return workspace / RESULTS / f"{plan_id}.csv"


def results(workspace: Path, plan_id: str) -> list[Result]:
    """Every row, corrected ones included. Raises ConfigurationError where the file is not what was written."""
    file = results_file(workspace, plan_id)
    if not file.is_file():
        return []
    problems = []
    found = []
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            rows = list(reader)
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from None
    if tuple(header) != COLUMNS:
        problems.append(Problem("the header is not that of results", Place(file), ",".join(header), COLUMNS))
    else:
        for number, cells in enumerate(rows, start=1):
            if len(cells) != len(COLUMNS) or cells[0] != str(number):
                problems.append(Problem("a row is missing, added or out of order", Place(file, number + 1), ",".join(cells)))
                break
            found.append(Result(*map(restored, cells)))
    if problems:
        hint = "results are only ever added by test-plan import: put the file back from git or a backup"
        raise ConfigurationError(f"{file} is not as it was written", problems=problems, hint=hint)
    return found


def current(rows: Iterable[Result]) -> dict[str, Result]:
    """The last row of each pick."""
    return {row.pick: row for row in rows}


def append(workspace: Path, plan_id: str, rows: Sequence[Result], note: Callable[[str], object]) -> Path:
    """Add rows, all of them or none. ``note`` is told the sha256 of the new content at the last moment before it counts: where it
    raises, nothing was added."""
    file = results_file(workspace, plan_id)
    before = results(workspace, plan_id)
    if rows[0].number != str(len(before) + 1):
        raise ConfigurationError(f"somebody else added to {file} at this moment", hint="import the worksheet again")
    lines = ([defused(cell) for cell in astuple(row)] for row in (*before, *rows))
    _write(file, "".join(map(csv_line, (COLUMNS, *lines))), note)
    return file


def _write(file: Path, text: str, note: Callable[[str], object] = lambda _: None) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
        part = file.with_name(f".{file.name}.part")
        part.write_text(text, "utf-8", newline="\n")
        note(hashlib.sha256(text.encode()).hexdigest())
        part.replace(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None


def _altered(file: Path) -> ConfigurationError:
    problem = Problem("the test plan is not as it was written: its content has another hash than its name", Place(file))
    return ConfigurationError("the test plan cannot be used", problems=[problem], hint="put it back from git or a backup")
