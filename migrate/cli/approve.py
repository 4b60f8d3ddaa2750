"""``lms-migrate approve``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("approve")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--role", required=True, metavar="ROLE", help="The role in which you sign, one of approvals: {roles: ...}.")
@click.option("--as", "name", required=True, metavar="NAME", help="Your name, as it is printed.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in a line.")
@click.option("--run", "run_id", metavar="ID", help="The rehearsal you judged; the latest whole one by default.")
@click.option("--withdraw", is_flag=True, help="Take the approvals of this role back.")
def command(workspace: Path, role: str, name: str, reason: str, run_id: str | None, withdraw: bool) -> int:
    """Sign for a rehearsal of WORKSPACE and for the mapping, contracts, crosswalks and decisions it was made of.

    Exit codes: 0 it is signed, 2 it was refused, 3 the ledger was lost.
    """
    from migrate.approvals import signing
    from reports.visible import plain

    if withdraw:
        for approval in signing.withdraw(workspace, role, name, reason, run=run_id):
            signed = approval.signed
            click.echo(f"withdrawn: {plain(signed.role)} by {plain(signed.name)} of {signed.at}, rehearsal {plain(approval.run)}")
        return 0
    done = signing.approve(workspace, role, name, reason, run=run_id)
    signed = done.approval.signed
    click.echo(f"approved: rehearsal {done.approval.run}, {len(done.gates)} gates reached")
    click.echo(f"  signed by  {plain(signed.name)} as {signed.role} (account {plain(signed.account)})")
    click.echo(f"  at         {signed.at}, until {signed.expires}")
    click.echo(f"  meaning    {signed.meaning}")
    click.echo(f"  reason     {plain(signed.reason)}")
    for part, digest in signed.parts.items():
        click.echo(f"  {part:<12} {digest}")
    click.echo(f"  entry {done.approval.entry} of the audit trail, {done.approval.hash}")
    if done.open_roles:
        click.echo(f"still to approve: {', '.join(done.open_roles)}")
    else:
        click.echo(f"next: lms-migrate run {workspace} --live")
    return 0
