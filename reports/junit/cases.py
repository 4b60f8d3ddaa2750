"""The report as test cases: a suite for the run, and one for each entity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from migrate.said import number_of
from reports.gates import Judged
from reports.model import DISPOSITIONS, LOADED, SET_ASIDE, FieldDifferences, Need, Report
from reports.parts import EntityRow
from reports.rules.model import RuleRow, Sample
from reports.visible import LOOK_ALIKE, plain

Outcome = Literal["passed", "failure", "error", "skipped"]
LISTED = 10
RUN = "run"
OF_NEEDS = {
    "undeclared": "losses are declared",
    "archive": "the archive is complete",
    "extract": "the source stood still while it was read",
    "unknown": "findings explain what stayed behind",
}
"""Cases of the run that stand for needs of a kind."""


@dataclass(frozen=True)
class Case:
    """A test case. Names stay the same from run to run, so that a CI server can tell what is new."""

    name: str
    outcome: Outcome = "passed"
    message: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suite:
    """Test cases about one thing, and its numbers."""

    name: str
    cases: tuple[Case, ...]
    numbers: tuple[tuple[str, str], ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Cases that ended so."""
        return sum(case.outcome == outcome for case in self.cases)


def suites(report: Report) -> list[Suite]:
    """All test cases of a report."""
    return [
        Suite(RUN, tuple(_of_the_run(report)), tuple(_run_numbers(report))),
        *(Suite(f"entities.{row.name}", tuple(_of_entity(report, row)), _numbers(row)) for row in report.entities),
    ]


def _of_the_run(report: Report) -> Iterator[Case]:
    yield _end(report)
    level = report.verdict.level
    message = f"{report.verdict.word}: {report.verdict.reasons[0] if report.verdict.reasons else ''}".rstrip(": ")
    yield Case("verdict", "passed" if level == "pass" else "failure", message, report.verdict.reasons)
    yield _listed("the summary and the evidence agree", report.alerts)
    for kind, name in OF_NEEDS.items():
        yield _listed(name, [_need(need) for need in report.needs if need.severity == kind])
    yield from (_gate(gate) for gate in report.checked.gates if gate.entity is None)
    named = {row.name for row in report.entities}
    yield from (
        _rule(rule, f"{rule.code} {rule.entity or ''}".rstrip()) for rule in report.checked.rules if rule.entity not in named
    )
    yield from _without_rows(report)
    yield from _reconciliation(report)
    yield from _certifications(report)
    yield from _acceptance(report)
    if report.live is not None and report.live.rehearsal:
        surprises = [f"{s.entity} {s.disposition}: {s.expected:,} predicted, {s.actual:,} came" for s in report.live.surprises]
        # No failure: a live run may differ from its rehearsal for good reasons, and the verdict does not hang on it.
        yield Case("compared with the rehearsal", message=number_of(len(surprises), "surprise"), lines=tuple(surprises))


def _end(report: Report) -> Case:
    name = "came to its end"
    if report.failure:
        lines = tuple(line for line in report.failure.splitlines() if line.strip())
        return Case(name, "error", lines[0] if lines else "the run failed", lines)
    if report.stopped_at:
        return Case(name, "skipped", f"the run stopped at {report.stopped_at}, as it was asked to")
    return Case(name)


def _without_rows(report: Report) -> Iterator[Case]:
    """Codes that the summary counts and whose rows are not all there."""
    for row in report.findings:
        found = sum(rule.findings for rule in report.checked.rules if rule.code == row.code)
        if found != row.count.n:
            message = f"the summary counts {row.count.n:,} findings, and {found:,} are there"
            yield Case(f"{row.code} without rows", "failure", message, (f"{row.severity}: {row.title}",))


def _reconciliation(report: Report) -> Iterator[Case]:
    """What the last stage found beside the values of single fields."""
    found = report.reconciliation
    if found is None:
        return
    yield _listed(
        "rows read back add up",
        [f"{row.entity}: {row.rows:,} rows, and not so many in its parts" for row in found.rows if not row.even],
    )
    yield _listed(
        "references of the target lead to records",
        [f"{one.entity}.{one.field}: {one.dangling.n:,} of {one.references:,}" for one in found.references if one.dangling.n],
    )
    outcomes: dict[str, Outcome] = {"equal": "passed", "different": "failure", "empty": "skipped", "not asked": "skipped"}
    for rule in found.rules:
        said = (
            rule.why
            or f"{rule.different:,} of {rule.groups:,} groups differ; {rule.expected:,} records expected, {rule.target:,} there"
        )
        outcome = "failure" if rule.wrong else outcomes[rule.verdict]
        yield Case(f"both sides {rule.name}", outcome, said, (rule.label, *rule.wrong))


def _certifications(report: Report) -> Iterator[Case]:
    """Certification states; what was not compared is a case that is skipped."""
    found = report.certifications
    if found is None:
        return
    said = found.why or f"{found.different:,} of {found.people:,} people are in another state on some day from {found.cutover} on"
    lines = tuple(f"{why.code}: {why.people.n:,} {why.reason}" for why in found.reasons if why.outcome == "different")
    outcome: Outcome = "failure" if found.wrong or found.different else "passed" if found.compared else "skipped"
    yield Case("certification states are the same", outcome, said, (*found.wrong, *lines))


