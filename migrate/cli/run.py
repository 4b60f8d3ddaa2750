"""``lms-migrate run``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

import click

from migrate.run_folder import STAGES


@click.command("run")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--live", is_flag=True, help="Write to the target. Without it nothing is written outside the run folder.")
@click.option("--only", metavar="ENTITY", help="Run one mapping and those it refers to.")
@click.option("--stop-after", type=click.Choice(STAGES), help="Stop when this stage is done.")
@click.option("--delta", is_flag=True, help="With --live: read back only what this run writes.")
@click.option("--apply-deletions", is_flag=True, help="With --live: remove what no source record stands behind any more.")
@click.option("--mask", is_flag=True, help="Rehearse with pseudonyms: no name, address or login leaves the source.")
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="What maps, validates and reconciles; spark needs the extra [spark] and Java.",
)
@click.option("--profile", is_flag=True, help="Print where the time went: stages, entities, statements of the engine.")
@click.option("--operator", metavar="NAME", help="Who answers for the run; it stands in the report's header.")
def command(
    workspace: Path, live: bool, only: str | None, stop_after: str | None, delta: bool, apply_deletions: bool, mask: bool,
    engine: Literal["duckdb", "spark"], profile: bool, operator: str | None,
) -> int:  # fmt: skip
    """Rehearse the migration of WORKSPACE, or run it with --live.

    Exit codes: 0 passes, 1 findings need a person, 2 usage or configuration, 3 the run failed, 130 interrupted.
    """
    from migrate.observing import Observer, observed_by
    from migrate.pipeline import run
    from migrate.privacy.roles import has_mask_key
    from migrate.progress import Bars, Lines
    from migrate.stopwatch import Stopwatch
    from reports.build import build
    from reports.html import write
    from reports.text import terminal_width, text

    shown = Bars() if sys.stderr.isatty() else Lines(sys.stderr)
    progress = Stopwatch(shown) if profile else shown
    with observed_by(progress) if isinstance(progress, Observer) else nullcontext():
        result = run(
            workspace,
            live=live,
            only=only,
            stop_after=stop_after,
            delta=delta,
            apply_deletions=apply_deletions,
            mask=mask,
            operator=operator,
            engine=engine,
            progress=progress,
        )
    if mask and not has_mask_key(workspace):
        click.echo(
            "pseudonyms of a key that nobody keeps: this run cannot be compared with others (mask: in privacy.yaml)", err=True
        )
    records = sum(entity["source"] for entity in result.summary["entities"].values())
    with progress.task("report", "page", records) as task:
        report = build(result.folder)
        page = write(report, result.folder)
        task.advance(records)
    click.echo(text(report, result.folder, page=page, width=terminal_width(sys.stdout)))
    if isinstance(progress, Stopwatch):
        click.echo("\n".join(progress.lines(result.summary["timings"])))
    if result.failure:
        click.echo(result.failure, err=True)
    return result.exit_code
