"""The worklist for a terminal: causes, the items of one cause, or all that is known of one item."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from migrate.decisions.file import read_decisions
from migrate.decisions.model import MEANING, NEEDS_VALUE, TAKES_VALUE, Decision
from migrate.engine import scan, session
from migrate.errors import ConfigurationError, Problem, RunFailed
from migrate.said import number_of, records
from migrate.worklist.causes import Cause
from reports.visible import plain
from reports.worklist_rows import WorklistRows

Item = Mapping[str, Any]
PIPED_WIDTH = 400
"""Columns where nothing says how wide the terminal is: a line is a row, whatever reads it."""
MESSAGE = 70


def show_causes(rows: WorklistRows) -> None:
    """A line for each cause, and what to type next."""
    console, worklist = _console(), rows.worklist
    console.print(f"Worklist of run {plain(worklist.run)}")
    table = _table("cause", "severity", "code", "where", "items", "records", "waiting", "states", "what", right=(4, 5, 6))
    for cause in rows.causes:
        table.add_row(
            cause.id, cause.severity, plain(cause.code), _where(cause.entity, cause.field),
            f"{len(cause.open):,}", f"{cause.rows:,}", f"{cause.waiting:,}", rows.states_of(cause), _short(rows.title(cause)),
        )  # fmt: skip
    console.print(table if rows.causes else "Nothing here needs a person.")
    if rows.causes:
        folder = rows.workspace.folder
        console.print(f"The items of a cause: lms-migrate worklist show {plain(str(folder))} --cause {rows.causes[0].id}")
        console.print(f"To answer: lms-migrate worklist export {plain(str(folder))} worklist.xlsx")


def show_cause(rows: WorklistRows, cause_id: str, limit: int) -> None:
    """The items of a cause. Raises ConfigurationError where there is no such cause."""
    cause = next((cause for cause in rows.causes if cause.id == cause_id), None)
    if cause is None:
        raise _unknown("no cause with items to be listed has this id", cause_id, [cause.id for cause in rows.causes])
    console = _console()
    _head(console, rows, cause)
    table = _table("item", "state", "key", "value", "records", "waiting", "message", right=(4, 5))
    listed = list(rows.listed(cause))
    for item in listed[:limit]:
        shown = rows.shown(item)
        table.add_row(
            item["item"], item["state"], _short(shown["key"] or shown["about"]), _short(shown["value"]), f"{item['rows']:,}",
            f"{item['waiting']:,}", _short(shown["message"]),
        )  # fmt: skip
    console.print(table)
    _more(console, len(listed) - limit)


def show_item(rows: WorklistRows, item_id: str, limit: int) -> None:
    """Everything that is known of an item. Raises ConfigurationError where the worklist has no such item."""
    item = rows.worklist.items.get(item_id)
    if item is None:
        near = [known for known in rows.worklist.items if item_id[:6] == known[:6]][:5]
        raise _unknown(f"the worklist of run {rows.worklist.run} has no such item", item_id, near)
    console, shown = _console(), rows.shown(item)
    title = rows.worklist.titles.get(item["code"], "")
    console.print(f"{item['item']}  {item['state']}  {item['severity']}  {plain(item['code'])}  {plain(title)}".rstrip())
    lines = [
        ("where", _where(item["entity"], item["field"])), ("kind", item["kind"]), ("cause", item["cause"]), ("key", shown["key"]),
        ("about", shown["about"]), ("value", shown["value"]), ("message", shown["message"]),
        ("waits for", rows.masker.root(item["root_cause"])),
        ("records", f"{item['rows']:,}; waiting for them: {item['waiting']:,}"),
        ("came up", f"{number_of(item['times'], 'time')}, first in {item['first_run']}, last in {item['last_run']}"),
        ("note", rows.note(item)),
    ]  # fmt: skip
    for word, text in lines:
        if text:
            console.print(f"  {word:<10} {plain(text)}")
    _history(console, rows, item)
    _records(console, rows, item, limit)
    console.print("  it takes")
    for verb in (item["choices"] or "").split():
        takes = " (needs a new value)" if verb in NEEDS_VALUE else " (may have a new value)" if verb in TAKES_VALUE else ""
        console.print(f"    {verb:<10} {MEANING[verb]}{takes}")  # type: ignore[index]
    folder = plain(str(rows.workspace.folder))
    console.print(f"To answer: lms-migrate worklist export {folder} worklist.xlsx, fill in the row of {item['item']}, then:")
    console.print(f"           lms-migrate worklist import {folder} worklist.xlsx")


def _head(console: Console, rows: WorklistRows, cause: Cause) -> None:
    console.print(
        f"{cause.id}  {cause.severity}  {plain(cause.code)}  {_where(cause.entity, cause.field)}  {plain(rows.title(cause))}"
    )
    counts = f"{number_of(len(cause.open), 'item')}, {records(cause.rows)}; waiting for them: {cause.waiting:,}"
    console.print(f"  needs a person: {counts}")
    console.print(f"  all of them take: {', '.join(cause.choices)}")


def _history(console: Console, rows: WorklistRows, item: Item) -> None:
    lines: list[Decision] = [d for d in read_decisions(rows.workspace.folder) if d.item == item["item"]]
    standing = rows.standing.get(item["item"])
    if lines:
        console.print("  decisions, the last one counts")
    for line in lines:
        value = rows.shown_answer(item, line.decision, line.new_value)
        said = f"{line.decision}{f' {value}' if value else ''}: {rows.masker.free(line.reason)}"
        console.print(f"    {plain(line.at)}  {plain(line.by)}  {plain(said)}")
    if item["kind"] == "crosswalk" and standing is not None and not any(line.at == standing.at for line in lines):
        value = rows.shown_answer(item, standing.decision, standing.new_value)
        said = f"{standing.decision}{f' {value}' if value else ''}: {rows.masker.free(standing.reason)}"
        console.print(f"  in the crosswalk {plain(item['about'])}\n    {plain(standing.at)}  {plain(standing.by)}  {plain(said)}")


def _records(console: Console, rows: WorklistRows, item: Item, limit: int) -> None:
    """The findings of an item, from the run folder; none where they are not there."""
    file = rows.worklist.folder / "findings.parquet"
    if not file.is_file():
        return
    sql = f"FROM {scan(file)} WHERE item = $1"
    try:
        with session() as connection:
            number = connection.execute(f"SELECT count(*) {sql}", [item["item"]]).fetchone()
            columns = "entity, key, field, value, message"
            found = connection.execute(
                f"SELECT {columns} {sql} ORDER BY root_cause IS NOT NULL, entity, key, field LIMIT {int(limit)}", [item["item"]]
            ).fetchall()
    except RunFailed:
        return
    hide, table = rows.masker, _table("entity", "key", "field", "value", "message")
    for entity, key, field, value, message in found:
        masked, shown_key = hide.value(entity, field, value), hide.key(entity, key)
        told = hide.message(entity, field, message, (value, masked), (key, shown_key))
        table.add_row(*(_short(text or "") for text in (entity, shown_key, field, masked, told)))
    if found:
        console.print("  findings")
        console.print(table)
        _more(console, (number[0] if number else 0) - limit)


def _console() -> Console:
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(highlight=False, markup=False, soft_wrap=True, width=width)


def _table(*names: str, right: Sequence[int] = ()) -> Table:
    table = Table(box=None, pad_edge=False)
    for at, heading in enumerate(names):
        table.add_column(
            heading, justify="right" if at in right else "left", overflow="fold", no_wrap=heading in ("cause", "item")
        )
    return table


def _where(entity: str | None, field: str | None) -> str:
    return plain(f"{entity or 'the run'}.{field}" if field else entity or "the run")


def _short(text: str) -> str:
    shown = plain(text) if text else ""
    return shown if len(shown) <= MESSAGE else shown[: MESSAGE - 1] + "…"


def _more(console: Console, number: int) -> None:
    if number > 0:
        console.print(f"  and {number:,} more (--limit)")


def _unknown(message: str, value: str, allowed: Iterable[str]) -> ConfigurationError:
    return ConfigurationError("nothing to show", problems=[Problem(message, value=value, allowed=tuple(allowed))])
