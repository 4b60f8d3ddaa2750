"""The gates: what a run reached against what its workspace demands, one line each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.acceptance.results import not_as_signed, read_results
from migrate.approvals.counts import Counts, Records, counts
from migrate.approvals.settings import EntityGates, GateSettings

Value = str | int | float
VERDICTS = ("pass", "attention", "fail")
LOADED = ("created", "updated", "unchanged")
MOST = ("quarantined", "blocked", "held", "failed")


@dataclass(frozen=True)
class Gate:
    """One thing that was demanded, and what was reached."""

    gate: str
    """Its name: ``balanced``, ``findings USR-001``, ``users loaded``."""
    entity: str | None
    """The mapping, where it is about one."""
    says: str
    """What is counted, in words."""
    value: Value
    limit: Value
    passed: bool

    def __str__(self) -> str:
        return f"{self.gate}: {self.value} ({self.says}; {self.limit})"


def judge(settings: GateSettings, run_folder: Path, summary: Mapping[str, Any], facts: Mapping[str, Any]) -> list[Gate]:
    """Every gate of a run. ``summary`` and ``facts`` are the contents of ``summary.json`` and ``run.json``.

    Raises RunFailed where a file of the run cannot be read.
    """
    counted = counts(run_folder, summary)
    return [
        *_of_the_run(settings, counted, summary, facts),
        *_of_findings(settings, counted),
        *_of_acceptance(run_folder, summary, facts),
        *(gate for name, records in counted.records.items() for gate in _of_records(name, settings.of(name), records)),
    ]


def missed(gates: list[Gate]) -> list[Gate]:
    """Those that were not reached."""
    return [gate for gate in gates if not gate.passed]


def verdicts(gates: list[Gate]) -> dict[str, bool]:
    """``{mapping: did it reach all of its gates}``."""
    found: dict[str, bool] = {}
    for gate in gates:
        if gate.entity is not None:
            found[gate.entity] = found.get(gate.entity, True) and gate.passed
    return found


def _of_the_run(settings: GateSettings, counted: Counts, summary: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[Gate]:
    ended, only = "to its end", facts.get("only")
    if facts["failure"]:
        ended = "failed"
    elif facts["stopped_at"] is not None:
        ended = f"stopped at {facts['stopped_at']}"
    elif only is not None:
        ended = f"only {only}"
    elif facts.get("pseudonyms"):
        ended = "with pseudonyms"
    yield Gate("whole", None, "how far the run went", ended, "to its end", ended == "to its end")
    uneven = [name for name, records in counted.records.items() if sum(records.dispositions.values()) != records.source]
    balanced = bool(summary["balanced"]) and not uneven
    says = "every source record has one disposition"
    yield Gate("balanced", None, says, "yes" if balanced else "no", "yes", balanced)
    verdict = summary["verdict"]
    good = VERDICTS.index(verdict) <= VERDICTS.index(settings.verdict)
    yield Gate("verdict", None, "verdict of the run", verdict, f"at worst {settings.verdict}", good)
    undeclared = sum(1 for entry in summary["loss_register"] if entry["treatment"] == "undeclared")
    yield _most("undeclared", None, "losses that nobody declared", undeclared, settings.undeclared)
    says = "crosswalk entries in use that nobody confirmed"  # what is signed over them never goes live
    yield _most("crosswalks", None, says, facts.get("unconfirmed") or 0, 0)


def _of_findings(settings: GateSettings, counted: Counts) -> Iterator[Gate]:
    yield _most("findings fatal", None, "findings of severity fatal", counted.severity("fatal", {}), 0)
    for severity, most in settings.severities.items():
        says = f"findings of severity {severity} whose code has no budget"
        yield _most(f"findings {severity}", None, says, counted.severity(severity, settings.findings), most)
    for code, most in settings.findings.items():
        yield _most(f"findings {code}", None, "findings of this code", counted.code(code), most)


def _of_acceptance(run_folder: Path, summary: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[Gate]:
    said = summary.get("acceptance")
    rows: Sequence[Mapping[str, Any]] = ()
    if said and said["gates"] and said["judged"]:
        not_as_signed(run_folder, facts)
        rows = read_results(run_folder) or ()
    yield from of_acceptance(said, rows)


def of_acceptance(said: Mapping[str, Any] | None, rows: Sequence[Mapping[str, Any]]) -> Iterator[Gate]:
    """The gates of acceptance tests: ``said`` is what the summary says of them, ``rows`` are those of ``results.parquet``.

    Expectations that were not judged, or could not be, stand in the way as those do that fail.
    """
    if not said or not said["gates"]:
        return
    says = "expectations that have to hold and do not"
    if not said["judged"]:
        yield Gate("acceptance", None, says, "not judged", "at most 0", False)
        return
    demanded = [row for row in rows if row["gate"]]
    failed = [row for row in demanded if row["state"] != "passed"]
    yield _most("acceptance", None, says, len(failed) + max(0, said["gates"] - len(demanded)), 0)
    for entity in sorted({row["entity"] for row in demanded if row["entity"]}):
        yield _most(f"{entity} acceptance", entity, says, sum(row["entity"] == entity for row in failed), 0)


def _of_records(name: str, gates: EntityGates, records: Records) -> Iterator[Gate]:
    if gates.loaded is not None:
        meant = records.source - records.of("excluded", "merged")
        share = 100.0 * records.of(*LOADED) / meant if meant else 100.0
        shown = math.floor(share * 1000) / 1000  # 99.9999 is not 100
        says = "percent of the records in scope that load"
        yield Gate(f"{name} loaded", name, says, shown, f"at least {gates.loaded:g}", share >= gates.loaded)
    for word in MOST:
        if (most := getattr(gates, word)) is not None:
            yield _most(f"{name} {word}", name, f"records that end as {word}", records.of(word), most)
    for word, says in (
        ("missing", "records that were written and not found"),
        ("extra", "records that nothing explains"),
        ("differences", "records of which the target holds another value"),
    ):
        if (most := getattr(gates, word)) is not None:
            yield _most(f"{name} {word}", name, says, getattr(records, word), most)


def _most(gate: str, entity: str | None, says: str, value: int, most: int) -> Gate:
    return Gate(gate, entity, says, value, f"at most {most}", value <= most)
