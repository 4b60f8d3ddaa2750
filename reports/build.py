"""From a run folder to the :class:`~reports.model.Report` that every renderer draws from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from migrate.compiler.text import literal
from migrate.live.names import PREDICTED_HELD
from reports import checks, links, needs, queries
from reports.acceptance.build import acceptance
from reports.causes import read_causes, read_worklist
from reports.certifications.build import read_certifications
from reports.evidence import LISTED_CHANGES, Evidence
from reports.gates import judged_gates, reached_of
from reports.live import live_run
from reports.masking import Masker, masker_for
from reports.model import (
    DISPOSITIONS,
    HELD_BACK,
    LOADED,
    SET_ASIDE,
    SEVERITIES,
    ArchivedTable,
    Change,
    Excused,
    Extracted,
    FieldDifferences,
    FindingRow,
    LeftOut,
    Loss,
    ReferenceRow,
    Report,
)
from reports.overview.build import read_overview
from reports.parts import Count, EntityRow, Fact, RecordLink
from reports.reconciliation.build import read_reconciliation
from reports.record_tables import record_tables
from reports.rules.read import read_checked
from reports.run_files import read_run

MOST_ROWS = 500_000
"""Rows per table that a page carries. Beyond it, the page says so and names the file that holds the rest."""

Json = Mapping[str, Any]


def build(
    run_folder: Path,
    *,
    most_rows: int = MOST_ROWS,
    mask: bool | None = None,
    roles: Json | None = None,
    role: str | None = None,
) -> Report:
    """The report of a finished or stopped run. ``most_rows=0`` leaves out the rows, for a summary; ``mask`` goes before what the
    run says about masking. Raises RunFailed where the folder is none of a run.

    ``role`` is who reads it (:func:`reports.masking.masker_for`); ``roles`` are those of today, which go before the run's own.
    """
    summary, run = read_run(run_folder)
    if mask is not None:
        run = {**run, "mask": mask}
    masker = masker_for(run if roles is None else {**run, "roles": roles}, role)
    with Evidence(run_folder, masker, most_rows) as evidence:
        if summary.get("mode") == "rehearsal":
            evidence.do(f"INSERT INTO predicted VALUES {', '.join(f'({literal(code)})' for code in PREDICTED_HELD)}")
        titles = read_titles(run, masker, evidence)
        entities = tuple(_entities(summary, run, evidence))
        total = _total(entities)
        differences = tuple(_differences(summary, masker, evidence))
        losses = tuple(_losses(summary))
        archive = tuple(_archive(run))
        extract = tuple(
            Extracted(table, n.get("before"), n.get("after"), n.get("rows")) for table, n in (run.get("extract") or {}).items()
        )
        causes = read_causes(evidence, masker, titles)
        worklist = read_worklist(evidence, causes)
        told = needs.told_by_findings(evidence)
        open_needs = [
            *needs.from_causes(causes, losses),
            *needs.unexplained(evidence, titles),
            *needs.from_reconciliation(entities, differences, archive, extract, told),
            *needs.from_losses(losses, causes),
        ]
        open_needs.sort(key=lambda need: (need.severity != "fatal", need.severity == "warn", -need.affected.n))
        accepted = acceptance(run_folder, summary, run, masker)
        reconciled = read_reconciliation(run_folder, summary, run, masker, titles, evidence)
        certified = read_certifications(run_folder, summary, run, titles, evidence)
        alerts = (
            *checks.disagreements(evidence, summary, run, entities),
            *(accepted.wrong if accepted else ()),
            *(reconciled.wrong if reconciled else ()),
            *(certified.wrong if certified else ()),
        )
        findings = tuple(_findings(summary, run, titles, evidence))
        timings = tuple((stage, float(seconds)) for stage, seconds in (summary.get("timings") or {}).items())
        facts = tuple(_facts(summary, run))
        live = live_run(run_folder, summary, run, masker, shown=evidence.available["dispositions"])
        given = (run_folder, summary, run, evidence, masker, entities, total, findings, timings, facts)
        return Report(
            run=str(summary.get("run") or run_folder.name),
            mode=str(summary.get("mode") or "unknown"),
            label=str(run.get("label") or ""),
            verdict=checks.verdict(summary, run, total, open_needs, alerts, worklist, live),
            stopped_at=run.get("stopped_at"),
            failure=masker.free(run.get("failure")),
            alerts=alerts,
            facts=facts,
            libraries=tuple((run.get("libraries") or {}).items()),
            inputs=tuple((run.get("inputs") or {}).items()),
            masked=masker.masked_fields(),
            masking=masker.on,
            role=role,
            clear=tuple(sorted(masker.clear)) if masker.on else (),
            needs=tuple(open_needs),
            entities=entities,
            total=total,
            figures=tuple(_figures(total)),
            left_out=tuple(_left_out(run, titles, evidence)),
            references=tuple(_references(summary, evidence)),
            differences=differences,
            excused=tuple(_excused(run)),
            findings=findings,
            losses=losses,
            archive=archive,
            extract=extract,
            timings=timings,
            live=live,
            worklist=worklist,
            acceptance=accepted,
            reconciliation=reconciled,
            certifications=certified,
            titles=titles,
            overview=read_overview(*given) if most_rows else None,
            tables=evidence.tables() if most_rows else (),
            checked=read_checked(run, evidence, masker, titles),
            about_records=record_tables(run_folder, run, masker, evidence, titles) if most_rows else (),
        )


def read_titles(run: Json, masker: Masker, evidence: Evidence) -> Mapping[str, str]:
    """What each code means. A title may quote a finding, so it is masked as a message of that code would be."""
    titles = {code: str(about.get("title") or code) for code, about in (run.get("codes") or {}).items()}
    for code, entity, field in evidence.ask(queries.TITLED):
        if code in titles:
            titles[code] = masker.message(entity, field, titles[code]) or code
    return titles


def _entities(summary: Json, run: Json, evidence: Evidence) -> Iterable[EntityRow]:
    has_rows, has_differences = evidence.available["dispositions"], evidence.available["differences"]
    described: Json = run.get("entities") or {}
    for name, numbers in (summary.get("entities") or {}).items():
        ended: Json = numbers.get("dispositions") or {}
        counts = {
            each: links.counted("dispositions", ended.get(each) or 0, shown=has_rows, entity=name, disposition=each)
            for each in DISPOSITIONS
        }
        source, missing, compared = (int(numbers.get(word) or 0) for word in ("source", "missing", "compared"))
        loaded = sum(counts[each].n for each in LOADED)
        yield EntityRow(
            name=name,
            made_from=str((described.get(name) or {}).get("from") or ""),
            target=str((described.get(name) or {}).get("to") or ""),
            source=links.counted("dispositions", source, shown=has_rows, entity=name),
            dispositions=counts,
            compared=_compared(compared, missing, loaded, shown=has_rows, entity=name),
            missing=links.counted("differences", missing, shown=has_differences, entity=name, kind="missing"),
            extra=links.counted(
                "differences", numbers.get("extra") or 0, shown=has_differences, entity=name, kind="extra"
            ),
            differences=links.counted(
                "differences",
                sum((numbers.get("differences") or {}).values()),
                shown=has_differences, entity=name, kind="different",
            ),
            balanced=(
                None if run.get("stopped_at") and not any(ended.values())
                else sum(ended.values()) == source and set(ended) <= set(DISPOSITIONS)
            ),
        )  # fmt: skip


def _compared(n: int, missing: int, loaded: int, *, shown: bool, **filters: str) -> Count:
    """Records compared: those in the target, without the missing ones unless the summary counts them in."""
    answers = ("different", "no difference") + (("missing",) if missing and n == loaded else ())
    # A rehearsal compares what a live run would hand over, too, and says that it is held.
    ended = LOADED if n <= loaded else (*LOADED, "held")
    return links.counted("dispositions", n, shown=shown, disposition=ended, read_back=answers, **filters)


def _figures(total: EntityRow) -> Iterable[tuple[str, Count]]:
    yield "in the source", total.source
    for label, names in (
        ("in the target", LOADED), ("left out on purpose", SET_ASIDE), ("waiting or failed", HELD_BACK),
    ):  # fmt: skip
        shown = any(total.dispositions[name].href for name in names)
        yield label, links.counted("dispositions", total.share(names), shown=shown, disposition=names)
    yield "read back and compared", total.compared
    yield "values different", total.differences


def _total(rows: tuple[EntityRow, ...]) -> EntityRow:
    def added(numbers: Iterable[Count], table: str, **filters: Any) -> Count:
        counts = list(numbers)
        return links.counted(table, sum(each.n for each in counts), shown=any(each.href for each in counts), **filters)

    return EntityRow(
        name="All entities",
        made_from="",
        target="",
        source=added((row.source for row in rows), "dispositions"),
        dispositions={
            name: added((row.dispositions[name] for row in rows), "dispositions", disposition=name) for name in DISPOSITIONS
        },
        compared=_compared(
            sum(row.compared.n for row in rows),
            sum(row.missing.n for row in rows),
            sum(row.share(LOADED) for row in rows),
            shown=any(row.compared.href for row in rows),
        ),
        missing=added((row.missing for row in rows), "differences", kind="missing"),
        extra=added((row.extra for row in rows), "differences", kind="extra"),
        differences=added((row.differences for row in rows), "differences", kind="different"),
        balanced=None if any(row.balanced is None for row in rows) else all(row.balanced for row in rows),
    )


def _left_out(run: Json, titles: Mapping[str, str], evidence: Evidence) -> Iterable[LeftOut]:
    described: Json = run.get("entities") or {}
    for entity, disposition, code, n in evidence.ask(queries.COUNTS["left_out"]):
        reasons: Json = (described.get(entity) or {}).get("left_out") or {}
        reason = str(reasons.get(code) or titles.get(code) or "no reason is given")
        count = links.counted("dispositions", n, entity=entity, disposition=disposition, code=code)
        yield LeftOut(entity, disposition, code, reason, count)


def _references(summary: Json, evidence: Evidence) -> Iterable[ReferenceRow]:
    found = {(entity, field): told for entity, field, *told in evidence.ask(queries.COUNTS["blocked_references"])}
    for entity, numbers in (summary.get("entities") or {}).items():
        for field, ended in (numbers.get("references") or {}).items():
            blocked = int(ended.get("blocked") or 0)
            by_severity, rooted, codes = found.get((entity, field), (0, 0, ()))
            kind = {"code": tuple(codes)} if by_severity != blocked and rooted == blocked else {"severity": "blocked"}
            shown = bool(by_severity) or "code" in kind
            yield ReferenceRow(
                entity,
                field,
                int(ended.get("resolved") or 0),
                int(ended.get("empty") or 0),
                links.counted("findings", blocked, shown=shown, entity=entity, field=field, **kind),
            )


def _differences(summary: Json, masker: Masker, evidence: Evidence) -> Iterable[FieldDifferences]:
    listed: dict[tuple[str, str], list[Change]] = {}
    for row in evidence.ask(queries.CHANGES.format(listed=LISTED_CHANGES)):
        entity, field, how, expected, actual, masked, n, change, sample, sample_target, number = row
        key, target_key = masker.key(entity, sample), masker.target_key(entity, sample_target)
        record = RecordLink(entity, key or target_key, links.record(entity, key, number, target_key))
        group = Count(n, links.rows("differences", n, change=change))
        listed.setdefault((entity, field), []).append(Change(how, expected, actual, masked, group, record))
    for entity, numbers in (summary.get("entities") or {}).items():
        for field, n in (numbers.get("differences") or {}).items():
            changes = listed.get((entity, field), [])
            shown = evidence.available["differences"]
            other = max(0, n - sum(change.count.n for change in changes))
            yield FieldDifferences(
                entity,
                field,
                links.counted("differences", n, shown=shown, entity=entity, field=field, kind="different"),
                tuple(changes),
                Count(
                    other,
                    links.rows("differences", entity=entity, field=field, kind="different") if shown else None,
                ),
            )


def _excused(run: Json) -> Iterable[Excused]:
    for entity, described in (run.get("entities") or {}).items():
        for field, rules in (described.get("excused") or {}).items():
            for rule, n in rules.items():
                yield Excused(entity, field, rule, n)


def _findings(summary: Json, run: Json, titles: Mapping[str, str], evidence: Evidence) -> Iterable[FindingRow]:
    """A row for each severity of a code: what somebody accepted is a warning, while the others of its code still hold records."""
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    seen: dict[str, dict[str, int]] = {}
    for (code, severity), n in evidence.counts(queries.COUNTS["severities"]).items():
        seen.setdefault(code, {})[str(severity or "unknown")] = n
    declared: Json = run.get("codes") or {}
    rows = []
    for code, n in (summary.get("findings") or {}).items():
        counts = seen.get(code) or {str((declared.get(code) or {}).get("severity") or "unknown"): n}
        apart = len(counts) > 1 and sum(counts.values()) == n
        if not apart:  # of files that contradict each other the summary's number, as ever
            counts = {min(counts, key=lambda severity: order.get(severity, -1)): n}
        for severity, told in counts.items():
            filters = {"code": code, "severity": severity} if apart else {"code": code}
            count = links.counted("findings", told, shown=evidence.available["findings"], **filters)
            rows.append(FindingRow(severity, code, titles.get(code, code), count))
    return sorted(rows, key=lambda row: (order.get(row.severity, -1), -row.count.n, row.code))


def _losses(summary: Json) -> Iterable[Loss]:
    order = {"undeclared": 0, "dropped": 1, "archived": 2}
    register = summary.get("loss_register") or []
    for entry in sorted(register, key=lambda each: (order.get(each["treatment"], 0), -(each.get("rows") or 0))):
        yield Loss(
            entry["source"], entry.get("rows") or 0, entry["treatment"], entry.get("code"),
            entry.get("reason") or "", entry.get("archive"),
        )  # fmt: skip


def _archive(run: Json) -> Iterable[ArchivedTable]:
    for name, about in (run.get("archive") or {}).items():
        for table, numbers in (about.get("tables") or {}).items():
            yield ArchivedTable(
                name, table, (numbers.get("source") or 0) - (numbers.get("left") or 0), numbers.get("archived") or 0,
                numbers.get("file") or "",
                about.get("code") or "", about.get("reason") or "",
            )  # fmt: skip


def _facts(summary: Json, run: Json) -> Iterable[Fact]:
    source, target = run.get("source") or {}, run.get("target") or {}
    yield Fact("Run", str(summary.get("run") or ""), code=True)
    yield Fact("Mode", str(summary.get("mode") or ""))
    if run.get("pseudonyms"):
        yield Fact("Personal data", "pseudonyms: nobody has their own name in this run")
    if listed := run.get("suppression"):
        rows = sum((listed.get("rows") or {}).values())
        yield Fact("Suppression list", f"{listed.get('entries') or 0:,} identifiers, {rows:,} rows of the source")
    yield Fact("Workspace", str(run.get("workspace") or ""))
    yield Fact("Source", " ".join(str(source[w]) for w in ("label", "version") if source.get(w)))
    yield Fact("Source address", str(source.get("address") or ""), code=True)
    yield Fact("Target", str(target.get("label") or target.get("system") or ""))
    yield Fact("Target package", str(target.get("package") or ""), code=True)
    yield Fact("As of", str(run.get("as_of") or ""))
    yield Fact("Started", str(run.get("started") or ""))
    yield Fact("Ended", str(run.get("ended") or ""))
    yield Fact("lms-migrate", str(run.get("tool_version") or ""), code=True)
    if gates := judged_gates(run):
        missed = [gate.gate for gate in gates if not gate.passed]
        yield Fact("Gates", reached_of(gates) + (f"; missed: {', '.join(missed)}" if missed else ""))
    for approval in run.get("approvals") or ():
        said = ", ".join(str(approval.get(word) or "") for word in ("name", "at", "rehearsal"))
        yield Fact(f"Approved as {approval.get('role')}", said)
