"""One record for a terminal: nothing in it can move the cursor or change colours."""

from __future__ import annotations

from collections.abc import Iterator

from reports.record_fields import EQUAL, Cell
from reports.record_view import RecordView
from reports.visible import plain


def record_text(record: RecordView) -> str:
    """The drill-down of the page, in lines."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: RecordView) -> Iterator[str]:
    yield f"{plain(record.entity)} {plain(record.key)}"
    ended = record.disposition + (f" ({plain(record.code)})" if record.code else "")
    yield f"  {ended}; target key {plain(record.target_key)}; row {record.row:,} of dispositions.parquet"
    values = dict(record.fields.sources)
    if not record.fields.cells:
        yield "\nThe run holds no mapped values of it: it did not get so far, or the files are gone."
    elif not values:
        yield "\nThe source values are not in the run folder any more, or this run did not note how to read them."
    for cell in record.fields.cells:
        yield ""
        yield from _field(record, cell, values)
    if record.findings:
        yield "\nFindings"
        for told in record.findings:
            where = f" {plain(told.field)}" if told.field else ""
            value = f" {plain(told.value)}" if told.value is not None else ""
            yield f"  {told.severity or 'unknown'}  {plain(told.code)}{where}{value}: {plain(told.message)}"
    if record.items:
        yield "\nWorklist"
        for item in record.items:
            yield f"  {item.item}  {item.state}  {plain(item.code or '-')} {plain(item.field or '')}".rstrip()
            if item.decision:
                value = f" {plain(item.new_value)}" if item.new_value else ""
                by = f"{plain(item.by or 'nobody')}, {item.at or 'no date'}"
                yield f"      {item.decision}{value} by {by}: {plain(item.reason or '')}"


def _field(record: RecordView, cell: Cell, values: dict[str, str | None]) -> Iterator[str]:
    made = record.making.fields.get(cell.field) if record.making else None
    place = f"  [{plain(record.making.file)}:{made.line}]" if record.making and made else ""
    yield f"{plain(cell.field)}: {cell.answer}{place}"
    if record.making and made:
        for at in made.reads:
            label = record.making.labels[at]
            yield f"    source   {plain(label)} = {plain(values[label]) if label in values else 'not known'}"
    yield f"    mapped   {plain(cell.mapped)}"
    if cell.answer == EQUAL:
        yield f"    target   {plain(cell.mapped)}"
    elif cell.back is not None or cell.answer.startswith((EQUAL, "different")):
        yield f"    target   {plain(cell.back)}"
    if made:
        for line in made.text.split("\n"):
            # Blanks that indent are no riddle; every other sign that one cannot see is spelled out.
            yield "    | " + "".join(sign if sign == " " else plain(sign) for sign in line)
