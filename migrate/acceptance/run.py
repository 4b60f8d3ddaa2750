"""Judging the expectations of a workspace on a run: at its end, or by hand on one that ended."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from migrate.acceptance.fit import mappings_to, unfit
from migrate.acceptance.results import FAILING, FOLDER, RESULTS, Result, failing_rows, write_failing, write_results
from migrate.approvals.gates import Gate, judge
from migrate.approvals.rehearsals import open_run
from migrate.artefacts import ReadBack, sha256
from migrate.compiler.text import literal, name
from migrate.contracts.model import Contract
from migrate.engine import number, scan, session
from migrate.errors import ConfigurationError, Problem, RunFailed
from migrate.fingerprints import fingerprints
from migrate.live.keys import names_key
from migrate.privacy.classes import personal_fields
from migrate.progress import Progress, Silent
from migrate.reconciliation.closure import KEPT_BACK
from migrate.run_folder import RunFolder, latest_run
from migrate.said import records
from migrate.verdict import verdict
from migrate.workspace import Workspace, open_workspace
from validators.expectations.judge import STATES, Judge, Judged, installed
from validators.expectations.load import FOLDER as SUITES
from validators.expectations.load import LoadedSuite, Wanted
from validators.expectations.rows import BACK, KEY, register, select

PART = "expectations"


@dataclass(frozen=True)
class Accepted:
    """What came of the expectations of a run."""

    folder: Path
    results: list[Result]
    gates: list[Gate]

    def of(self, state: str) -> list[Result]:
        """Those that ended so."""
        return [result for result in self.results if result.judged.state == state]


def waiting(suites: Sequence[LoadedSuite], *, live: bool) -> dict[str, Any] | None:
    """What ``summary.json`` says before the expectations are judged; None where there are none."""
    wanted = _wanted(suites)
    gates = sum(one.model.stands_in_the_way(live=live) for one in wanted)
    return {"judged": False, "expectations": len(wanted), "gates": gates} if wanted else None


def judge_run(workspace: Workspace, run: RunFolder, progress: Progress) -> list[Result]:
    """Judge every expectation on what ``run`` read back, and write ``acceptance/`` and the words of both JSON files. They are not
    saved. Raises RunFailed where what was read back is gone or changed."""
    back = ReadBack(run.path / "5_read_back")
    back.verify()
    contract, wanted = workspace.target.model, _wanted(workspace.expectations)
    _name_personal(run.facts, contract, wanted)
    folder, part = run.path / FOLDER, run.path / f".{FOLDER}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        results = list(_judged(wanted, contract, back, run, workspace.settings.memory, progress, part / Path(FAILING).name))
        write_results(results, part / Path(RESULTS).name)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    states = {state: sum(result.judged.state == state for result in results) for state in STATES}
    before = waiting(workspace.expectations, live=run.facts.get("live") is not None)
    run.summary["acceptance"] = {**(before or {}), "judged": True, **states}
    run.facts["acceptance"] = {"by": installed(), "files": {name: sha256(run.path / name) for name in (RESULTS, FAILING)}}
    return results


def acceptance(workspace_folder: Path, run_id: str | None = None, progress: Progress | None = None) -> Accepted:
    """Judge the expectations of a workspace on a run that ended, by default the latest.

    Its two JSON files say what came of it, with the gates judged anew. The same expectations on the same run give the same files.
    Raises ConfigurationError where there are no expectations, no such run, or nothing was read back, and RunFailed where
    what was read back is not what the run wrote.
    """
    workspace = open_workspace(workspace_folder)
    if not workspace.expectations:
        folder = workspace.folder / SUITES
        problem = Problem(f"{folder} holds no suite", hint="write one: docs/acceptance.md")
        raise ConfigurationError("there is nothing to judge", problems=[problem])
    run = _run(workspace, run_id)
    results = judge_run(workspace, run, progress or Silent())
    _same_expectations(workspace, run)
    if run.facts["failure"] is None:
        run.summary["verdict"] = verdict(run.summary, run.facts, None)
    gates = judge(workspace.settings.gates, run.path, run.summary, run.facts)
    run.facts["gates"] = [asdict(gate) for gate in gates]
    _save(run)
    return Accepted(run.path, results, gates)


def _wanted(suites: Sequence[LoadedSuite]) -> list[Wanted]:
    return [wanted for suite in suites for wanted in suite.wanted]


def _judged(
    wanted: Sequence[Wanted], contract: Contract, back: ReadBack, run: RunFolder, memory: str, progress: Progress, file: Path
) -> Iterable[Result]:
    """One expectation after the other, so that the fields of one alone are in memory."""
    there, live = mappings_to(run.facts), run.facts.get("live") is not None
    as_of = dt.datetime.fromisoformat(run.facts["as_of"]).astimezone(dt.UTC).replace(tzinfo=None)
    judging = Judge(as_of)
    files = {entity: back.parquet(entity) for entity in contract.entities if back.parquet(entity).is_file()}
    with (
        session(run.scratch, memory) as connection,
        failing_rows(file) as writer,
        progress.task("acceptance", "expectations", len(wanted)) as task,
    ):
        register(connection, contract, files)
        for one in wanted:
            entity, gate = there.get(one.model.entity), one.model.stands_in_the_way(live=live)
            if (why := unfit(one, run.facts, there)) is not None:
                yield Result(one, entity, Judged("error", why=why), gate)
            else:
                wanted_rows = select(one, contract, f"{as_of:%Y-%m-%d %H:%M:%S}")
                unread = _refer_to_unread(one, contract, run)
                read = f"SELECT * FROM ({wanted_rows}) WHERE {name(KEY)} NOT IN ({unread})" if unread else wanted_rows
                rows = connection.execute(f"{read} ORDER BY ALL" if unread else read).to_arrow_table()
                judged = judging.judge(one, rows)
                if unread and judged.state == "passed":
                    left = number(connection, f"SELECT count(*) FROM ({wanted_rows})") - rows.num_rows
                    refer = "refers" if left == 1 else "refer"
                    why = f"{records(left)} {refer} to one that this run kept back and did not read; the others are as expected"
                    judged = Judged("error", why=why) if left else judged
                result = Result(one, entity, judged, gate)
                write_failing(writer, result, rows)
                yield result
            task.advance(1)


def _refer_to_unread(wanted: Wanted, contract: Contract, run: RunFolder) -> str | None:
    """SQL of the keys of records that refer to one which a live run kept back: that is in the target, and was not read."""
    if not run.facts.get("live"):
        return None
    fields, parts = contract.entities[wanted.model.entity].fields, []
    for field in sorted({column.through for column in wanted.used if column.through}):
        reference = fields[field].references
        if reference is None or not names_key(contract, reference):
            continue
        other, (key,) = reference.entity, contract.entities[reference.entity].key
        mappings = [m for m, of in run.facts["entities"].items() if str(of.get("to") or "").partition(".")[2] == other]
        parts.append(
            f"SELECT CAST({name(KEY)} AS VARCHAR) FROM {name(BACK, wanted.model.entity)} WHERE CAST({name(field)} AS VARCHAR) IN "
            f"(SELECT target_key FROM {scan(run.path / 'dispositions.parquet')} WHERE code IN {KEPT_BACK} "
            f"AND entity IN ({', '.join(map(literal, mappings)) or 'NULL'})) AND CAST({name(field)} AS VARCHAR) NOT IN "
            f"(SELECT CAST({name(key)} AS VARCHAR) FROM {name(BACK, other)} WHERE {name(key)} IS NOT NULL)"
        )
    return " UNION ".join(parts) or None


def _name_personal(facts: dict[str, Any], contract: Contract, wanted: Sequence[Wanted]) -> None:
    """Fields of records that are referred to are as personal as where they lie: reports and packs mask them by this."""
    personal, there = personal_fields(contract), mappings_to(facts)
    for one in wanted:
        for column in one.columns:
            kind = personal.get(column.entity, {}).get(column.field)
            if column.through and kind and (mapping := there.get(one.model.entity)) is not None:
                known = facts.setdefault("pii", {})
                known[mapping] = {**known.get(mapping, {}), column.path: kind}


def _run(workspace: Workspace, run_id: str | None) -> RunFolder:
    runs = workspace.runs
    folder = runs / Path(run_id).name if run_id else latest_run(runs)
    found = open_run(folder) if folder is not None else None
    again = f"lms-migrate run {workspace.folder}"
    if found is None:
        there = tuple(sorted(path.name for path in runs.iterdir() if path.is_dir())) if runs.is_dir() else ()
        problem = Problem("there is no such run", value=run_id, allowed=there)
        raise ConfigurationError("the expectations cannot be judged", problems=[problem], hint=again)
    if not (found.folder / "5_read_back" / "manifest.json").is_file():
        problem = Problem(f"run {found.id} read nothing back: it stopped at {found.facts['stopped_at']}")
        raise ConfigurationError("the expectations cannot be judged", problems=[problem], hint=again)
    if (found.facts.get("parts") or {}).get("contracts") != fingerprints(workspace)["contracts"].hash:
        problem = Problem(f"the contracts are not those of run {found.id}", workspace.target.document.place())
        raise ConfigurationError("the expectations cannot be judged", problems=[problem], hint=again)
    return RunFolder(found.folder, found.summary, found.facts)


def _same_expectations(workspace: Workspace, run: RunFolder) -> None:
    """The run notes the expectations that it was judged by, which may be others than when it was made."""
    part = fingerprints(workspace)[PART]
    inputs = {name: digest for name, digest in run.facts["inputs"].items() if not name.startswith(f"{SUITES}/")}
    run.facts["inputs"] = inputs | part.files
    run.facts["parts"][PART] = part.hash


def _save(run: RunFolder) -> None:
    """Judging makes a run no newer: which run is the latest is told by the time of its summary."""
    before = (run.path / "summary.json").stat()
    try:
        run.save()
        os.utime(run.path / "summary.json", ns=(before.st_atime_ns, before.st_mtime_ns))
    except OSError as error:
        raise RunFailed(f"{run.path} cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(run.scratch, ignore_errors=True)


def named(results: Iterable[Mapping[str, Any]]) -> list[str]:
    """Codes of those that stand in the way of an approval."""
    return [str(row["code"]) for row in results if row["gate"] and row["state"] != "passed"]
