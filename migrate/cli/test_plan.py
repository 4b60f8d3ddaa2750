"""``lms-migrate test-plan``."""

from __future__ import annotations

from pathlib import Path

import click

WORKSPACE = click.argument("workspace", type=click.Path(path_type=Path))


@click.group("test-plan")
def command() -> None:
    """The test plan: requirements, the records a person looks at, and whether the plan accepts what was found."""


@command.command("write")
@WORKSPACE
@click.option("--run", "run_id", metavar="ID", help="The run; the latest one by default.")
def write(workspace: Path, run_id: str | None) -> int:
    """Write the test plan of a run of WORKSPACE, with its worksheets.

    The first time it also writes test_plan.yaml, which people edit.
    """
    import datetime as dt

    from migrate.said import number_of
    from migrate.test_plan.write import write_plan
    from migrate.workspace import open_workspace

    written = write_plan(open_workspace(workspace), run_id, dt.datetime.now(dt.UTC))
    if written.scaffolded:
        click.echo(f"{workspace / 'test_plan.yaml'}: written; change its numbers to yours and write the plan again")
    for file in written.files:
        click.echo(f"{file}")
    document = written.document
    click.echo(f"{document.id} of run {document.run}: {len(document.picks)} records to look at, {document.tested} done")
    if document.uncovered:
        lines = number_of(len(document.uncovered), "line")
        click.echo(f"no requirement covers {lines}: {', '.join(document.uncovered)}", err=True)
    return 0


@command.command("import")
@WORKSPACE
@click.argument("file", type=click.Path(path_type=Path))
def import_(workspace: Path, file: Path) -> int:
    """Take a filled worksheet of WORKSPACE in: the FILE that the page downloads, CSV or XLSX. All of it, or nothing."""
    import datetime as dt

    from migrate.errors import ConfigurationError
    from migrate.test_plan import store
    from migrate.test_plan.take_in import take_in
    from migrate.test_plan.write import look_again, write_documents
    from migrate.workspace import open_workspace
    from reports.visible import plain

    opened, now = open_workspace(workspace), dt.datetime.now(dt.UTC)
    taken = take_in(opened, file, now)
    click.echo(
        f"{taken.plan}: {taken.new} new, {taken.corrected} corrected, {taken.unchanged} known, {taken.blank} not looked at"
    )
    click.echo(f"recorded in {taken.file}" if taken.new or taken.corrected else "nothing new to record")
    if store.latest(workspace).plan.id == taken.plan:
        try:
            write_documents(workspace, look_again(opened, store.load(workspace, taken.plan), now))
        except ConfigurationError as error:
            click.echo(f"the documents were not written anew: {plain(error.message)}", err=True)
    click.echo(f"next: lms-migrate test-plan status {workspace}")
    return 0


@command.command("status")
@WORKSPACE
@click.option("--plan", "plan_id", metavar="ID", help="The plan; the one written last by default.")
def status(workspace: Path, plan_id: str | None) -> int:
    """Say what the test plan of WORKSPACE says of the results so far.

    Exit codes: 0 accepted, 1 not finished, 2 usage or configuration, 3 refused.
    """
    from rich.console import Console
    from rich.table import Table

    from migrate.test_plan.judge import EXIT_OF
    from migrate.test_plan.status import status as status_of
    from reports.visible import plain

    found = status_of(workspace, plan_id)
    table = Table(box=None, pad_edge=False)
    table.add_column("inspection", min_width=max((len(judged.inspection.id) for judged in found.judged), default=0))
    for column in ("lot", "sample", "done", "wrong", "accept", "refuse"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for judged in found.judged:
        one = judged.inspection
        stopped = " (sampling stopped: mend the cause)" if one.stopped else ""
        numbers = (one.lot, one.size, judged.tested, judged.wrong, one.accept, one.refuse)
        table.add_row(plain(one.id), *(f"{n:,}" for n in numbers), judged.state + stopped)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(table)
    for requirement, compared in found.automated.items():
        if compared.holds is not True:
            what = "nothing was compared" if compared.holds is None else "the comparison of all records does not hold"
            console.print(f"{requirement}: {what} ({compared.differences} differences, {compared.missing} missing or extra)")
    for test, outcome in found.tests:
        said = f" ({plain(outcome.evidence)})" if outcome.evidence else ""
        console.print(f"{', '.join(test.requirements)}: {test.kind} {test.id}: {outcome.state}{said}")
    console.print(f"{found.kept.plan.id} of run {found.kept.plan.run}: {found.state}")
    return EXIT_OF[found.state]
