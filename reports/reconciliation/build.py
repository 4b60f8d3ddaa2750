"""From the run folder to :class:`~reports.reconciliation.model.Reconciliation`."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from migrate.reconciliation.excused import MATCHED
from reports import links
from reports.evidence import Evidence
from reports.masking import Masker, mask
from reports.parts import Count, RecordLink
from reports.reconciliation.model import (
    ExcusedBy,
    ExcusedPair,
    Explanation,
    Group,
    Reconciliation,
    ReferenceField,
    RuleVerdict,
    SidesRule,
    TargetRows,
)

LISTED_GROUPS = 20
"""Groups per rule that the page shows. The file has all of them."""
LISTED_PAIRS = 3
"""Excused pairs per rule and field that the page shows."""
SIDES_FILE, ACCOUNTING_FILE, EXCUSED_FILE = (f"6_reconcile/{name}.parquet" for name in ("both_sides", "accounting", "excused"))
_WITHOUT_CODE = {
    "unread": "in the target by the word of the ledger, and not read back by this run",
    "existing": "matched with what the target had, which keeps its values",
    "ambiguous": "several records of the source have this key",
    "unseen": "no mapping has the record",
}
Json = Mapping[str, Any]


def read_reconciliation(
    folder: Path, summary: Json, run: Json, masker: Masker, titles: Mapping[str, str], evidence: Evidence
) -> Reconciliation | None:
    """None of a run that did not come to reconciliation, or whose tool did not look beyond values yet."""
    told: Json = summary.get("reconciliation") or {}
    if not told.get("rows"):
        return None
    files = _Files(folder)
    try:
        rules = tuple(_rules(files, told.get("checks") or {}, run, masker, titles, evidence))
        return Reconciliation(
            rows=tuple(
                TargetRows(entity, **{word: int(n) for word, n in parts.items()}) for entity, parts in told["rows"].items()
            ),
            rules=rules,
            excused=tuple(_excused(files, run, masker, evidence)),
            references=tuple(_references(run, evidence)),
            wrong=(*(line for rule in rules for line in rule.wrong), *_wrong_pairs(files, told, run)),
        )
    finally:
        files.close()


class _Files:
    """The stage's Parquet files. One that is missing or broken has no rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db = duckdb.connect(config={"autoinstall_known_extensions": "false"})

    def ask(self, file: str, sql: str, given: list[str]) -> list[tuple[Any, ...]]:
        """The rows of a query over ``{file}``; ``given`` fills its question marks."""
        path = self._folder / file
        if not path.is_file():
            return []
        try:
            return self._db.execute(sql.format(file="read_parquet(?)"), [glob.escape(str(path)), *given]).fetchall()
        except duckdb.Error:
            return []

    def close(self) -> None:
        self._db.close()


def _rules(
    files: _Files, checks: Json, run: Json, masker: Masker, titles: Mapping[str, str], evidence: Evidence
) -> Iterator[SidesRule]:
    described: Json = run.get("both_sides") or {}
    found = evidence.counts("SELECT code, count(*) FROM findings GROUP BY code")
    for name, numbers in checks.items():
        about: Json = described.get(name) or {}
        code = str(about.get("code") or "")
        groups = list(_groups(files, name, about, masker, evidence))
        verdict: RuleVerdict = numbers.get("verdict") or "not asked"
        different = int(numbers.get("different") or 0)
        explanations = tuple(_explanations(files, name, about, run, titles))
        yield SidesRule(
            name=name,
            label=str(about.get("label") or name),
            code=code,
            verdict=verdict,
            why=str(numbers.get("why") or ""),
            by=tuple(about.get("by") or ()),
            compares=tuple(f"{how} of {measure}" for measure, how in (about.get("compare") or {}).items()),
            groups=int(numbers.get("groups") or 0),
            different=different,
            source=int(numbers.get("source") or 0),
            explanations=explanations,
            expected=int(numbers.get("expected") or 0),
            target=int(numbers.get("target") or 0),
            findings=links.counted("findings", int(found.get(code, 0)), code=code),
            listed=tuple(group for _, group in groups),
            more=max(0, different - len({grouped for grouped, _ in groups})),
            wrong=tuple(_wrong(files, name, numbers, explanations)) if verdict != "not asked" else (),
        )


def _wrong(files: _Files, name: str, numbers: Json, explanations: Iterable[Explanation]) -> Iterator[str]:
    """What the groups and the accounting of a rule say otherwise than the summary."""
    asked = "SELECT count(DISTINCT grouped), count(DISTINCT grouped) FILTER (verdict = 'different') FROM {file} WHERE rule = ?"
    counted = files.ask(SIDES_FILE, asked, [name])
    if not counted:
        yield f"{name}: the summary says what became of this rule, and {SIDES_FILE} is not there or cannot be read."
        return
    for word, there in zip(("groups", "different"), counted[0], strict=True):
        if there != (said := int(numbers.get(word) or 0)):
            yield f"{name}: the summary says {said:,} {word}, {SIDES_FILE} has {there:,}."
    source = int(numbers.get("source") or 0)
    accounted = int(numbers.get("expected") or 0) + sum(each.records for each in explanations)
    if accounted != source:
        yield f"{name}: the summary says {source:,} records of the source, {ACCOUNTING_FILE} accounts for {accounted:,}."
    verdict, unseen = numbers.get("verdict"), int((numbers.get("parts") or {}).get("unseen") or 0)
    if (verdict == "different") != bool(counted[0][1] or unseen):
        yield f"{name}: the summary says {verdict}, and {counted[0][1]:,} groups in {SIDES_FILE} differ."


