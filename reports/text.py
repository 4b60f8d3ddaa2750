"""The report as plain text for a terminal: the verdict first, where the page lies last."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from migrate.said import number_of
from reports.build import build
from reports.columns import columns, fit, fits, wrapped
from reports.gates import reached_of
from reports.model import DISPOSITIONS, LiveRun, Report
from reports.parts import Count, EntityRow
from reports.visible import LOOK_ALIKE, plain

MOST_NEEDS = 10
MOST_GATES = 10
MOST_FIELDS = 10
MOST_SURPRISES = 10
MOST_CELLS = 60
BALANCE = {True: "ok", False: "NO", None: "-"}
"""Of a value."""


def render_text(run_folder: Path, *, width: int | None = None) -> str:
    """The summary of a run, in lines of ``width`` cells. Control characters in its data do not reach the terminal."""
    return text(build(run_folder, most_rows=0), run_folder, page=run_folder / "report.html", width=width)


def text(report: Report, run_folder: Path, *, page: Path | None, width: int | None = None) -> str:
    """The summary of a report. ``page``: its HTML, where there is one. Without a ``width`` no line is cut."""
    blocks = [
        _head(report, width), _gates(report, _workspace(run_folder), width), _needs(report, width), _worklist(report, run_folder),
        _acceptance(report, run_folder, width), _entities(report, width), _differences(report, width),
        _both_sides(report, width), _certifications(report, width),
        _live(report.live, width), _findings(report, width), _losses(report), f"Report: {plain(str(page))}" if page else "",
    ]  # fmt: skip
    return "\n\n".join(block for block in blocks if block) + "\n"


def terminal_width(stream: TextIO) -> int | None:
    """Cells of a line, where ``stream`` is a terminal."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def _head(report: Report, width: int | None) -> str:
    lines = [f"{report.verdict.word}  {plain(report.mode)} {plain(report.run)}  {plain(report.label)}".rstrip()]
    for reason in report.verdict.reasons:
        lines += wrapped(plain(reason), "  ", width)
    if report.failure:
        lines += [f"  | {plain(' '.join(line.split()))}" for line in report.failure.splitlines()]
    for alert in report.alerts:
        lines += wrapped(plain(alert), "  ! ", width)
    return "\n".join(lines)


def _gates(report: Report, workspace: str, width: int | None) -> str:
    """How many gates were reached, and those that were missed."""
    gates, missed = report.checked.gates, report.checked.missed
    if not gates:
        return ""
    head = f"Gates: {reached_of(gates)}"
    rows = [("MISSED", plain(gate.gate), plain(str(gate.value)), f"{plain(gate.limit)} ({plain(gate.says)})") for gate in missed]
    lines = columns(rows[:MOST_GATES], right=(2,), width=width, cut=3) if rows else []
    return "\n".join([head, *lines, *_more(len(rows) - MOST_GATES, f"lms-migrate gates {workspace} shows them")])


def _needs(report: Report, width: int | None) -> str:
    if not report.needs:
        return ""
    rows = [
        (
            f"{need.affected.n:,}",
            need.counted,
            need.severity,
            need.code or "",
            f"{plain(need.where)}: {plain(need.title)}",
        )
        for need in report.needs[:MOST_NEEDS]
    ]
    more = _more(len(report.needs) - len(rows), "in the report")
    return "\n".join(["What needs a person", *columns(rows, right=(0,), width=width, cut=4), *more])


def _worklist(report: Report, run_folder: Path) -> str:
    """Items by state, and the command that goes on with them."""
    if report.worklist is None or not report.worklist.states:
        return ""
    numbers = ", ".join(f"{count.n:,} {state}" for state, count in report.worklist.states)
    return f"Worklist: {numbers}. Next: lms-migrate worklist show {_workspace(run_folder)}"


def _workspace(run_folder: Path) -> str:
    runs = run_folder.parent
    return plain(str(runs.parent)) if runs.name == "runs" else "WORKSPACE"


def _acceptance(report: Report, run_folder: Path, width: int | None) -> str:
    """The reviewers' tests that do not hold, or the command that judges them."""
    accepted = report.acceptance
    if accepted is None:
        return ""
    if not accepted.judged:
        # What read nothing back cannot be judged, and the command would say so.
        following = "" if report.stopped_at else f" Next: lms-migrate acceptance {_workspace(run_folder)}"
        return f"Acceptance tests: {accepted.number:,} not judged.{following}"
    rows = [
        (one.word, plain(one.code), "" if one.unexpected is None else f"{one.unexpected:,} not so", plain(one.says))
        for one in accepted.expected
        if one.state != "passed"
    ]
    return "\n".join(
        [f"Acceptance tests: {', '.join(accepted.states)}", *(columns(rows, right=(2,), width=width, cut=3) if rows else ())]
    )


def _entities(report: Report, width: int | None) -> str:
    """Where every record ended, and what was read back: side by side where there is room."""
    if not report.entities:
        return ""
    words = [word for word in DISPOSITIONS if report.total.dispositions[word].n]
    ended, checks = ("source", *words, "balance"), ("compared", "missing", "extra", "different")

    def sums(row: EntityRow) -> list[str]:
        return [*_numbers(row.source, *(row.dispositions[word] for word in words)), BALANCE[row.balanced]]

    def back(row: EntityRow) -> list[str]:
        return _numbers(row.compared, row.missing, row.extra, row.differences)

    whole = _table(report, (*ended, *checks), lambda row: [*sums(row), *back(row)], width)
    if fits(whole, width):
        return "\n".join(["Records", *whole])
    return "\n".join(["Records", *_table(report, ended, sums, width), "", "Read back", *_table(report, checks, back, width)])


