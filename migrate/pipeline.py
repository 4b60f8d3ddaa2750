"""One run: the stages in order, the clock, the verdict, and a run folder that is readable whatever happens."""

from __future__ import annotations

import datetime as dt
import errno
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar

from migrate.acceptance.run import judge_run
from migrate.approvals.demand import demand
from migrate.approvals.gates import judge
from migrate.approvals.noted_rehearsals import note_rehearsal
from migrate.approvals.rehearsals import Rehearsed
from migrate.approvals.signed import Approval
from migrate.artefacts import ReadBack
from migrate.check import check
from migrate.compiler.plan import Plan, make_plan
from migrate.connectors.opening import handed_over, open_source
from migrate.connectors.source import SourceConnector
from migrate.connectors.target import Warned
from migrate.crosswalks.gate import demand_confirmed, unconfirmed
from migrate.defects import traced, without_values
from migrate.engine import Opener, session
from migrate.engines import EngineName, opener
from migrate.environment import account
from migrate.errors import (
    EXIT_ATTENTION,
    EXIT_FAILED,
    EXIT_PASS,
    ConfigurationError,
    LedgerLost,
    MigrateError,
    OutOfSpace,
    Problem,
    RunFailed,
    TargetLost,
    Unconfirmed,
)
from migrate.findings import Finding
from migrate.fingerprints import fingerprints, to_approve
from migrate.ledger import Ledger, open_ledger
from migrate.ledger.audit import Head
from migrate.live.decisions import LiveDecisions
from migrate.live.load import Live
from migrate.live.prediction import predicted
from migrate.live.preflight import open_live
from migrate.live.run import read_live
from migrate.matching.lists import PeopleList, read_lists
from migrate.privacy.barrier import guarded
from migrate.privacy.noted_list import demand_same, strayed
from migrate.privacy.prepare import Prepared, prepare
from migrate.progress import Progress, Silent
from migrate.run_folder import STAGES, RunFolder, new_run
from migrate.run_header import begin
from migrate.said import number_of
from migrate.stages.archive import archive
from migrate.stages.both_sides import ask_both_sides
from migrate.stages.certifications import compare_certifications
from migrate.stages.extract import extract
from migrate.stages.load import load
from migrate.stages.map import map_stage
from migrate.stages.read_back import read_back
from migrate.stages.reconcile import reconcile
from migrate.stages.validate import validate
from migrate.verdict import verdict
from migrate.worklist.build import build_worklist
from migrate.workspace import Workspace

Result = TypeVar("Result")


@dataclass(frozen=True)
class RunResult:
    """How a run ended."""

    folder: Path
    summary: dict[str, Any]
    exit_code: int
    failure: str | None = None


class _Stopped(Exception):
    """`--stop-after` was reached."""


