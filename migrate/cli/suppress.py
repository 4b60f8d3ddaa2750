"""``lms-migrate suppress``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("suppress")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--kind", metavar="KIND", help="What is given: a kind of identifier that privacy.yaml names, such as email.")
@click.option("--reason", metavar="TEXT", help="Why, such as the number of the request. No personal data.")
@click.option("--by", metavar="NAME", help="Who enters it.")
@click.option("--list", "listed", is_flag=True, help="Show how many identifiers are on the list. Nobody can read which.")
def command(workspace: Path, kind: str | None, reason: str | None, by: str | None, listed: bool) -> int:
    """Put people on the suppression list of WORKSPACE: they are never loaded again.

    Reads identifiers from the standard input, one a line, so that no shell writes them down. Only keyed hashes are kept.
    """
    import datetime as dt
    import sys

    from migrate.artefacts import sha256
    from migrate.errors import ConfigurationError
    from migrate.fingerprints import SUPPRESSED_FILE
    from migrate.privacy.prepare import suppression_list
    from migrate.privacy.suppression import add
    from migrate.privacy.words import wrong_words
    from migrate.trail import note
    from migrate.workspace import open_workspace
    from reports.visible import plain

    opened = open_workspace(workspace)
    if listed:
        suppressed = suppression_list(opened)
        for (of, why, who, at), number in (suppressed.counts() if suppressed else {}).items():
            click.echo(f"{number:>8,}  {plain(of)}  {plain(at)}  {plain(who)}  {plain(why)}")
        click.echo(f"{len(suppressed.entries) if suppressed else 0:,} identifiers on the list")
        return 0
    suppressed = suppression_list(opened, to_write=True)
    problems = wrong_words(opened, kind, reason, by)
    if problems or suppressed is None or kind is None or reason is None or by is None:
        raise ConfigurationError("nothing was entered", problems=problems)
    try:
        identifiers = sys.stdin.buffer.read().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ConfigurationError("nothing was entered: the standard input is not UTF-8") from None
    given = [identifier for identifier in identifiers if identifier.strip()]
    new = add(workspace, suppressed, kind, given, reason.strip(), by.strip(), dt.datetime.now(dt.UTC))
    entries = len(suppressed.entries) + new
    note(
        opened, "people suppressed", {"kind": kind, "new": new, "entries": entries, "sha256": sha256(workspace / SUPPRESSED_FILE)}
    )
    click.echo(f"{new:,} of {len(given):,} identifiers are new on the list; {entries:,} are on it now")
    click.echo(
        f"next: lms-migrate run {workspace}; approvals still hold. Run folders, archives, test plans and the ledger from before "
        "still hold these people: delete what may go"
    )
    return 0
