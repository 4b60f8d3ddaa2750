"""``lms-migrate audit``."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("audit")
def command() -> None:
    """The audit trail: what was done to the target and when, each entry with the hash of the one before it."""


@command.command("show")
@click.argument("workspace", type=click.Path(path_type=Path))
def show(workspace: Path) -> int:
    """Print the entries of WORKSPACE, the oldest first, a line each."""
    from migrate.trail import trail
    from reports.visible import plain

    for entry in trail(workspace):
        click.echo(f"{entry.number:>5}  {entry.at}  {plain(entry.run or '-')}  {plain(entry.event)}  {plain(entry.detail)}")
    return 0


@command.command("verify")
@click.argument("workspace", type=click.Path(path_type=Path))
def verify(workspace: Path) -> int:
    """Look for entries of WORKSPACE that were altered, removed, re-ordered or cut off, and for approvals that nobody gave.

    Exit codes: 0 the trail is whole, 3 it is not.
    """
    from migrate.errors import EXIT_FAILED
    from migrate.trail import verify as verify_trail

    found = verify_trail(workspace)
    for problem in found.problems:
        click.echo(problem, err=True)
    if found.problems:
        click.echo(
            "the audit trail is not whole: compare the ledger with a backup, or name that of these runs (ledger:)",
            err=True,
        )
        return EXIT_FAILED
    click.echo(f"whole: {found.entries} entries, held by what {found.noted} run folders know of them")
    if found.loose:
        click.echo(
            f"the last {found.loose} are held by no folder yet: no live run, rollback or approval came to its end after them"
        )
    return 0