def run(
    workspace_folder: Path,
    *,
    live: bool = False,
    only: str | None = None,
    stop_after: str | None = None,
    delta: bool = False,
    apply_deletions: bool = False,
    mask: bool = False,
    operator: str | None = None,
    engine: EngineName = "duckdb",
    progress: Progress | None = None,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> RunResult:
    """Run a workspace. Problems known before the first row raise ConfigurationError; later ones end in the result.

    ``only`` names one mapping (those it refers to are run with it); ``stop_after`` is one of STAGES.
    ``delta`` reads back only what this run writes; ``apply_deletions`` removes what no source record stands behind any
    more. Both need a live target. A live run starts with the approvals that the workspace demands, and not without.
    ``engine`` maps, validates and reconciles; extract and load are this process's own.
    ``mask`` rehearses with pseudonyms in place of what is personal. ``operator`` is who answers for the run, for its header.
    """
    checked = check(workspace_folder)
    workspace = checked.workspace
    if live and engine != "duckdb":
        hint = "rehearse with it, and go live without --engine"
        what = f"--live cannot be used with --engine {engine}, whose answers were compared with DuckDB's in rehearsals only"
        raise ConfigurationError(what, hint=hint)
    opened = opener(engine, workspace.settings.spark)
    if only is not None and only not in workspace.pair.mappings:
        problem = Problem("no mapping has this name", value=only, allowed=tuple(workspace.pair.mappings))
        raise ConfigurationError("--only cannot be used", problems=[problem])
    privacy = prepare(workspace, live=live, mask=mask)
    deliver, writes = None, live and workspace.settings.target.url is not None
    if live and not writes:
        deliver = _delivery(workspace)
    if (delta or apply_deletions) and not writes:
        word = "--delta" if delta else "--apply-deletions"
        raise ConfigurationError(f"{word} needs --live and a target with a url", hint="target: {url: ...} in migration.yaml")
    started = now()
    as_of = workspace.settings.as_of or started.strftime("%Y-%m-%d %H:%M:%S")
    plan = make_plan(workspace.pair, as_of, [only] if only else None, with_archives=only is None)
    parts, demanded = fingerprints(workspace), live and bool(workspace.settings.approvals.roles)
    with ExitStack() as stack:
        ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=demanded or not writes)
        if ledger is not None:
            stack.callback(ledger.close)
            if writes or demanded:
                stack.enter_context(ledger.locked())
        list_strayed = strayed(workspace.folder, ledger.trail()) if ledger is not None else None
        if live:
            demand_same(list_strayed, "the live run does not start")
        approvals = demand(workspace, ledger, to_approve(parts), started) if demanded else []
        target: Live | None = None
        warned: list[Warned] = []
        if writes and ledger is not None:
            connector, warned = open_live(workspace, plan, ledger)
            stack.callback(connector.close)
            connector = guarded(connector, privacy.barrier)
            decided = LiveDecisions.of(workspace.decisions, workspace.pair, workspace.target.model)
            target = Live(connector, ledger, workspace.settings.target, delta, apply_deletions, decided)
        lists = read_lists(workspace, plan.names)
        lists = privacy.reading.people(lists) if privacy.reading is not None else lists
        source = open_source(workspace)
        stack.callback(source.close)
        try:
            folder = new_run(workspace.runs, lambda: started)
        except OSError as error:
            raise ConfigurationError(f"no run folder can be made in {workspace.runs}: {error.strerror}") from None
        run_ = _Run(
            workspace, plan, folder, source, progress or Silent(), stop_after, deliver, target, ledger, approvals, privacy, lists,
            [list_strayed.finding()] if list_strayed is not None else [], opened,
        )  # fmt: skip
        begin(
            folder, workspace, plan, source.info, live=live, started=started, as_of=as_of, parts=parts, approvals=approvals,
            lists=lists,
        )  # fmt: skip
        folder.facts["only"] = only
        folder.facts["engine"] = engine
        if engine == "spark":
            folder.facts["libraries"]["pyspark"] = version("pyspark")
        folder.facts["operator"] = {"account": account(), "name": operator}
        acknowledged = workspace.settings.target.acknowledge
        folder.facts |= privacy.facts
        folder.facts["side_effects"] = [asdict(w) | {"acknowledged": acknowledged.get(w.code)} for w in warned]
        return run_.go()


