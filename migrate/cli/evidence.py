"""``lms-migrate evidence``."""

from __future__ import annotations

from pathlib import Path

import click

LISTED = 20


class _MakingByDefault(click.Group):
    """A group whose first word may be left out: a workspace in its place makes a pack."""

    default = "make"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


@click.group("evidence", cls=_MakingByDefault)
def command() -> None:
    """The evidence pack of a run: one archive that can be checked without the workspace.

    lms-migrate evidence WORKSPACE --run ID makes one; "make" may be left out.
    """


@command.command("make")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--run", "run_id", metavar="ID", help="The run; the latest one by default.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="The pack; evidence/ID.zip in WORKSPACE by default.")
@click.option("--with-personal-data", is_flag=True, help="Pack people's data in clear. Without it the pack is masked.")
def make(workspace: Path, run_id: str | None, out: Path | None, with_personal_data: bool) -> int:
    """Make the pack of a run of WORKSPACE, and check it as a stranger would.

    Exit codes: 0 made, signed and whole; 1 made, and not signed or something is missing; 2 usage or configuration; 3 made, and
    what lies in the run folder does not fit together.
    """
    from migrate.errors import EXIT_ATTENTION, EXIT_FAILED, EXIT_PASS
    from migrate.evidence.make import make as make_pack
    from migrate.evidence.verify import verify as verify_pack
    from reports.visible import plain

    made = make_pack(workspace, run_id, out=out, personal=with_personal_data)
    signer = made.manifest.signer
    found = verify_pack(made.file, signer.fingerprint if signer else None)
    kind = "masked" if made.manifest.masked else "with personal data in clear: keep it as you keep the records"
    click.echo(f"pack: {made.file} ({len(made.manifest.files)} files, {kind})")
    signed = f"signed by {signer.fingerprint}" if signer else "not signed: evidence: {key: ${NAME}} in migration.yaml names a key"
    click.echo(signed)
    for check in found.checks:
        if check.status != "pass" and not (check.name == "signature" and signer is None):
            click.echo(plain(f"{check.status}: {check.name}: {check.detail}"), err=True)
    if made.changed:
        click.echo("take the workspace as it was when it ran, out of git, and make the pack again", err=True)
    named = f" --key {signer.fingerprint}" if signer else ""
    if found.status == "fail":
        click.echo("the run folder does not fit together: give this pack to nobody before it is known why", err=True)
    else:
        click.echo(f"next: lms-migrate evidence verify {made.file}{named}, on the machine of whoever receives it")
    return {"pass": EXIT_PASS, "open": EXIT_ATTENTION, "fail": EXIT_FAILED}[found.status]


@command.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", metavar="KEY", help="Who has to have signed: a fingerprint, or the file of a public key.")
def verify(file: Path, key: str | None) -> int:
    """Check the pack FILE. That needs neither the workspace, nor the ledger, nor a network.

    Exit codes: 0 every check passes; 1 nothing is wrong, and something is not proven; 2 usage; 3 the pack is not what was made.
    """
    from migrate.errors import EXIT_ATTENTION, EXIT_FAILED, EXIT_PASS
    from migrate.evidence.verify import verify as verify_pack
    from reports.visible import plain

    found = verify_pack(file, key)
    for check in found.checks:
        click.echo(f"{check.status:<5} {check.name:<14} {plain(check.detail)}")
    last = {
        "pass": (EXIT_PASS, "the pack is whole, and signed by the key you named"),
        "open": (EXIT_ATTENTION, "nothing contradicts the pack; read the lines that say open"),
        "fail": (
            EXIT_FAILED,
            "do not rely on this pack: read the lines that say fail",
        ),
    }
    code, words = last[found.status]
    click.echo(words)
    return code


@command.command("show")
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> int:
    """Say what is in the pack FILE, and what is not. It is not checked: that is what verify does."""
    from migrate.evidence.show import lines

    for line in lines(file):
        click.echo(line)
    return 0


@command.command("key")
@click.argument("file", type=click.Path(path_type=Path))
def key(file: Path) -> int:
    """Make a key pair: the private key in FILE, for its owner alone, and the public one in FILE.pub."""
    from migrate.evidence.keys import new_key

    fingerprint, public = new_key(file)
    click.echo(f"private key: {file}")
    click.echo(f"public key:  {public}")
    click.echo(f"fingerprint: {fingerprint}")
    click.echo("Give the fingerprint to those who verify, by another way than with a pack.")
    click.echo("To sign: export LMS_EVIDENCE_KEY=FILE, and evidence: {key: ${LMS_EVIDENCE_KEY}} in migration.yaml")
    return 0
