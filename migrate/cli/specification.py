"""``lms-migrate specification``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("specification")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Where to; documents/ in the workspace by default."
)
@click.option("--role", metavar="ROLE", help="Show of decisions what this role of privacy.yaml may see; needs --out.")
def command(workspace: Path, out: Path | None, role: str | None) -> int:
    """Write the mapping specification of WORKSPACE: each line, with lineage from every source field to it and back.

    Writes mapping_specification.html and .md, both with the hash of what they describe. New values and reasons of decisions are
    masked as in the report.
    """
    import datetime as dt

    from migrate.errors import ConfigurationError
    from migrate.privacy.roles import roles_of
    from migrate.specification import specification
    from migrate.workspace import open_workspace
    from reports.documents.render import specification_page, specification_text, write

    if role is not None:
        roles_of(workspace, role)
        if out is None:
            hint = "--out FOLDER, for that role alone: evidence packs take what lies in documents/"
            raise ConfigurationError("--role needs a folder", hint=hint)
    document = specification(open_workspace(workspace), dt.datetime.now(dt.UTC), role)
    folder = out or workspace / "documents"
    try:
        for name, text in (("html", specification_page(document)), ("md", specification_text(document))):
            click.echo(f"{write(folder / f'mapping_specification.{name}', text)}")
    except OSError as error:
        raise ConfigurationError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    click.echo(f"{document.lines} lines, {document.decided:,} decisions in force, sha256:{document.describes}")
    return 0
