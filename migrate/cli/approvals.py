"""``lms-migrate approvals``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("approvals")
@click.argument("workspace", type=click.Path(path_type=Path))
def command(workspace: Path) -> int:
    """List what was signed in WORKSPACE, what of it holds now, and why the rest does not.

    Exit codes: 0 every role approved what the workspace is now, 1 somebody has to sign, 2 usage or configuration.
    """
    from migrate.approvals.listing import approvals
    from migrate.errors import EXIT_ATTENTION, EXIT_PASS
    from reports.visible import plain

    found = approvals(workspace)
    for one in found.listed:
        approval, signed = one.standing.approval, one.standing.approval.signed
        who = f"{plain(signed.name)} as {plain(signed.role)} (account {plain(signed.account)})"
        click.echo(f"{one.standing.state}: rehearsal {plain(approval.run)}, {who}, {signed.at}, until {signed.expires}")
        click.echo(f"    reason: {plain(signed.reason)}")
        for state, why in one.standing.against:
            click.echo(f"    {state}: {plain(why)}")
        for change in one.changes:
            click.echo(f"      {plain(str(change))}")
    for problem in found.lost:
        click.echo(plain(problem))
    if found.lost:
        click.echo("no approval counts in a trail that is not whole")
        click.echo(f"next: lms-migrate audit verify {workspace}")
        return EXIT_ATTENTION
    for run, roles in found.missing.items():
        about = f"rehearsal {run}" if run else "what the workspace is now"
        click.echo(f"{about}: still to approve: {', '.join(roles)}" if roles else f"{about}: approved by every role")
    return EXIT_PASS if found.whole else EXIT_ATTENTION
