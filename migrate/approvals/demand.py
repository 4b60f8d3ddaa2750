"""What a live run demands before it writes anything: every role's approval of one rehearsal of what the workspace is now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from migrate.approvals.changes import changes
from migrate.approvals.gates import judge, missed
from migrate.approvals.noted_rehearsals import lost_rehearsal
from migrate.approvals.rehearsals import latest_judged, open_run
from migrate.approvals.signed import Approval, read_approvals
from migrate.approvals.standing import Standing, standing
from migrate.errors import ConfigurationError, Problem, RunFailed
from migrate.fingerprints import Part
from migrate.ledger import Ledger
from migrate.said import number_of
from migrate.trail import cut_off
from migrate.workspace import Workspace


def demand(workspace: Workspace, ledger: Ledger | None, parts: Mapping[str, Part], now: dt.datetime) -> list[Approval]:
    """The approvals that let a live run start; none where the workspace demands none.

    Raises ConfigurationError that names every missing role and why what was signed does not count: withdrawn, expired, changed
    since (each file, what changed and how many records it touches), or a rehearsal that missed a gate.
    """
    roles = workspace.settings.approvals.roles
    if not roles:
        return []
    entries = ledger.trail() if ledger is not None else []
    read = read_approvals(entries) if ledger is not None else None
    if ledger is not None and (broken := ledger.broken()) is not None:
        problem = Problem(f"entry {broken} of the audit trail is altered, missing or not in its place")
        hint = f"lms-migrate audit verify {workspace.folder}"
        raise ConfigurationError("no approval counts in a trail that is not whole", problems=[problem], hint=hint)
    if cut := cut_off(workspace, read.hashes if read else {}):
        hint = f"put the newest copy of the ledger back, then: lms-migrate audit verify {workspace.folder}"
        raise ConfigurationError(
            "no approval counts in a trail that is not whole", problems=[Problem(text) for text in cut], hint=hint
        )
    judged = [standing(a, workspace, parts, now, read.hashes) for a in read.approvals] if read else []
    chosen = _chosen(judged, roles, separate=workspace.settings.approvals.separate_people)
    hashes = {name: part.hash for name, part in parts.items()}
    lost = lost_rehearsal(workspace.folder, workspace.runs, entries, hashes)
    problems = [lost] if lost is not None else list(_newer_rehearsal(workspace, hashes))
    if chosen is None:
        problems += _missing(workspace, judged, parts)
    if chosen is None or problems:
        raise ConfigurationError(
            f"the live run does not start: {number_of(len(problems), 'problem')} with its approvals", problems=problems,
            hint=f"lms-migrate approvals {workspace.folder} lists what was signed; nothing was written",
        )  # fmt: skip
    return chosen


def _chosen(judged: Sequence[Standing], roles: Sequence[str], *, separate: bool) -> list[Approval] | None:
    """One valid approval for each role, all of one rehearsal; the rehearsal that was signed last goes first."""
    valid = [one.approval for one in judged if one.valid]
    for run in dict.fromkeys(a.run for a in reversed(valid)):
        by_role = [[a for a in reversed(valid) if a.run == run and a.signed.role == role] for role in roles]
        found = next(_picks(by_role, frozenset(), separate=separate), None)
        if found is not None:
            return found
    return None


def _picks(by_role: Sequence[Sequence[Approval]], taken: frozenset[str], *, separate: bool) -> Iterator[list[Approval]]:
    if not by_role:
        yield []
        return
    for approval in by_role[0]:
        if separate and approval.who in taken:
            continue
        for rest in _picks(by_role[1:], taken | {approval.who}, separate=separate):
            yield [approval, *rest]


def _missing(workspace: Workspace, judged: Sequence[Standing], parts: Mapping[str, Part]) -> list[Problem]:
    """What is missing, seen from the rehearsal that most roles approved, or that was approved last."""
    settings, folder = workspace.settings.approvals, workspace.folder
    place = workspace.document.place("approvals", "roles")
    valid = [one for one in judged if one.valid]
    runs = list(dict.fromkeys(one.approval.run for one in reversed(valid)))
    best = max(runs, key=lambda run: len({one.approval.signed.role for one in valid if one.approval.run == run}), default=None)
    given = {one.approval.signed.role: one.approval for one in valid if one.approval.run == best}
    problems: list[Problem] = []
    for role in settings.roles:
        if role in given:
            continue
        last = next((one for one in reversed(judged) if one.approval.signed.role == role), None)
        message = f"the approval of the role {role} is missing"
        stale = last is not None and any(state == "superseded" for state, _ in last.against)
        if last is not None:
            signed = last.approval.signed
            before = f"{signed.name} approved rehearsal {last.approval.run} on {signed.at}"
            against = "; ".join(why for _, why in last.against)
            message += f": {before}, and {against or f'the other roles approved rehearsal {best}'}"
        run = f" --run {best}" if best is not None else ""
        hint = f'lms-migrate approve {folder}{run} --role {role} --as NAME --reason "..."'
        problems.append(Problem(message, place, hint=f"lms-migrate run {folder}, then {hint}" if stale else hint))
        if last is not None and stale:
            problems += [p for p in _changed(workspace, last.approval, parts) if p not in problems]
    if not problems:  # every role has signed, and some of them are one person
        names = ", ".join(f"{a.signed.name} as {role}" for role, a in given.items())
        problems.append(Problem(f"the roles have to be approved by different people: {names}", place))
    return problems


def _changed(workspace: Workspace, approval: Approval, parts: Mapping[str, Part]) -> list[Problem]:
    rehearsal = open_run(workspace.runs / Path(approval.run).name)
    return [Problem(str(change)) for change in changes(workspace, approval, parts, rehearsal)]


def _newer_rehearsal(workspace: Workspace, parts: dict[str, str]) -> Iterator[Problem]:
    """The newest rehearsal of what the workspace is now speaks last, also where an older one was approved: the source changes."""
    newest = latest_judged(workspace.runs, parts)
    if newest is None:
        return
    try:
        gates = missed(judge(workspace.settings.gates, newest.folder, newest.summary, newest.facts))
    except RunFailed as error:
        yield Problem(f"rehearsal {newest.id} cannot be judged: {error.message}", hint=f"lms-migrate run {workspace.folder}")
        return
    for gate in gates:
        yield Problem(
            f"the newest rehearsal, {newest.id}, missed a gate: {gate.gate} ({gate.says})", None, gate.value, (str(gate.limit),),
            f"lms-migrate gates {workspace.folder} --run {newest.id}",
        )  # fmt: skip
