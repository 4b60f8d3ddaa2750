"""Does the evidence bear out the summary? Counted anew from the rows, and said in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from migrate.said import listed, number_of, records
from reports import live_words, queries
from reports.evidence import Evidence
from reports.model import DISPOSITIONS, HELD_BACK, LOADED, NEEDS_A_PERSON, Level, LiveRun, Need, Verdict, Worklist
from reports.parts import EntityRow

WORDS: Mapping[Level, str] = {"pass": "PASS", "attention": "NEEDS A PERSON", "fail": "FAILED"}
_ORDER: tuple[Level, ...] = ("pass", "attention", "fail")


def disagreements(
    evidence: Evidence, summary: Mapping[str, Any], run: Mapping[str, Any], entities: Iterable[EntityRow]
) -> list[str]:
    """Every number of the summary that the rows contradict. A stopped run's sums need not balance."""
    found = [f"{file} cannot be read; what it holds is not in this page." for file in evidence.unreadable]
    rows = list(entities)
    if not run.get("stopped_at"):
        found += _balance(summary, rows)
    if evidence.available["dispositions"]:
        counted = evidence.counts(queries.COUNTS["dispositions"])
        found += _compare("dispositions.parquet", counted, {
            (row.name, name): row.dispositions[name].n for row in rows for name in DISPOSITIONS
        })  # fmt: skip
        for entity, doubled in evidence.doubled().items():
            if doubled:
                found.append(f"{entity}: {records(doubled)} in dispositions.parquet more than once, or without a key.")
    if evidence.available["findings"]:
        told = {(code,): n for code, n in evidence.counts(queries.COUNTS["findings"]).items()}
        found += _compare("findings.parquet", told, {(code,): n for code, n in (summary.get("findings") or {}).items()})
    if evidence.available["differences"]:
        found += _compare("differences.parquet", *_differences(evidence, summary))
    return found + _worklist(evidence, summary)


def _worklist(evidence: Evidence, summary: Mapping[str, Any]) -> list[str]:
    said: Mapping[str, int] = summary.get("worklist") or {}
    if not evidence.available["worklist"]:
        lost = said and "worklist.parquet" not in evidence.unreadable
        return ["The summary counts items of a worklist, and worklist.parquet is not there."] if lost else []
    counted = {(state,): n for state, n in evidence.counts(queries.COUNTS["states"]).items()}
    found = _compare("worklist.parquet", counted, {(state,): n for state, n in said.items()})
    (without,) = evidence.ask(queries.COUNTS["without_item"])
    if without[0]:
        found.append(f"{without[0]:,} of the findings belong to no item of the worklist.")
    return found


def verdict(
    summary: Mapping[str, Any],
    run: Mapping[str, Any],
    total: EntityRow,
    needs: Iterable[Need],
    alerts: Iterable[str],
    worklist: Worklist | None = None,
    live: LiveRun | None = None,
) -> Verdict:
    """The run's own verdict, worse where the evidence contradicts it, and why in one or two sentences."""
    stopped, contradicted = run.get("stopped_at"), list(alerts)
    level = _level(summary.get("verdict"))
    failed = bool(run.get("failure"))
    if failed or contradicted or (not stopped and not total.balanced):
        level = "fail"
    open_needs = list(needs)
    if open_needs and level == "pass":
        level = "attention"
    reasons = []
    if stopped:
        wanted = "" if failed else ", as it was asked to"
        reasons.append(f"The run stopped at {stopped}{wanted}. What came after it was not done.")
    if stopped == "load" and failed and summary.get("mode") == "live" and run.get("trail"):
        reasons.append(live_words.CUT_OFF)
    if not stopped and not total.balanced:
        reasons.append("The sums do not balance: some source records ended in no disposition, or in more than one.")
    if contradicted:
        reasons.append(f"The summary and the evidence disagree ({len(contradicted)}, listed below).")
    if run.get("only"):
        reasons.append(f"Only {run['only']} and what it refers to was run, as asked. Nothing is said of other mappings.")
    waiting = _waiting(total, summary)
    if waiting:
        reasons.append(waiting)
    if live is not None:
        reasons = [*live_words.taken_back(live), *live_words.written(live, total), *reasons, *live_words.otherwise(live, summary)]
    if worklist is not None and worklist.open:
        numbers = [f"{count.n:,} {state}" for state, count in worklist.states if state in NEEDS_A_PERSON]
        reasons.append(f"Items of the worklist that need a person: {listed(numbers)}.")
    reasons += _acceptance(summary) + _both_sides(summary) + _read_back(total, bool(stopped))
    if total.balanced and not stopped:
        every = "The one record is" if total.source.n == 1 else f"All {records(total.source.n)} are"
        reasons.append(f"{every} accounted for: the sums balance for every entity.")
    return Verdict(level, WORDS[level], tuple(reasons))


