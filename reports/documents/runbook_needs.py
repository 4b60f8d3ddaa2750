"""What stands between a plan and relying on it, in sentences."""

from __future__ import annotations

import datetime as dt

from migrate.runbook.book import Book
from migrate.runbook.instants import show_local, show_minutes, show_offset
from migrate.runbook.placed import Loaded
from migrate.runbook.plan import BackStep, Plan, PlannedStep
from migrate.said import number_of


def needs(book: Book) -> list[str]:
    """What a person has to settle before one may rely on the plan."""
    plan, loaded = book.plan, book.loaded
    window, zero = plan.window, plan.zero
    lines = []
    if zero is None:
        lines.append("cutover: is null, so the plan has no clock times")
    if loaded.freeze is None:
        lines.append("no freeze window is declared, so nobody knows whether the plan and the way back fit")
    everything: list[PlannedStep | BackStep] = [*plan.steps, *plan.back]
    roles = {one.placed.step.owner for one in everything}
    roles |= {one.placed.step.gate.decider for one in plan.steps if one.placed.step.gate is not None}
    if unnamed := [role for role in loaded.model.people if role in roles and loaded.model.people[role].name is None]:
        lines.append(f"nobody is named for: {', '.join(unnamed)}")
    if unmeasured := [one.placed.id for one in everything if one.planned.minutes is None]:
        not_measured = f"{number_of(len(unmeasured), 'step')} {'is' if len(unmeasured) == 1 else 'are'}"
        lines.append(f"the total is incomplete, {not_measured} not measured: {', '.join(unmeasured)}")
    if window.freeze is not None and window.fits is False:
        early, late = window.freeze[0] - window.first, window.last - window.freeze[1]
        told = [f"begins {show_minutes(early)} before the freeze"] if early > 0 else []
        told += [f"ends {show_minutes(late)} after it"] if late > 0 else []
        lines.append(f"the plan does not fit into the freeze window: it {' and '.join(told)}")
    lines += [
        f"gate {turning.step}: the way back fits no more when it is decided, {clock(plan, turning.at)}"
        for turning in plan.turnings
        if turning.back and turning.fits is False
    ]
    if plan.too_late is not None:
        declared = f"before {plan.no_return.step}, which is declared" if plan.no_return else "and none is declared"
        lines.append(f"the point of no return is the end of {plan.too_late}, {declared}: the way back fits no more then")
    if plan.no_return is None:
        lines.append("no step is the point of no return")
    return lines + list(plan.warnings)


def clock(plan: Plan, minutes: int) -> str:
    """Minutes from T as a clock shows them, or from T where nobody knows when that is."""
    if plan.zero is None:
        return show_offset(minutes)
    return show_local(plan.zero + dt.timedelta(minutes=minutes), plan.loaded.zone)


def people(loaded: Loaded, role: str) -> str:
    """Who holds a role: ``source-admin (A. Sato)``."""
    person = loaded.model.people[role]
    return f"{role} ({person.name or 'nobody named'})"