def _wrong_pairs(files: _Files, told: Json, run: Json) -> Iterator[str]:
    """Excused pairs, counted anew from the file that has each of them."""
    said: dict[tuple[str, ...], int] = {
        (entity, field, rule): int(n)
        for entity, described in (run.get("entities") or {}).items()
        for field, rules in (described.get("excused") or {}).items()
        for rule, n in rules.items()
        if n
    }
    rows = files.ask(EXCUSED_FILE, "SELECT entity, field, rule, count(*) FROM {file} GROUP BY ALL", [])
    there = {tuple(row[:-1]): int(row[-1]) for row in rows}
    for of in sorted({*said, *there}):
        if said.get(of, 0) != there.get(of, 0):
            field, rule, n = ".".join(of[:2]), of[2], there.get(of, 0)
            yield f"{field}: run.json says {said.get(of, 0):,} pairs excused by {rule}, {EXCUSED_FILE} has {n:,}."
    whole, of_rules = int(told.get("excused") or 0), sum(n for of, n in there.items() if of[2] != MATCHED)
    if whole != of_rules:
        yield f"The summary says {whole:,} excused pairs, {EXCUSED_FILE} has {of_rules:,}."


def _groups(
    files: _Files, name: str, about: Json, masker: Masker, evidence: Evidence
) -> Iterator[tuple[tuple[str | None, ...], Group]]:
    """Each with its values as they are, by which it is told from others that are masked alike."""
    classes: Json = about.get("classes") or {}
    by = list(about.get("by") or ())
    entity = str(about.get("entity") or about.get("mapping") or "")

    def shown(column: str, value: str | None) -> str | None:
        pii = classes.get(column)
        return value if pii is None or pii in masker.clear else mask(value, pii)

    rows = files.ask(
        SIDES_FILE,
        "SELECT grouped, measure, how, source, expected, target, remainder, key FROM {file} "
        "WHERE rule = ? AND verdict = 'different' "
        f"ORDER BY abs(coalesce(remainder, 0)) DESC, grouped, measure LIMIT {LISTED_GROUPS}",
        [name],
    )
    for grouped, measure, how, source, expected, target, remainder, key in rows:
        values = tuple((column, shown(column, value)) for column, value in zip(by, grouped or (), strict=False))
        whole, wanted, there = (shown(measure, side) for side in (source, expected, target))
        record = _record(entity, key, masker, evidence)
        yield tuple(grouped or ()), Group(values, measure, how, whole, wanted, there, remainder, record)


def _record(entity: str, key: str | None, masker: Masker, evidence: Evidence, target_key: str | None = None) -> RecordLink | None:
    if key is None:
        return None
    row = evidence.row_of(entity, key)
    hidden = masker.key(entity, key)
    return RecordLink(entity, hidden, links.record(entity, hidden, row, masker.target_key(entity, target_key)))


def _explanations(files: _Files, name: str, about: Json, run: Json, titles: Mapping[str, str]) -> Iterator[Explanation]:
    mapping: Json = (run.get("entities") or {}).get(about.get("mapping")) or {}
    reasons: Json = {**titles, **(mapping.get("left_out") or {}), **(about.get("explained") or {})}
    rows = files.ask(
        ACCOUNTING_FILE,
        "SELECT DISTINCT part, code, records FROM {file} WHERE rule = ? AND part <> 'expected' ORDER BY records DESC, part, code",
        [name],
    )
    for part, code, records in rows:
        yield Explanation(part, code, str(reasons.get(code) or _WITHOUT_CODE.get(part) or ""), int(records))


def _excused(files: _Files, run: Json, masker: Masker, evidence: Evidence) -> Iterator[ExcusedBy]:
    for entity, described in (run.get("entities") or {}).items():
        for field, rules in (described.get("excused") or {}).items():
            for rule, n in rules.items():
                pairs = files.ask(
                    EXCUSED_FILE,
                    "SELECT key, target_key, expected, actual FROM {file} WHERE entity = ? AND field = ? AND rule = ? "
                    f"ORDER BY key LIMIT {LISTED_PAIRS}",
                    [entity, field, rule],
                ) if n else []  # fmt: skip
                yield ExcusedBy(entity, field, rule, int(n), tuple(_pairs(pairs, entity, field, masker, evidence)))


def _pairs(rows: Iterable[tuple[Any, ...]], entity: str, field: str, masker: Masker, evidence: Evidence) -> Iterator[ExcusedPair]:
    masked = masker.field_class(entity, field) is not None
    for key, target_key, expected, actual in rows:
        record = _record(entity, key, masker, evidence, target_key)
        if record is not None:
            yield ExcusedPair(record, masker.value(entity, field, expected), masker.value(entity, field, actual), masked)


def _references(run: Json, evidence: Evidence) -> Iterator[ReferenceField]:
    told = evidence.counts("SELECT entity, field, count(*) FROM findings WHERE code = 'REC-DANGLING' GROUP BY ALL")
    described: Json = run.get("entities") or {}
    for each in run.get("references") or ():
        n, field = int(each.get("dangling") or 0), str(each.get("field"))
        # Findings are about mappings, of which an entity may have several. A row that no mapping wrote has none.
        names = tuple(m for m, of in described.items() if str(of.get("to") or "").partition(".")[2] == each.get("entity"))
        rows = sum(told.get((mapping, field), 0) for mapping in names)
        link = links.rows("findings", rows, code="REC-DANGLING", entity=names, field=field) if n and rows else None
        every, found, known, outside = (int(each.get(word) or 0) for word in ("references", "found", "known", "outside"))
        yield ReferenceField(str(each.get("entity")), field, every, found, known, outside, Count(n, link))
