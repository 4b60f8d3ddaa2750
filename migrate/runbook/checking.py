"""What has to fit together in a runbook: names lead somewhere, instants are some, steps wait in no circle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from migrate.errors import Problem
from migrate.located_yaml import Document, Keys
from migrate.near import near
from migrate.runbook.instants import FORMS, local, minutes_from, offset
from migrate.runbook.placed import Loaded, Placed
from migrate.runbook.schedule import Circle, Task, ordered
from migrate.runbook.words import Runbook, Step


class Checking:
    """Goes over a runbook and collects what is wrong in it."""

    def __init__(self, model: Runbook, document: Document) -> None:
        self.model, self.document = model, document
        self.problems: list[Problem] = []
        self.zone = self._zone()
        self.cutover = self._instant(model.cutover, "cutover") if model.cutover is not None else None

    def loaded(self, digest: str) -> Loaded:
        forward, back = tuple(self._forward()), tuple(self._back())
        self._ids(forward, back)
        for placed, fellows in (*((p, forward) for p in forward), *((p, back) for p in back)):
            self._step(placed, {fellow.id for fellow in fellows}, {r.id for r in back})
        self._phases()
        self._no_return(forward, back)
        self._circles(forward, back)
        freeze = self._freeze()
        return Loaded(
            self.document.file, self.model, self.document, digest, self.zone, self.cutover, freeze, forward, back
        )  # fmt: skip

    def _complain(self, message: str, keys: Keys, value: object = None, allowed: tuple[str, ...] = (), hint: str = "") -> None:
        self.problems.append(Problem(message, self.document.place(*keys), value, allowed, hint))

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.model.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            allowed = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")
            self._complain("this is no time zone", ("zone",), self.model.zone, allowed, "write a name of the IANA list")
            return ZoneInfo("UTC")

    def _instant(self, text: str, *keys: str | int) -> dt.datetime | None:
        try:
            return local(text, self.zone)
        except ValueError as error:
            self._complain(str(error), keys, text, FORMS[3:])
            return None

    def _minutes(self, text: str | None, *keys: str | int) -> int | None:
        """An instant as minutes from T."""
        if text is None:
            return None
        if (found := offset(text)) is not None:
            return found
        try:
            instant = local(text, self.zone)
        except ValueError as error:
            self._complain(str(error), keys, text, FORMS)
            return None
        if self.model.cutover is None:
            self._complain("a clock time needs the cutover's", keys, text, FORMS[:3], "set cutover:, or write it from T")
        return minutes_from(self.cutover, instant) if self.cutover is not None else None

    def _forward(self) -> Iterator[Placed]:
        number, before = 0, None
        for i, phase in enumerate(self.model.phases):
            begins = self._minutes(phase.at, "phases", i, "at")
            for j, step in enumerate(phase.steps):
                number += 1
                keys = ("phases", i, "steps", j)
                own = self._minutes(step.at, *keys, "at")
                at = max((m for m in (begins, own) if m is not None), default=None)
                yield Placed(str(number), step, phase, _after(step, before), at, keys)
                before = step.id

    def _back(self) -> Iterator[Placed]:
        before = None
        for i, step in enumerate(self.model.rollback):
            keys = ("rollback", i)
            if step.at is not None:
                self._complain("a rollback step has no instant: nobody knows when it comes", (*keys, "at"), step.at)
            yield Placed(f"R{i + 1}", step, None, _after(step, before), None, keys)
            before = step.id

    def _ids(self, forward: tuple[Placed, ...], back: tuple[Placed, ...]) -> None:
        first: dict[str, Placed] = {}
        for placed in (*forward, *back):
            if placed.id in first:
                line = self.document.place(*first[placed.id].keys, "id").line
                self._complain(f"the id stands first on line {line}", (*placed.keys, "id"), placed.id, hint="ids are unique")
            first.setdefault(placed.id, placed)

    def _phases(self) -> None:
        seen: set[str] = set()
        for i, phase in enumerate(self.model.phases):
            if phase.id in seen:
                self._complain("two phases have this id", ("phases", i, "id"), phase.id)
            seen.add(phase.id)

    def _step(self, placed: Placed, fellows: set[str], back: set[str]) -> None:
        step, keys, people = placed.step, placed.keys, self.model.people
        if step.owner not in people:
            self._complain("no role has this name", (*keys, "owner"), step.owner, near(step.owner, people), "add it to people:")
        for n, name in enumerate(step.after or ()):
            if name not in fellows:
                self._complain("no step here has this id", (*keys, "after", n), name, near(name, sorted(fellows)))
        for n, name in enumerate(step.rollback):
            if name not in back:
                self._complain("no rollback step has this id", (*keys, "rollback", n), name, near(name, sorted(back)))
        self._minutes_words(placed)
        if step.gate is None:
            return
        if placed.phase is None:
            self._complain("a rollback step decides nothing", (*keys, "gate"))
        if step.gate.decider not in people:
            at = (*keys, "gate", "decider")
            self._complain("no role has this name", at, step.gate.decider, near(step.gate.decider, people), "add it to people:")
        for n, criterion in enumerate(step.gate.criteria):
            words = ("text", "code", "verdict", "most_differences", "most_open", "gates")
            given = [w for w in words if (value := getattr(criterion, w)) is not None and value is not False]
            if len(given) != 1 or (criterion.most is not None and criterion.code is None):
                allowed = ("text", "code with most", *words[2:])
                self._complain("a criterion says one thing", (*keys, "gate", "criteria", n), ", ".join(given), allowed)

    def _minutes_words(self, placed: Placed) -> None:
        minutes = placed.step.minutes
        if minutes is None:
            return
        keys = (*placed.keys, "minutes")
        given = [w for w in ("estimate", "fixed", "from_") if getattr(minutes, w) is not None]
        if len(given) != 1:
            words = ", ".join(w.strip("_") for w in given)
            self._complain("minutes are one of three", keys, words, ("a number", "fixed", "from"))
        if minutes.stages and minutes.from_ in (None, "rollback"):
            self._complain("only runs have stages", keys, "stages", hint="from: rehearsal, live or delta")
        if minutes.rate is not None and minutes.from_ not in ("live", "rollback"):
            self._complain("a rate is that of a live run or of a rollback", keys, minutes.rate, hint="from: live")

    def _no_return(self, forward: tuple[Placed, ...], back: tuple[Placed, ...]) -> None:
        points = [placed for placed in (*forward, *back) if placed.step.point_of_no_return]
        for placed in points:
            keys = (*placed.keys, "point_of_no_return")
            if placed.phase is None:
                self._complain("the way back has no point of no return", keys, placed.id)
            elif placed is not points[0]:
                self._complain(f"{points[0].id} is the point of no return already", keys, placed.id, hint="keep one")

    def _circles(self, *ways: tuple[Placed, ...]) -> None:
        for way in ways:
            try:
                ordered(Task(placed.id, 0, placed.after) for placed in way)
            except Circle as circle:
                placed = next(p for p in way if p.id == circle.ids[0])
                self._complain("steps wait for one another in a circle", (*placed.keys, "after"), str(circle))

    def _freeze(self) -> tuple[int, int] | None:
        freeze = self.model.freeze
        if freeze is None:
            return None
        start, end = self._minutes(freeze.start, "freeze", "start"), self._minutes(freeze.end, "freeze", "end")
        if start is None or end is None:
            return None
        if end <= start:
            self._complain("the freeze ends before it starts", ("freeze", "end"), freeze.end)
        return start, end


def _after(step: Step, before: str | None) -> tuple[str, ...]:
    if step.after is not None:
        return step.after
    return (before,) if before is not None else ()
