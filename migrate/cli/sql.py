"""``lms-migrate sql``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("sql")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("entity")
def command(workspace: Path, entity: str) -> int:
    """Print the SQL that the mapping ENTITY of WORKSPACE compiles to."""
    import sqlglot

    from migrate.compiler.plan import make_plan
    from migrate.errors import ConfigurationError, Problem
    from migrate.inline_tests.run import AS_OF
    from migrate.workspace import open_workspace

    opened = open_workspace(workspace)
    if entity not in opened.pair.mappings:
        problem = Problem("no mapping has this name", value=entity, allowed=tuple(opened.pair.mappings))
        raise ConfigurationError("sql cannot be printed", problems=[problem])
    plan = make_plan(opened.pair, opened.settings.as_of or AS_OF, [entity], with_archives=False)
    select = plan.rows[entity].select
    click.echo(sqlglot.transpile(select, read="duckdb", write="duckdb", pretty=True)[0] + ";")
    return 0
