"""``lms-migrate worklist``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reports.worklist_rows import WorklistRows

STATES = ("open", "expired", "returned", "waived", "decided", "closed")
_RUN = click.option("--run", "run_id", metavar="ID", help="The run; the latest one with a worklist by default.")
_STATE = click.option(
    "--state", "states", multiple=True, type=click.Choice(STATES), help="Only items in this state; may be given again."
)
_ROLE = click.option("--role", metavar="ROLE", help="Show what this role of privacy.yaml may see in clear.")
_CLEAR = click.option("--clear", is_flag=True, help="Show personal data as it is, where privacy.yaml names no roles.")


@click.group("worklist")
def command() -> None:
    """What needs a person: look at it, take it along as a table, and take in what people answered."""


@command.command("show")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("items", nargs=-1, metavar="[ITEM]...")
@_RUN
@_STATE
@click.option("--all", "everything", is_flag=True, help="Also what needs nobody any more.")
@click.option("--cause", metavar="C-...", help="The items of one cause.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Most lines of a list.")
@_ROLE
@_CLEAR
def show(
    workspace: Path,
    items: tuple[str, ...],
    run_id: str | None,
    states: tuple[str, ...],
    everything: bool,
    cause: str | None,
    limit: int,
    role: str | None,
    clear: bool,
) -> int:
    """Print the worklist of WORKSPACE by cause, the largest blast radius first; or all that is known of each ITEM."""
    from migrate.worklist.states import NEEDS_A_PERSON
    from reports.worklist_text import show_cause, show_causes, show_item

    wanted = frozenset(states) or (frozenset(STATES) if everything or items or cause else frozenset(NEEDS_A_PERSON))
    rows = _rows(workspace, run_id, wanted, role, clear)
    causes = [*([cause] if cause else []), *(each for each in items if each.startswith("C-"))]
    for each in causes:
        show_cause(rows, each, limit)
    for each in items:
        if not each.startswith("C-"):
            show_item(rows, each, limit)
    if not causes and not items:
        show_causes(rows)
    return 0


@command.command("export")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_RUN
@_STATE
@_ROLE
@_CLEAR
@click.option("--overwrite", is_flag=True, help="Replace FILE where it is there already.")
def export(
    workspace: Path, file: Path, run_id: str | None, states: tuple[str, ...], role: str | None, clear: bool, overwrite: bool
) -> int:
    """Write the worklist of WORKSPACE to FILE, an .xlsx or a .csv, for people to answer.

    Without --state it has all items but those that are closed.
    """
    from migrate.said import number_of
    from reports.worklist_export import export as write

    rows = _rows(workspace, run_id, frozenset(states) or None, role, clear)
    number = write(rows, file, overwrite=overwrite)
    click.echo(f"{file}: {number_of(number, 'item')} in {number_of(len(rows.causes), 'cause')}, of run {rows.worklist.run}")
    click.echo(f"next: fill in decision, reason and decided_by, then: lms-migrate worklist import {workspace} {file}")
    return 0


@command.command("import")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--by", default="", metavar="NAME", help="Who decided, for rows that do not say so.")
@click.option("--dry-run", is_flag=True, help="Look for problems, and change nothing.")
def import_(workspace: Path, file: Path, by: str, dry_run: bool) -> int:
    """Take in the answers in FILE: a filled-in export, or the decisions file that the report's page gave.

    All of them are taken, or none: every problem is named by row and column. Exit codes: 0 taken in, 2 there are problems.
    """
    from migrate.said import number_of
    from migrate.worklist.take_in import take_in
    from reports.masking import Masker

    done = take_in(workspace, file, by=by, dry_run=dry_run, shown=lambda facts: Masker(facts).value)
    for decision, number in done.counts.items():
        click.echo(f"  {decision:<10} {number:>7,}")
    known = "" if done.rows == 0 else f"; {number_of(done.rows, 'row')} of the file with an answer"
    if not done.decisions:
        click.echo(f"nothing new{known}")
        return 0
    files = ", ".join(str(path) for path in done.files)
    if dry_run:
        click.echo(f"{number_of(len(done.decisions), 'decision')} would be taken in{known}; nothing was changed")
    else:
        click.echo(f"{number_of(len(done.decisions), 'decision')} taken in{known}: {files}")
        click.echo(f"next: lms-migrate run {workspace}")
    return 0


def _rows(workspace: Path, run_id: str | None, states: frozenset[str] | None, role: str | None, clear: bool) -> WorklistRows:
    from migrate.privacy.roles import roles_of
    from migrate.worklist.current import open_worklist
    from migrate.workspace import open_workspace
    from reports.masking import CLASSES, Masker, masker_for
    from reports.worklist_rows import WorklistRows

    opened = open_workspace(workspace)
    worklist = open_worklist(workspace, run_id)
    roles = roles_of(workspace, role)
    if clear and roles:
        raise click.UsageError(f"privacy.yaml says who sees what: in place of --clear name a --role ({', '.join(roles)})")
    masker = Masker(worklist.facts, CLASSES) if clear else masker_for({**worklist.facts, "roles": roles}, role)
    return WorklistRows(opened, worklist, masker, states)