def _acceptance(summary: Mapping[str, Any]) -> list[str]:
    said: Mapping[str, int] = summary.get("acceptance") or {}
    words = {"failed": "failed", "error": "could not be evaluated"}
    numbers = [f"{said[state]:,} {word}" for state, word in words.items() if said.get(state)]
    return [f"Of {said['expectations']:,} acceptance tests of the reviewers, {listed(numbers)}."] if numbers else []


def _both_sides(summary: Mapping[str, Any]) -> list[str]:
    """Rules that do not hold, and people whose certification is another one, which no sum over records shows."""
    said: Mapping[str, Any] = summary.get("reconciliation") or {}
    rules: Mapping[str, Any] = said.get("checks") or {}
    certified: Mapping[str, Any] = said.get("certifications") or {}
    broken = sum(told.get("verdict") == "different" for told in rules.values())
    found = []
    if broken:
        found.append(
            f"Of {number_of(len(rules), 'rule')} over both sides, {broken:,} {'does' if broken == 1 else 'do'} not hold."
        )
    if different := certified.get("different"):
        people = number_of(certified.get("people") or 0, "person", "people")
        found.append(
            f"Certification states differ without a reason: {different:,} of {people}, each counted once per certification."
        )
    return found


def _level(said: object) -> Level:
    return next((level for level in _ORDER if level == said), "fail")


def _balance(summary: Mapping[str, Any], rows: list[EntityRow]) -> list[str]:
    found = [
        f"{row.name}: {records(row.source.n)} in the source, {row.accounted:,} accounted for."
        for row in rows
        if row.balanced is False
    ]
    if not found and summary.get("balanced") is False:
        found.append("The run says that its sums do not balance, although those in the summary do.")
    if found and summary.get("balanced") is True:
        found.append("The run says that its sums balance. They do not.")
    return found


def _compare(file: str, counted: Mapping[Any, int], said: Mapping[Any, int]) -> list[str]:
    return [
        f"{' '.join('-' if part is None else str(part) for part in name)}: the summary says "
        f"{said.get(name, 0):,}, {file} holds {counted.get(name, 0):,}."
        for name in sorted({*counted, *said}, key=str)
        if counted.get(name, 0) != said.get(name, 0)
    ]


def _differences(evidence: Evidence, summary: Mapping[str, Any]) -> tuple[dict[Any, int], dict[Any, int]]:
    rows = evidence.counts(queries.COUNTS["differences"])
    counted: dict[Any, int] = {}
    said: dict[Any, int] = {}
    for (entity, kind, field), n in rows.items():
        name = (entity, field) if kind == "different" else (entity, kind)
        counted[name] = counted.get(name, 0) + n
    for entity, numbers in (summary.get("entities") or {}).items():
        said.update({(entity, field): n for field, n in (numbers.get("differences") or {}).items()})
        said[entity, "missing"] = numbers.get("missing") or 0
        said[entity, "extra"] = numbers.get("extra") or 0
    return counted, said


def _waiting(total: EntityRow, summary: Mapping[str, Any]) -> str:
    held = total.dispositions["held"].n
    # These wait for nobody's decision: somebody has to give the target the files of the run.
    handed = min(held, (summary.get("findings") or {}).get("LIVE-HANDED-OVER") or 0)
    parts = {
        "failed to load": total.dispositions["failed"].n, "held for a decision": held - handed,
        "held until a person gives files to the target": handed, "quarantined": total.dispositions["quarantined"].n,
        "blocked by another record": total.dispositions["blocked"].n,
    }  # fmt: skip
    numbers = [f"{n:,} {words}" for words, n in parts.items() if n]
    left = total.share(HELD_BACK)
    return f"{records(left)} of {total.source.n:,} did not reach the target: {listed(numbers)}." if left else ""


def _read_back(total: EntityRow, stopped: bool) -> list[str]:
    unread = total.share(LOADED) - total.compared.n
    said = _compared(total, stopped)
    if unread > 0 and total.compared.n:
        stand = (
            "stands in the target as an earlier run wrote it was"
            if unread == 1
            else "stand in the target as an earlier run wrote them were"
        )
        said.append(f"{records(unread)} that {stand} not read back in this run.")
    return said


def _compared(total: EntityRow, stopped: bool) -> list[str]:
    wrong = [
        f"{count.n:,} {word}"
        for count, word in (
            (total.missing, "missing"), (total.extra, "not expected"),
            (total.differences, "value different" if total.differences.n == 1 else "values different"),
        )
        if count.n
    ]  # fmt: skip
    if wrong:
        return [f"The target was read back ({records(total.compared.n)} compared): {listed(wrong)}."]
    if total.compared.n:
        every = "the one record compared holds" if total.compared.n == 1 else f"all {records(total.compared.n)} compared hold"
        return [f"The target was read back: {every} what the mapping says."]
    return [] if stopped else ["Nothing was read back from the target, so nothing proves what it holds."]
