"""Every number of the report equals the inputs; where those contradict each other, it says so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reports.build import build
from reports.model import DISPOSITIONS, Report


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def test_every_number_of_an_entity_is_the_summary_s(run_folder: Path) -> None:
    summary = summary_of(run_folder)
    report = build(run_folder)
    assert [row.name for row in report.entities] == list(summary["entities"])
    for row in report.entities:
        said = summary["entities"][row.name]
        assert row.source.n == said["source"]
        assert {name: count.n for name, count in row.dispositions.items()} == said["dispositions"]
        assert (row.compared.n, row.missing.n, row.extra.n) == (
            said["compared"],
            said["missing"],
            said["extra"],
        )
        assert row.differences.n == sum(said["differences"].values())
        assert row.balanced
    assert report.total.source.n == sum(each["source"] for each in summary["entities"].values())
    assert report.total.accounted == report.total.source.n
    assert {row.code: row.count.n for row in report.findings} == summary["findings"]
    assert {(row.entity, row.field): row.count.n for row in report.differences} == {
        (entity, field): n for entity, said in summary["entities"].items() for field, n in said["differences"].items()
    }
    assert {(row.source, row.treatment, row.rows) for row in report.losses} == {
        (each["source"], each["treatment"], each["rows"]) for each in summary["loss_register"]
    }
    assert dict(report.timings) == summary["timings"]
    assert report.alerts == ()


def test_references_balance_per_field(run_folder: Path) -> None:
    said = summary_of(run_folder)["entities"]["enrolments"]["references"]
    for row in build(run_folder).references:
        assert {"resolved": row.resolved, "empty": row.empty, "blocked": row.blocked.n} == said[row.field]
        assert row.total == 118


def test_the_rows_are_all_there(run_folder: Path) -> None:
    tables = {table.name: table for table in build(run_folder).tables}
    for name, file in (("dispositions", "dispositions.parquet"), ("findings", "findings.parquet")):
        assert tables[name].rows == tables[name].total == pq.read_metadata(run_folder / file).num_rows
    ended = tables["dispositions"].lists
    counted = Counter(zip(ended["entity"], ended["disposition"], strict=True))
    for entity, said in summary_of(run_folder)["entities"].items():
        assert {word: counted[entity, word] for word in DISPOSITIONS} == said["dispositions"]


def test_causes_gather_what_waits_for_them(run_folder: Path) -> None:
    report = build(run_folder)
    needs = {(need.code, need.where): need for need in report.needs}
    twice = needs["USR-001", "users.user_id"]
    assert (twice.at_fault, twice.affected.n) == (2, 14)
    assert dict(twice.by_entity) == {"users": 2, "enrolments": 12}
    assert [(root.key, root.affected) for root in twice.roots] == [("20", 13), ("21", 1)]
    unmapped = needs["USR-002", "users.auth"]
    assert (unmapped.values[0].text, unmapped.values[0].count.n) == ("ldap", 4)
    (orphan,) = [need for need in report.needs if need.title == "refers to a record that is not in the source"]
    assert orphan.waiting == orphan.affected.n
    assert (orphan.where, orphan.affected.n, orphan.roots[0].key) == ("enrolments.user_id", 1, "999")
    sizes = [need.affected.n for need in report.needs]
    assert sizes == sorted(sizes, reverse=True)
    causes = [need for need in report.needs if "cause=" in (need.affected.href or "")]
    kept_back = sum(report.total.dispositions[word].n for word in ("quarantined", "blocked", "held", "failed"))
    assert sum(need.affected.n for need in causes) == kept_back


def test_excluded_is_never_mixed_with_failed(run_folder: Path) -> None:
    report = build(run_folder)
    assert {(row.disposition, row.code): row.count.n for row in report.left_out} == {
        ("excluded", "USR-GUEST"): 2,
        ("merged", "USR-MERGE"): 1,
    }
    assert report.left_out[0].reason == "Moodle's built-in account"
    assert not [need for need in report.needs if need.code == "USR-GUEST"]


def test_differences_are_grouped_by_the_change_of_value(run_folder: Path) -> None:
    fields = {(row.entity, row.field): row for row in build(run_folder).differences}
    (score,) = fields["courses", "score"].changes
    assert (score.expected, score.actual, score.count.n, score.sample.key) == (None, "0.0", 25, "11")
    hows = {change.sample.key: change.how for field in fields.values() for change in field.changes if not change.masked}
    assert hows["1"] == "Unicode form"
    assert hows["2"] == "blanks or invisible characters"
    assert hows["4"] == "cut short"
    assert hows["6"] == "number written differently"
    assert hows["7"] == "empty text became null"
    assert hows["9"] == "number rounded"


def test_rows_beyond_the_limit_are_left_out_but_not_the_urgent_ones(run_folder: Path) -> None:
    table = build(run_folder, most_rows=30).tables[0]
    assert (table.rows, table.total) == (30, 175)
    held = [word for word in table.lists["disposition"] if word in {"quarantined", "blocked", "held", "failed"}]
    assert len(held) == 28


def test_a_run_without_anything_open_passes(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    for file in ("dispositions.parquet", "findings.parquet", "6_reconcile/differences.parquet"):
        schema = pq.read_schema(folder / file)
        pq.write_table(schema.empty_table(), folder / file)
    rows = pa.table({"entity": ["users"], "key": ["1"], "disposition": ["created"], "target_key": ["u"], "code": [None]})
    pq.write_table(rows, folder / "dispositions.parquet")
    words = dict.fromkeys(DISPOSITIONS, 0) | {"created": 1}
    summary = summary_of(folder) | {
        "verdict": "pass",
        "findings": {},
        "loss_register": [],
        "entities": {
            "users": {"source": 1, "dispositions": words, "references": {}, "compared": 1, "missing": 0,
                      "extra": 0, "differences": {}},
        },
    }  # fmt: skip
    (folder / "summary.json").write_text(json.dumps(summary))
    run = json.loads((folder / "run.json").read_text()) | {"archive": {}, "extract": {}}
    (folder / "run.json").write_text(json.dumps(run))
    report = build(folder)
    assert (report.verdict.word, report.needs, report.alerts) == ("PASS", (), ())


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (lambda summary: summary["entities"]["users"]["dispositions"].update(created=5), "users created"),
        (lambda summary: summary["findings"].update({"USR-001": 3}), "USR-001"),
        (lambda summary: summary["entities"]["courses"]["differences"].update(score=24), "courses score"),
        (lambda summary: summary["entities"]["courses"].update(missing=0), "courses missing"),
        (lambda summary: summary["entities"]["users"].update(source=17), "users: 17 records in the source"),
        (lambda summary: summary.update(balanced=False), "do not balance"),
    ],
)
def test_a_summary_that_the_evidence_contradicts_fails(
    make_run: Callable[..., Path], where: Callable[[dict[str, Any]], None], words: str
) -> None:
    report = build(make_run(lambda summary, _: where(summary)))
    assert report.verdict.level == "fail"
    assert any(words in alert for alert in report.alerts)


def test_a_record_with_two_dispositions_is_told(run_folder: Path) -> None:
    file = run_folder / "dispositions.parquet"
    table = pq.read_table(file)
    pq.write_table(pa.concat_tables([table, table.slice(0, 1)]), file)
    assert any("more than once" in alert for alert in build(run_folder).alerts)


def test_held_back_without_a_finding_is_told(run_folder: Path) -> None:
    file = run_folder / "findings.parquet"
    pq.write_table(pq.read_table(file).slice(0, 0), file)
    titles = [need.title for need in build(run_folder).needs]
    assert sum("without a finding" in title for title in titles) == 5


def rewritten(folder: Path, file: str, rows: Sequence[tuple[str | None, ...]]) -> Path:
    """Replace a file's rows, and in the summary the counts of findings."""
    schema = pq.read_schema(folder / file)
    columns = [pa.array([row[at] for row in rows], pa.string()) for at in range(len(schema.names))]
    pq.write_table(pa.table(dict(zip(schema.names, columns, strict=True))), folder / file)
    if file == "findings.parquet":
        summary = summary_of(folder) | {"findings": dict(Counter(row[0] for row in rows))}
        (folder / "summary.json").write_text(json.dumps(summary))
    return folder