def _acceptance(report: Report) -> Iterator[Case]:
    """The reviewers' tests; none of them may be silent, so those that nobody judged are one case that is skipped."""
    accepted = report.acceptance
    if accepted is None:
        return
    if not accepted.judged:
        yield Case("acceptance tests", "skipped", f"{accepted.number:,} were not judged: {accepted.command}")
        return
    yield _listed("acceptance results are those of the run", accepted.wrong)
    for one in accepted.expected:
        said = (
            one.says if one.unexpected is None else f"{one.unexpected:,} of {one.records or 0:,} records are not so: {one.says}"
        )
        sample = tuple(
            f"{each.key}: " + ", ".join(f"{field} {'null' if text is None else text}" for field, text in each.values)
            for each in one.sample[:LISTED]
        )
        lines = tuple(line for line in (one.why, one.idle, one.observed or "", *sample) if line)
        outcomes: dict[str, Outcome] = {"passed": "passed", "failed": "failure", "error": "error"}
        yield Case(f"acceptance {one.suite} {one.code}", outcomes[one.state], said, lines)


def _of_entity(report: Report, row: EntityRow) -> Iterator[Case]:
    if report.stopped_at:
        yield Case("sums balance", "skipped", f"the run stopped at {report.stopped_at}")
    else:
        said = f"{row.source.n:,} records in the source, {row.accounted:,} accounted for"
        yield Case("sums balance", "passed" if row.balanced else "failure", said)
    yield from _references(report, row)
    yield _read_back(report, row)
    yield from (_gate(gate) for gate in report.checked.gates if gate.entity == row.name)
    yield from (_rule(rule, rule.code) for rule in report.checked.rules if rule.entity == row.name)


def _references(report: Report, row: EntityRow) -> Iterator[Case]:
    expected = row.accounted - row.share(SET_ASIDE)
    for each in report.references:
        if each.entity == row.name:
            name = f"references of {each.field} balance"
            if report.stopped_at:
                yield Case(name, "skipped", f"the run stopped at {report.stopped_at}")
                continue
            said = f"{each.resolved:,} resolved, {each.empty:,} empty, {each.blocked.n:,} blocked, of {expected:,} records"
            yield Case(name, "passed" if each.total == expected else "failure", said)


def _read_back(report: Report, row: EntityRow) -> Case:
    name = "read back and compared"
    said = (
        f"{row.compared.n:,} compared: {row.missing.n:,} missing, {row.extra.n:,} not expected, "
        f"{row.differences.n:,} values different"
    )
    if row.missing.n or row.extra.n or row.differences.n:
        lines = [line for each in report.differences if each.entity == row.name for line in _changes(each)]
        return Case(name, "failure", said, tuple(lines))
    if not row.compared.n and row.share(LOADED):
        return Case(name, "skipped", "nothing was read back, so nothing proves what the target holds")
    return Case(name, message=said)


def _changes(field: FieldDifferences) -> Iterator[str]:
    yield f"{field.field}: {field.count.n:,} values"
    for change in field.changes[:LISTED]:
        spell = change.how in LOOK_ALIKE
        values = "" if change.masked else f": {_value(change.expected, spell)} became {_value(change.actual, spell)}"
        yield f"  {change.count.n:,} x {change.how}{values}, first {change.sample.key}"
    rest = sum(change.count.n for change in field.changes[LISTED:]) + field.other.n
    if rest:
        yield f"  {rest:,} x other changes"


def _gate(gate: Judged) -> Case:
    outcomes: dict[bool | None, Outcome] = {True: "passed", False: "failure", None: "skipped"}
    so_far = ", and the run did not come to its end" if gate.reached is None else ""
    return Case(f"gate {gate.gate}", outcomes[gate.reached], f"{gate.value}; allowed: {gate.limit}{so_far}", (gate.says,))


def _rule(rule: RuleRow, name: str) -> Case:
    states = ", ".join(f"{n:,} {state}" for state, n in rule.states)
    lines = [f"{rule.severity}: {rule.title}", f"findings: {rule.findings:,}" + (f" ({states})" if states else "")]
    lines += [f"  {_sample(sample)}" for sample in rule.samples]
    if rule.findings > len(rule.samples):
        lines.append(f"  and {rule.findings - len(rule.samples):,} more")
    settled = [f"{each.n:,} {each.state} by {each.by or 'nobody named'}: {each.reason or 'no reason'}" for each in rule.settled]
    lines += settled
    if rule.needing:
        said = f"{rule.needing:,} findings need a person; records affected: {rule.affected:,}"
        return Case(name, "failure", f"{said}; {rule.title}", tuple(lines))
    if settled:
        return Case(name, "skipped", "; ".join(settled), tuple(lines))
    return Case(name, message=rule.title, lines=tuple(lines))


def _sample(sample: Sample) -> str:
    parts = [sample.key or "", f"{sample.field} {_value(sample.value)}" if sample.field else "", sample.message or ""]
    if sample.root:
        parts.append(f"waits for {sample.root}")
    return " | ".join(part for part in parts if part)


def _value(value: str | None, spell: bool = False) -> str:
    if not value:
        return "null" if value is None else "“”"
    return f"“{plain(value, spell=True) if spell else value}”"


def _need(need: Need) -> str:
    return f"{need.where}: {need.affected.n:,} {need.counted}, {need.title}"


def _listed(name: str, lines: Iterable[str]) -> Case:
    """Passed where there is nothing to list."""
    told = tuple(lines)
    return Case(name, "failure", told[0] if len(told) == 1 else f"{len(told):,} of them", told) if told else Case(name)


def _numbers(row: EntityRow) -> tuple[tuple[str, str], ...]:
    counts = {"source": row.source, **{word: row.dispositions[word] for word in DISPOSITIONS}, "compared": row.compared}
    counts |= {"missing": row.missing, "extra": row.extra, "differences": row.differences}
    return tuple((name, str(count.n)) for name, count in counts.items())


def _run_numbers(report: Report) -> Iterator[tuple[str, str]]:
    yield from (("run", report.run), ("mode", report.mode), ("label", report.label), ("verdict", report.verdict.level))
    yield from ((f"findings {row.code}", str(row.count.n)) for row in report.findings)
