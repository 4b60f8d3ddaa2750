"""Writing down what happens: opening and closing rounds, and ticking steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from migrate.errors import ConfigurationError, Problem
from migrate.near import near
from migrate.runbook.book import Book, is_over, open_book, ticked
from migrate.runbook.instants import FORMS, local
from migrate.runbook.log import Entry, append
from migrate.runbook.placed import Placed
from migrate.runbook.rounds import CLOSES, Round, RoundKind, rounds
from migrate.runbook.rules import Wanted, broken
from migrate.runbook.runs import PastRun, read_run

ACTIONS = ("start", "done", "failed", "skip", "go", "no-go", "reopen")
Now = Callable[[], dt.datetime]


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Ticked:
    """What was entered, and the runbook as it stands since."""

    entries: tuple[Entry, ...]
    book: Book
    round: Round
    placed: Placed
    forced: tuple[str, ...]
    """Rules that were overruled."""


def open_round(
    folder: Path,
    label: str,
    kind: RoundKind,
    by: str,
    *,
    at: str | None = None,
    begin: str | None = None,
    note: str = "",
    now: Now = _utc,
) -> Round:
    """Begin a round. T of the cutover is the runbook's; a rehearsal's T is ``at``, or this moment.

    ``begin`` is the first step: those above it are entered as skipped. Raises ConfigurationError while another round is under
    way, and for a label that was used.
    """
    book, label, by = open_book(folder), " ".join(label.split()), _who(by)
    known_steps = [placed.id for placed in book.loaded.steps]
    if begin is not None and begin not in known_steps:
        problem = Problem("--from: no step has this id", value=begin, allowed=near(begin, known_steps))
        raise _refused("no round was opened", [problem])
    before = known_steps[: known_steps.index(begin)] if begin is not None else []
    if not label:
        raise _refused("no round was opened", [Problem("a round needs a label", hint='"dress rehearsal 1"')])
    zero = now() if at is None else _instant(at, book)
    if kind == "cutover" and at is None:
        if book.loaded.cutover is None:
            problem = Problem("the cutover has no instant", book.loaded.document.place("cutover"))
            raise _refused("no round was opened", [problem], 'cutover: "YYYY-MM-DD HH:MM" in runbook.yaml, or --at')
        zero = book.loaded.cutover

    def make(log: Sequence[Entry]) -> list[Entry]:
        known = rounds(log)
        if label in {one.label for one in known}:
            raise _refused("no round was opened", [Problem("a round has this label", value=label)], "choose another label")
        if known and not is_over(book.loaded, known[-1]):
            hint = "finish it, or: lms-migrate runbook close WORKSPACE --by NAME"
            raise _refused("no round was opened", [Problem("a round is under way", value=known[-1].label)], hint)
        told = f"the round begins at {begin}"
        skipped = [_entry(book, now(), now(), label, step, "skip", by, told) for step in before]
        return [_entry(book, now(), zero, label, "", kind, by, note), *skipped]

    append(folder, make)
    opened = open_book(folder).current()
    assert opened is not None
    return opened


def close_round(folder: Path, by: str, *, note: str = "", now: Now = _utc) -> Round:
    """End the round that is under way, whatever is left of it. Raises ConfigurationError where none is."""
    book, by = open_book(folder), _who(by)

    def make(log: Sequence[Entry]) -> list[Entry]:
        last = _under_way(rounds(log), book)
        return [_entry(book, now(), now(), last.label, "", CLOSES, by, note)]

    append(folder, make)
    return open_book(folder).rounds[-1]


def tick(
    folder: Path,
    step: str,
    what: str,
    by: str,
    *,
    note: str = "",
    at: str | None = None,
    run: str | None = None,
    force: bool = False,
    correct: bool = False,
    now: Now = _utc,
) -> Ticked:
    """Enter what became of a step. Raises ConfigurationError that names every rule against it; then nothing is entered."""
    book, by = open_book(folder), _who(by)
    placed = book.loaded.find(step)
    if placed is None:
        known = [p.id for p in (*book.loaded.steps, *book.loaded.rollback)]
        raise _refused("nothing was ticked", [Problem("no step has this id", value=step, allowed=near(step, known))])
    past = _run(book, run)
    entered = now()
    when = _instant(at, book) if at is not None else _of_run(past, placed, what) or entered
    wanted = Wanted(placed, what, by, note, when, entered, past, force, correct)
    overruled: list[str] = []

    def make(log: Sequence[Entry]) -> list[Entry]:
        last = _under_way(rounds(log), book)
        found = broken(wanted, book, last)
        left = [rule for rule in found if not (force and rule.forceable)]
        if left:
            problems = [Problem(rule.why, hint=rule.next) for rule in left]
            hint = '--force --note "why" overrules it' if all(rule.forceable for rule in left) else ""
            raise _refused("nothing was ticked", problems, hint)
        overruled.extend(rule.why for rule in found)
        mark = " ".join(word for word, given in (("forced", bool(found)), ("correction", correct)) if given)
        told = "; ".join([*([note] if note else []), *overruled])
        own = replace(_entry(book, entered, when, last.label, step, what, by, told), mark=mark, run=past.id if past else "")
        begun = last.state(step).start is not None
        if past is None or placed.step.gate is not None or what not in ("done", "failed") or (begun and not correct):
            return [own]
        assert past.started is not None
        return [replace(own, what="start", at=_text(past.started), note=""), own]

    added = append(folder, make)
    after = ticked(book)
    return Ticked(tuple(added), after, after.rounds[-1], placed, tuple(overruled))


def _under_way(known: Sequence[Round], book: Book) -> Round:
    if not known or is_over(book.loaded, known[-1]):
        hint = 'lms-migrate runbook round "dress rehearsal 1" --by NAME, or with --cutover when it counts'
        told = f"the last one, {known[-1].label!r}, is over" if known else "none was opened yet"
        raise _refused("nothing was ticked", [Problem(f"no round is under way: {told}")], hint)
    return known[-1]


def _run(book: Book, run: str | None) -> PastRun | None:
    if run is None:
        return None
    found = read_run(book.workspace.runs / run) if run and "/" not in run and run not in (".", "..") else None
    if found is None:
        known = tuple(one.id for one in reversed(book.runs))
        raise _refused("nothing was ticked", [Problem("--run names no run folder", value=run, allowed=known)])
    return found


def _of_run(run: PastRun | None, placed: Placed, what: str) -> dt.datetime | None:
    """The instant that the run's folder tells; a gate is decided when somebody decides."""
    if run is None or placed.step.gate is not None:
        return None
    return run.started if what == "start" else run.ended


def _instant(text: str, book: Book) -> dt.datetime:
    try:
        return local(text, book.loaded.zone)
    except ValueError as error:
        raise _refused("nothing was entered", [Problem(f"--at: {error}", value=text, allowed=FORMS[3:])]) from None


def _who(by: str) -> str:
    by = " ".join(by.split())
    if not by:
        raise _refused("nothing was entered", [Problem("--by names nobody")])
    return by


def _entry(book: Book, entered: dt.datetime, at: dt.datetime, round_: str, step: str, what: str, by: str, note: str) -> Entry:
    return Entry(0, _text(at), _text(entered), round_, step, what, by, note, "", "", book.loaded.digest)


def _text(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat(timespec="seconds")


def _refused(message: str, problems: list[Problem], hint: str = "") -> ConfigurationError:
    return ConfigurationError(message, problems=problems, hint=hint)
