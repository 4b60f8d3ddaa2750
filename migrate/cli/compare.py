"""``lms-migrate compare``."""

from __future__ import annotations

import click


@click.command("compare")
@click.argument("source", required=False, metavar="[SOURCE]")
@click.argument("target", required=False, metavar="[TARGET]")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown", "html"]), default="text", help="How it is printed."
)
def command(source: str | None, target: str | None, form: str) -> int:
    """Say what TARGET can hold of what SOURCE holds, told from both contracts before anyone starts.

    With SOURCE alone: a matrix of what each target holds of it. Without both: of all that systems hold. Nothing is read but
    contracts; what is in the customer's own system may be less.
    """
    import json

    from migrate.capabilities import compare, matrix
    from migrate.contracts.load import load_contract
    from migrate.errors import ConfigurationError, Problem
    from migrate.resources import Role, contract_file, known_systems
    from reports.documents import compare as drawn

    known = known_systems()
    roles: tuple[tuple[str | None, Role], ...] = ((source, "source"), (target, "target"))
    problems = [
        Problem(f"no system has this name, as {role}", None, s, tuple(known)) for s, role in roles if s and s not in known
    ]
    if problems:
        raise ConfigurationError("nothing was compared", problems=problems, hint="lms-migrate systems")
    contracts = [load_contract(contract_file(system, role)).model if system else None for system, role in roles]
    one, other = contracts
    if one is not None and one.source is None:
        raise ConfigurationError(f"{one.label} cannot be read", hint="lms-migrate systems")
    if other is not None and other.target is None:
        raise ConfigurationError(f"{other.label} cannot be written", hint="lms-migrate systems")
    found = compare(one, other) if one is not None and other is not None else matrix(one)
    if form == "json":
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        click.echo(drawn.drawn(found, form), nl=False)
    return 0
