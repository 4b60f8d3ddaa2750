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
    from rich.console import Console
    from rich.table import Table

    from migrate.lineage.ask import ask
    from reports.visible import plain

    found = ask(workspace, name)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for title, rows in found.tables():
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for column in ("from", "to", "how", "through"):
            table.add_column(column)
        for link in rows:
            table.add_row(plain(link.from_), plain(link.to), link.kind, plain(", ".join(link.path) or "-"))
        console.print(table)
    for line in found.notes:
        console.print(plain(line))
    return 0