def _both_sides(report: Report, width: int | None) -> str:
    """One line: how many rules hold, which do not, and what was equal under a rule only."""
    found = report.reconciliation
    if found is None or not found.rules:
        return ""
    parts = [f"{found.holding:,} of {len(found.rules):,} rules hold"]
    parts += [
        f"{rule.different:,} groups differ in {plain(rule.name)}"
        if rule.different
        else f"records of {plain(rule.name)} are known to no mapping"
        for rule in found.failing
    ]
    if idle := sum(rule.verdict in ("empty", "not asked") for rule in found.rules):
        parts.append(f"{idle:,} had nothing to compare")
    excused = sum(row.transformed for row in found.rows)
    parts.append(f"{excused:,} rows are equal under a tolerance only")
    return "\n".join(wrapped(f"Both sides: {'; '.join(parts)}", "", width))


def _certifications(report: Report, width: int | None) -> str:
    """One line: are people in the same states on both sides, and what accounts for the others."""
    found = report.certifications
    if found is None:
        return ""
    parts = [f"{found.word}, {found.why}" if found.why else found.word]
    if found.compared:
        outcomes = ", ".join(f"{n:,} {plain(outcome)}" for outcome, n in found.outcomes.items() if n)
        parts.append(f"{found.people:,} people compared from {found.cutover} on{': ' + outcomes if outcomes else ''}")
        parts += [f"{why.people.n:,} {plain(why.code or why.kind)}" for why in found.reasons if why.outcome == "different"]
    return "\n".join(wrapped(f"Certifications: {'; '.join(map(plain, parts))}", "", width))


def _table(report: Report, head: Sequence[str], line: Callable[[EntityRow], list[str]], width: int | None) -> list[str]:
    listed = [*report.entities, *([report.total] if len(report.entities) > 1 else [])]
    rows = [["entity", *head], *([plain(row.name), *line(row)] for row in listed)]
    return columns(rows, right=range(1, len(head) + 1), width=width, cut=0)


def _differences(report: Report, width: int | None) -> str:
    """The fields that differ most, each with its commonest change."""
    fields = sorted((each for each in report.differences if each.count.n), key=lambda each: -each.count.n)
    if not fields:
        return ""
    rows = []
    for each in fields[:MOST_FIELDS]:
        how = ""
        if each.changes:
            change = each.changes[0]
            spell = change.how in LOOK_ALIKE
            sides = (fit(plain(side, spell=spell), MOST_CELLS) for side in (change.expected, change.actual))
            values = "" if change.masked else f": {' -> '.join(sides)}"
            how = f"{change.how}{values}, {change.count.n:,} x"
        rows.append((f"{each.count.n:,}", f"{plain(each.entity)}.{plain(each.field)}", how))
    more = _more(len(fields) - len(rows), "in the report")
    return "\n".join(["Values that differ", *columns(rows, right=(0,), width=width, cut=2), *more])


def _live(live: LiveRun | None, width: int | None) -> str:
    """What a live run did otherwise than its rehearsal, and what it leaves to a person."""
    if live is None:
        return ""
    lines = [f"Live run: {plain(live.address)}"] if live.address else ["Live run"]
    if live.lost:
        lines += wrapped(plain(live.lost), "  ! ", width)
    if live.rehearsal:
        lines.append(f"  {number_of(len(live.surprises), 'surprise')} against rehearsal {plain(live.rehearsal)}")
        lines += wrapped(f"written since by {plain(', '.join(live.since))}", "  ", width) if live.since else []
        rows = [(plain(s.entity), plain(s.disposition), f"{s.expected:,}", "->", f"{s.actual:,}") for s in live.surprises]
        lines += columns(rows[:MOST_SURPRISES], right=(2, 4), width=width, cut=0) if rows else []
        lines += _more(len(rows) - MOST_SURPRISES, "in the report")
        lines += [f"  changed since: {plain(', '.join(live.changed_inputs))}"] if live.changed_inputs else []
    if live.handed_over:
        lines.append(f"  a person has to go on with {plain(live.handed_over)}")
    return "\n".join(lines)


def _findings(report: Report, width: int | None) -> str:
    if not report.findings:
        return ""
    rows = [(f"{row.count.n:,}", plain(row.severity), plain(row.code), plain(row.title)) for row in report.findings]
    return "\n".join(["Findings", *columns(rows, right=(0,), width=width, cut=3)])


def _losses(report: Report) -> str:
    if not report.losses:
        return ""
    rows = []
    for treatment in dict.fromkeys(loss.treatment for loss in report.losses):
        held = [loss.rows for loss in report.losses if loss.treatment == treatment]
        rows.append((plain(treatment), number_of(len(held), "entry", "entries"), f"{number_of(sum(held), 'row')} with data"))
    return "\n".join(["Loss register", *columns(rows, right=(1, 2))])


def _numbers(*counts: Count) -> list[str]:
    return [f"{count.n:,}" for count in counts]


def _more(number: int, where: str) -> list[str]:
    return [f"  and {number:,} more: {where}"] if number > 0 else []
