"""``lms-migrate acceptance``."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("acceptance")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--run", "run_id", metavar="ID", help="The run; the latest one by default.")
def command(workspace: Path, run_id: str | None) -> int:
    """Judge the expectations of WORKSPACE on what a run read back from the target, and render its report again.

    Exit codes: 0 all hold, 1 some do not or cannot be evaluated, 2 usage or configuration, 3 the run cannot be read.
    """
    from migrate.acceptance.results import idle, sentence
    from migrate.acceptance.run import acceptance
    from migrate.errors import EXIT_ATTENTION, EXIT_PASS
    from migrate.progress import Bars, Lines
    from reports.html import render
    from reports.visible import plain

    on_nothing = 0
    found = acceptance(workspace, run_id, Bars() if sys.stderr.isatty() else Lines(sys.stderr))
    for result in found.results:
        judged, model = result.judged, result.wanted.model
        word = {"passed": "passed", "failed": "FAILED", "error": "NOT EVALUATED"}[judged.state]
        number = f": {judged.unexpected:,} of {judged.values:,} not so" if judged.unexpected else ""
        number += f": {plain(judged.why)}" if judged.why else ""
        nothing = idle(judged.state, ", ".join(model.field), judged.records, judged.values)
        on_nothing += bool(nothing)
        number += f": {nothing}" if nothing else ""
        click.echo(f"{word}  {plain(model.code)}  {plain(sentence(result.wanted))}{number}")
    click.echo("")
    page = render(found.folder)
    failed, errors = len(found.of("failed")), len(found.of("error"))
    passed = f"{len(found.of('passed'))} passed" + (f" ({on_nothing} of them on nothing)" if on_nothing else "")
    click.echo(f"{found.folder.name}: {passed}, {failed} failed, {errors} could not be evaluated")
    click.echo(f"Report: {plain(str(page))}#acceptance")
    click.echo(f"next: lms-migrate gates {workspace} --run {found.folder.name}")
    return EXIT_ATTENTION if failed or errors else EXIT_PASS
