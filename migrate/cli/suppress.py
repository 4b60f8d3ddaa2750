"""``lms-migrate suppress``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("suppress")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--kind", metavar="KIND", help="What is given: a kind of identifier that privacy.yaml names, such as email.")
@click.option("--reason", metavar="TEXT", help="Why, such as the number of the request. No personal data.")
@click.option("--by", metavar="NAME", help="Who enters it.")
@click.option("--remove", is_flag=True, help="Take the people off the list again.")
@click.option("--accept", is_flag=True, help="Go by the list as it is now, after somebody changed the file by hand.")
@click.option("--list", "listed", is_flag=True, help="Show how many identifiers are on the list. Nobody can read which.")
def command(
    workspace: Path, kind: str | None, reason: str | None, by: str | None, remove: bool, accept: bool, listed: bool
) -> int:  # fmt: skip
    """Put people on the suppression list of WORKSPACE: they are never loaded again.

    Reads identifiers from the standard input, one a line, so that no shell writes them down. Only keyed hashes are kept.
    """
    import datetime as dt
    import sys

    from migrate.errors import EXIT_ATTENTION, ConfigurationError
    from migrate.privacy.noted_list import ADDED, REMOVED, change, demand_same, strayed_list
    from migrate.privacy.noted_list import accept as accept_list
    from migrate.privacy.prepare import suppression_list
    from migrate.privacy.suppression import added, without
    from migrate.privacy.words import wrong_words
    from migrate.workspace import open_workspace
    from reports.visible import plain

    if sum((remove, accept, listed)) > 1:
        raise ConfigurationError("--remove, --accept and --list exclude one another", hint="one at a time")
    opened = open_workspace(workspace)
    again = "approvals from before count no more: rehearse and sign again"
    if listed:
        suppressed = suppression_list(opened)
        for (of, why, who, at), number in (suppressed.counts() if suppressed else {}).items():
            click.echo(f"{number:>8,}  {plain(of)}  {plain(at)}  {plain(who)}  {plain(why)}")
        click.echo(f"{len(suppressed.entries) if suppressed else 0:,} identifiers on the list")
        if (strayed := strayed_list(opened)) is not None:
            click.echo(str(strayed.problem()), err=True)
            return EXIT_ATTENTION
        return 0
    suppressed = suppression_list(opened, to_write=not accept)
    problems = wrong_words(opened, kind, reason, by, names=not accept)
    if problems or reason is None or by is None:
        raise ConfigurationError("nothing was changed", problems=problems)
    reason, by = reason.strip(), by.strip()
    if accept:
        if strayed_list(opened) is None:
            click.echo("nothing to accept: the list is the one that the audit trail knows, or the trail knows none yet")
            return 0
        click.echo(f"{accept_list(opened, suppressed, reason, by):,} identifiers are on the list, and runs go by it; {again}")
        click.echo(f"next: lms-migrate run {workspace}")
        return 0
    demand_same(strayed_list(opened), "nothing was changed")
    assert suppressed is not None, "wrong_words finds out where there can be no list"
    assert kind is not None, "and where no kind was given"
    try:
        identifiers = sys.stdin.buffer.read().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ConfigurationError("nothing was changed: the standard input is not UTF-8") from None
    given = [identifier for identifier in identifiers if identifier.strip()]
    if remove:
        after = without(suppressed, kind, given)
        gone = len(suppressed.entries) - len(after.entries)
        if gone:
            change(opened, REMOVED, after, {"kind": kind, "removed": gone, "reason": reason, "by": by})
        click.echo(f"{gone:,} identifiers were taken off the list; {len(after.entries):,} are on it now")
        click.echo(f"next: lms-migrate run {workspace}; {again if gone else 'nothing changed'}")
        return 0
    after = added(suppressed, kind, given, reason, by, dt.datetime.now(dt.UTC))
    new = len(after.entries) - len(suppressed.entries)
    change(opened, ADDED, after, {"kind": kind, "new": new})
    click.echo(f"{new:,} of {len(given):,} identifiers are new on the list; {len(after.entries):,} are on it now")
    click.echo(
        f"next: lms-migrate run {workspace}; approvals still hold. Run folders, archives, test plans and the ledger from before "
        "still hold these people: delete what may go"
    )
    return 0