@dataclass
class _Run:
    workspace: Workspace
    plan: Plan
    folder: RunFolder
    source: SourceConnector
    progress: Progress
    stop_after: str | None
    deliver: Path | None = None
    live: Live | None = None
    ledger: Ledger | None = None
    approvals: Sequence[Approval] = ()
    """Those that let it start."""
    privacy: Prepared = field(default_factory=Prepared)
    lists: Mapping[str, PeopleList] = field(default_factory=dict)
    known: Sequence[Finding] = ()
    """Findings that were made before the first row was read."""
    opened: Opener = session
    """Opens the engine of map, validate and reconcile."""

    def go(self) -> RunResult:
        failure: str | None = None
        try:
            self.folder.save()
            if self.live is not None:
                kind = "delta" if self.live.delta else "live"
                signed = [approval.entry for approval in self.approvals]
                self.live.ledger.begin(self.folder.id, kind, self.live.connector.info.address, approvals=signed)
            elif (ledger := self._delivers()) is not None:
                noted = {
                    "approvals": [approval.entry for approval in self.approvals],
                    "to": self.workspace.settings.target.deliver,
                }
                self.folder.facts["trail"] = self._end_of(ledger.note(self.folder.id, "delivery began", noted))
                self.folder.save()
            self._stages()
        except _Stopped:
            pass
        except KeyboardInterrupt:
            failure = "interrupted"
            self._end(failure)
            raise
        except (MigrateError, OSError) as error:
            named = _named(error)
            return self._end(str(named), named.exit_code)
        except Exception as error:  # a defect of ours: the run folder says so, and keeps the details
            self.folder.give_back()
            with suppress(OSError):
                (self.folder.path / "defect.txt").write_text(traced(error), "utf-8")
            what = without_values(f"a defect of lms-migrate stopped the run: {type(error).__name__}: {error}")
            return self._end(f"{what}\n    next:    report it with {self.folder.path / 'defect.txt'}")
        return self._end(failure)

    def _note_rehearsal(self, ledger: Ledger) -> str | None:
        """Note it in the trail; why that failed, if it did. Then nobody can be asked to judge on it."""
        try:
            note_rehearsal(ledger, Rehearsed(self.folder.path, self.folder.summary, self.folder.facts))
        except LedgerLost as error:
            self.folder.facts["failure"], self.folder.summary["verdict"] = str(error), "fail"
            with suppress(OSError):
                self.folder.save()
            return str(error)
        return None

    def _delivers(self) -> Ledger | None:
        """The ledger in whose trail a delivery stands that needed approvals."""
        return self.ledger if self.deliver is not None and self.approvals else None

    def _end_of(self, head: Head) -> dict[str, Any]:
        """How far the trail goes, and in which ledger: for another target one names another."""
        return asdict(head) | {"ledger": self.workspace.settings.ledger}

    def _stages(self) -> None:
        plan, folder, progress, memory = self.plan, self.folder, self.progress, self.workspace.settings.memory
        reading = (self.privacy.reading, self.known)
        folder.facts["extracted"]["first"] = _instant()
        extracted = self._stage("extract", lambda: extract(self.source, plan, folder, progress, *reading))
        folder.facts["extracted"]["last"] = _instant()
        known = self.workspace.crosswalks
        decided = (self.workspace.decisions, self.workspace.settings.decisions.row_drift)
        given = (known, folder, progress, memory, *decided, self.lists, self.opened)
        mapped, settled = self._stage("map", lambda: map_stage(extracted, plan, *given))
        refuses = self.workspace.settings.decisions.unconfirmed == "refuse"
        folder.facts["unconfirmed"] = len(unconfirmed(mapped)) if refuses else 0
        validated = self._stage("validate", lambda: validate(mapped, plan, folder, progress, memory, self.opened))
        fatal = [code for code, entry in folder.facts["codes"].items() if entry["severity"] == "fatal"]
        if fatal:
            build_worklist(mapped, settled, *decided, folder, memory)
            number = sum(folder.summary["findings"][code] for code in fatal)
            what = f"{number_of(number, 'finding')} of severity fatal: {', '.join(fatal)}"
            raise RunFailed(f"{what}; nothing was loaded", hint="read them in the report, mend the cause, run again")
        if folder.summary["mode"] == "live" and refuses:
            try:
                demand_confirmed(mapped, self.workspace.folder)
            except Unconfirmed:
                build_worklist(mapped, settled, *decided, folder, memory)
                raise
        live = self.live
        # The ledger knows people by their own names, and would take pseudonyms for others.
        to = (self.deliver, live, None if folder.facts["pseudonyms"] else self.ledger, self._held())
        handed = handed_over(self.workspace)
        if self.privacy.barrier is not None:
            self.privacy.barrier.check(validated, plan)
        loaded = self._stage(
            "load", lambda: load(validated, plan, folder, progress, memory, *to, handed=handed, adopts=self._adopts())
        )

        def read() -> ReadBack:
            if live is None:
                return read_back(loaded, plan, folder, progress, memory, self.deliver)
            return read_live(loaded, validated, plan, folder, progress, memory, live)

        back = self._stage("read_back", read)

        def last() -> None:
            reconciled = reconcile(validated, loaded, back, plan, folder, progress, memory, self.opened)
            both = (extracted, mapped, back, reconciled, settled.plan, folder, progress, memory, self.opened)
            reconciled = ask_both_sides(*both)
            settings = self.workspace.settings.certifications
            told = (extracted, mapped, back, reconciled, settled.plan, settings, folder, progress, memory)
            reconciled = compare_certifications(*told)
            archive(extracted, mapped, reconciled, plan, folder, progress, memory)
            build_worklist(mapped, settled, *decided, folder, memory)

        self._stage("reconcile", last)
        self._acceptance()
        self.folder.facts["stopped_at"] = None
        if live is not None:
            folder.facts["predicted"] = predicted(self.workspace.runs, folder)
            if (lost := folder.facts["live"]["lost"]) is not None:
                raise TargetLost(lost, hint="mend its cause, then run again: what is done is not done twice")

    def _acceptance(self) -> None:
        """What reviewers expect of the target, where the workspace wants it judged in the run."""
        if not self.workspace.expectations or self.workspace.settings.acceptance.when != "after_run":
            return
        start = time.monotonic()
        judge_run(self.workspace, self.folder, self.progress)
        self.folder.summary["timings"]["acceptance"] = round(time.monotonic() - start, 3)

    def _held(self) -> frozenset[str]:
        """Target entities whose records wait for a live run, because no file carries them and the target has no address."""
        if self.workspace.settings.target.url is not None:
            return frozenset()
        entities = self.plan.pair.target.model.entities
        return frozenset(name for name, entity in entities.items() if entity.only_live)

    def _adopts(self) -> frozenset[str]:
        """Target entities of which a live run takes records as they are that were matched with somebody of the target."""
        settings = self.workspace.settings.target
        if settings.url is None:
            return frozenset()
        matching = {self.plan.pair.mappings[name].target_name for name in self.plan.names if self.plan.pair.matched(name)}
        return frozenset(entity for entity in matching if settings.existing.get(entity, "adopt") == "adopt")

    def _stage(self, stage: str, work: Callable[[], Result]) -> Result:
        self.folder.facts["stopped_at"] = stage
        start = time.monotonic()
        try:
            result = work()
        finally:
            self.folder.summary["timings"][stage] = round(time.monotonic() - start, 3)
        self.folder.save()
        if self.stop_after == stage and stage != STAGES[-1]:
            raise _Stopped
        return result

    def _end(self, failure: str | None, failed: int = EXIT_FAILED) -> RunResult:
        """Give the spare space back first: the last words have to fit."""
        self.folder.give_back()
        summary, facts = self.folder.summary, self.folder.facts
        facts["failure"] = failure
        facts["ended"] = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        summary["verdict"] = verdict(summary, facts, failure)
        with suppress(OSError, RunFailed):
            facts["gates"] = [asdict(gate) for gate in judge(self.workspace.settings.gates, self.folder.path, summary, facts)]
        with suppress(OSError):
            self.folder.save()
        counts = {name: entity["dispositions"] for name, entity in summary["entities"].items()}
        word: Literal["failed", "finished"] = "failed" if failure else "finished"
        with suppress(LedgerLost, OSError):  # which is the failure already, or changes nothing about what was done
            if self.live is not None:
                facts["trail"] = self._end_of(self.live.ledger.end(self.folder.id, word, counts))
                self.folder.save()
            elif (ledger := self._delivers()) is not None:
                facts["trail"] = self._end_of(ledger.note(self.folder.id, word, counts))
                self.folder.save()
        if self.ledger is not None and summary["mode"] == "rehearsal":
            failure = self._note_rehearsal(self.ledger) or failure
        code = {"pass": EXIT_PASS, "attention": EXIT_ATTENTION, "fail": failed}[summary["verdict"]]
        return RunResult(self.folder.path, summary, code, failure)


def _instant() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _named(error: MigrateError | OSError) -> MigrateError:
    if isinstance(error, MigrateError):
        return error
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutOfSpace(f"the disk is full: {error.filename or ''}".rstrip(": "), hint="free space, then run again")
    return RunFailed(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))


def _delivery(workspace: Workspace) -> Path:
    deliver = workspace.settings.target.deliver
    if not deliver:
        place = workspace.document.place("target")
        problem = Problem("a live run needs a place for the load files", place, hint="target: {deliver: FOLDER}")
        raise ConfigurationError("--live cannot be used", problems=[problem])
    return (workspace.folder / deliver).resolve()
