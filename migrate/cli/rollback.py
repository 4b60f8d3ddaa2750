"""``lms-migrate rollback``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

MOST = 20


@click.command("rollback")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--run", "run_id", required=True, metavar="ID", help="The live run to take back: the name of its folder in runs/.")
@click.option("--execute", is_flag=True, help="Do it. Without it only a preview is shown, and nothing is written.")
@click.option("--unverified", is_flag=True, help="Also take back what was never read back after it was written.")
def command(workspace: Path, run_id: str, execute: bool, unverified: bool) -> int:
    """Take a live run of WORKSPACE back: remove what it created, put back what it changed. Its report is rendered again.

    What somebody changed in the target since, and what a later run changed, is left alone and listed.
    Exit codes: 0 all of it, 1 something is left, 2 usage or configuration, 3 the target or the ledger was lost.
    """
    from rich.console import Console
    from rich.table import Table

    from migrate.progress import Bars, Lines
    from migrate.rollback import masker_of, rollback
    from migrate.workspace import open_workspace
    from reports.visible import plain

    progress = Bars() if sys.stderr.isatty() else Lines(sys.stderr)
    done, folder = rollback(workspace, run_id, execute=execute, unverified=unverified, progress=progress)
    words = ("remove", "restore", "recreate", "forget", "refused", "failed")
    table = Table(box=None, pad_edge=False)
    table.add_column("entity")
    for word in words:
        table.add_column(word, justify="right")
    for entity, counted in done.counts().items():
        table.add_row(entity, *(f"{counted[word]:,}" if counted[word] else "" for word in words))
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(table if done.steps else "The run wrote nothing that is not taken back already.")
    left = [(step, step.refused) for step in done.steps if step.refused] + list(done.failed)
    masker = masker_of(open_workspace(workspace))
    for step, why in left[:MOST]:
        key = masker.target_key(step.entity, step.key)
        reason = masker.message(step.entity, None, why, (step.key, key))
        console.print(f"  left: {plain(step.entity)} {plain(key or '')}: {plain(reason or '')}")
    if len(left) > MOST:
        console.print(f"  and {len(left) - MOST} more")
    if folder is not None:
        console.print(f"Written down in {folder / 'rollback.json'}")
        _show_in_report(folder.parent / run_id, console)
    elif done.steps:
        console.print(f"A preview; nothing was written. To do it: lms-migrate rollback {workspace} --run {run_id} --execute")
    return 1 if left else 0


def _show_in_report(run_folder: Path, console: Console) -> None:
    """The page of that run has to say that it was taken back. The rollback stands, whatever becomes of the page."""
    from migrate.errors import RunFailed
    from reports.html import render
    from reports.visible import plain

    if not (run_folder / "summary.json").is_file():
        return
    try:
        page = render(run_folder)
    except (RunFailed, OSError) as error:
        console.print(f"The report of the run could not be rendered again: {plain(str(error))}")
    else:
        console.print(f"Report of the run: {plain(str(page))}")
