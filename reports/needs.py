"""What needs a person: findings by root cause with all that waits for it, and what the read-back showed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from reports import links, queries
from reports.evidence import Evidence
from reports.masking import Masker
from reports.model import (
    ArchivedTable,
    Count,
    EntityRow,
    Extracted,
    FieldDifferences,
    Loss,
    Need,
    RecordLink,
    Value,
)

LISTED_ROOTS = 8
LISTED_VALUES = 8

_GONE = {
    None: "refers to a record that is not in the source",
    "excluded": "refers to a record that is left out on purpose",
    "merged": "refers to a record that was merged into another",
}


def from_findings(evidence: Evidence, masker: Masker, titles: Mapping[str, str], losses: Iterable[Loss]) -> list[Need]:
    """One need per root cause: a rule, the records that break it, and the records that wait for those.

    Findings that only repeat the loss register are left to it: it knows how many rows are concerned.
    """
    elsewhere = {loss.code for loss in losses if loss.treatment == "undeclared" and loss.code}
    entities = _grouped(evidence.ask(queries.CAUSE_ENTITIES))
    roots = _grouped(evidence.ask(queries.CAUSE_ROOTS.format(listed=LISTED_ROOTS)))
    values = _grouped(evidence.ask(queries.CAUSE_VALUES.format(listed=LISTED_VALUES)))
    needs = []
    for row in evidence.ask(queries.CAUSES):
        cause, severity, code, entity, field, orphan, ended, at_fault, affected, findings = row
        if not entities[cause] and code in elsewhere:
            continue
        title = _GONE.get(ended, f"refers to a record that ended {ended}") if orphan else titles.get(code, code)
        address = links.rows("findings", findings, cause=cause)
        listed, more_values = _values(values[cause], cause, entity, field, at_fault)
        needs.append(
            Need(
                severity=severity or "unknown",
                code=code,
                title=title or "finding without a code",
                where=f"{entity or 'the run'}.{field}" if field else entity or "the run",
                at_fault=at_fault,
                affected=Count(affected, address),
                waiting=max(0, affected if orphan else affected - at_fault),
                by_entity=tuple((name, n) for name, n in entities[cause]),
                values=listed,
                more_values=more_values,
                roots=tuple(_root(each, masker) for each in roots[cause]),
                more_roots=max(0, at_fault - LISTED_ROOTS) if entities[cause] else 0,
                unit="records" if entities[cause] else "findings",
            )
        )
    return needs


def told_by_findings(evidence: Evidence) -> set[tuple[str, str]]:
    """Entities and kinds of difference of which every row is a finding too."""
    kinds = {(entity, kind) for entity, kind, _ in evidence.counts(queries.COUNTS["differences"])}
    return kinds - set(evidence.counts(queries.UNTOLD))


def unexplained(evidence: Evidence, titles: Mapping[str, str]) -> list[Need]:
    """Records that stayed behind although no finding says why."""
    return [
        Need(
            severity="unknown",
            code=code,
            title=f"{disposition} without a finding" + (f": {titles[code]}" if code in titles else ""),
            where=entity,
            at_fault=n,
            affected=Count(n, links.rows("dispositions", entity=entity, disposition=disposition, code=code)),
            by_entity=((entity, n),),
        )
        for entity, disposition, code, n in evidence.ask(queries.UNEXPLAINED)
    ]


def from_reconciliation(
    entities: Iterable[EntityRow],
    differences: Iterable[FieldDifferences],
    losses: Iterable[Loss],
    archive: Iterable[ArchivedTable],
    extract: Iterable[Extracted],
    told: Container[tuple[str, str]],
) -> list[Need]:
    """What the comparison of the target, the loss register, the archive and the extract say.

    ``told`` are the entities and kinds of difference whose every row is a finding, and so listed already.
    """
    needs = []
    fields: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for each in sorted(differences, key=lambda each: -each.count.n):
        fields[each.entity].append((each.field, each.count.n))
    for row in entities:
        for count, kind, title, unit in (
            (row.missing, "missing", "not found when the target was read back", "records"),
            (row.extra, "extra", "in the target, but not expected there", "records"),
            (row.differences, "different", "values in the target are not what the mapping says", "values"),
        ):
            if count.n and (row.name, kind) not in told:
                parts = fields[row.name] if unit == "values" else ()
                needs.append(Need(kind, None, title, row.name, count.n, count, by_entity=tuple(parts), unit=unit))
    for loss in losses:
        if loss.treatment == "undeclared":
            title = "holds data that is neither mapped, archived nor dropped with a reason"
            needs.append(Need("undeclared", loss.code, title, loss.source, loss.rows, Count(loss.rows), unit="rows"))
    for table in archive:
        if not table.complete:
            short = abs(table.source - table.archived)
            title = f"the archive holds {table.archived:,} of {table.source:,} rows"
            needs.append(Need("archive", table.code, title, table.table, short, Count(short), unit="rows"))
    for read in extract:
        if not read.steady:
            counts = [n for n in (read.before, read.after, read.rows) if n is not None]
            drift = max(counts) - min(counts) if counts else 0
            title = "the source changed while it was read, or was not read whole"
            needs.append(Need("extract", None, title, read.table, drift, Count(drift), unit="rows"))
    return needs


def _grouped(rows: Sequence[tuple[Any, ...]]) -> Mapping[int, list[tuple[Any, ...]]]:
    groups: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for cause, *rest in rows:
        groups[cause].append(tuple(rest))
    return groups


def _root(row: tuple[Any, ...], masker: Masker) -> RecordLink:
    root, number, affected, _ = row
    entity, _, key = root.partition("/")
    shown = masker.key(entity, key)
    return RecordLink(entity, shown, links.record(entity, shown, number), affected)


def _values(
    rows: Sequence[tuple[Any, ...]], cause: int, entity: str | None, field: str | None, at_fault: int
) -> tuple[tuple[Value, ...], int]:
    """The values at fault, where they repeat: a list of values that all differ tells nothing."""
    if not rows or (rows[0][1] < 2 and at_fault > LISTED_VALUES):
        return (), 0
    listed = tuple(
        Value(
            value,
            links.counted("findings", n, cause=cause, entity=entity, field=field, value=value, root=None),
        )
        for value, n, _ in rows
        if value is not None
    )
    return listed, max(0, rows[0][2] - len(rows)) if listed else 0
