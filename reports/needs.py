"""What needs a person: findings by root cause with all that waits for it, and what the read-back showed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping

from reports import links, queries
from reports.causes import Cause
from reports.evidence import Evidence
from reports.model import ArchivedTable, Extracted, FieldDifferences, Loss, Need
from reports.parts import Count, EntityRow

MOVED = "moved"


def from_causes(causes: Iterable[Cause], losses: Iterable[Loss]) -> list[Need]:
    """One need per root cause: a rule, the records that break it, and the records that wait for those.

    Causes that only repeat the loss register are left to it: it knows how many rows are concerned.
    """
    elsewhere = {loss.code for loss in losses if loss.treatment == "undeclared" and loss.code}
    needs = [(cause.code, cause.need) for cause in causes if cause.need is not None]
    return [need for code, need in needs if need.by_entity or code not in elsewhere]


def from_losses(losses: Iterable[Loss], causes: Iterable[Cause]) -> list[Need]:
    """What the loss register holds and nobody declared, with the items about it."""
    items = {(cause.code, cause.where): cause.items for cause in causes}
    title = "holds data that is neither mapped, archived nor dropped with a reason"
    return [
        Need(
            "undeclared", loss.code, title, loss.source, loss.rows, Count(loss.rows), unit="rows",
            items=items.get((loss.code, loss.source)),
        )
        for loss in losses
        if loss.treatment == "undeclared"
    ]  # fmt: skip


def told_by_findings(evidence: Evidence) -> set[tuple[str, str]]:
    """Entities and kinds of difference of which every row is a finding that needs a person, and tables that moved."""
    kinds = {(entity, kind) for entity, kind, _ in evidence.counts(queries.COUNTS["differences"])}
    moved = {(table, MOVED) for (table,) in evidence.ask(queries.MOVED)}
    return (kinds - set(evidence.counts(queries.UNTOLD))) | moved


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
    archive: Iterable[ArchivedTable],
    extract: Iterable[Extracted],
    told: Container[tuple[str, str]],
) -> list[Need]:
    """What the comparison of the target, the archive and the extract say.

    ``told`` are the entities and kinds of difference whose every row is a finding that needs a person, and so listed already,
    and the tables of which a finding says that they moved.
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
    for table in archive:
        if not table.complete:
            short = abs(table.source - table.archived)
            title = f"the archive holds {table.archived:,} of {table.source:,} rows"
            needs.append(Need("archive", table.code, title, table.table, short, Count(short), unit="rows"))
    for read in extract:
        if not read.steady and (read.table, MOVED) not in told:
            counts = [n for n in (read.before, read.after, read.rows) if n is not None]
            drift = max(counts) - min(counts) if counts else 0
            title = "the source changed while it was read, or was not read whole"
            needs.append(Need("extract", None, title, read.table, drift, Count(drift), unit="rows"))
    return needs
