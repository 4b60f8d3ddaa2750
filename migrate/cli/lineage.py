"""``lms-migrate lineage``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("lineage")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("name", metavar="NAME[.FIELD]")
def command(workspace: Path, name: str) -> int:
    """Show where a field of WORKSPACE comes from and where it goes.

    NAME is a mapping, or an entity of the source; where both have the name, both are shown.
    """
    from migrate.lineage.ask import ask
    from reports.visible import plain

    found = ask(workspace, name)
    for title, links in found.tables():
        rows = [("from", "to", "how", "through")]
        rows += [(plain(k.from_), plain(k.to), k.kind, plain(", ".join(k.path) or "-")) for k in links]
        widths = [max(len(row[at]) for row in rows) for at in range(3)]
        click.echo(title)
        for *cells, path in rows:
            click.echo("  " + "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)), path]))
    for line in found.notes:
        click.echo(plain(line))
    return 0
