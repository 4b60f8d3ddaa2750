"""``lms-migrate new``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--from", "source", required=True, metavar="SYSTEM", help="The system to migrate from.")
@click.option("--to", "target", required=True, metavar="SYSTEM", help="The system to migrate to.")
def command(directory: Path, source: str, target: str) -> int:
    """Write a workspace in DIRECTORY: settings, the mapping to be edited, crosswalks and a README."""
    from migrate.scaffold import new_workspace

    for file in new_workspace(directory, source, target):
        click.echo(f"  {file}")
    click.echo(f"next: edit {directory / 'migration.yaml'}, then: lms-migrate check {directory}")
    return 0
