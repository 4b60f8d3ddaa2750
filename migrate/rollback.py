"""Taking a live run of a workspace back, from its address to what is left of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from migrate.check import check
from migrate.connectors.opening import open_target
from migrate.errors import ConfigurationError
from migrate.ledger import open_ledger
from migrate.live.preflight import OTHER_TARGET
from migrate.live.rollback import Rollback, RollingBack
from migrate.privacy.barrier import guarded
from migrate.privacy.classes import personal_fields
from migrate.privacy.prepare import barrier_of
from migrate.progress import Progress, Silent
from migrate.run_folder import new_run
from migrate.workspace import Workspace
from reports.masking import Masker


def rollback(
    workspace_folder: Path,
    run: str,
    *,
    execute: bool = False,
    unverified: bool = False,
    progress: Progress | None = None,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> tuple[Rollback, Path | None]:
    """Say what taking ``run`` back would do, and with ``execute`` do it; then the folder with ``rollback.json`` is given too.

    Raises ConfigurationError where the run, the ledger or the target is not there, TargetLost and LedgerLost as a run does.
    """
    checked = check(workspace_folder)
    workspace = checked.workspace
    with ExitStack() as stack:
        ledger = open_ledger(workspace.ledger_url(), workspace.folder, must_exist=True)
        if ledger is None:
            live = workspace.settings.target.url is not None
            hint = (
                f"lms-migrate run {workspace.folder} --live"
                if live
                else "files that were delivered are taken out of their folder"
            )
            raise ConfigurationError("the workspace has no ledger, so no live run wrote a target", hint=hint)
        stack.callback(ledger.close)
        stack.enter_context(ledger.locked())
        connector = open_target(workspace)
        stack.callback(connector.close)
        connector = guarded(connector, barrier_of(workspace))
        moved = bool(workspace.settings.target.acknowledge.get(OTHER_TARGET, "").strip())
        rolling = RollingBack(checked.plan, connector, ledger, run, unverified=unverified, moved=moved)
        plan = rolling.plan(progress or Silent())
        if not execute:
            return plan, None
        started = now()
        folder = new_run(workspace.runs, lambda: started)
        ledger.begin(folder.id, "rollback", connector.info.address, of_run=run)
        done = rolling.execute(plan, folder.id, progress or Silent())
        head = ledger.end(folder.id, "failed" if done.failed else "finished", {e: dict(c) for e, c in done.counts().items()})
        folder.give_back()
        trail = asdict(head) | {"ledger": workspace.settings.ledger}
        _write(done, trail, folder.path, masker_of(workspace), (started, max(started, now())))
        return done, folder.path


def masker_of(workspace: Workspace) -> Masker:
    """How keys of the target and of the source are shown. A rollback knows no role."""
    entities = workspace.target.model.entities
    pii = {**personal_fields(workspace.target.model)}
    source = personal_fields(workspace.source.model)
    described: dict[str, dict[str, object]] = {entity: {"target_key": list(m.key)} for entity, m in entities.items()}
    for name, mapping in workspace.pair.mappings.items():
        pii[name] = pii.get(name, {}) | source.get(mapping.source_name, {})
        described.setdefault(name, {})["key"] = list(mapping.source.key)
    return Masker({"mask": workspace.settings.report.mask, "pii": pii, "entities": described})


def _write(done: Rollback, trail: dict[str, Any], folder: Path, masker: Masker, times: tuple[dt.datetime, dt.datetime]) -> None:
    """What was done and what was not, and when. Images of records stay in the ledger, which is where people's data is kept."""
    started, ended = (instant.isoformat(timespec="seconds") for instant in times)
    steps = [
        {word: value for word, value in asdict(step).items() if word not in ("before", "meant", "native", "at_first")}
        | {
            "key": masker.target_key(step.entity, step.key),
            "source_key": masker.key(step.mapping, step.source_key),
            "refused": masker.message(step.entity, None, step.refused, (step.key, masker.target_key(step.entity, step.key))),
        }
        for step in done.steps
    ]
    shown = {step.key: masker.target_key(step.entity, step.key) for step, _ in done.failed}
    failed = [
        {"receipt": step.receipt, "why": masker.message(step.entity, None, why, (step.key, shown[step.key]))}
        for step, why in done.failed
    ]
    counts = {entity: dict(words) for entity, words in done.counts().items()}
    content = {
        "of_run": done.run, "started": started, "ended": ended, "counts": counts, "failed": failed, "steps": steps,
        "trail": trail,
    }  # fmt: skip
    (folder / "rollback.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
