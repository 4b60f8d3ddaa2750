"""``lms-migrate check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from migrate.check import CheckResult

MOST_NAMES = 10


@click.command("check")
@click.argument("workspace", type=click.Path(path_type=Path))
@click.option("--target", "live", is_flag=True, help="Open the live target too, and say what a live run would warn of there.")
def command(workspace: Path, live: bool) -> int:
    """Check contracts, mapping, crosswalks and inline tests of WORKSPACE without touching rows.

    Where the source was profiled, values that the mapping does not provide for are told as warnings. With --target the live
    target is asked what a live run would ask it before it starts. Nothing is written there.

    Exit codes: 0 nothing is wrong, 1 a live run would refuse the suppression list, 2 something has to be mended.
    """
    from migrate.check import check
    from migrate.errors import EXIT_ATTENTION
    from migrate.privacy.noted_list import strayed_list
    from migrate.profiling.fit import misfits
    from migrate.said import number_of

    result = check(workspace, anew=True)
    plan = result.plan
    click.echo(f"{plan.pair.model.label}")
    click.echo(f"  {number_of(len(plan.names), 'mapping')}, {number_of(result.tests, 'inline test')} passed")
    click.echo(f"  {number_of(len(plan.physical), 'table')} to extract, {number_of(len(plan.views), 'view')}")
    dropped = sum(1 for loss in result.losses if loss.treatment == "dropped")
    archived = sum(1 for loss in result.losses if loss.treatment == "archived")
    click.echo(f"  loss register: {dropped} fields or tables dropped with a reason, {archived} archived")
    if suites := result.workspace.expectations:
        number = sum(len(suite.wanted) for suite in suites)
        click.echo(f"  acceptance: {number_of(number, 'test')} in {number_of(len(suites), 'suite')}, which fit the target")
    decisions = result.workspace.decisions.values()
    if decisions:
        click.echo(f"  {number_of(len(decisions), 'decision')} in force")
    gone = sorted({d.entity for d in decisions if d.kind not in ("crosswalk", "run")} - set(plan.pair.mappings))
    if gone:
        click.echo(f"  decisions about mappings that are not there, without effect: {', '.join(gone)}")
    for mapping, codes in result.unexercised.items():
        click.echo(f"  no inline test exercises, in {mapping}: {', '.join(codes)}")
    profiled, found = misfits(result.workspace, plan)
    if profiled is not None:
        click.echo(f"  profile {profiled} of the source: {number_of(len(found), 'warning')}")
    for misfit in found:
        click.echo(f"    {misfit}")
    _tell_drops(result)
    if (strayed := strayed_list(result.workspace)) is not None:
        click.echo(str(strayed.problem()), err=True)
        return EXIT_ATTENTION
    if live:
        _look(result)
    click.echo(f"next: lms-migrate run {workspace}")
    return 0


def _tell_drops(result: CheckResult) -> None:
    """Names under ``drop`` that match nothing, as far as that is known."""
    from migrate.drops import unmatched
    from migrate.profiling.fit import newest_profile
    from migrate.said import number_of
    from reports.visible import plain

    profile = newest_profile(result.workspace)
    alike, rest = unmatched(result.plan, profile)
    if alike:
        click.echo(f"  drop: {number_of(len(alike), 'name')} that may be mistyped")
    for one in alike:
        click.echo(plain(f"    {one}"))
    if rest and profile is not None:
        more = f" and {len(rest) - MOST_NAMES} more" if len(rest) > MOST_NAMES else ""
        what = number_of(len(rest), "name")
        click.echo(plain(f"  drop: {what} of what profile {profile.profile} does not hold: {', '.join(rest[:MOST_NAMES])}{more}"))


def _look(result: CheckResult) -> None:
    """Raises ConfigurationError for what a live run would refuse to start with."""
    from migrate.live.preflight import demand_acknowledged, look
    from migrate.said import number_of
    from reports.visible import plain

    looked = look(result.workspace, result.plan)
    acknowledged = result.workspace.settings.target.acknowledge
    release = f", {looked.target.version}" if looked.target.version else ""
    click.echo(f"  target {looked.target.address}{plain(release)}: {number_of(len(looked.warned), 'warning')}")
    for warned in looked.warned:
        why = acknowledged.get(warned.code, "").strip()
        said = f"; acknowledged: {why}" if why else "" if warned.blocking else f"; {warned.next}"
        click.echo(f"    {warned.code}: {plain(warned.message + said)}")
    demand_acknowledged(result.workspace, looked.warned)
