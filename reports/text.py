"""The report as plain text for a terminal: the verdict first, where the page lies last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports.build import build
from reports.model import DISPOSITIONS, EntityRow, Report
from reports.visible import plain

MOST_NEEDS = 10


def render_text(run_folder: Path) -> str:
    """The summary of a run. Control characters in its data do not reach the terminal."""
    return text(build(run_folder, most_rows=0), run_folder / "report.html")


def text(report: Report, page: Path) -> str:
    """The summary of a report whose page is ``page``."""
    blocks = [
        _head(report),
        _needs(report),
        _worklist(report, page),
        _entities(report),
        _both_sides(report),
        _findings(report),
        _losses(report),
    ]
    return "\n\n".join(block for block in [*blocks, f"Report: {plain(str(page))}"] if block) + "\n"


def _head(report: Report) -> str:
    lines = [f"{report.verdict.word}  {report.mode} {plain(report.run)}  {plain(report.label)}".rstrip()]
    lines += [f"  {plain(reason)}" for reason in report.verdict.reasons]
    if report.failure:
        lines += [f"  | {plain(' '.join(line.split()))}" for line in report.failure.splitlines()]
    lines += [f"  ! {plain(alert)}" for alert in report.alerts]
    return "\n".join(lines)


def _needs(report: Report) -> str:
    if not report.needs:
        return ""
    rows = [
        (
            f"{need.affected.n:,}",
            need.unit,
            need.severity,
            need.code or "",
            f"{plain(need.where)}: {plain(need.title)}",
        )
        for need in report.needs[:MOST_NEEDS]
    ]
    more = len(report.needs) - len(rows)
    note = [f"  and {more} more in the report"] if more else []
    return "\n".join(["What needs a person", *_columns(rows, right=(0,)), *note])


def _worklist(report: Report, page: Path) -> str:
    """Items by state, and the command that goes on with them."""
    if report.worklist is None or not report.worklist.states:
        return ""
    numbers = ", ".join(f"{count.n:,} {state}" for state, count in report.worklist.states)
    runs = page.parent.parent
    workspace = plain(str(runs.parent)) if runs.name == "runs" else "WORKSPACE"
    return f"Worklist: {numbers}. Next: lms-migrate worklist show {workspace}"


def _entities(report: Report) -> str:
    if not report.entities:
        return ""
    words = [word for word in DISPOSITIONS if report.total.dispositions[word].n]
    head = ("entity", "source", *words, "balance", "compared", "missing", "extra", "different")

    def line(row: EntityRow) -> tuple[str, ...]:
        numbers = [row.source, *(row.dispositions[word] for word in words)]
        checks = [row.compared, row.missing, row.extra, row.differences]
        return (
            plain(row.name), *(f"{count.n:,}" for count in numbers), "ok" if row.balanced else "NO",
            *(f"{count.n:,}" for count in checks),
        )  # fmt: skip

    rows = [head, *(line(row) for row in report.entities)]
    if len(report.entities) > 1:
        rows.append(line(report.total))
    return "\n".join(["Records", *_columns(rows, right=range(1, len(head)))])


def _both_sides(report: Report) -> str:
    """One line: how many rules hold, which do not, and what was equal under a rule only."""
    found = report.reconciliation
    if found is None or not found.rules:
        return ""
    parts = [f"{found.holding:,} of {len(found.rules):,} rules hold"]
    parts += [f"{rule.different:,} groups differ in {plain(rule.name)}" for rule in found.failing]
    if idle := sum(rule.verdict in ("empty", "not asked") for rule in found.rules):
        parts.append(f"{idle:,} had nothing to compare")
    excused = sum(row.transformed for row in found.rows)
    parts.append(f"{excused:,} rows are equal under a tolerance only")
    return f"Both sides: {'; '.join(parts)}"


def _findings(report: Report) -> str:
    if not report.findings:
        return ""
    rows = [(f"{row.count.n:,}", row.severity, plain(row.code), plain(row.title)) for row in report.findings]
    return "\n".join(["Findings", *_columns(rows, right=(0,))])


def _losses(report: Report) -> str:
    if not report.losses:
        return ""
    rows = []
    for treatment in dict.fromkeys(loss.treatment for loss in report.losses):
        held = [loss.rows for loss in report.losses if loss.treatment == treatment]
        rows.append((treatment, f"{len(held):,} entries", f"{sum(held):,} rows with data"))
    return "\n".join(["Loss register", *_columns(rows, right=(1, 2))])


def _columns(rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    """Rows as indented lines with aligned columns."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]  # fmt: skip
