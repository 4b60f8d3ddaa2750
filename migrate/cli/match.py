"""``lms-migrate match``."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("match")
def command() -> None:
    """Who was matched with whom: people of the source with those of another list."""


@command.command("show")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--run", "run_id", metavar="ID", help="The run. Default: the newest that matched anybody.")
@click.option("--samples", default=3, show_default=True, type=click.IntRange(0), help="Records to show of each tier, masked.")
def show(workspace: Path, run_id: str | None, samples: int) -> int:
    """Print what each tier found in a run of WORKSPACE, and what became of it."""
    from migrate.matching.show import show as lines
    from migrate.workspace import open_workspace

    for line in lines(open_workspace(workspace), run_id, samples):
        click.echo(line)
    return 0
