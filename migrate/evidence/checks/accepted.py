"""Are the packed results of the acceptance tests those of this run and of the packed suites, and do they add up?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from migrate.acceptance.fit import mappings_to
from migrate.acceptance.results import FAILING, RESULTS
from migrate.approvals.gates import of_acceptance
from migrate.evidence.checks.checking import Check, Context, verdict
from migrate.evidence.gather import RUN, WORKSPACE
from migrate.evidence.opening import PackRefused
from migrate.located_yaml import parse
from migrate.models import build
from migrate.said import number_of
from validators.expectations.judge import STATES
from validators.expectations.load import FOLDER as PART
from validators.expectations.vocabulary import vocabulary
from validators.expectations.words import Expectation, Suite

Row = Mapping[str, Any]
_GATE = "acceptance"


@dataclass(frozen=True)
class Expected:
    """An expectation as its suite in the pack has it."""

    suite: str
    model: Expectation

    @cached_property
    def meant(self) -> tuple[str, dict[str, Any]]:
        """The expectation's own name, and all of its arguments."""
        name, implied = vocabulary().meant(self.model.expect) or (self.model.expect, {})
        return name, {**self.model.arguments, **implied}

    def row(self, mappings: Mapping[str, str], *, live: bool) -> dict[str, Any]:
        """What ``results.parquet`` repeats of it. ``mappings``: see :func:`~migrate.acceptance.fit.mappings_to`. ``live``: was
        the run one?"""
        model = self.model
        return {
            "suite": self.suite, "entity": mappings.get(model.entity), "target_entity": model.entity,
            "expectation": self.meant[0], "field": ", ".join(model.field) or None, "mostly": model.mostly,
            "gate": model.stands_in_the_way(live=live), "requirement": model.requirement or None,
        }  # fmt: skip


def acceptance(context: Context) -> Iterator[Check]:
    """Results are those that the run noted, of the suites in the pack; their states and sums are those of their own numbers."""
    said: Mapping[str, Any] | None = context.summary.get("acceptance")
    suites = _suites(context)
    unsure = [] if suites is not None else ["the suites are not in the pack as the run found them: nothing is compared with them"]
    if not said:
        wrong = [f"{len(suites)} expectations are in the pack, and the summary says nothing of them"] if suites else []
        wrong += [f"{name} is there, and the summary says nothing of it" for name in _packed(context)]
        yield verdict("acceptance", wrong, "the workspace had no acceptance tests")
        return
    wrong = list(_numbers(said, suites, context.facts))
    if not said["judged"]:
        wrong += [f"{name} is there, and the summary says that nothing was judged" for name in _packed(context)]
        wrong += _gates(context, said, ())
        well = f"{said['expectations']} acceptance tests were not judged, and nothing claims that they hold"
        yield verdict("acceptance", wrong, well, unsure)
        return
    wrong += _noted(context)
    if missing := [f"{name} is missing" for name in (RESULTS, FAILING) if f"{RUN}/{name}" not in context.members]:
        yield verdict("acceptance", [*wrong, *missing], "")
        return
    rows = _rows(context, RESULTS, ("code", "state", "records", "values", "unexpected", "gate"))
    failing = Counter(row["code"] for row in _rows(context, FAILING, ("code",)))
    counted = Counter(row["state"] for row in rows)
    wrong += [f"{state!r} is no state of an expectation" for state in counted.keys() - set(STATES)]
    wrong += [f"{code}: records of an expectation that has no result" for code in failing.keys() - {row["code"] for row in rows}]
    wrong += [
        f"{state}: the summary says {said.get(state)}, and {counted[state]} are counted"
        for state in STATES
        if said.get(state) != counted[state]
    ]
    if len(rows) != said["expectations"]:
        wrong.append(f"the summary says {said['expectations']} expectations, and {len(rows)} have a result")
    if suites is not None:
        wrong += _compared(rows, suites, context.facts)
    of = {expected.model.code: expected for expected in suites or ()}
    unheld = []
    for row in rows:
        faults, recounted = _judged(row, of.get(row["code"]), failing[row["code"]])
        wrong += [f"{row['code']}: {fault}" for fault in faults]
        unheld += [] if recounted else [row["code"]]
    wrong += _gates(context, said, rows)
    if context.summary.get("verdict") == "pass" and counted["passed"] != len(rows):
        wrong.append("the verdict of the run is pass, and not every expectation holds")
    well = f"{len(rows)} results, as many of each state as the summary and the gates say, each borne out by its own numbers"
    well += f"; not recounted, for the pack does not hold their values: {', '.join(unheld)}" if unheld else ""
    yield verdict("acceptance", wrong, well, unsure)


def _packed(context: Context) -> list[str]:
    return [name for name in (f"{RUN}/{RESULTS}", f"{RUN}/{FAILING}") if name in context.members]


def _suites(context: Context) -> list[Expected] | None:
    """The expectations of the packed suites, in their order; None where the pack has not all of them as the run found them."""
    part = context.manifest.parts.get(PART)
    if part is None or part.changed:
        return None
    found = []
    for name in sorted(part.files):
        path = f"{WORKSPACE}/{PART}/{name}"
        if path not in context.members:
            return None
        suite = build(Suite, parse(context.pack.read(path).decode("utf-8-sig"), Path(path)))
        found += [Expected(suite.suite, model) for model in suite.expectations]
    return found


