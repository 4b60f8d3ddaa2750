"""``lms-migrate profile``."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("profile")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--run", "run", metavar="ID", help="Profile what this run extracted, in place of reading the source.")
@click.option("--keep-rows", is_flag=True, help="Leave the extracted rows, unmasked, beside the profile.")
def command(workspace: Path, run: str | None, keep_rows: bool) -> int:
    """Say what the source of WORKSPACE holds, before anybody maps it. The mapping need not be there yet.

    Writes profiles/ID/profile.html and profile.json. Personal values are masked unless migration.yaml says otherwise.
    Exit codes: 0 profiled, 2 usage or configuration, 3 the source went away.
    """
    from migrate.profiling.run import profile
    from migrate.progress import Bars, Lines
    from reports.documents.profile import profile_page
    from reports.documents.profile_text import profile_text
    from reports.documents.render import write
    from reports.text import terminal_width

    progress = Bars() if sys.stderr.isatty() else Lines(sys.stderr)
    made, folder = profile(workspace, run=run, keep_rows=keep_rows, progress=progress)
    page = write(folder / "profile.html", profile_page(made))
    click.echo(profile_text(made, terminal_width(sys.stdout) or 120), nl=False)
    click.echo(f"{page}")
    return 0
