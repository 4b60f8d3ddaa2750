"""The states of certifications of a run on days that somebody asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from migrate.artefacts import Reconciled
from migrate.engine import scan, session
from migrate.errors import ConfigurationError, Problem
from migrate.mapping.model import CertificationReason
from migrate.reconciliation.certification_judging import counts, judge
from migrate.stages.certifications import STATES_FILE
from reports.build import read_titles
from reports.certifications.build import DAYS, on_day, read_certifications
from reports.certifications.model import Certifications, OnDay, together
from reports.columns import columns, wrapped
from reports.evidence import Evidence
from reports.masking import masker_for
from reports.run_files import read_run
from reports.visible import plain


def certifications_on(run_folder: Path, on: Sequence[str] = (), only: str | None = None) -> Certifications:
    """What a run found, with the days ``on`` (ISO) in place of those that it counted, and with nothing but the certification
    ``only``. Raises ConfigurationError where the run tells no states or has no such certification, RunFailed where its files are
    not those that it wrote."""
    summary, run = read_run(run_folder)
    masker = masker_for(run)
    with Evidence(run_folder, masker, 0) as evidence:
        found = read_certifications(run_folder, summary, run, read_titles(run, masker, evidence), evidence, listed=None)
    if found is None or found.verdict == "not asked":
        why = found.why if found else "its source tells no states, or it did not come to its end"
        hint = "add certification: to the entity of the source's contract that certifies people, and run again"
        problems = [Problem(f"run {run_folder.name} compared no certifications: {why}")]
        raise ConfigurationError("there is nothing to show", problems=problems, hint=hint if found is None else "")
    if on:
        Reconciled(run_folder / "6_reconcile").verify()
        about = run.get("certifications") or {}
        reasons = {
            code: CertificationReason(differs=tuple(r["differs"]), reason=r["reason"]) for code, r in about["explained"].items()
        }
        with session() as connection:
            connection.execute(f"CREATE TABLE pieces AS SELECT * FROM {scan(run_folder / '6_reconcile' / STATES_FILE)}")
            judge(connection, about["cutover"], on, reasons, about["tolerance"])
            counts(connection, on, compared=found.compared)
            days = [on_day(row) for row in connection.execute(DAYS.format(file="counts")).fetchall()]
        found = replace(found, days=(*(together(days) if len({day.certification for day in days}) > 1 else ()), *days))
    if only is not None:
        there = sorted({row.certification for row in found.days if row.certification is not None})
        if only not in there:
            problem = Problem("nobody is certified in it, on either side", value=only, allowed=tuple(there))
            raise ConfigurationError("there is nothing to show", problems=[problem])
        found = replace(found, days=tuple(row for row in found.days if row.certification == only))
    return found


def certifications_text(found: Certifications, width: int | None) -> str:
    """Lines for a terminal: a row for each certification and day, then why states differ."""
    head = ["certification", "day", *found.states, *(("different", "accounted for") if found.compared else ())]
    rows = [head, *(_cells(found, row) for row in found.days)]
    lines = columns(rows, right=range(2, len(head)), width=width, cut=0)
    if found.compared:
        lines = [*wrapped("Each number is the source's; after -> stands the target's where it is another.", "", width), *lines]
        told = [(plain(each.code) if each.code else "", plain(each.reason) if each.reason else "") for each in found.reasons]
        why = [(f"{each.people.n:,}", each.word, each.kind, *words) for each, words in zip(found.reasons, told, strict=True)]
        lines += ["", "Why states differ", *columns(why, right=(0,), width=width, cut=4)] if why else []
    lines.append("")
    said = f"{found.word}: {plain(found.why)}" if found.why else found.word
    if found.compared:
        said += f": {found.different:,} of {found.people:,} people, every day from {found.cutover} on"
    return "\n".join([*lines, *wrapped(said, "", width)]) + "\n"


def _cells(found: Certifications, row: OnDay) -> list[str]:
    cells = ["all" if row.certification is None else plain(row.certification), row.day]
    for state in found.states:
        source, target = row.source.get(state, 0), row.target.get(state, 0)
        cells.append(f"{source:,} -> {target:,}" if found.compared and source != target else f"{source:,}")
    return [*cells, *((f"{row.different:,}", f"{row.accounted:,}") if found.compared else ())]