def test_blame_is_handed_on_to_the_first_record_at_fault(run_folder: Path) -> None:
    report = build(
        rewritten(
            run_folder,
            "findings.parquet",
            [
                ("CRS-001", "quarantine", "courses", "1", "name", "", "no name", None),
                ("REF-BLOCKED", "blocked", "courses", "2", "parent", "1", "waits", "courses/1"),
                ("REF-BLOCKED", "blocked", "enrolments", "7|2", "course_id", "2", "waits", "courses/2"),
                ("REF-BLOCKED", "blocked", "users", "8", "a", "9", "a circle", "users/9"),
                ("REF-BLOCKED", "blocked", "users", "9", "a", "8", "a circle", "users/8"),
            ],
        )
    )
    (chain,) = [need for need in report.needs if need.where == "courses.name"]
    assert (chain.at_fault, chain.waiting, chain.affected.n) == (1, 2, 3)
    assert [root for root in report.tables[1].lists["root"] if root == "courses/1"] == ["courses/1"] * 2


def test_findings_about_no_record_count_as_findings(run_folder: Path) -> None:
    rows = [("RUN-1", "fatal", None, None, None, f"{at}", "the disk is full", None) for at in range(3)]
    first = build(rewritten(run_folder, "findings.parquet", rows)).needs[0]
    assert (first.severity, first.affected.n, first.unit, first.roots) == ("fatal", 3, "findings", ())


