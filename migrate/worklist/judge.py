"""Which answers of a file are decisions: each is held against the worklist that it answers and the one that there is now."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from migrate.decisions.model import VERBS, Decision
from migrate.errors import Problem
from migrate.said import number_of
from migrate.worklist.answer import Answer
from migrate.worklist.columns import IS_CAUSE, KEPT
from migrate.worklist.current import Worklist
from migrate.worklist.earlier import Earlier
from migrate.worklist.in_force import IN_CROSSWALK, InForce, in_force
from migrate.worklist.new_values import Given, NewValues
from migrate.worklist.states import NEEDS_A_PERSON
from migrate.workspace import Workspace

Item = Mapping[str, Any]
Shown = Callable[[str | None, str | None, str | None], str | None]
"""From entity, field and value to the value as it may be shown."""
AHEAD = dt.timedelta(hours=1)
"""By how much the clock of another machine may be ahead."""


def as_it_is(entity: str | None, field: str | None, value: str | None) -> str | None:
    """A value that nobody has to hide."""
    return value


@dataclass
class Judge:
    """Collects the decisions of a file, and every problem."""

    workspace: Workspace
    worklist: Worklist
    now: dt.datetime
    by: str = ""
    """Who decided, where a row does not say so."""
    shown: Shown = as_it_is
    problems: list[Problem] = field(default_factory=list)
    taken: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.standing: dict[str, InForce] = in_force(self.workspace, self.worklist)
        self._earlier = Earlier(self.workspace, self.worklist, self.shown)
        self._seen: dict[str, Answer] = {}
        self._asked: list[tuple[Answer, Item]] = []
        self._runs_told: set[str] = set()

    def judge(self, answers: Iterable[Answer]) -> None:
        """Fill ``taken`` and ``problems``."""
        causes: list[Answer] = []
        for answer in answers:
            answer = self._kept(answer)
            if not self._first(answer):
                continue
            if answer.about_cause:
                causes.append(answer)
            elif (item := self._item(answer)) is not None and not self._same(answer):
                self._look(answer, [item])
        members: dict[str, list[Item]] = defaultdict(list)
        for item in self.worklist.items.values():
            members[item["cause"]].append(item)
        for answer in causes:
            self._look_at_cause(answer, members.get(answer.item, []))
        self._decide()

    # What a row is about -----------------------------------------------------------------------------------------------

    def _kept(self, answer: Answer) -> Answer:
        """With what was not shown put back."""
        was = self.standing.get(answer.item)
        if was is not None and was.decision == answer.decision:
            value = was.new_value if answer.new_value == KEPT else answer.new_value
            return replace(answer, new_value=value, reason=was.reason if answer.reason == KEPT else answer.reason)
        return answer

    def _first(self, answer: Answer) -> bool:
        """Is it the first row about its item? Another one that says the same is passed over."""
        if not answer.item:
            self._problem(answer, "item", "item is blank")
            return False
        before = self._seen.setdefault(answer.item, answer)
        if before is answer:
            return True
        if (before.decision, before.new_value, before.reason) != (answer.decision, answer.new_value, answer.reason):
            self._problem(answer, "item", f"another row says something else about it: {before.place('decision')}", answer.item)
        return False

    def _item(self, answer: Answer) -> Item | None:
        item = self.worklist.items.get(answer.item)
        if item is None:
            self._problem(answer, "item", *self._earlier.unknown(answer.item))
            return None
        for column, told in answer.told.items():
            if item["kind"] == "crosswalk" and column in ("code", "entity", "field"):
                continue  # the same entry comes up under other ones in a live run, or when it was added since
            if told != (item[column] or ""):
                message = f"{answer.item} has another {column}: the cells of this row do not belong together"
                self._problem(answer, column, message, told, (item[column] or "blank",))
                return None
        return item

    def _same(self, answer: Answer) -> bool:
        """Is it what is in force already?"""
        was = self.standing.get(answer.item)
        if was is None or answer.by not in ("", was.by):
            return False
        # To confirm without a value is to confirm what the crosswalk says.
        value = answer.new_value or (was.new_value if answer.decision == "confirm" else "")
        return was.answer[:3] == (answer.decision, value, answer.reason)

    # Whole causes ------------------------------------------------------------------------------------------------------

    def _look_at_cause(self, answer: Answer, members: list[Item]) -> None:
        if not members:
            self._problem(answer, "item", *self._earlier.unknown(answer.item))
            return
        for column, told in answer.told.items():
            if told not in ((IS_CAUSE,) if column == "kind" else {item[column] or "" for item in members}):
                self._problem(answer, column, f"{answer.item} has another {column}", told)
                return
        wanted = (answer.decision, answer.new_value, answer.reason)
        if answer.decision == "reopen":
            items = [item for item in members if item["item"] in self.standing]
        else:
            asked = [item for item in members if item["state"] in NEEDS_A_PERSON]
            items = [item for item in asked if not self._decided_since(item, wanted)]
            if asked and not items:
                return  # taken in before
        items = [item for item in items if item["item"] not in self._seen]
        if not items:
            self._problem(answer, "item", "no item of this cause waits for an answer", answer.item)
        elif (new := self._earlier.joined(answer.run, answer.item, items)) is not None:
            self._problem(answer, "item", new, answer.item, hint="export again, and look at them")
        else:
            self._look(answer, items)

    def _decided_since(self, item: Item, wanted: tuple[str, str, str]) -> bool:
        was = self.standing.get(item["item"])
        return was is not None and (was.since or was.answer[:3] == wanted)

    # What it says ------------------------------------------------------------------------------------------------------

    def _look(self, answer: Answer, items: list[Item]) -> None:
        """Problems of the row itself, then of what it says about each item."""
        before = len(self.problems)
        if answer.decision == "":
            self._problem(answer, "decision", "decision is blank, and something stands beside it", hint="choose a decision")
        elif answer.decision not in VERBS:
            self._problem(answer, "decision", "there is no such decision", answer.decision, self._allowed(items))
        if answer.reason in ("", KEPT):
            self._problem(answer, "reason", "reason is blank: a decision says why")
        if not (answer.by or self.by):
            self._problem(answer, "decided_by", "decided_by is blank: a decision says who", hint="or import with --by NAME")
        if answer.new_value == KEPT:
            message = "the value that was not shown belongs to another decision: write the new one"
            self._problem(answer, "new_value", message, answer.new_value)
        if answer.at and self._instant(answer.at) is None:
            self._problem(
                answer, "at", "at is no instant with an offset that has come", answer.at, ("2026-01-31T17:05:00+00:00",)
            )
        if len(self.problems) > before:
            return
        told: dict[tuple[str, str], list[Item]] = defaultdict(list)
        for item in items:
            column, why = self._refused(answer, item)
            if why:
                told[column, why].append(item)
            else:
                self._asked.append((answer, item))
        for (column, why), found in told.items():
            if column == "run" and why in self._runs_told:
                continue  # once for all rows
            self._runs_told.add(why)
            more = (
                f" ({number_of(len(found), 'item')} of the cause: {found[0]['item']}{', and others' if len(found) > 1 else ''})"
                if answer.about_cause
                else ""
            )
            value = getattr(answer, column, None)
            self._problem(answer, column, why + more, value, self._allowed(found) if column == "decision" else ())

    def _refused(self, answer: Answer, item: Item) -> tuple[str, str]:
        """``(column, why)`` an answer about an item cannot be taken; blank where it can be."""
        if item["state"] == "closed" and answer.decision != "reopen":
            return "item", f"{item['item']} does not come up any more: its last run was {item['last_run']}"
        if answer.decision == "reopen":
            known = item["item"] in self.workspace.decisions
            return ("", "") if known else ("decision", "nothing is decided in decisions.csv that could be taken back")
        if answer.decision not in (item["choices"] or "").split():
            return "decision", "the item does not take this decision"
        if item["kind"] == "crosswalk" and answer.decision in IN_CROSSWALK and item["about"] not in self.workspace.crosswalks:
            return "item", f"the pair has no crosswalk {item['about']} any more"
        changed = self._earlier.changed(answer.run, item)
        return ("item" if changed.of_item else "run", changed.why) if changed else ("", "")

    def _allowed(self, items: Iterable[Item]) -> tuple[str, ...]:
        found = [(item["choices"] or "").split() for item in items]
        return (*(verb for verb in found[0] if all(verb in each for each in found)), "reopen") if found else VERBS

    # Decisions ---------------------------------------------------------------------------------------------------------

    def _decide(self) -> None:
        given = [Given(item, answer.decision, answer.new_value) for answer, item in self._asked]
        told: set[tuple[int, str]] = set()
        for (answer, item), wrong in zip(self._asked, NewValues(self.workspace, self.worklist).wrong(given), strict=True):
            if wrong is None:
                self.taken.append(self._decision(answer, item))
            elif (id(answer), wrong.message) not in told:
                told.add((id(answer), wrong.message))
                self._problem(answer, "new_value", wrong.message, answer.new_value or None, wrong.allowed)
        self.problems.sort(key=_by_place)

    def _decision(self, answer: Answer, item: Item) -> Decision:
        at = (self._instant(answer.at) if answer.at else None) or self.now
        return Decision(
            item=item["item"],
            kind=item["kind"],
            decision=answer.decision,  # type: ignore[arg-type]
            new_value=answer.new_value,
            reason=answer.reason,
            by=answer.by or self.by,
            at=at.astimezone(dt.UTC).isoformat(timespec="seconds"),
            entity=item["entity"] or "",
            code=item["code"] or "",
            field=item["field"] or "",
            rows=str(item["basis_rows"]),
            source=item["source"] or "",
            contract=item["contract"] or "",
            run=self.worklist.run,
        )

    def _instant(self, text: str) -> dt.datetime | None:
        try:
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            return None
        return at if at.tzinfo is not None and at <= self.now + AHEAD else None

    def _problem(
        self, answer: Answer, column: str, message: str, value: object = None, allowed: tuple[str, ...] = (), hint: str = ""
    ) -> None:
        self.problems.append(Problem(message, answer.place(column), value, allowed, hint))


def _by_place(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (getattr(place, "sheet", ""), place.line, place.column) if place is not None else ("", 0, 0)
