"""What of a run and its workspace goes into a pack, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from migrate.artefacts import MANIFEST, sha256
from migrate.errors import ConfigurationError, Problem
from migrate.evidence.contents import How, Wanted, contents
from migrate.evidence.manifest import Absent, Files, Stage
from migrate.fingerprints import Part, part_files
from migrate.run_folder import STAGES, latest_run
from migrate.workspace import Workspace

RUN, WORKSPACE, ROLLBACKS, RELATED, TRAIL = "run", "workspace", "rollbacks", "related", "audit/trail.jsonl"
STAGE_FOLDERS = {stage: f"{number}_{stage}" for number, stage in enumerate(STAGES, 1)}
_ARCHIVE, GONE = "archive", "a file that is gone"
KEPT = "approved"
"""Where a run folder has copies of what was approved, by part."""
APPROVED, WITHDRAWN = "approved", "approval withdrawn"
"""Events of the audit trail."""


SUMMARY = {"entities": dict, "findings": dict, "loss_register": list, "timings": dict}
FACTS = {"parts": dict, "inputs": dict, "libraries": dict, "entities": dict, "codes": dict, "pii": dict, "predicted": dict}
"""Words of both JSON files that are read here, and their types."""


@dataclass(frozen=True)
class Item:
    """A file that belongs into the pack at ``path``."""

    path: str
    file: Path
    how: How
    purpose: str


@dataclass(frozen=True)
class Gathered:
    """A run as it lies there."""

    folder: Path
    summary: dict[str, Any]
    facts: dict[str, Any]
    items: list[Item] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    parts: dict[str, Files] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)


def run_folder(workspace: Workspace, run: str | None) -> Path:
    """The folder of a run, by default the latest. Raises ConfigurationError where there is none that a pack can be made of."""
    runs = workspace.runs
    there = tuple(sorted(path.name for path in runs.iterdir() if path.is_dir())) if runs.is_dir() else ()
    folder = latest_run(runs) if run is None else runs / run if run in there else None
    if folder is not None and (folder / "summary.json").is_file():
        return folder
    problem = Problem("there is no such run", value=run, allowed=there)
    hint = f"lms-migrate run {workspace.folder}"
    if folder is not None:
        of = _json(folder / "rollback.json").get("of_run") if (folder / "rollback.json").is_file() else None
        problem = Problem("this folder holds no summary.json: it is no run", value=run)
        if of:
            problem = Problem("this is a rollback: it is in the pack of the run that it took back", value=run, allowed=(str(of),))
            hint = f"lms-migrate evidence {workspace.folder} --run {of}"
    raise ConfigurationError("the pack cannot be made", problems=[problem], hint=hint)


def gather(workspace: Workspace, folder: Path, trail: Sequence[Mapping[str, Any]]) -> Gathered:
    """Look at everything; nothing is written. Raises ConfigurationError where the run's own JSON cannot be read."""
    found = Gathered(folder, _json(folder / "summary.json", SUMMARY), _json(folder / "run.json", FACTS))
    for wanted in contents().run:
        files = list(_files(folder, wanted, RUN))
        found.items.extend(files)
        if wanted.whole and not files and wanted.how != "report":
            found.absent.append(Absent(path=f"{RUN}/{wanted.files}", why=_why(found.facts)))
    if not any(item.how == "report" for item in found.items):
        report = next(wanted for wanted in contents().run if wanted.how == "report")
        found.items.append(Item(f"{RUN}/{report.files}", folder / report.files, "report", report.purpose))
    for wanted in contents().workspace:
        found.items.extend(_files(workspace.folder, wanted, WORKSPACE))
    found.items.extend(_rollbacks(workspace.runs, folder.name))
    found.items.extend(_related(folder, found.facts, trail))
    for part, there in part_files(workspace).items():
        found.parts[part] = _part(part, there, found)
    for stage, name in (*STAGE_FOLDERS.items(), (_ARCHIVE, _ARCHIVE)):
        if (folder / name / MANIFEST).is_file():
            found.stages[stage] = stage_now(folder / name)
    return found


def stage_now(folder: Path) -> Stage:
    """Are the files of a stage still those that it wrote?"""
    try:
        files = dict(json.loads((folder / MANIFEST).read_text("utf-8"))["files"])
        named = {name: folder / name for name in files}
        if any(not file.resolve().is_relative_to(folder.resolve()) for file in named.values()):
            raise ValueError
        gone = sorted(name for name, file in named.items() if not file.is_file())
        altered = sorted(name for name in set(files) - set(gone) if sha256(named[name]) != files[name]["sha256"])
    except (OSError, ValueError, TypeError, KeyError):
        return Stage(files=0, altered=[MANIFEST], gone=[])
    return Stage(files=len(files), altered=altered, gone=gone)