def test_what_somebody_accepted_is_counted_apart_from_what_still_holds(run_folder: Path) -> None:
    """An accepted match is a warning; under the gravest severity of its code the page would call it held."""
    rows = [("MATCH-CONFIRM", s, "users", f"{n}", "a", "x", "match", None) for n, s in enumerate(["warn", "hold", "warn"])]
    folder = rewritten(run_folder, "findings.parquet", rows)
    (folder / "summary.json").write_text(json.dumps({**summary_of(folder), "findings": {"MATCH-CONFIRM": 3}}))
    report = build(folder)
    told = [(row.severity, row.count.n, row.count.href) for row in report.findings]
    assert told == [
        ("hold", 1, "#view=findings&code=MATCH-CONFIRM&severity=hold&of=1"),
        ("warn", 2, "#view=findings&code=MATCH-CONFIRM&severity=warn&of=2"),
    ]
    assert report.overview is not None
    assert report.overview.gates.codes == ("MATCH-CONFIRM",)


def test_what_is_a_finding_already_is_listed_once(run_folder: Path) -> None:
    rows = [
        ("REC-MISSING", "reject", "courses", "10", None, "course-10", "missing", None),
        ("REC-EXTRA", "hold", "courses", None, None, "course-900", "extra", None),
        ("LOSS-UNDECLARED", "hold", None, None, "theme", None, "undeclared", None),
    ]
    folder = rewritten(run_folder, "findings.parquet", rows)
    summary = summary_of(folder)
    summary["loss_register"][1]["code"] = "LOSS-UNDECLARED"
    (folder / "summary.json").write_text(json.dumps(summary))
    listed = [(need.severity, need.code, need.where) for need in build(folder).needs]
    assert ("missing", None, "courses") not in listed
    assert ("extra", None, "courses") in listed, "one of the two is no finding"
    assert [code for _, code, _ in listed].count("LOSS-UNDECLARED") == 1


def stop(summary: dict[str, Any], run: dict[str, Any]) -> None:
    summary.update(verdict="fail", balanced=False, entities={}, findings={}, loss_register=[], timings={"extract": 1.5})
    run.update(stopped_at="map", failure="the disk is full\nask admin@corp.example for room")


@pytest.mark.parametrize("kept", [(), ("findings.parquet",)])
def test_a_stopped_run_says_where_and_why(make_run: Callable[..., Path], kept: tuple[str, ...]) -> None:
    folder = make_run(stop)
    for file in ("dispositions.parquet", "findings.parquet", "6_reconcile/differences.parquet"):
        if file not in kept:
            (folder / file).unlink()
    report: Report = build(folder)
    assert report.verdict.level == "fail"
    assert "stopped at map" in report.verdict.reasons[0]
    assert report.failure == "the disk is full\nask a***@***.example for room"
    assert all(table.available == bool(kept and table.name == "findings") for table in report.tables)


def test_a_file_cut_short_is_told(run_folder: Path) -> None:
    file = run_folder / "findings.parquet"
    file.write_bytes(file.read_bytes()[:200])
    report = build(run_folder)
    assert report.verdict.level == "fail"
    assert report.alerts[0].startswith("findings.parquet cannot be read")
    assert all(row.count.href is None for row in report.findings)


def test_a_folder_whose_name_is_a_pattern_is_read(tmp_path: Path, run_folder: Path) -> None:
    odd = run_folder.rename(tmp_path / "run [1] it's *")
    assert build(odd).alerts == ()


def test_the_header_says_who_approved_and_which_gates_were_missed(run_folder: Path) -> None:
    file = run_folder / "run.json"
    run = json.loads(file.read_text("utf-8"))
    said = {"says": "s", "value": 0, "limit": "l"}
    run["gates"] = [{"gate": "balanced", "passed": True, **said}, {"gate": "findings USR-001", "passed": False, **said}]
    run["approvals"] = [{"role": "quality", "name": "B. Rix", "at": "2026-01-01T12:00:00+00:00", "rehearsal": "20260101-100000"}]
    file.write_text(json.dumps(run), "utf-8")
    facts = {fact.label: fact.value for fact in build(run_folder).facts}
    assert facts["Gates"] == "1 of 2 reached; missed: findings USR-001"
    assert facts["Approved as quality"] == "B. Rix, 2026-01-01T12:00:00+00:00, 20260101-100000"
