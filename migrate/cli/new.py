"""``lms-migrate new``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--from", "source", required=True, metavar="SYSTEM", help="The system to migrate from, or the file of its contract."
)
@click.option("--to", "target", required=True, metavar="SYSTEM", help="The system to migrate to, or the file of its contract.")
def command(directory: Path, source: str, target: str) -> int:
    """Write a workspace in DIRECTORY: settings, the mapping to be edited, crosswalks and a README.

    Where no mapping ships for the two systems, one is drafted from what both call the same. DRAFT.md says what people have to
    decide, and check refuses the workspace until they did.
    """
    from migrate.scaffold import new_workspace

    files = new_workspace(directory, source, target)
    for file in files:
        click.echo(f"  {file}")
    if (drafted := directory / "DRAFT.md") in files:
        click.echo(f"no mapping ships for this pair: this is a draft. {drafted} says what has to be decided")
        if not any(file.parent.name == "mapping" and file.name != "pair.yaml" for file in files):
            click.echo(
                "it maps nothing: the two contracts name no concept in common. Say in the contract of the source which concepts"
            )
            click.echo("its tables and fields hold, as docs/add-your-lms.md shows, and write the workspace anew")
    click.echo(f"next: edit {directory / 'migration.yaml'}, then: lms-migrate check {directory}")
    return 0
