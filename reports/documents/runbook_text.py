"""The state of a round for the terminal."""

from __future__ import annotations

from migrate.runbook.book import Book
from migrate.runbook.instants import show_local, show_minutes, show_offset
from migrate.runbook.placed import Placed
from migrate.runbook.status import Status
from migrate.runbook.tick import Ticked
from migrate.said import number_of
from reports.documents.runbook_needs import clock, people
from reports.visible import plain

MOST_NEXT = 8


def status_lines(book: Book, found: Status) -> tuple[list[str], bool]:
    """What to print, and whether it needs a person."""
    round_, plan = found.round, book.plan
    zone = book.loaded.zone
    rows = [
        ("now", f"{clock(plan, found.now)} ({show_offset(found.now)})"),
        ("done", f"{found.done} of {found.steps} steps" + (f", {_late(found.late)}" if found.late is not None else "")),
    ]
    rows += [("running", f"{_about(book, placed)}, {_since(book, found, placed)}") for placed in found.running]
    warnings = _warnings(book, found)
    if found.over:
        rows.append(("over", "nothing is left to tick"))
    else:
        what = "will end" if found.no_go is None else "the way back will end"
        slip = f" ({_slip(found.end - found.planned_end)})" if found.no_go is None else ""
        rows.append(("forecast", f"{what} {clock(plan, found.end)}{slip}"))
        if found.no_go is None and found.back_by is not None:
            told = f"takes {show_minutes(found.back_minutes or 0)}, fits until {clock(plan, found.back_by)}"
            rows.append(("way back", told))
        rows += _next(book, found)
    rows += [("!", line) for line in warnings]
    head = f"{plain(round_.label)} ({round_.kind}), T is {show_local(round_.zero, zone)} {zone.key}"
    return [head, *_shown(rows)], bool(warnings)


def tick_lines(ticked: Ticked, found: Status) -> list[str]:
    """What is said after a tick."""
    placed, state, zone = ticked.placed, ticked.round.state(ticked.placed.id), ticked.book.loaded.zone
    entry = ticked.entries[-1]
    took = f", took {show_minutes(round(state.minutes))}" if state.minutes is not None else ""
    when = state.end or state.start
    at = f" {show_local(when, zone)}" if when is not None else ""
    rows = [("overruled", why) for why in ticked.forced]
    if state.state == "no-go":
        rows.append(("way back", ", ".join(found.way_back) or "nothing has begun that has to be taken back"))
    told = placed.step.communication
    if told is not None and state.state == "done":
        rows.append(("tell", told))
    rows += _next(ticked.book, found)
    head = f"{placed.number} {placed.id}: {state.state}{at} by {plain(entry.by)}{took} (entry {entry.entry})"
    return [head, *_shown(rows)]


def _next(book: Book, found: Status) -> list[tuple[str, str]]:
    if found.over:
        return [("next", "nothing is left, the round is over")]
    rows = [("next", _about(book, placed) + _not_before(book, found, placed)) for placed in found.next[:MOST_NEXT]]
    if len(found.next) > MOST_NEXT:
        rows.append(("", f"and {len(found.next) - MOST_NEXT} more"))
    return rows


def _shown(rows: list[tuple[str, str]]) -> list[str]:
    """Words of our own stand as they are; in what others wrote no control sequence survives."""
    return [f"  {word + ':' if word.isalpha() or ' ' in word else word:<10} {plain(text)}" for word, text in rows]


def _about(book: Book, placed: Placed) -> str:
    return f"{placed.number} {placed.id}: {placed.step.title} - {people(book.loaded, placed.step.owner)}"


def _not_before(book: Book, found: Status, placed: Placed) -> str:
    early = placed.at is not None and placed.at > found.now
    return f", not before {clock(book.plan, placed.at or 0)}" if early else ""


def _since(book: Book, found: Status, placed: Placed) -> str:
    start = found.round.state(placed.id).start
    slot = found.forecast.get(placed.id)
    until = f", planned for {show_minutes(slot.end - slot.start)}" if slot is not None and slot.end > found.now else ""
    return f"since {show_local(start, book.loaded.zone)}{until}" if start is not None else "begun"


def _late(late: int) -> str:
    return "to plan" if late == 0 else f"{show_minutes(abs(late))} {'behind' if late > 0 else 'ahead of'} the plan"


def _slip(slip: int) -> str:
    return "as planned" if slip == 0 else f"{show_minutes(abs(slip))} {'later' if slip > 0 else 'earlier'} than planned"


def _warnings(book: Book, found: Status) -> list[str]:
    plan, freeze = book.plan, book.loaded.freeze
    lines = [f"{name} failed: try it again, or say no-go at a gate" for name in found.failed]
    if found.no_go is not None:
        lines.append(f"{found.no_go} said no-go: only the way back is open")
    if not found.over and freeze is not None and found.end > freeze[1]:
        lines.append(f"that is {show_minutes(found.end - freeze[1])} after the freeze ends, {clock(plan, freeze[1])}")
    if not found.over and found.no_go is None and found.back_by is not None and found.now > found.back_by:
        lines.append("the way back does not fit into the freeze any more")
    if not found.over and found.no_go is None and found.unmeasured:
        told = ", ".join(found.unmeasured[:MOST_NEXT]) + (" and others" if len(found.unmeasured) > MOST_NEXT else "")
        lines.append(
            f"nobody measured {number_of(len(found.unmeasured), 'step')} still ahead: it ends no earlier than forecast ({told})"
        )
    if found.changed:
        lines.append("runbook.yaml was changed since the round was opened")
    lines += [f"{name} was ticked, and is no step of the runbook any more" for name in found.strangers]
    return lines
