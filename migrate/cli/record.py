"""``lms-migrate record``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("record")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.argument("entity", required=False)
@click.argument("key", required=False)
@click.option(
    "--row",
    type=click.IntRange(min=1),
    metavar="N",
    help="The record by its row in dispositions.parquet, as the report names it.",
)
@click.option("--run", "run_id", metavar="ID", help="The run; the latest one by default.")
@click.option("--role", metavar="ROLE", help="Show what this role of privacy.yaml may see.")
def command(workspace: Path, entity: str | None, key: str | None, row: int | None, run_id: str | None, role: str | None) -> int:
    """Show one record of a run of WORKSPACE field by field: from source to target.

    ENTITY is a mapping and KEY a source key, or a target key. Per target field come the source values, the mapped value, what was
    read back, how they compare, and the lines of the mapping; then findings and decisions. Masked as the report is.
    """
    from migrate.errors import ConfigurationError, Problem
    from migrate.privacy.roles import roles_of
    from migrate.run_folder import latest_run
    from reports.record_text import record_text
    from reports.record_view import read_record, records_of

    def refused(problem: Problem, hint: str = "") -> ConfigurationError:
        return ConfigurationError("the record cannot be shown", problems=[problem], hint=hint)

    if (row is None) == (entity is None or key is None):
        raise refused(Problem("name the record by ENTITY and KEY, or by --row N"), f"lms-migrate record {workspace} --row 1")
    runs = workspace / "runs"
    folder = runs / run_id if run_id else latest_run(runs)
    if folder is None or not (folder / "summary.json").is_file():
        there = tuple(sorted(p.name for p in runs.iterdir())) if runs.is_dir() else ()
        raise refused(Problem("there is no such run", value=run_id, allowed=there), f"lms-migrate run {workspace}")
    roles = roles_of(workspace, role) if role is not None else None
    found = read_record(folder, entity=entity, key=key, row=row, roles=roles, role=role)
    if found is None:
        there_are = records_of(folder)
        if row is not None:
            raise refused(Problem("the run has fewer records", value=row, allowed=(f"1 to {sum(there_are.values())}",)))
        if entity not in there_are:
            raise refused(Problem("the run has no records of this entity", value=entity, allowed=tuple(there_are)))
        raise refused(
            Problem(
                f"none of the {there_are[entity]:,} records of {entity} has this key in the source or in the target", value=key
            ),
            "search for it in the report, which also finds names",
        )
    click.echo(record_text(found), nl=False)
    return 0
