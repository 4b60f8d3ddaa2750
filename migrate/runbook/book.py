"""A workspace's runbook, its log and its plan, opened together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from migrate.errors import ConfigurationError, Problem
from migrate.fingerprints import Part, fingerprints
from migrate.runbook.load import load_runbook
from migrate.runbook.log import Entry, entries
from migrate.runbook.measure import Past
from migrate.runbook.placed import Loaded
from migrate.runbook.plan import Plan, make_plan
from migrate.runbook.rounds import PASSED, Round, actual_minutes, rounds
from migrate.runbook.runs import PastRun, past_runs
from migrate.workspace import Workspace, open_workspace


@dataclass(frozen=True)
class Book:
    """Everything that a document or a status is made from."""

    workspace: Workspace
    loaded: Loaded
    log: tuple[Entry, ...]
    rounds: tuple[Round, ...]
    parts: dict[str, Part]
    runs: tuple[PastRun, ...]
    plan: Plan

    def current(self) -> Round | None:
        """The round that is under way."""
        return self.rounds[-1] if self.rounds and not is_over(self.loaded, self.rounds[-1]) else None


def open_book(folder: Path, label: str | None = None) -> Book:
    """The runbook of a workspace, planned for the round of this label.

    Without a label that is the round under way, or the cutover when it is over, or else the next one. Raises ConfigurationError.
    """
    workspace, loaded, log = open_workspace(folder), load_runbook(folder), entries(folder)
    known = tuple(rounds(log))
    if label is not None and label not in {one.label for one in known}:
        labels = tuple(one.label for one in known)
        raise ConfigurationError("no round has this label", problems=[Problem("--round", value=label, allowed=labels)])
    last = known[-1] if known else None
    chosen = next((one for one in known if one.label == label), None)
    if label is None and last is not None and (last.kind == "cutover" or not is_over(loaded, last)):
        chosen = last
    parts, runs = fingerprints(workspace), tuple(past_runs(workspace.runs))
    past = Past(
        [run for run in runs if chosen is None or (run.ended is not None and run.ended <= chosen.opened)],
        frozenset(workspace.pair.mappings),
        parts["mapping"].hash,
        workspace.settings.target.url is not None,
        actual_minutes(known[: known.index(chosen)] if chosen is not None else known),
    )
    return Book(workspace, loaded, tuple(log), known, parts, runs, make_plan(loaded, past, chosen))


def is_over(loaded: Loaded, one: Round) -> bool:
    """Was it closed, or is all done that was to be done: the way forward, or after it was given up the way back?"""
    if one.closed:
        return True
    if one.aborted() is None:
        return all(one.state(placed.id).state in PASSED for placed in loaded.steps)
    begun = set(one.begun())
    needed = {name for placed in loaded.steps if placed.id in begun for name in placed.step.rollback}
    return all(one.state(name).state in PASSED for name in needed)


def ticked(book: Book) -> Book:
    """The same after something was ticked: the log and its rounds anew, the plan as it was."""
    log = entries(book.workspace.folder)
    known = tuple(rounds(log))
    chosen = book.plan.round
    now = next((one for one in known if chosen is not None and one.label == chosen.label), None)
    return replace(book, log=tuple(log), rounds=known, plan=replace(book.plan, round=now))
