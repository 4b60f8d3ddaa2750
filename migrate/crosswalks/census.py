"""Which values of crosswalks rows use, by how many rows and under which label, and which confirmed entries hold no more.

It is counted before rows are mapped and before decisions are applied, so that neither changes what a confirmation is based on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.compiler.plan import Plan
from migrate.compiler.source import SOURCE
from migrate.compiler.text import name, value_text
from migrate.crosswalks.file import Crosswalk, Entry
from migrate.crosswalks.targets import Targets, targets_of
from migrate.engine import Engine
from migrate.errors import ConfigurationError
from migrate.mapping.load import LoadedPair
from migrate.run_folder import STAGES
from migrate.said import number_of

FILE = "crosswalks.parquet"
_TEXT = ("crosswalk", "source", "label", "target", "status", "why", "by", "at", "reason")
SCHEMA = pa.schema([*((word, pa.string()) for word in _TEXT), ("rows", pa.int64())])
"""Columns of FILE, one row for each value that rows use. ``status`` is null where the crosswalk does not list it."""
Changed = Literal["target", "label", "rows"]


@dataclass(frozen=True)
class Use:
    """A value that rows use. ``label`` is blank where the source has none."""

    label: str
    rows: int


@dataclass(frozen=True)
class Census:
    """``uses``: ``{crosswalk: {source value: use}}``; ``whole``: crosswalks of which every mapping that uses them was counted."""

    uses: dict[str, dict[str, Use]]
    whole: frozenset[str]


@dataclass(frozen=True)
class Expired:
    """Why a confirmed entry holds no more."""

    changed: Changed
    why: str


@dataclass(frozen=True)
class Used:
    """A row of FILE: a value that rows use, with the entry that a run had for it."""

    crosswalk: str
    source: str
    label: str
    rows: int
    target: str | None = None
    status: str | None = None
    """As in the crosswalk, or ``expired``."""
    why: str | None = None
    by: str | None = None
    at: str | None = None
    reason: str | None = None


def take_census(connection: Engine, plan: Plan) -> Census:
    """Count in the engine, which has to know the typed source and the identities."""
    rows: dict[str, dict[str, int]] = {}
    for mapping in plan.names:
        if sql := plan.rows[mapping].uses:
            for crosswalk, value, number in connection.execute(sql).fetchall():
                found = rows.setdefault(crosswalk, {})
                found[value] = found.get(value, 0) + int(number)
    uses = {}
    for crosswalk, found in rows.items():
        labels = _labels(connection, plan, crosswalk)
        uses[crosswalk] = {value: Use(labels.get(value, ""), number) for value, number in found.items()}
    return Census(uses, _wholly_counted(plan.pair, plan.names))


def expired_entries(crosswalk: Crosswalk, census: Census, targets: Targets, row_drift: float) -> dict[str, Expired]:
    """Confirmed entries that rows use and that hold no more, by source value. ``row_drift`` is in percent."""
    found = {}
    for entry in crosswalk.lines():
        use = census.uses.get(crosswalk.name, {}).get(entry["source"])
        if entry["status"] == "confirmed" and use is not None:
            counted = crosswalk.name in census.whole
            if (expired := _expired(entry, use, targets, row_drift, counted)) is not None:
                found[entry["source"]] = expired
    return found


def _expired(entry: Entry, use: Use, targets: Targets, row_drift: float, counted: bool) -> Expired | None:
    if not targets.allows(entry["target"]):
        return Expired("target", f"the target's contract does not allow {entry['target']!r}")
    if entry["label"] and use.label and same_text(entry["label"]) != same_text(use.label):
        return Expired("label", f"it was confirmed as {entry['label']!r}, and the source calls it {use.label!r} now")
    if entry["rows"] and counted:
        was = int(entry["rows"])
        if abs(use.rows - was) * 100 > row_drift * was:
            return Expired("rows", f"it was confirmed for {number_of(was, 'row')}, and there are {use.rows:,} now")
    return None


def same_text(text: str) -> str:
    """Text in which neither case nor blanks tell anything."""
    return " ".join(text.casefold().split())


def write_census(
    known: Mapping[str, Crosswalk], census: Census, expired: Mapping[str, Mapping[str, Expired]], folder: Path
) -> None:
    """Write FILE into the folder of the map stage."""
    rows = []
    for crosswalk, uses in sorted(census.uses.items()):
        entries = {entry["source"]: entry for entry in known[crosswalk].lines()}
        for value, use in sorted(uses.items(), key=lambda item: (-item[1].rows, item[0])):
            entry, gone = entries.get(value), expired.get(crosswalk, {}).get(value)
            row = {word: (entry or {}).get(word) or None for word in ("target", "status", "by", "at", "reason")}
            if gone is not None:
                row |= {"status": "expired", "why": gone.why}
            rows.append(asdict(Used(crosswalk, value, use.label, use.rows)) | row)
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / FILE)


def read_used(folder: Path) -> list[Used]:
    """What a map stage wrote into its folder; nothing where it wrote none."""
    file = folder / FILE
    return [Used(**row) for row in pq.read_table(file).to_pylist()] if file.is_file() else []


def newest_census(runs: Path, pair: LoadedPair, run: str | None = None) -> tuple[str, Census] | None:
    """The census of ``run``, or of the newest run that had every mapping; None where there is none of these.

    Raises ConfigurationError where ``run`` is named and has no census.
    """
    stage = f"{STAGES.index('map') + 1}_map"
    if run is not None:
        folder = runs / run
        if Path(run).name != run or not (folder / stage / FILE).is_file():
            raise ConfigurationError(f"no run {run!r} of this workspace has mapped rows", hint="leave --run out for the newest")
        return run, _as_census(folder / stage, pair, _mappings(folder))
    found = [path for path in runs.iterdir() if (path / stage / FILE).is_file()] if runs.is_dir() else []
    for folder in sorted(found, key=lambda path: ((path / stage / FILE).stat().st_mtime_ns, path.name), reverse=True):
        if (mappings := _mappings(folder)) >= pair.mappings.keys():
            return folder.name, _as_census(folder / stage, pair, mappings)
    return None


def _as_census(folder: Path, pair: LoadedPair, mappings: Iterable[str]) -> Census:
    uses: dict[str, dict[str, Use]] = {}
    for used in read_used(folder):
        uses.setdefault(used.crosswalk, {})[used.source] = Use(used.label, used.rows)
    return Census(uses, _wholly_counted(pair, mappings))


def _mappings(run: Path) -> set[str]:
    try:
        return set(json.loads((run / "summary.json").read_text("utf-8"))["entities"])
    except (OSError, ValueError, KeyError):
        return set()


def _wholly_counted(pair: LoadedPair, mappings: Iterable[str]) -> frozenset[str]:
    counted = set(mappings)
    using = {c: {m for m in pair.mappings if c in _crosswalks_of(pair, m)} for c in pair.model.crosswalks}
    return frozenset(crosswalk for crosswalk, users in using.items() if users <= counted)


def _crosswalks_of(pair: LoadedPair, mapping: str) -> set[str | None]:
    return {rule.crosswalk for rule in pair.mappings[mapping].model.fields.values()}


def _labels(connection: Engine, plan: Plan, crosswalk: str) -> dict[str, str]:
    labels = plan.pair.model.crosswalks[crosswalk].labels
    if labels is None:
        return {}
    sql = (
        f"SELECT {value_text('e.' + name(labels.key))} AS value, min(CAST(e.{name(labels.name)} AS VARCHAR)) "
        f"FROM {name(SOURCE, labels.entity)} AS e WHERE e.{name(labels.key)} IS NOT NULL GROUP BY 1"
    )
    return {value: " ".join((label or "").split()) for value, label in connection.execute(sql).fetchall()}


def all_expired(
    pair: LoadedPair, known: Mapping[str, Crosswalk], census: Census, row_drift: float
) -> dict[str, dict[str, Expired]]:
    """:func:`expired_entries` of every crosswalk of the pair."""
    return {c: expired_entries(known[c], census, targets_of(pair, c), row_drift) for c in pair.model.crosswalks if c in known}
