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

    Each is a system that ships, or the file of a contract. With SOURCE alone: a matrix of what each target holds of it. Without
    both: of all that systems hold. Nothing is read but contracts; what is in the customer's own system may be less.
    """
    import json

    from migrate.capabilities import compare, matrix
    from migrate.contracts.chosen import chosen, problem_of
    from migrate.errors import ConfigurationError
    from reports.documents import compare as drawn

    problems = list(filter(None, [problem_of(s, word) for s, word in ((source, "SOURCE"), (target, "TARGET")) if s]))
    if problems:
        raise ConfigurationError("nothing was compared", problems=problems, hint="lms-migrate systems")
    one = chosen(source, "source") if source else None
    other = chosen(target, "target") if target else None
    if one is not None and one.source is None:
        raise ConfigurationError(f"{one.label} cannot be read", hint="lms-migrate systems")
    if other is not None and other.target is None:
        raise ConfigurationError(f"{other.label} cannot be written", hint="lms-migrate systems")
    found = compare(one, other) if one is not None and other is not None else matrix(one)
    if form == "json":
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        click.echo(drawn.drawn(found, form), nl=False)
    if form == "text":
        step = f"new DIR --from {source} --to {target}" if target else f"compare {source or 'SOURCE'} TARGET"
        click.echo(f"next: lms-migrate {step}")
    return 0
