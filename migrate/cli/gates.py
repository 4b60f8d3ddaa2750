"""``lms-migrate gates``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("gates")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--run", "run_id", metavar="ID", help="The run; the latest whole rehearsal by default.")
def command(workspace: Path, run_id: str | None) -> int:
    """Say which gates of WORKSPACE a run reached, and which it missed, with value and limit.

    Of a run that did not come to its end nobody knows what it would have reached: "so far" stands there in place of "passed".

    Exit codes: 0 all are reached, 1 some are missed, 2 usage or configuration, 3 the run cannot be read.
    """
    from migrate.approvals.gates import missed, verdicts
    from migrate.approvals.listing import gates_of
    from migrate.errors import EXIT_ATTENTION, EXIT_PASS
    from reports.visible import plain

    run, gates = gates_of(workspace, run_id)
    failed = missed(gates)
    ended = not run.facts["failure"] and run.facts["stopped_at"] is None
    kept = "passed" if ended else "so far"
    for gate in gates:
        if gate.entity is None or not gate.passed:
            word = kept if gate.passed else "MISSED"
            click.echo(f"{word}  {plain(gate.gate)} ({gate.says}): {plain(str(gate.value))}; allowed: {gate.limit}")
    click.echo("")
    for entity, passed in verdicts(gates).items():
        click.echo(f"{kept if passed else 'MISSED'}  {plain(entity)}")
    click.echo(f"{run.summary['mode']} {run.id}: {len(gates)} gates, {len(failed)} missed")
    return EXIT_ATTENTION if failed else EXIT_PASS
