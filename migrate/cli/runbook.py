"""``lms-migrate runbook``."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(path_type=Path)


@click.group("runbook")
def command() -> None:
    """The cutover runbook: plan it from the rehearsals, tick it off while it runs, learn from it for the next round."""


@command.command("new")
@click.argument("workspace", type=FOLDER)
@click.option("--cutover", metavar="INSTANT", help='T, when the cutover begins: "YYYY-MM-DD HH:MM" in --zone.')
@click.option("--zone", default="UTC", show_default=True, help="The time zone of all clock times: Europe/Berlin.")
def new(workspace: Path, cutover: str | None, zone: str) -> int:
    """Write a first runbook.yaml into WORKSPACE, from what the workspace has. One that is there is not overwritten."""
    from migrate.runbook.new import new_runbook

    click.echo(f"  {new_runbook(workspace, cutover=cutover, zone=zone)}")
    click.echo(f"next: name people, edit steps, then: lms-migrate runbook write {workspace}")
    return 0


@command.command("write")
@click.argument("workspace", type=FOLDER)
@click.option("--round", "label", metavar="LABEL", help="The round to show; by default the one under way, or else the next plan.")
def write(workspace: Path, label: str | None) -> int:
    """Write documents/runbook.html and documents/runbook.md of WORKSPACE.

    Exit codes: 0 the plan is whole and fits, 1 it needs a person, 2 usage or configuration.
    """
    from migrate.runbook.book import open_book
    from reports.documents.runbook import write_runbook
    from reports.documents.runbook_needs import needs
    from reports.visible import plain

    book = open_book(workspace, label)
    files, open_ends = write_runbook(book), needs(book)
    for line in open_ends:
        click.echo(f"  {plain(line)}")
    for file in files:
        click.echo(f"Runbook: {file}")
    return 1 if open_ends else 0


@command.command("show")
@click.argument("workspace", type=FOLDER)
def show(workspace: Path) -> int:
    """Show where the round of WORKSPACE is: done, under way, next, ahead or behind, and when it will end.

    Exit codes: 0 it goes to plan, 1 it needs a person, 2 usage or configuration.
    """
    import datetime as dt

    from migrate.runbook.book import open_book
    from migrate.runbook.status import status
    from reports.documents.runbook_text import status_lines

    book = open_book(workspace)
    if book.plan.round is None:
        click.echo("No round is under way.")
        click.echo('next: lms-migrate runbook round "dress rehearsal 1" --by NAME, or with --cutover when it counts')
        return 0
    found = status(book, book.plan.round, dt.datetime.now(dt.UTC))
    lines, attention = status_lines(book, found)
    click.echo("\n".join(lines))
    return 1 if attention else 0


@command.command("round")
@click.argument("label")
@click.option("--by", required=True, metavar="NAME", help="Who opens it.")
@click.option("--cutover", is_flag=True, help="The real one. Without it the round is a dress rehearsal.")
@click.option("--at", metavar="INSTANT", help="Its T; by default that of the runbook for the cutover, and now for a rehearsal.")
@click.option("--from", "begin", metavar="STEP", help="Its first step; those above it are left out.")
@click.option("--note", default="", help="What is special about it.")
@click.option("--workspace", default=".", type=FOLDER, help="The workspace; the current folder by default.")
def round_(label: str, by: str, cutover: bool, at: str | None, begin: str | None, note: str, workspace: Path) -> int:
    """Open a round named LABEL. What its steps take is what the next round is planned with."""
    from migrate.runbook.instants import show_local
    from migrate.runbook.load import load_runbook
    from migrate.runbook.tick import open_round
    from reports.visible import plain

    opened = open_round(workspace, label, "cutover" if cutover else "rehearsal", by, at=at, begin=begin, note=note)
    zone = load_runbook(workspace).zone
    click.echo(f"{plain(opened.label)} ({opened.kind}) is open, T is {show_local(opened.zero, zone)} {zone.key}")
    return 0


@command.command("close")
@click.option("--by", required=True, metavar="NAME", help="Who closes it.")
@click.option("--note", default="", help="Why.")
@click.option("--workspace", default=".", type=FOLDER, help="The workspace; the current folder by default.")
def close(by: str, note: str, workspace: Path) -> int:
    """End the round that is under way, whatever is left of it."""
    from migrate.runbook.tick import close_round
    from reports.visible import plain

    click.echo(f"{plain(close_round(workspace, by, note=note).label)} is closed")
    return 0


@command.command("tick")
@click.argument("step")
@click.option("--start", "what", flag_value="start", help="It has begun.")
@click.option("--done", "what", flag_value="done", default="done", help="It is done (the default).")
@click.option("--failed", "what", flag_value="failed", help="It failed; --start or --done later is another try.")
@click.option("--skip", "what", flag_value="skip", help="It is left out.")
@click.option("--go", "what", flag_value="go", help="Of a gate: it goes on.")
@click.option("--no-go", "what", flag_value="no-go", help="Of a gate: it does not. From then on only the way back is open.")
@click.option("--reopen", "what", flag_value="reopen", help="It was ticked by mistake, and is open again.")
@click.option("--by", required=True, metavar="NAME", help="Who did it or decided it.")
@click.option("--note", default="", help="What happened, or why.")
@click.option("--at", metavar="INSTANT", help='When, if not now: "YYYY-MM-DD HH:MM" in the runbook\'s zone.')
@click.option("--run", metavar="ID", help="The run that the step was: its times count. Of a gate: the run it was judged on.")
@click.option("--force", is_flag=True, help="Overrule what is against it; needs --note.")
@click.option("--correct", is_flag=True, help="An earlier tick was wrong: this one counts instead; needs --note.")
@click.option("--workspace", default=".", type=FOLDER, help="The workspace; the current folder by default.")
def tick(
    step: str, what: str, by: str, note: str, at: str | None, run: str | None, force: bool, correct: bool, workspace: Path
) -> int:
    """Write down what became of STEP, in the log that is only ever added to."""
    import datetime as dt

    from migrate.runbook.status import status
    from migrate.runbook.tick import tick as enter
    from reports.documents.runbook_text import tick_lines

    ticked = enter(workspace, step, what, by, note=note, at=at, run=run, force=force, correct=correct)
    found = status(ticked.book, ticked.round, dt.datetime.now(dt.UTC))
    click.echo("\n".join(tick_lines(ticked, found)))
    return 0