def _live(facts: Mapping[str, Any]) -> bool:
    return facts.get("live") is not None


def _numbers(said: Mapping[str, Any], suites: Sequence[Expected] | None, facts: Mapping[str, Any]) -> Iterator[str]:
    if suites is None:
        return
    gates = sum(expected.model.stands_in_the_way(live=_live(facts)) for expected in suites)
    for word, own in (("expectations", len(suites)), ("gates", gates)):
        if said[word] != own:
            yield f"{word}: the summary says {said[word]}, and the suites in the pack have {own}"


def _noted(context: Context) -> Iterator[str]:
    """The files are those whose hashes the run noted when it judged."""
    noted: Mapping[str, str] = (context.facts.get("acceptance") or {}).get("files") or {}
    for name in (RESULTS, FAILING):
        raw = context.manifest.raw(f"{RUN}/{name}")
        if raw is not None and raw != noted.get(name):
            yield f"{name} is not the file that the run noted when the expectations were judged"


def _rows(context: Context, name: str, columns: Sequence[str]) -> list[Row]:
    """Rows of a table of the pack that has at least ``columns``. Raises PackRefused."""
    try:
        table = pq.read_table(context.file(f"{RUN}/{name}"))
        table.select(list(columns))
        return table.to_pylist()  # type: ignore[no-any-return]
    except (pa.ArrowException, OSError, KeyError) as error:
        raise PackRefused(f"{RUN}/{name} is not what a run writes: {str(error)[:200]}") from None


def _compared(rows: Sequence[Row], suites: Sequence[Expected], facts: Mapping[str, Any]) -> Iterator[str]:
    """Results and suites have the same expectations, and say the same of each."""
    mappings = mappings_to(facts)
    codes = [row["code"] for row in rows]
    wanted = [expected.model.code for expected in suites]
    yield from (f"{code}: a suite in the pack has it, and no result" for code in wanted if code not in set(codes))
    yield from (f"{code}: a result of what no suite in the pack has" for code in codes if code not in set(wanted))
    yield from (f"{code} has {n} results" for code, n in Counter(codes).items() if n > 1)
    of = {row["code"]: row for row in rows}
    for expected in suites:
        row = of.get(expected.model.code)
        for word, own in (expected.row(mappings, live=_live(facts)) if row is not None else {}).items():
            if row is not None and row.get(word) != own:
                yield f"{expected.model.code}: the result says {word} = {row.get(word)!r}, and the suite {own!r}"


def _judged(row: Row, expected: Expected | None, listed: int) -> tuple[list[str], bool]:
    """What contradicts a result in its own numbers, and whether its state was judged again.

    ``listed``: how many rows of ``rows.parquet`` it has.
    """
    rule = vocabulary().expectations.get(row["expectation"])
    if rule is None:
        return [f"{row['expectation']} is no expectation"], False
    if row["state"] == "error":
        return (["it could not be evaluated, and records are listed"] if listed else []), True
    if rule.each:
        return list(_row_by_row(row, listed)), True
    if rule.on == "rows":
        if expected is None:
            return [], False
        arguments = expected.meant[1]
        faults = [f"{listed} of {row['records']} records are listed"] if listed != _named(row, arguments) else []
        return [*faults, *_state(row, _within(row["records"], arguments))], True
    return ([f"it is about all records together, and {listed} are listed"] if listed else []), False


def _row_by_row(row: Row, listed: int) -> Iterator[str]:
    records, values, unexpected = row["records"], row["values"], row["unexpected"]
    if not 0 <= unexpected <= values <= records:
        yield f"{unexpected} of {values} values in {records} records are not as expected"
        return
    fields = len((row["field"] or "").split(", "))
    if listed != unexpected * fields:
        yield f"{unexpected} are not as expected, and {listed} values of {number_of(fields, 'field')} are listed"
    yield from _state(row, values == 0 or (values - unexpected) / values >= row["mostly"])


def _named(row: Row, arguments: Mapping[str, Any]) -> int:
    """How many records ``rows.parquet`` names: all where there are to be none, or nothing."""
    return int(row["records"]) if arguments.get("value") == 0 else 0


def _within(records: int, arguments: Mapping[str, Any]) -> bool:
    """Is a number of records the one that is expected, or within its bounds?"""
    if "value" in arguments:
        return bool(records == arguments["value"])
    low, high = arguments.get("min_value"), arguments.get("max_value")
    above = low is None or records > low or (records == low and not arguments.get("strict_min"))
    below = high is None or records < high or (records == high and not arguments.get("strict_max"))
    return above and below


def _state(row: Row, holds: bool) -> Iterator[str]:
    own = "passed" if holds else "failed"
    if row["state"] != own:
        yield f"the result says {row['state']}, and by its own numbers it {own}"


def _gates(context: Context, said: Mapping[str, Any], rows: Sequence[Row]) -> Iterator[str]:
    """The gates that the run noted are those of the results."""
    noted = [gate for gate in context.facts.get("gates") or () if gate["gate"] == _GATE or gate["gate"].endswith(f" {_GATE}")]
    own = [asdict(gate) for gate in of_acceptance(said, rows)]
    # A run whose end could not be written noted no gates at all.
    if context.facts.get("gates") and noted != own:
        yield "the gates that the run noted are not those of the results"
