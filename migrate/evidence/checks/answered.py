"""Does a decision in the pack stand behind every item that the worklist calls answered?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from migrate.compiler.text import literal, name
from migrate.decisions.file import FILE
from migrate.decisions.model import SETTLES, Verb
from migrate.engine import scan, session
from migrate.evidence.checks.checking import Check, Context, verdict
from migrate.evidence.checks.run import WORKLIST_FILE
from migrate.evidence.gather import WORKSPACE
from migrate.worklist.states import State

DECISIONS_FILE = f"{WORKSPACE}/decisions/{FILE}"
ANSWERED: dict[State, frozenset[Verb]] = {
    "decided": SETTLES - {"waive"}, "waived": frozenset({"waive"}), "returned": frozenset({"return"}),
}  # fmt: skip
"""Decisions by what an item is after them."""
IN_CROSSWALK = "crosswalk"
"""Items of this kind are answered in the crosswalk, which the check ``parts`` holds against its hash."""

_SAID = ("item", "state", "decision", "by", "at")
Answer = tuple[str | None, str | None, str | None]
"""What was decided, by whom and when."""


def decisions(context: Context) -> Iterator[Check]:
    """The last decision about each item that was answered is what the worklist says of it."""
    if WORKLIST_FILE not in context.members:
        yield verdict("decisions", [], "the run made no worklist")
        return
    with session(context.scratch / "spill") as connection:
        states = ", ".join(map(literal, ANSWERED))
        rows = connection.execute(
            f"SELECT {', '.join(map(name, _SAID))} FROM {scan(context.file(WORKLIST_FILE))} "
            f"WHERE state IN ({states}) AND kind <> {literal(IN_CROSSWALK)} ORDER BY item"
        ).fetchall()
    said: dict[str, tuple[State, Answer]] = {item: (state, (decision, by, at)) for item, state, decision, by, at in rows}
    if said and DECISIONS_FILE not in context.members:
        unsure = [f"{len(said)} items were answered, and {DECISIONS_FILE} is not in the pack: nothing is compared with it"]
        yield verdict("decisions", [], "", unsure)
        return
    last = _last(context) if said else {}
    wrong = [
        f"item {item} is {state} by {_told(answer)}, and {DECISIONS_FILE} says {_told(last.get(item))}"
        for item, (state, answer) in said.items()
        if last.get(item) != answer or answer[0] not in ANSWERED[state]
    ]
    yield verdict("decisions", wrong, f"{len(said)} items were answered, each as {DECISIONS_FILE} says")


def _last(context: Context) -> dict[str, Answer]:
    """The last decision about each item."""
    text = context.pack.read(DECISIONS_FILE).decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    return {row["item"]: (row["decision"], row["by"], row["at"]) for row in rows}


def _told(answer: Answer | None) -> str:
    return "nothing" if answer is None or answer[0] is None else f"{answer[0]} ({answer[1]}, {answer[2]})"
