"""What people answered about values of crosswalks, as new texts of the crosswalks' files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from migrate.crosswalks.census import Census, newest_census
from migrate.crosswalks.file import Entry, to_text
from migrate.crosswalks.targets import Targets, targets_of
from migrate.errors import ConfigurationError, Place, Problem
from migrate.said import number_of
from migrate.workspace import Workspace

STATUS = {"confirm": "confirmed", "reject": "rejected", "waive": "waived"}
"""The status of an entry after each answer."""


@dataclass(frozen=True)
class CrosswalkAnswer:
    """What a person said about one value of a crosswalk.

    ``verb`` is one of STATUS. A blank ``new_value`` means the target that is proposed. ``rows`` and ``label`` are what the answer
    is based on; where they are blank, what the newest run counted. ``place`` is where the answer stands, for complaints about it.
    """

    crosswalk: str
    source_value: str
    verb: str
    new_value: str
    reason: str
    by: str
    at: str
    rows: str = ""
    label: str = ""
    place: Place | None = None


def decide(workspace: Workspace, answers: Iterable[CrosswalkAnswer]) -> dict[Path, str]:
    """The texts of the crosswalks that change; nothing is written. Raises ConfigurationError with every answer that cannot be
    taken."""
    answers = list(answers)
    problems = _problems(workspace, answers)
    if problems:
        raise ConfigurationError(f"{number_of(len(problems), 'answer')} about crosswalks cannot be taken", problems=problems)
    newest = newest_census(workspace.runs, workspace.pair)
    census = newest[1] if newest is not None else Census({}, frozenset())
    texts = {}
    for name in dict.fromkeys(answer.crosswalk for answer in answers):
        crosswalk = workspace.crosswalks[name]
        entries = {entry["source"]: entry for entry in crosswalk.lines()}
        for answer in answers:
            if answer.crosswalk == name:
                entries[answer.source_value] = _answered(answer, entries.get(answer.source_value), census)
        texts[crosswalk.file] = to_text(entries.values())
    return texts


def _answered(answer: CrosswalkAnswer, entry: Entry | None, census: Census) -> Entry:
    was = entry or {"target": "", "equivalence": "inexact", "confidence": "", "label": ""}
    use = census.uses.get(answer.crosswalk, {}).get(answer.source_value)
    rows = answer.rows or (str(use.rows) if use is not None else "")
    label = answer.label or (use.label if use is not None else "")
    confirmed = answer.verb == "confirm"
    target = (answer.new_value if confirmed else "") or was["target"]
    kept = entry is not None and target == was["target"]
    return {
        "source": answer.source_value,
        "label": label or was["label"],
        "rows": rows,
        "target": target,
        "equivalence": was["equivalence"] if kept or not confirmed else "equal",
        "confidence": "1.0" if confirmed else was["confidence"],
        "status": STATUS[answer.verb],
        "by": answer.by,
        "at": answer.at,
        "reason": answer.reason,
    }


def _problems(workspace: Workspace, answers: Iterable[CrosswalkAnswer]) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    targets = {name: targets_of(workspace.pair, name) for name in workspace.crosswalks}
    listed = {(name, e["source"]): e["target"] for name, c in workspace.crosswalks.items() for e in c.lines()}
    for answer in answers:
        what = (answer.crosswalk, answer.source_value)
        if answer.crosswalk not in workspace.crosswalks:
            known = tuple(workspace.crosswalks)
            problems.append(Problem("the pair has no such crosswalk", answer.place, answer.crosswalk, known))
            continue
        if what in seen:
            problems.append(Problem(f"{answer.crosswalk}: this value is answered twice", answer.place, answer.source_value))
        seen.add(what)
        problems += _faults(answer, listed.get(what, ""), targets[answer.crosswalk])
    return problems


def _faults(answer: CrosswalkAnswer, proposed: str, targets: Targets) -> list[Problem]:
    place, name = answer.place, f"{answer.crosswalk}: {answer.source_value!r}"
    problems = []
    if answer.verb not in STATUS:
        problems.append(Problem("a value of a crosswalk takes other answers", place, answer.verb, tuple(STATUS)))
    if answer.source_value == "":
        problems.append(Problem(f"{answer.crosswalk}: a blank value cannot be listed", place, hint="let the mapping replace it"))
    texts = (answer.source_value, answer.new_value, answer.reason, answer.by, answer.at, answer.label)
    if any("\0" in text for text in texts):
        problems.append(Problem("the character U+0000 may not stand in a crosswalk", place))
    blank = [word for word in ("reason", "by", "at") if not getattr(answer, word).strip()]
    problems += [Problem(f"{name}: {word} is blank: an answer says what, why, who and when", place) for word in blank]
    if answer.verb == "confirm":
        target = answer.new_value or proposed
        if not target:
            hint = "write the target value as the new value"
            problems.append(Problem(f"{name} has no proposed target to confirm", place, allowed=targets.allowed or (), hint=hint))
        elif not targets.allows(target):
            problems.append(targets.problem(target, place))
    elif answer.new_value:
        message = f"{name}: {answer.verb} takes no new value"
        problems.append(Problem(message, place, answer.new_value, hint="to name another target, confirm it"))
    if answer.rows and not (answer.rows.isascii() and answer.rows.isdecimal()):
        problems.append(Problem(f"{name}: rows is not a number", place, answer.rows))
    return problems