def _part(part: str, files: Mapping[str, Path], found: Gathered) -> Files:
    """The files as the run found them: those that are still so, and of changed ones the copies kept with an approval.

    A file of which there is neither is not packed, and is named as changed.
    """
    noted = str((found.facts.get("parts") or {}).get(part, ""))
    inputs: Mapping[str, str] = found.facts.get("inputs") or {}
    now = Part(part, {name: sha256(file) for name, file in files.items()})
    used = dict(files)
    if now.hash != noted:
        kept = _kept(found.folder.parent, part)
        sought = [(name, file) for name in {*files, *kept} for file in (*kept.get(name, ()), *filter(None, [files.get(name)]))]
        used = {name: file for name, file in sorted(sought) if sha256(file) == inputs.get(name)}
    rest = Part(part, {name: sha256(file) for name, file in used.items()})
    changed = [] if rest.hash == noted else sorted(files.keys() - used.keys())
    if noted and rest.hash != noted and not changed:
        changed = [GONE]
    words = contents().parts[part]
    for name, file in used.items():
        found.items.append(Item(f"{WORKSPACE}/{part}/{name}", file, words.how.get(name, "plain"), words.purpose))
    for name in changed:
        found.absent.append(Absent(path=f"{WORKSPACE}/{part}/{name}", why="it changed since the run, and no copy was kept"))
    return Files(hash=noted, files=rest.files, changed=changed)


def _kept(runs: Path, part: str) -> dict[str, list[Path]]:
    """``{file name: copies}`` that lie in run folders since somebody approved them."""
    copies: dict[str, list[Path]] = {}
    for folder in sorted(runs.glob(f"*/{KEPT}/{part}")):
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                copies.setdefault(file.relative_to(folder).as_posix(), []).append(file)
    return copies


def _files(folder: Path, wanted: Wanted, above: str) -> Iterator[Item]:
    for file in sorted(folder.glob(wanted.files)):
        if file.is_file() and not file.is_symlink():
            yield Item(f"{above}/{file.relative_to(folder).as_posix()}", file, wanted.how, wanted.purpose)


def _rollbacks(runs: Path, run: str) -> Iterator[Item]:
    purpose = next(wanted.purpose for wanted in contents().run if wanted.how == "rollback")
    for file in sorted(runs.glob("*/rollback.json")):
        try:
            of = _json(file).get("of_run")
        except ConfigurationError:
            continue  # a rollback that was cut off while it wrote: nobody can say of which run
        if of == run:
            yield Item(f"{ROLLBACKS}/{file.parent.name}/rollback.json", file, "rollback", purpose)


def _related(folder: Path, facts: Mapping[str, Any], trail: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
    """The numbers of the rehearsals on which this run was judged: by the run itself, and by those who approved."""
    runs, named = folder.parent, {str((facts.get("predicted") or {}).get("run") or "")}
    named |= {str(entry["run"]) for entry in trail if entry["event"] == APPROVED and entry["run"]}
    there = {path.name: path for path in runs.iterdir() if path.is_dir() and path != folder}
    names: dict[str, How] = {"summary.json": "plain", "run.json": "run", "approvals.json": "plain"}
    for run in sorted(named & there.keys()):
        for name, how in names.items():
            if (there[run] / name).is_file():
                yield Item(f"{RELATED}/{run}/{name}", there[run] / name, how, "a rehearsal on which people judged")


def _why(facts: Mapping[str, Any]) -> str:
    stage = facts.get("stopped_at")
    return f"the run stopped at {stage}" if stage else "it is not in the run folder"


def _json(file: Path, words: Mapping[str, type] = MappingProxyType({})) -> dict[str, Any]:
    """A JSON object, in which ``words`` are of their types where they are there. Raises ConfigurationError."""
    try:
        content = json.loads(file.read_text("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it is no object")
        for word, kind in words.items():
            if not isinstance(content.get(word, kind()), kind | None):
                raise ValueError(f"{word} is not what a run writes there")
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        problem = Problem(f"{file} cannot be read: {why}", hint="take the run folder from a backup")
        raise ConfigurationError("the pack cannot be made", problems=[problem]) from None
    return content
