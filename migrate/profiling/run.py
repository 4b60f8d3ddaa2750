"""``lms-migrate profile``: from a workspace to a folder with ``profile.json`` and ``profile.html``."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from migrate import __version__
from migrate.connectors.opening import open_source
from migrate.connectors.source import SourceInfo
from migrate.contracts.model import Contract
from migrate.engine import session
from migrate.errors import ConfigurationError
from migrate.privacy.prepare import prepare
from migrate.privacy.reading import Reading
from migrate.profiling.drift import changes, fingerprint
from migrate.profiling.hiding import hidden_fields, hide, hide_orphans, hide_suggestion
from migrate.profiling.make import Making, stored_columns
from migrate.profiling.model import SCHEMA, Profile
from migrate.profiling.reading import Extract, read_run, read_source
from migrate.profiling.remarks import remarks
from migrate.profiling.store import FILE, FOLDER, as_text, latest, read_profile
from migrate.progress import Progress, Silent
from migrate.workspace import SourceSide, open_source_side, open_workspace

PRIVACY = "privacy.yaml"


def profile(
    folder: Path,
    *,
    run: str | None = None,
    keep_rows: bool = False,
    progress: Progress | None = None,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> tuple[Profile, Path]:
    """Profile the source of a workspace, or what the run ``run`` extracted of it; gives the profile and its folder.

    The mapping need not be there yet. ``keep_rows`` leaves the extracted rows, unmasked, in ``rows/`` of the folder.
    Raises ConfigurationError where the source cannot be opened, RunFailed where it goes away.
    """
    began, started = time.monotonic(), now()
    side, reading = _opened(folder)
    contract = side.source.model
    known = latest(folder)
    before = read_profile(known) if known is not None else None
    as_of = side.settings.as_of or started.strftime("%Y-%m-%d %H:%M:%S")
    with ExitStack() as stack:
        source = open_source(side) if run is None else None
        if source is not None:
            stack.callback(source.close)
        extracted = None if run is None else read_run(_run_folder(side, run), contract)
        out = _new_folder(folder, started)
        if not keep_rows:
            stack.callback(shutil.rmtree, out / "rows", ignore_errors=True)
        stack.callback(shutil.rmtree, out / ".scratch", ignore_errors=True)
        try:
            if extracted is None:
                assert source is not None
                extracted = read_source(source, contract, out / "rows", progress or Silent(), reading)
            info = source.info if source is not None else SourceInfo(f"runs/{run}", None, True, {})
            made = _measured(side, contract, extracted, as_of, out, progress, info, run)
            made = replace(made, profile=out.name, workspace=folder.resolve().name)
            if before is not None and before.system == made.system and before.from_run is None and run is None:
                made = replace(made, before=before.profile, changes=tuple(changes(before, made)))
            made = made.with_remarks(remarks(made, contract))
            made = replace(made, seconds=round(time.monotonic() - began, 1))
            (out / FILE).write_text(as_text(made), "utf-8")
        except BaseException:
            shutil.rmtree(out, ignore_errors=True)
            raise
    return made, out


def _opened(folder: Path) -> tuple[SourceSide, Reading | None]:
    """The source, and what its rows go through before they are written down: who is on the suppression list is not profiled."""
    if (folder / PRIVACY).is_file():
        workspace = open_workspace(folder)
        return workspace, prepare(workspace).reading
    return open_source_side(folder), None


def _run_folder(side: SourceSide, run: str) -> Path:
    there = sorted(path.name for path in side.runs.iterdir() if path.is_dir()) if side.runs.is_dir() else []
    if run not in there:
        raise ConfigurationError(f"there is no run {run!r}", hint=f"one of: {', '.join(there[-5:]) or 'none yet'}")
    return side.runs / run


def _new_folder(workspace: Path, started: dt.datetime) -> Path:
    folder, stem, number = workspace / FOLDER, started.strftime("%Y%m%d-%H%M%S"), 1
    try:
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", "utf-8")
        while True:
            path = folder / (stem if number == 1 else f"{stem}-{number}")
            try:
                path.mkdir()
            except FileExistsError:
                number += 1
                continue
            return path
    except OSError as error:
        raise ConfigurationError(f"no profile can be written to {folder}: {error.strerror}") from None


def _measured(
    side: SourceSide, contract: Contract, extracted: Extract, as_of: str, out: Path, progress: Progress | None,
    info: SourceInfo, run: str | None,
) -> Profile:  # fmt: skip
    masked = side.settings.report.mask
    with session(out / ".scratch", side.settings.memory) as connection:
        making = Making(connection, contract, extracted, as_of, progress)
        entities = making.entities()
        orphans, unchecked = making.orphans()
        scope = making.scope()
        columns = stored_columns(making.columns, extracted)
    if masked:
        classes = hidden_fields(entities)
        entities = tuple(hide(entity, classes.get(entity.entity, {})) for entity in entities)
        orphans = [hide_orphans(one, classes) for one in orphans]
        scope = [hide_suggestion(one, contract.entities[one.entity].key, classes) for one in scope]
    return Profile(
        schema=SCHEMA, profile="", system=contract.system, label=contract.label, workspace="", address=info.address,
        version=info.version, as_of=as_of, tool=__version__, masked=masked, seconds=0.0, from_run=run,
        fingerprint=fingerprint(columns), columns=columns, before=None, entities=entities, orphans=tuple(orphans),
        unchecked=tuple(unchecked), scope=tuple(scope), undeclared=extracted.undeclared, changes=(), remarks=(),
    )  # fmt: skip
