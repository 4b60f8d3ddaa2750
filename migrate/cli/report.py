"""``lms-migrate report``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--run", "run_id", metavar="ID", help="The run; the latest one by default.")
@click.option("--role", metavar="ROLE", help="Show what this role of privacy.yaml may see, in report-ROLE.html.")
def command(workspace: Path, run_id: str | None, role: str | None) -> int:
    """Render the report of a run of WORKSPACE again, from what lies in its run folder."""
    from migrate.errors import ConfigurationError, Problem
    from migrate.privacy.roles import roles_of
    from migrate.run_folder import latest_run
    from reports.html import render

    runs = workspace / "runs"
    folder = runs / run_id if run_id else latest_run(runs)
    if folder is None or not (folder / "summary.json").is_file():
        there = tuple(sorted(p.name for p in runs.iterdir())) if runs.is_dir() else ()
        problem = Problem("there is no such run", value=run_id, allowed=there)
        hint = f"lms-migrate run {workspace}"
        raise ConfigurationError("the report cannot be made", problems=[problem], hint=hint)
    roles = roles_of(workspace, role) if role is not None else None
    click.echo(f"report: {render(folder, roles=roles, role=role)}")
    return 0
