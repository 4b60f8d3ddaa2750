"""The runs before this one: which there are, which of them can be compared with it, and why the others cannot.

Only runs that started before count, so a report that is made again later says the same. What lies in older folders may be of an
older shape or damaged: nothing in here believes it, and nothing in here stops at it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.overview.model import Earlier

RUNS = "runs"
"""Name of the folder whose folders are the runs of one workspace. A run that lies elsewhere has no history."""
ROLLBACK = "rollback.json"
_ID = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)(?:-(\d{1,6}))?")
Json = Mapping[str, Any]
Order = tuple[str, int, str]


@dataclass(frozen=True)
class Past:
    """A run, as it lies in its folder."""

    folder: Path
    summary: Json
    facts: Json

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def started(self) -> str | None:
        """The start in UTC, as the run says it."""
        return _instant(self.facts.get("started"))

    @property
    def order(self) -> Order:
        """What comes before what."""
        return _order(self.id, self.started)

    def earlier(self, why: str = "") -> Earlier:
        return Earlier(self.id, self.started, why)


@dataclass(frozen=True)
class History:
    """The runs before, the oldest first, and folders of runs that cannot be read."""

    runs: tuple[Past, ...] = ()
    unreadable: tuple[Earlier, ...] = ()


def read_history(run_folder: Path, facts: Json) -> History:
    """All runs of the workspace that started before this one."""
    folder = run_folder.resolve()
    if folder.parent.name != RUNS:
        return History()
    mine = _order(folder.name, _instant(facts.get("started")))
    runs: list[Past] = []
    unreadable: list[Earlier] = []
    try:
        beside = sorted(path for path in folder.parent.iterdir() if path.is_dir() and path != folder)
    except OSError as error:
        return History(unreadable=(Earlier(RUNS, None, f"the folder cannot be read: {error.strerror}"),))
    for path in beside:
        found = _read(path)
        if isinstance(found, Past):
            if found.order < mine:
                runs.append(found)
        elif found and _ID.fullmatch(path.name) and _order(path.name, None) < mine:
            unreadable.append(Earlier(path.name, None, found))
    return History(tuple(sorted(runs, key=lambda run: run.order)), tuple(unreadable))


def unfit(summary: Json, facts: Json) -> str:
    """Why a run is compared with no other; blank where it can be."""
    if facts.get("failure"):
        return "it failed"
    stopped = facts.get("stopped_at")
    if stopped is not None or "stopped_at" not in facts:
        return f"it stopped at {stopped}" if stopped else "it does not say whether it came to its end"
    if not isinstance(summary.get("entities"), Mapping):
        return "its summary has no entities: it is of an older shape"
    return ""


def unlike(now: Json, now_facts: Json, past: Past) -> str:
    """Why ``past`` is not compared with the run of ``now``; blank where it can be."""
    for side in ("source", "target"):
        mine, other = _system(now_facts, side), _system(past.facts, side)
        if mine != other:
            return f"its {side} is {other or 'not named'}, not {mine or 'the same'}"
    modes = [str(each.get("mode")) for each in (now, past.summary)]
    if modes[0] != modes[1]:
        return f"it is a {modes[1]} run, and this is a {modes[0]} run" if modes[1] == "live" else f"it is a {modes[1]}"
    if why := unfit(past.summary, past.facts):
        return why
    if bool(past.facts.get("pseudonyms")) != bool(now_facts.get("pseudonyms")):
        return "its people have pseudonyms" if past.facts.get("pseudonyms") else "it has no pseudonyms, and this run has"
    only = past.facts.get("only")
    if now_facts.get("only") != only:
        return f"it ran only {only}" if only else "it ran all mappings, and this run only some"
    return ""


def _read(folder: Path) -> Past | str:
    """A run; or why it cannot be read; or blank where the folder holds no run."""
    if (folder / ROLLBACK).is_file():
        return ""
    read: list[Json] = []
    for name in ("summary.json", "run.json"):
        try:
            content = json.loads((folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return f"{name} is not there"
        except (OSError, ValueError, RecursionError):
            return f"{name} cannot be read"
        if not isinstance(content, dict):
            return f"{name} is not what a run writes"
        read.append(content)
    return Past(folder, *read)


def _order(name: str, started: str | None) -> Order:
    """By the instant of the start; runs of one second by the number at the end of their id."""
    found = _ID.fullmatch(name)
    if found is not None:
        year, month, day, hour, minute, second, number = found.groups()
        return started or f"{year}-{month}-{day}T{hour}:{minute}:{second}", int(number or 1), name
    return started or "", 1, name


def _instant(value: object) -> str | None:
    """An instant of UTC without its zone, so that instants compare as text; None for anything else."""
    if not isinstance(value, str):
        return None
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)", value)
    return found[1] if found else None


def _system(facts: Json, side: str) -> str:
    described = facts.get(side)
    return str(described.get("system") or "") if isinstance(described, Mapping) else ""


def number(value: object) -> int | None:
    """A count out of a file that nobody vouches for."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def total(values: object, names: Iterable[str] | None = None) -> int | None:
    """The sum of counts by name, or of some of them; None where they are no such thing."""
    if not isinstance(values, Mapping):
        return None
    wanted = values.keys() if names is None else names
    found = [number(values.get(name, 0)) for name in wanted]
    return None if None in found else sum(each for each in found if each is not None)
