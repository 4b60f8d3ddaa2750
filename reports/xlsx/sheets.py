"""Which sheets a report's workbook has, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.certifications.model import OUTCOME_WORDS, STATES
from reports.model import Report
from reports.parts import Table
from reports.reconciliation.model import VERDICT_WORDS
from reports.xlsx.book import OVERVIEW, Column, Content, Link, Styled

Rows = Callable[[], Iterable[Sequence[Content]]]


@dataclass(frozen=True)
class Listed:
    """A sheet that is one table. ``total`` is what there is, also where ``here`` rows are all that the sheet has."""

    name: str
    what: str
    columns: tuple[Column, ...]
    rows: Rows
    here: int
    total: int
    file: str = ""
    """Where the other rows are."""
    available: bool = True

    @property
    def note(self) -> str:
        """What the sheet holds, in words."""
        if not self.available:
            return f"{self.what}; {self.file} is not there"
        if self.here < self.total:
            return f"{self.what}: {self.here:,} of {self.total:,} rows; the others are in {self.file}"
        return f"{self.what}: {self.total:,} rows"

    @property
    def above(self) -> list[list[Content]]:
        """What stands over the head."""
        return [[Link(OVERVIEW, OVERVIEW), Styled(self.note, "note")]]


def listed(report: Report, sheets: Mapping[str, str]) -> Iterator[Listed]:
    """The sheets that are one table; ``sheets`` has the sheet of each entity."""

    def about(entity: str | None) -> Content:
        return Link(entity, sheets[entity]) if entity in sheets and entity else entity

    needs = report.needs
    yield _small(
        "Needs a person", "root causes, the gravest first",
        (Column("severity", 12), Column("code", 18), Column("what", 60, "wrap"), Column("where", 30), Column("affected", 10),
         Column("unit", 10), Column("at fault", 10), Column("waiting", 10), Column("items to decide", 15),
         Column("states", 30), Column("by entity", 40)),
        [(need.severity, need.code, need.title, need.where, need.affected.n, need.unit, need.at_fault, need.waiting,
          need.items.decide.n if need.items else None,
          ", ".join(f"{count.n:,} {state}" for state, count in need.items.states) or None if need.items else None,
          ", ".join(f"{name}: {n:,}" for name, n in need.by_entity) or None)
         for need in needs],
    )  # fmt: skip
    tables = {table.name: table for table in report.tables}
    for name, what, columns, titles in _ROWS:
        if name in tables:
            yield _of_table(tables[name], what, columns, titles)
    yield _small(
        "Rules", "findings by entity and code",
        (Column("entity", 22), Column("code", 18), Column("severity", 12), Column("what", 60, "wrap"), Column("findings", 10),
         Column("need a person", 14), Column("records affected", 16), Column("states", 40)),
        [(about(rule.entity), rule.code, rule.severity, rule.title, rule.findings, rule.needing, rule.affected,
          ", ".join(f"{n:,} {state}" for state, n in rule.states) or None)
         for rule in report.checked.rules],
    )  # fmt: skip
    if (accepted := report.acceptance) is not None:
        yield _small(
            "Acceptance",
            "the reviewers' acceptance tests" if accepted.judged else f"acceptance tests, not judged yet: {accepted.command}",
            (Column("result", 24), Column("code", 22), Column("suite", 18), Column("expectation", 60, "wrap"), Column("gate", 8),
             Column("records", 10), Column("not as expected", 16), Column("observed", 24), Column("why", 50, "wrap"),
             Column("reason", 60, "wrap"), Column("requirement", 22)),
            [(one.word, one.code, one.suite, one.says, "gate" if one.gate else None, one.records, one.unexpected, one.observed,
              one.why or one.idle or None, one.reason, one.requirement)
             for one in accepted.expected],
        )  # fmt: skip
    yield _small(
        "Changes", "differences grouped by the change of value",
        (Column("entity", 22), Column("field", 22), Column("how", 28), Column("mapped", 36, empty=True),
         Column("read back", 36, empty=True), Column("values", 10), Column("a record", 20)),
        [*((about(group.entity), group.field, change.how, change.expected, change.actual, change.count.n, change.sample.key)
           for group in report.differences for change in group.changes),
         *((about(group.entity), group.field, "other changes", None, None, group.other.n, None)
           for group in report.differences if group.other.n)],
    )  # fmt: skip
    if (sides := report.reconciliation) is not None and sides.rules:
        yield _small(
            "Both sides", "rules that have to hold in the source and in the target",
            (Column("rule", 24), Column("what", 50, "wrap"), Column("verdict", 20), Column("groups", 10), Column("differ", 10),
             Column("source", 10), Column("explained", 10), Column("expected", 10), Column("target", 10), Column("code", 22),
             Column("why", 50, "wrap")),
            [(rule.name, rule.label, VERDICT_WORDS[rule.verdict], rule.groups, rule.different, rule.source,
              rule.accounted - rule.expected, rule.expected, rule.target, rule.code,
              "; ".join(line for line in (rule.why, *rule.wrong) if line) or None)
             for rule in sides.rules],
        )  # fmt: skip
        listed = [(rule, group) for rule in sides.rules for group in rule.listed]
        beyond = "; the others are in 6_reconcile/both_sides.parquet" if any(rule.more for rule in sides.rules) else ""
        yield _small(
            "Groups that differ", f"where rules over both sides do not hold{beyond}",
            (Column("rule", 24), Column("group", 40), Column("compared", 18), Column("source, all", 30, empty=True),
             Column("source, expected", 30, empty=True), Column("target", 30, empty=True), Column("unexplained", 12),
             Column("record", 20)),
            [(rule.name, ", ".join(f"{column} {'none' if value is None else value}" for column, value in group.values) or None,
              group.measure, group.source, group.expected, group.target, group.remainder,
              group.record.key if group.record else None) for rule, group in listed],
        )  # fmt: skip
    yield from _certifications(report)
    yield _small(
        "Excused",
        "unequal values that a rule of the mapping declares equal",
        (Column("entity", 22), Column("field", 22), Column("rule", 30), Column("values", 10)),
        [(about(each.entity), each.field, each.rule, each.n) for each in report.excused],
    )
    yield _small(
        "Left out",
        "records left out on purpose",
        (
            Column("entity", 22),
            Column("disposition", 14),
            Column("code", 18),
            Column("reason", 70, "wrap"),
            Column("records", 10),
        ),
        [(about(each.entity), each.disposition, each.code, each.reason, each.count.n) for each in report.left_out],
    )  # fmt: skip
    yield _small(
        "References", "where the values of reference fields went",
        (Column("entity", 22), Column("field", 22), Column("resolved", 10), Column("empty", 10), Column("blocked", 10),
         Column("all", 10)),
        [(about(each.entity), each.field, each.resolved, each.empty, each.blocked.n, each.total) for each in report.references],
    )  # fmt: skip
    yield _small(
        "Losses", "what of the source does not reach the target",
        (Column("source", 40), Column("rows", 10), Column("treatment", 14), Column("code", 18), Column("reason", 70, "wrap"),
         Column("archive", 40)),
        [(each.source, each.rows, each.treatment, each.code, each.reason, each.archive) for each in report.losses],
    )  # fmt: skip
    yield _small(
        "Archive", "tables that were archived instead",
        (Column("archive", 22), Column("table", 30), Column("code", 18), Column("in the source", 14), Column("archived", 10),
         Column("complete", 10), Column("file", 40), Column("reason", 60, "wrap")),
        [(each.archive, each.table, each.code, each.source, each.archived, _passed(each.complete, "yes", "NO"), each.file,
          each.reason) for each in report.archive],
    )  # fmt: skip
    yield _small(
        "Extract",
        "tables of the source, counted before and after they were read",
        (Column("table", 30), Column("before", 10), Column("read", 10), Column("after", 10), Column("stood still", 12)),
        [(each.table, each.before, each.rows, each.after, _passed(each.steady, "yes", "NO")) for each in report.extract],
    )
    yield _small(
        "Timings",
        "wall clock by stage",
        (Column("stage", 16), Column("seconds", 12, "seconds")),
        [(stage, seconds) for stage, seconds in report.timings],
    )
    if report.live is not None:
        yield _small(
            "Predictions", "what the rehearsal predicted, and what came",
            (Column("entity", 22), Column("disposition", 14), Column("predicted", 10), Column("written since", 12),
             Column("came", 10), Column("as predicted", 12)),
            [(about(each.entity), each.disposition, each.predicted, each.moved, each.actual,
              _passed(each.expected == each.actual, "yes", "NO")) for each in report.live.predictions],
        )  # fmt: skip


def _certifications(report: Report) -> Iterator[Listed]:
    """States of certifications by day, and why they differ."""
    found = report.certifications
    if found is None:
        return
    beyond = "; the others are in 6_reconcile/certifications.parquet" if found.more else ""
    about = f"{found.word}{': ' + found.why if found.why else ''}"
    yield _small(
        "Certifications", f"people in each state of a certification by day; {about}{beyond}",
        (Column("certification", 24), Column("day", 12),
         *(Column(f"{state}, {side}", 12) for state in STATES for side in ("source", "target")),
         *(Column(outcome, 12) for outcome in OUTCOME_WORDS)),
        [("all" if row.certification is None else row.certification, row.day,
          *(part.get(state, 0) for state in STATES for part in (row.source, row.target)),
          *(row.outcomes.get(outcome, 0) for outcome in OUTCOME_WORDS)) for row in found.days],
    )  # fmt: skip
    if found.reasons:
        yield _small(
            "States that differ", "why people are in another state of a certification",
            (Column("counts as", 24), Column("how", 12), Column("code", 22), Column("why", 60, "wrap"), Column("people", 10),
             Column("first on", 12), Column("days at most", 12)),
            [(why.word, why.kind, why.code, why.reason, why.people.n, why.first, "no end" if why.days is None else why.days)
             for why in found.reasons],
        )  # fmt: skip


def _small(name: str, what: str, columns: tuple[Column, ...], rows: Sequence[Sequence[Content]]) -> Listed:
    return Listed(name, what, columns, lambda: rows, len(rows), len(rows))


def _passed(passed: bool, good: str, bad: str) -> Styled:
    return Styled(good, "good") if passed else Styled(bad, "bad")


def _of_table(table: Table, what: str, columns: tuple[str, ...], titles: tuple[Column, ...]) -> Listed:
    def rows() -> Iterator[Sequence[Content]]:
        return zip(*(table.lists[column] for column in columns), strict=True)

    return Listed(table.name.capitalize(), what, titles, rows, table.rows, table.total, table.file, table.available)


_ROWS: tuple[tuple[str, str, tuple[str, ...], tuple[Column, ...]], ...] = (
    ("worklist", "what needs a person, and what people decided",
     ("item", "cause", "kind", "state", "severity", "code", "entity", "field", "key", "about", "value", "message", "members",
      "root", "rows", "waiting", "choices", "why", "decision", "new_value", "reason", "by", "at", "first_run", "last_run",
      "times"),
     (Column("item", 21), Column("cause", 21), Column("kind", 10), Column("state", 10), Column("severity", 12),
      Column("code", 18), Column("entity", 18), Column("field", 18), Column("key", 18), Column("about", 20),
      Column("value", 30, empty=True), Column("message", 60), Column("members", 20), Column("waits for", 20),
      Column("records", 10), Column("waiting", 10), Column("choices", 34), Column("why", 30),
      Column("decision", 12), Column("new value", 20),
      Column("reason", 36), Column("by", 18), Column("at", 24), Column("first run", 18), Column("last run", 18),
      Column("times", 8))),
    ("findings", "every finding",
     ("severity", "code", "entity", "key", "field", "value", "message", "root", "state"),
     (Column("severity", 12), Column("code", 18), Column("entity", 22), Column("key", 22), Column("field", 20),
      Column("value", 36, empty=True), Column("message", 70), Column("waits for", 24), Column("state", 12))),
    ("differences", "every difference between the target and the mapping",
     ("entity", "key", "target_key", "field", "kind", "how", "expected", "actual"),
     (Column("entity", 22), Column("key", 22), Column("target key", 22), Column("field", 20), Column("kind", 12),
      Column("how", 28), Column("mapped", 40, empty=True), Column("read back", 40, empty=True))),
)  # fmt: skip
