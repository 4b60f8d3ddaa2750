"""Signing for a rehearsal, and taking a signature back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from migrate import __version__
from migrate.approvals.counts import disagreements
from migrate.approvals.gates import Gate, judge, missed
from migrate.approvals.kept import keep
from migrate.approvals.noted import NOTE, prepare, put, read_notes
from migrate.approvals.noted_rehearsals import lost_rehearsal
from migrate.approvals.rehearsals import SIGNED_FILES, Rehearsed, latest_whole, open_run
from migrate.approvals.signed import (
    APPROVED,
    MEANING,
    TAKEN_BACK,
    WITHDRAWN,
    Approval,
    Approving,
    Withdrawing,
    instant,
    read_approvals,
    same_name,
)
from migrate.approvals.standing import evidence_of, standing
from migrate.artefacts import Reconciled
from migrate.environment import account
from migrate.errors import ConfigurationError, Problem, RunFailed
from migrate.fingerprints import Part, fingerprints, part_files, to_approve
from migrate.ledger import Ledger, open_ledger
from migrate.ledger.audit import Head
from migrate.said import number_of
from migrate.trail import cut_off
from migrate.workspace import Workspace, open_workspace

Now = Callable[[], dt.datetime]
LONGEST_NAME, LONGEST_REASON = 100, 1000


@dataclass(frozen=True)
class Signed:
    """What was signed."""

    approval: Approval
    gates: list[Gate]
    open_roles: list[str]
    """Roles that have not approved this rehearsal yet."""


def approve(
    workspace_folder: Path, role: str, name: str, reason: str, *, run: str | None = None,
    now: Now = lambda: dt.datetime.now(dt.UTC),
) -> Signed:  # fmt: skip
    """Sign for a rehearsal, the latest whole one by default.

    Raises ConfigurationError where it cannot be signed for: a role that is not asked for, no name or reason, a rehearsal that is
    not whole, missed a gate or was made of something else than the workspace is now, or one person in two roles.
    """
    workspace = open_workspace(workspace_folder)
    name, reason = _words(workspace, role, name, reason)
    rehearsal = _rehearsal(workspace, run)
    parts = to_approve(fingerprints(workspace))
    _same_parts(workspace, rehearsal, parts)
    gates = _reached(workspace, rehearsal)
    moment = now()
    with _open(workspace, must_exist=False) as ledger:
        entries = ledger.trail()
        read = read_approvals(entries)
        _nothing_lost(workspace, rehearsal, read.hashes)
        hashes = {name: part.hash for name, part in parts.items()}
        if (lost := lost_rehearsal(workspace.folder, workspace.runs, entries, hashes)) is not None:
            raise ConfigurationError("nothing was signed: the last word is missing", problems=[lost])
        _same_people(workspace, rehearsal, read.loosened)
        valid = [a for a in read.approvals if standing(a, workspace, parts, moment, read.hashes).valid and a.run == rehearsal.id]
        twice = [a for a in valid if a.who == same_name(name) and a.signed.role != role]
        if twice and workspace.settings.approvals.separate_people:
            before = twice[0].signed
            problem = Problem(
                f"{before.name} approved this rehearsal as {before.role} already", workspace.document.place("approvals"), name,
                hint="somebody else signs for the other role; or approvals: {separate_people: false} in migration.yaml",
            )  # fmt: skip
            raise ConfigurationError("nothing was signed", problems=[problem])
        try:
            keep(rehearsal.folder, to_approve(part_files(workspace)))
            evidence = evidence_of(rehearsal.folder, SIGNED_FILES)
        except OSError as error:
            raise _not_written(error) from None
        signed = Approving(
            role=role, name=name, account=account(), at=_text(moment), meaning=MEANING, reason=reason,
            expires=_text(moment + dt.timedelta(days=workspace.settings.approvals.valid_days)), tool_version=__version__,
            parts={part.name: part.hash for part in parts.values()}, files={part.name: part.files for part in parts.values()},
            evidence=evidence,
        )  # fmt: skip
        head = _write(ledger, rehearsal.folder, APPROVED, signed)
    done = {a.signed.role for a in valid} | {role}
    return Signed(
        Approval(head.entries, head.hash, rehearsal.id, signed),
        gates,
        [other for other in workspace.settings.approvals.roles if other not in done],
    )


def withdraw(
    workspace_folder: Path, role: str, name: str, reason: str, *, run: str | None = None,
    now: Now = lambda: dt.datetime.now(dt.UTC),
) -> list[Approval]:  # fmt: skip
    """Take back every approval of a role that was not withdrawn yet, or those of one rehearsal; gives them.

    Anybody may do it, also for somebody else: it can only stop a live run. Raises ConfigurationError where there is none.
    """
    workspace = open_workspace(workspace_folder)
    name, reason = _words(workspace, role, name, reason, old=True)
    with _open(workspace, must_exist=True) as ledger:
        read = read_approvals(ledger.trail())
        standing_ = [a for a in read.approvals if a.withdrawn is None and a.signed.role == role and run in (None, a.run)]
        if not standing_:
            problem = Problem("no approval of this role is there to be withdrawn", value=role)
            raise ConfigurationError(
                "nothing was withdrawn", problems=[problem], hint=f"lms-migrate approvals {workspace.folder}"
            )
        for approval in standing_:
            signed = Withdrawing(
                role=role, name=name, account=account(), at=_text(now()), meaning=TAKEN_BACK, reason=reason, of=approval.entry
            )
            # A folder that is gone or damaged lets no run start either, and must not keep anybody from stopping one.
            _write(ledger, workspace.runs / approval.run, WITHDRAWN, signed, must_note=False)
    return standing_


def _words(workspace: Workspace, role: str, name: str, reason: str, *, old: bool = False) -> tuple[str, str]:
    """Name and reason in one line each. ``old``: also a role that the workspace asked for once."""
    roles = workspace.settings.approvals.roles
    place = workspace.document.place("approvals", "roles")
    problems = []
    if not roles and not old:
        hint = "approvals: {roles: [data_owner, quality]} in migration.yaml demands two"
        raise ConfigurationError("this workspace demands no approvals", problems=[Problem("no roles", place)], hint=hint)
    if role not in roles and not old:
        problems.append(Problem("--role names no role that has to approve", place, role, roles))
    lines = []
    for option, given, longest in (("--as", name, LONGEST_NAME), ("--reason", reason, LONGEST_REASON)):
        line = " ".join(given.split())
        if not line:
            problems.append(Problem(f"{option} is blank", value=given, hint=f'{option} "..."'))
        elif len(line) > longest:
            problems.append(Problem(f"{option} is longer than {longest} characters", value=line))
        elif not line.isprintable():
            problems.append(Problem(f"{option} holds characters that cannot be printed", value=ascii(line)))
        lines.append(line)
    if problems:
        raise ConfigurationError("nothing was signed", problems=problems)
    return lines[0], lines[1]


def _rehearsal(workspace: Workspace, run: str | None) -> Rehearsed:
    again = f"lms-migrate run {workspace.folder}"
    if run is None:
        found = latest_whole(workspace.runs)
        if found is None:
            raise ConfigurationError("there is no whole rehearsal to approve", hint=again)
        return found
    there = tuple(sorted(p.name for p in workspace.runs.iterdir())) if workspace.runs.is_dir() else ()
    found = open_run(workspace.runs / run) if run in there else None
    if found is None:
        raise ConfigurationError("nothing was signed", problems=[Problem("there is no such run", value=run, allowed=there)])
    if (why := found.unfit()) is not None:
        problem = Problem(f"run {run} cannot be approved: {why}", value=run)
        raise ConfigurationError("nothing was signed", problems=[problem], hint=again)
    return found


def _same_parts(workspace: Workspace, rehearsal: Rehearsed, parts: dict[str, Part]) -> None:
    """What is signed is what was rehearsed."""
    inputs, where = rehearsal.facts.get("inputs") or {}, part_files(workspace)
    problems = []
    for part in parts.values():
        if rehearsal.parts.get(part.name) == part.hash:
            continue
        changed = [name for name, digest in part.files.items() if inputs.get(name) != digest]
        listed = ", ".join(str(where[part.name][name]) for name in changed) or "a file that is gone"
        problems.append(Problem(f"{part.name} changed since rehearsal {rehearsal.id}: {listed}"))
    version = rehearsal.facts.get("tool_version")
    if version != __version__:
        problems.append(Problem(f"rehearsal {rehearsal.id} was made by another version of lms-migrate", value=version))
    if problems:
        again = f"lms-migrate run {workspace.folder}, and judge that rehearsal"
        raise ConfigurationError("nothing was signed: what would be signed was not rehearsed", problems=problems, hint=again)


def _same_people(workspace: Workspace, rehearsal: Rehearsed, loosened: str | None) -> None:
    """Nobody came off the suppression list since the rehearsal: it says nothing of those people."""
    started = rehearsal.facts.get("started")
    if loosened is not None and (started is None or instant(started) < instant(loosened).replace(microsecond=0)):
        problem = Problem(f"people came off the suppression list at {loosened}, after rehearsal {rehearsal.id} began")
        again = f"lms-migrate run {workspace.folder}, and judge that rehearsal"
        raise ConfigurationError("nothing was signed: what would go live was not rehearsed", problems=[problem], hint=again)


def _reached(workspace: Workspace, rehearsal: Rehearsed) -> list[Gate]:
    try:
        Reconciled(rehearsal.folder / "6_reconcile").verify()
        if wrong := disagreements(rehearsal.folder, rehearsal.summary):
            raise RunFailed("; ".join(wrong))
        gates = judge(workspace.settings.gates, rehearsal.folder, rehearsal.summary, rehearsal.facts)
    except RunFailed as error:
        problem = Problem(f"rehearsal {rehearsal.id} is damaged: {error.message}")
        raise ConfigurationError("nothing was signed", problems=[problem], hint=f"lms-migrate run {workspace.folder}") from None
    problems = [
        Problem(f"rehearsal {rehearsal.id} missed a gate: {gate.gate} ({gate.says})", None, gate.value, (str(gate.limit),))
        for gate in missed(gates)
    ]
    if problems:
        place = workspace.document.place("gates")
        hint = f"mend the causes and rehearse again, or state what is accepted under gates: ({place})"
        raise ConfigurationError(f"nothing was signed: {number_of(len(problems), 'gate')} missed", problems=problems, hint=hint)
    return gates


def _nothing_lost(workspace: Workspace, rehearsal: Rehearsed, hashes: Mapping[int, str]) -> None:
    """Refuse where run folders know entries that the trail does not hold: signing anew would hide that it was lost."""
    lost = cut_off(workspace, hashes)
    lost += [f"run {rehearsal.id}: {what}" for _, what in read_notes(rehearsal.folder).unknown(hashes)]
    if lost:
        hint = (
            f"put the newest copy of the ledger back, then: lms-migrate audit verify {workspace.folder}; where another ledger is "
            f"meant to begin, rehearse for it: lms-migrate run {workspace.folder}"
        )
        raise ConfigurationError(
            "nothing is signed in a trail that is not whole", problems=[Problem(text) for text in lost], hint=hint
        )


@contextmanager
def _open(workspace: Workspace, *, must_exist: bool) -> Iterator[Ledger]:
    """The ledger, held so that nothing is signed while a live run goes, and whole."""
    ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=must_exist)
    if ledger is None:
        hint = f"lms-migrate approvals {workspace.folder}"
        raise ConfigurationError("nothing was signed yet: the workspace has no ledger", hint=hint)
    try:
        with ledger.locked():
            if (broken := ledger.broken()) is not None:
                problem = Problem(f"entry {broken} of the audit trail is altered, missing or not in its place")
                hint = f"lms-migrate audit verify {workspace.folder}"
                raise ConfigurationError("nothing is signed in a trail that is not whole", problems=[problem], hint=hint)
            yield ledger
    finally:
        ledger.close()


def _write(ledger: Ledger, run_folder: Path, event: str, signed: Approving | Withdrawing, *, must_note: bool = True) -> Head:
    """The entry in the trail, and the note of it in the folder of its rehearsal."""
    detail, prepared = signed.model_dump(), []
    before = ledger.trail()

    def ready(head: Head) -> None:
        try:
            prepared.append(prepare(run_folder, head, event, detail, before[0].hash if before else head.hash))
        except (OSError, ValueError):
            if must_note:
                raise

    try:
        head = ledger.note(run_folder.name, event, detail, at=signed.at, ready=ready)
        for part in prepared:
            put(part)
    except (OSError, ValueError) as error:
        raise _not_written(error) from None
    return head


def _not_written(error: Exception) -> ConfigurationError:
    what = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else f"{NOTE} is not what lms-migrate wrote"
    return ConfigurationError(f"nothing was signed: {what}", hint="mend its cause, then sign again")


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
