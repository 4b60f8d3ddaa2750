"""``lms-migrate draft-contract``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click


@click.command("draft-contract")
@click.argument("source")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Such as systems/NAME.yaml.")
@click.option("--system", metavar="NAME", help="Name of the system; that of the file by default.")
@click.option("--prefix", default="", metavar="TEXT", help="Of a database: only tables whose names begin so, called without it.")
def command(source: str, out: Path, system: str | None, prefix: str) -> int:
    """Draft the contract of SOURCE: a folder, a file (CSV, TSV, TXT, XLSX) or the SQLAlchemy URL of a database.

    Nothing is written to the source. Guesses are called unconfirmed in notes. A password in the URL is written as '${NAME}' and
    read from the environment. Exit codes: 0 written, 2 usage or configuration.
    """
    from migrate.errors import ConfigurationError, Problem
    from migrate.profiling.contract_draft.draft import draft_contract
    from migrate.progress import Bars, Lines

    name = system or out.name.split(".")[0]
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is None:
        problem = Problem("this is no name of a system", value=name, allowed=("letters, digits and _",), hint="--system NAME")
        raise ConfigurationError("nothing was drafted", problems=[problem])
    progress = Bars() if sys.stderr.isatty() else Lines(sys.stderr)
    drafted = draft_contract(source, out, name, prefix=prefix, progress=progress)
    click.echo(f"{drafted.file}: {drafted.tables} tables, {drafted.fields} fields, {drafted.guesses} guesses to confirm")
    click.echo("next: settle the notes that begin with 'unconfirmed', and say which concepts the tables and fields hold, as")
    click.echo(f"docs/add-your-lms.md shows; then: lms-migrate new DIR --from {drafted.file} --to SYSTEM")
    return 0
