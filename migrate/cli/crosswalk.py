"""``lms-migrate crosswalk``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from migrate.crosswalks.census import Census
    from migrate.workspace import Workspace

_run = click.option("--run", "run_id", metavar="ID", help="The run whose rows are counted. Default: the newest whole one.")
_only = click.option("--only", metavar="NAME", help="One crosswalk.")


@click.group("crosswalk")
def command() -> None:
    """Crosswalks: value tables that people confirm, and the values that rows use."""


@command.command("show")
@click.argument("workspace", type=click.Path(path_type=Path))
@_run
@_only
def show(workspace: Path, run_id: str | None, only: str | None) -> int:
    """Print each value of WORKSPACE's crosswalks: label, rows, target, status, and why an entry holds no more."""
    from migrate.crosswalks.view import HEAD, rows_of

    opened, run, census = _opened(workspace, run_id)
    click.echo(f"rows as run {run} counted them" if run else f"no run has counted rows yet: lms-migrate run {workspace}")
    for name in _names(opened, only):
        click.echo(f"\n{name}")
        for line in _aligned([HEAD, *rows_of(opened, name, census if run else None)]):
            click.echo(f"  {line}")
    return 0


@command.command("suggest")
@click.argument("workspace", type=click.Path(path_type=Path))
@_run
@_only
@click.option("--at-least", type=click.FloatRange(0, 1), default=0.75, show_default=True, help="Lowest confidence to propose.")
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
def suggest(workspace: Path, run_id: str | None, only: str | None, at_least: float, dry_run: bool) -> int:
    """Propose targets for values that rows use and WORKSPACE's crosswalks do not list, by likeness.

    Proposed entries get the label and the number of rows of the run. What people confirmed, rejected or waived stays.
    """
    import datetime as dt

    from migrate.crosswalks.file import write_texts
    from migrate.crosswalks.suggestions import suggest as suggest_
    from migrate.errors import ConfigurationError
    from migrate.said import number_of
    from reports.visible import plain

    opened, run, census = _opened(workspace, run_id)
    names = _names(opened, only)
    if run is None:
        raise ConfigurationError("no run has counted which values rows use", hint=f"lms-migrate run {workspace}")
    today = dt.datetime.now(dt.UTC).date().isoformat()
    found = suggest_(opened.pair, opened.crosswalks, census, names, today, at_least)
    for name, entry in found.added:
        confidence = entry["confidence"]
        rows = number_of(int(entry["rows"]), "row")
        click.echo(plain(f"{name}: {entry['source']!r} -> {entry['target']!r} ({confidence}), {rows}: {entry['reason']}"))
    for left in found.left:
        click.echo(plain(f"{left.crosswalk}: {left.source!r}, {number_of(left.rows, 'row')}: nothing proposed; {left.why}"))
    if not dry_run:
        write_texts(found.texts)
    verb = "would be" if dry_run else "were"
    click.echo(
        f"{number_of(len(found.added), 'proposal')} {verb} added, "
        f"label or rows of {number_of(len(found.refreshed), 'other')} brought up to date, "
        f"{number_of(len(found.left), 'value')} left to a person"
    )
    click.echo(f"next: read them in {opened.folder / opened.settings.crosswalks}, then: lms-migrate run {workspace}")
    return 0


def _opened(folder: Path, run_id: str | None) -> tuple[Workspace, str | None, Census]:
    from migrate.crosswalks.census import Census, newest_census
    from migrate.workspace import open_workspace

    workspace = open_workspace(folder)
    newest = newest_census(workspace.runs, workspace.pair, run_id)
    return (workspace, *newest) if newest is not None else (workspace, None, Census({}, frozenset()))


def _names(workspace: Workspace, only: str | None) -> list[str]:
    from migrate.errors import ConfigurationError, Problem

    names = list(workspace.crosswalks)
    if only is not None and only not in names:
        problem = Problem("the pair has no such crosswalk", value=only, allowed=tuple(names))
        raise ConfigurationError("--only cannot be used", problems=[problem])
    return names if only is None else [only]


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    from reports.visible import plain

    shown = [[plain(text) if (text := " ".join(cell.split())) else "" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = [cell.rjust(w) if n == 2 else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))]
        yield "  ".join(cells).rstrip()
