"""``lms-migrate report``."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("report")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--run", "run_id", metavar="ID", help="The run; the latest one by default.")
@click.option("--role", metavar="ROLE", help="Show what this role of privacy.yaml may see, in report-ROLE.html and so on.")
@click.option(
    "--format",
    "forms",
    multiple=True,
    default=("html",),
    metavar="html|xlsx|junit|text|json",
    help="The form; may be given again. Text and JSON are printed.  [default: html]",
)
def command(workspace: Path, run_id: str | None, role: str | None, forms: tuple[str, ...]) -> int:
    """Render the report of a run of WORKSPACE again, from what lies in its run folder."""
    from migrate.errors import ConfigurationError, Problem
    from migrate.privacy.roles import roles_of
    from migrate.run_folder import latest_run
    from reports.forms import PRINTED, checked, printed, write_forms
    from reports.text import terminal_width

    asked = checked(forms)
    runs = workspace / "runs"
    folder = runs / run_id if run_id else latest_run(runs)
    if folder is None or not (folder / "summary.json").is_file():
        there = tuple(sorted(p.name for p in runs.iterdir())) if runs.is_dir() else ()
        problem = Problem("there is no such run", value=run_id, allowed=there)
        hint = f"lms-migrate run {workspace}"
        raise ConfigurationError("the report cannot be made", problems=[problem], hint=hint)
    roles = roles_of(workspace, role) if role is not None else None
    files, report = write_forms(folder, asked, roles=roles, role=role)
    print_form = next((form for form in asked if form in PRINTED), None)
    for file in files:
        # What is printed can be piped into another program, so that nothing else stands there.
        click.echo(f"report: {file}", err=print_form is not None)
    if print_form is not None:
        click.echo(printed(folder, print_form, report, role, terminal_width(sys.stdout)), nl=False)
    return 0
