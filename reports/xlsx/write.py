"""The workbook of a report: an overview, the tables, and a sheet per entity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from reports.fresh import fresh
from reports.model import DISPOSITIONS, Report
from reports.parts import EntityRow
from reports.xlsx import entities
from reports.xlsx.book import MOST_ROWS, OVERVIEW, Book, Content, Link, Sheet, Styled
from reports.xlsx.sheets import Listed, listed

_REACHED: dict[bool | None, Content] = {True: Styled("yes", "good"), False: Styled("MISSED", "bad"), None: "not judged"}


def write_xlsx(report: Report, file: Path, *, most_rows: int = MOST_ROWS) -> None:
    """Write the workbook in one step. Equal reports give equal bytes. ``most_rows``: of a sheet. Raises OSError."""
    title = f"{report.label or report.run}: {report.verdict.word}"
    with fresh(file) as part, Book(part, title=title, created=_started(report), most_rows=most_rows) as book:
        _write(book, report)


def _write(book: Book, report: Report) -> None:
    # The tables have their names first, and then entities, whatever those are called; tables lead to entities.
    names = {name: book.names.give(name) for name in (OVERVIEW, *(table.name for table in listed(report, {})))}
    sheets = {row.name: book.names.give(row.name) for row in report.entities}
    tables = list(listed(report, sheets))
    rows = entities.EntityRows(report)
    _overview(book.sheet(OVERVIEW, [34, 24, 24, *[12] * 20]), report, tables, names, sheets, rows)
    for table in tables:
        book.table(names[table.name], table.columns, table.rows(), above=table.above, frozen=1)
    for row in report.entities:
        book.table(sheets[row.name], entities.COLUMNS, rows.rows(row.name), above=entities.above(row, rows), frozen=0)


def _overview(
    sheet: Sheet,
    report: Report,
    tables: Sequence[Listed],
    names: Mapping[str, str],
    sheets: Mapping[str, str],
    rows: entities.EntityRows,
) -> None:
    lines: list[Sequence[Content]] = [
        [Styled(report.label or report.run, "title")],
        [Styled(report.verdict.word, "good" if report.verdict.level == "pass" else "bad"), report.mode, report.run],
        *([reason] for reason in report.verdict.reasons),
        *([Styled(line, "bad")] for line in (report.failure or "").splitlines() if line.strip()),
        *([Styled(f"The summary and the evidence disagree: {alert}", "bad")] for alert in report.alerts),
        *_masking(report),
    ]
    lines += _section("Records", ("entity", "made from", "target", *entities.BALANCE, "need a person"))
    lines += [_balance(row, Link(row.name, sheets[row.name]), rows.number(row.name)) for row in report.entities]
    if len(report.entities) > 1:
        lines.append(_balance(report.total, report.total.name, sum(rows.number(row.name) for row in report.entities)))
    lines += _section("Sheets", ("sheet", "what"))
    lines += [[Link(names[table.name], names[table.name]), table.note] for table in tables]
    lines += _section("Gates", ("gate", "entity", "reached", "value", "allowed", "what is counted"))
    lines += [
        [
            gate.gate,
            gate.entity,
            _REACHED[gate.reached],
            gate.value,
            gate.limit,
            gate.says,
        ]
        for gate in report.checked.gates
    ]
    lines += _section("Facts", ("fact", "value"))
    lines += [[fact.label, fact.value] for fact in report.facts if fact.value]
    lines += [[library, version] for library, version in report.libraries]
    lines += _section("Inputs", ("file", "sha256"))
    lines += [[name, digest] for name, digest in report.inputs]
    for at, line in enumerate(lines):
        sheet.row(at, line)
    sheet.freeze(1, 1)


def _masking(report: Report) -> list[Sequence[Content]]:
    if report.personal is None:
        return []
    said, treat = report.personal
    line = f"Personal data: {said}."
    return [[Styled(line, "bad") if treat else line]]


def _section(title: str, head: Sequence[str]) -> list[Sequence[Content]]:
    return [[], [Styled(title, "title")], [Styled(word, "head") for word in head]]


def _balance(row: EntityRow, name: Content, needing: int) -> Sequence[Content]:
    numbers = [row.source.n, *(row.dispositions[word].n for word in DISPOSITIONS)]
    checks = [row.compared.n, row.missing.n, row.extra.n, row.differences.n, needing]
    return [name, row.made_from or None, row.target or None, *numbers, entities.balance(row), *checks]


def _started(report: Report) -> dt.datetime | None:
    """The start of the run, UTC, without zone; None where the run does not say it."""
    said = next((fact.value for fact in report.facts if fact.label == "Started"), "")
    try:
        started = dt.datetime.fromisoformat(said)
    except ValueError:
        return None
    return started.astimezone(dt.UTC).replace(tzinfo=None) if started.tzinfo else started
