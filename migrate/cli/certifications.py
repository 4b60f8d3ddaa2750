"""``lms-migrate certifications``."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click


@click.command("certifications")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option(
    "--on", "on", multiple=True, metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="A day, YYYY-MM-DD; may be repeated."
)
@click.option("--certification", "only", metavar="NAME", help="Only this one, as the target calls it.")
@click.option("--run", "run_id", metavar="ID", help="The run; the latest one by default.")
def command(workspace: Path, on: tuple[dt.datetime, ...], only: str | None, run_id: str | None) -> int:
    """Say how many people of WORKSPACE are certified, may renew or have expired on which day, in the source and in the target.

    Without --on these are the days that the run counted. Every day from the cutover on was compared in any case.

    Exit codes: 0 no state differs without a reason, 1 some do, 2 usage or configuration, 3 the run cannot be read.
    """
    from migrate.errors import EXIT_ATTENTION, EXIT_PASS, ConfigurationError, Problem
    from migrate.run_folder import latest_run
    from reports.certifications.asked import certifications_on, certifications_text
    from reports.text import terminal_width

    runs = workspace / "runs"
    there = tuple(sorted(p.name for p in runs.iterdir() if (p / "summary.json").is_file())) if runs.is_dir() else ()
    folder = latest_run(runs) if run_id is None else runs / run_id if run_id in there else None
    if folder is None:
        problem = Problem("there is no such run", value=run_id, allowed=there)
        raise ConfigurationError("there is nothing to show", problems=[problem], hint=f"lms-migrate run {workspace}")
    days = [day.date().isoformat() for day in on]
    found = certifications_on(folder, sorted(dict.fromkeys(days)), only)
    click.echo(certifications_text(found, terminal_width(sys.stdout)), nl=False)
    differ = found.different or found.wrong or any(row.different for row in found.days)
    return EXIT_ATTENTION if differ else EXIT_PASS
