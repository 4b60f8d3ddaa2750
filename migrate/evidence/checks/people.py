"""What people are responsible for: the parts that they wrote, the audit trail, and what they approved."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from migrate.approvals.settings import ApprovalSettings
from migrate.approvals.signed import same_name
from migrate.evidence.checks.checking import Check, Context, parsed, verdict
from migrate.evidence.contents import contents
from migrate.evidence.gather import APPROVED, RELATED, ROLLBACKS, RUN, TRAIL, WITHDRAWN, WORKSPACE
from migrate.evidence.opening import Pack, PackRefused
from migrate.fingerprints import Part, to_approve
from migrate.ledger.audit import START, digest
from migrate.located_yaml import parse
from migrate.privacy.noted_list import LOOSENING
from migrate.workspace import FILE as SETTINGS

NOTES = "approvals.json"
_COLUMNS = {"id", "at", "run", "event", "detail", "previous", "hash"}


@dataclass(frozen=True)
class Entry:
    """An entry of the audit trail."""

    id: int
    at: str
    run: str | None
    event: str
    detail: str
    previous: str
    hash: str

    @property
    def told(self) -> dict[str, Any]:
        content = parsed(self.detail, f"entry {self.id} of the audit trail")
        return content if isinstance(content, dict) else {}


def parts(context: Context) -> Iterator[Check]:
    """Mapping, contracts, crosswalks, decisions and settings in the pack are those that the run noted by their hashes."""
    noted: Mapping[str, str] = context.facts.get("parts") or {}
    wrong, unsure = [], []
    for name, part in context.manifest.parts.items():
        if part.hash != noted.get(name, ""):
            wrong.append(f"{name}: the manifest gives another hash than the run noted")
            continue
        for file, sha256 in part.files.items():
            if context.manifest.raw(f"{WORKSPACE}/{name}/{file}") != sha256:
                wrong.append(f"{name}: {file} in the pack is not the one that was counted")
        if not part.hash:
            unsure.append(f"{name}: the run noted no hash")
        elif part.changed:
            unsure.append(f"{name} is not in the pack as the run found it: {', '.join(part.changed)} changed since")
        elif Part(name, part.files).hash != part.hash:
            wrong.append(f"{name}: the files in the pack do not have the hash that the run noted")
    wrong += [f"{path} belongs to no part" for path in sorted(context.listed) if not _known(path, context)]
    wrong += [f"{name}: the run noted it, and the pack does not" for name in sorted(noted.keys() - context.manifest.parts.keys())]
    yield verdict("parts", wrong, f"{', '.join(context.manifest.parts)} are those that the run noted", unsure)


def _known(path: str, context: Context) -> bool:
    """Is a file of the workspace one that the run noted, or one that stands beside the parts?"""
    above, _, rest = path.partition("/")
    if above != WORKSPACE:
        return True
    part, _, name = rest.partition("/")
    beside = {wanted.files.split("/")[0] for wanted in contents().workspace}
    return part in beside or (part in context.manifest.parts and name in context.manifest.parts[part].files)


def read_trail(pack: Pack) -> list[Entry]:
    """The entries in the pack; none where it has no trail. Raises PackRefused."""
    if TRAIL not in pack.names:
        return []
    entries = []
    for number, line in enumerate(pack.read(TRAIL).decode("utf-8").splitlines(), 1):
        content = parsed(line, f"line {number} of {TRAIL}")
        if not isinstance(content, dict) or content.keys() != _COLUMNS:
            raise PackRefused(f"line {number} of {TRAIL} is no entry")
        entries.append(Entry(**content))
    return entries


def trail(context: Context) -> Iterator[Check]:
    """Each entry of the audit trail holds the one before, and its end is where the run and its rollbacks say."""
    heads = _heads(context)
    if TRAIL not in context.members:
        wrong = [f"{name} says that a trail was kept, and the pack has none" for name in heads]
        wrong += ["the manifest says that there is a trail"] if context.manifest.trail else []
        unsure = ["the run wrote a live target, and the pack has no trail"] if context.facts.get("live") else []
        yield verdict("trail", wrong, "the workspace had no ledger: nothing was written live and nothing approved", unsure)
        return
    entries, wrong, previous = read_trail(context.pack), [], START
    for number, entry in enumerate(entries, 1):
        own = digest(entry.id, entry.at, entry.run, entry.event, entry.detail, entry.previous)
        if (entry.id, entry.previous, entry.hash) != (number, previous, own):
            wrong.append(f"entry {number} is altered, missing or not in its place")
            break
        previous = entry.hash
    at = {0: START} | {entry.id: entry.hash for entry in entries}
    end = context.manifest.trail
    if end is None or (end.entries, end.hash) != (len(entries), entries[-1].hash if entries else START):
        wrong.append("its end is not the one that the manifest names")
    wrong += [f"{name} ended with another entry {n} than the trail has" for name, (n, held) in heads.items() if at.get(n) != held]
    run = context.facts.get("live") and context.summary.get("run")
    if run and not any(entry.run == run for entry in entries):
        wrong.append(f"it says nothing of run {run}, which wrote a live target")
    unsure = [f"run {run} never noted how far the trail went"] if run and "run/run.json" not in heads else []
    yield verdict("trail", wrong, f"{len(entries)} entries hold one another; {len(heads)} ends were noted outside of it", unsure)


def _heads(context: Context) -> dict[str, tuple[int, str]]:
    """``{file: (entries, hash)}``: how far the trail went, by what runs, rollbacks and rehearsals noted."""
    found = {}
    for name in sorted(context.members):
        folder, _, file = name.partition("/")
        if folder in (RUN, ROLLBACKS, RELATED) and file.rpartition("/")[2] in ("run.json", "rollback.json"):
            head = context.json(name).get("trail")
            if isinstance(head, dict):
                found[name] = (int(head["entries"]), str(head["hash"]))
    return found


def approvals(context: Context) -> Iterator[Check]:
    """Who approved, and whether what they approved is what the pack holds."""
    entries = read_trail(context.pack)
    signed = {entry.id: entry for entry in entries if entry.event == APPROVED}
    at, wrong = {entry.id: entry.hash for entry in entries}, []
    unsure: list[str] = []
    for name in sorted(context.members):
        if name.endswith(f"/{NOTES}"):
            notes = context.json(name)["entries"]
            wrong += [f"{name}: entry {n['entry']} is not in the trail so" for n in notes if at.get(n["entry"]) != n["hash"]]
    for entry in signed.values():
        wrong += _evidence(context, entry)
    run, own = context.summary.get("run"), to_approve(context.facts.get("parts") or {})
    started = next((e for e in entries if e.run == run and e.event.endswith("began")), None)
    used = [] if started is None else list(started.told.get("approvals") or ())
    for number in used:
        found = signed.get(number)
        if found is None or started is None:
            wrong.append(f"the run started with approval {number}, and the trail has none of that number")
            continue
        wrong += [f"approval {number} {why}" for why in _unfit(found, started, own, entries)]
    demanded = _demanded(context)
    if used or context.summary.get("mode") == "live":
        given = [signed[number] for number in used if number in signed]
        wrong += [f"the settings in the pack demand more than the run had: {text}" for text in _lacking(demanded, given)]
        if demanded is None:
            unsure.append("the settings are not in the pack as the run found them: nobody can say who had to approve")
    if used:
        yield verdict("approvals", wrong, "; ".join(_says(signed[n]) for n in used if n in signed), unsure)
        return
    of_run = [entry for entry in signed.values() if entry.run == run]
    if context.summary.get("mode") == "live":
        unsure.append("a live run that started without an approval" + ("" if _roles(demanded) else ": its settings demand none"))
    wrong += [f"approval {e.id} was given for other parts than this run's" for e in of_run if _parts(e) != own]
    said = list(map(_says, of_run)) or ["nobody approved this rehearsal"]
    if lacking := list(_lacking(demanded, of_run)):
        said.append(f"a live run needs more: {', '.join(lacking)}")
    yield verdict("approvals", wrong, "; ".join(said), unsure)


def _demanded(context: Context) -> ApprovalSettings | None:
    """Who has to approve by the settings in the pack; None where they are not there. Raises MigrateError where they are no
    settings."""
    name = f"{WORKSPACE}/settings/{SETTINGS}"
    if name not in context.members:
        return None
    content = parse(context.pack.read(name).decode("utf-8-sig"), Path(SETTINGS)).data
    given = content.get("approvals") if isinstance(content, dict) else None
    return ApprovalSettings.model_validate_json(json.dumps(given or {}))


def _roles(demanded: ApprovalSettings | None) -> tuple[str, ...]:
    return demanded.roles if demanded is not None else ()


def _lacking(demanded: ApprovalSettings | None, given: list[Entry]) -> Iterator[str]:
    """What is demanded and not among the approvals given: a role, other people, or one rehearsal for all."""
    people = {
        role: {same_name(str(e.told.get("name"))) for e in given if e.told.get("role") == role} for role in _roles(demanded)
    }
    missing = [role for role, names in people.items() if not names]
    yield from (f"nobody approved as {role}" for role in missing)
    separate = demanded is not None and demanded.separate_people and not missing
    if separate and not any(len(set(pick)) == len(people) for pick in product(*people.values())):
        yield "nobody may sign for two roles"
    if len(runs := sorted({str(e.run) for e in given if e.told.get("role") in people})) > 1:
        yield f"all roles approve one rehearsal, and not {' and '.join(runs)}"


def _unfit(approval: Entry, started: Entry, own: Mapping[str, str], entries: list[Entry]) -> Iterator[str]:
    told, given = approval.told, _parts(approval)
    if differing := sorted(part for part in own.keys() | given.keys() if own.get(part) != given.get(part)):
        yield f"was given for another {' and '.join(differing)} than the run had"
    if told.get("expires") and dt.datetime.fromisoformat(told["expires"]) <= dt.datetime.fromisoformat(started.at):
        yield "had expired when the run began"
    if approval.id > started.id:
        yield "was given after the run began"
    if any(e.event == WITHDRAWN and e.told.get("of") == approval.id and e.id < started.id for e in entries):
        yield "had been withdrawn when the run began"
    if any(e.event in LOOSENING and approval.id < e.id < started.id for e in entries):
        yield "was given before people came off the suppression list, and the run began after"


def _parts(approval: Entry) -> dict[str, str]:
    return to_approve(approval.told.get("parts") or {})


def _evidence(context: Context, approval: Entry) -> Iterator[str]:
    """What was signed by hash of a rehearsal, where the pack has that file or its hash."""
    for file, sha256 in (approval.told.get("evidence") or {}).items():
        folder = RUN if approval.run == context.summary.get("run") else f"{RELATED}/{approval.run}"
        raw = context.manifest.raw(f"{folder}/{file}")
        if raw is not None and raw != sha256:
            yield f"approval {approval.id} was given for another {folder}/{file} than the pack has"


def _says(entry: Entry) -> str:
    told = entry.told
    words = [f"{told.get('name')} as {told.get('role')}", f"at {told.get('at') or entry.at}", f"for rehearsal {entry.run}"]
    return " ".join(words)
