"""``lms-migrate schema``."""

from __future__ import annotations

import click

from migrate.schemas import SCHEMAS, schema_text


@click.command("schema")
@click.argument("name", type=click.Choice(list(SCHEMAS)))
def command(name: str) -> int:
    """Print the JSON Schema of a file that other programs read, as this version writes it: summary.json or profile.json."""
    click.echo(schema_text(name), nl=False)
    return 0
