"""The worklist in the report: causes by state, decisions beside them, and a verdict that is the run's."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reports.build import build
from reports.html import render
from reports.model import DISPOSITIONS, NEEDS_A_PERSON, Need
from reports.text import render_text

ListWork = Callable[..., Path]


def items_of(folder: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(folder / "worklist.parquet").to_pylist())


def unpacked(page: Path) -> str:
    packed = re.findall(r'<script type="application/octet-stream"[^>]*>([^<]*)</script>', page.read_text(encoding="utf-8"))
    return "".join(gzip.decompress(base64.b64decode(each)).decode("utf-8") for each in packed)


def needs_of(folder: Path) -> dict[tuple[str | None, str], Need]:
    return {(need.code, need.where): need for need in build(folder).needs}


def test_each_cause_counts_its_items_by_state(decided_run: Path) -> None:
    said: dict[str, Counter[str]] = {}
    for item in items_of(decided_run):
        said.setdefault(item["cause"], Counter())[item["state"]] += 1
    report = build(decided_run)
    assert report.worklist is not None
    shown = [need.items for need in report.needs if need.items] + [done.items for done in report.worklist.decided]
    assert {each.cause: {state: count.n for state, count in each.states} for each in shown} == said
    assert report.alerts == ()


def test_causes_without_a_need_are_listed_as_decided_with_who_when_and_why(decided_run: Path) -> None:
    report = build(decided_run)
    assert report.worklist is not None
    done = {each.code: each for each in report.worklist.decided}
    assert set(done) == {"USR-004", "CRS-001"}
    assert not {"USR-004", "CRS-001"} & {need.code for need in report.needs}
    (answer,) = done["CRS-001"].items.answers
    assert (answer.state, answer.decision, answer.by, answer.at, answer.n) == (
        "decided", "accept", "R. Okafor", "2031-05-03T16:00:00+00:00", 1,
    )  # fmt: skip
    page = render(decided_run).read_text(encoding="utf-8")
    assert "R. Okafor" in page
    assert "2031-05-03T16:00:00+00:00" in page


def test_what_expired_says_why_and_what_was_returned_says_to_whom(decided_run: Path) -> None:
    need = needs_of(decided_run)["USR-001", "users.user_id"]
    assert need.items is not None
    assert {state: count.n for state, count in need.items.states} == {"expired": 1, "returned": 1}
    answers = {answer.state: answer for answer in need.items.answers}
    assert answers["expired"].why == "the source value is another one now"
    assert answers["returned"].reason == "the registry looks into it"
    assert (need.at_fault, need.affected.n, need.items.decide.n) == (2, 14, 2)


def test_numbers_lead_to_the_items_behind_them(decided_run: Path) -> None:
    items = items_of(decided_run)
    report = build(decided_run)
    table = next(table for table in report.tables if table.name == "worklist")
    assert table.columns["item"] == [item["item"] for item in items]
    for need in report.needs:
        if need.items:
            waits = sum(item["state"] in NEEDS_A_PERSON for item in items if item["cause"] == need.items.cause)
            assert need.items.decide.n == waits
            assert f"cause={need.items.cause}&state=open&state=expired&state=returned" in (need.items.decide.href or "")
    findings = next(table for table in report.tables if table.name == "findings").columns
    for row, entity, key in zip(findings["item"], findings["entity"], findings["key"], strict=True):
        item = items[int(row or 0) - 1]
        assert item["kind"] != "record" or item["waiting"] or (item["entity"], item["key"]) == (entity, key)


def test_a_crosswalk_is_named_and_warnings_come_last(decided_run: Path, list_work: ListWork) -> None:
    needs = build(list_work(decided_run)).needs
    assert any(need.where == "crosswalk auth" and need.affected.n == 6 for need in needs)
    severities = [need.severity for need in needs]
    assert severities.index("warn") == len(severities) - severities.count("warn")


def test_decisions_lose_personal_data(decided_run: Path) -> None:
    report = build(decided_run)
    page = render(decided_run)
    everything = page.read_text(encoding="utf-8") + unpacked(page) + render_text(decided_run)
    assert "E-100008" not in everything
    assert "E•••8" in everything
    assert "ana.ferreira@" not in everything
    assert "<script>window" not in page.read_text(encoding="utf-8")
    assert report.worklist is not None
    table = next(table for table in report.tables if table.name == "worklist")
    assert not {"source", "contract"} & set(table.columns), "a fingerprint of a value tells the value to who tries"


def test_a_group_s_keys_are_masked_each(run_folder: Path, list_work: ListWork) -> None:
    run = json.loads((run_folder / "run.json").read_text())
    run["entities"]["users"]["key"] = ["login_id"]
    (run_folder / "run.json").write_text(json.dumps(run))
    merge = {
        "item": "W-0000000000000001", "kind": "merge", "cause": "C-1", "code": "USR-MERGE", "severity": "warn", "entity": "users",
        "members": "jschaefer, shaimaa.m", "root_cause": "users/ana.ferreira", "decision": "survivor", "new_value": "shaimaa.m",
        "state": "decided", "reason": "the younger one", "by": "R. Okafor", "at": "2031-05-03T16:00:00+00:00", "rows": 2,
        "waiting": 0,
    }  # fmt: skip
    table = build(list_work(run_folder, None, merge)).tables[-1]
    assert table.columns["members"][-1] == "j•••r, s•••m"
    assert table.columns["root"][-1] == "users/a•••a"
    assert table.columns["new_value"][-1] == "s•••m"


def passing(folder: Path, list_work: ListWork, state: str, extract: dict[str, Any] | None = None) -> Path:
    """A run that differs in nothing, and whose only findings are in one state."""
    told = [("SRC-MOVED", "warn", "user", None, None, None, "the source moved", None),
            ("USR-004", "warn", "users", "1", "email", "x", "odd", None)]  # fmt: skip
    names = ("code", "severity", "entity", "key", "field", "value", "message", "root_cause")
    columns = {name: pa.array([row[at] for row in told], pa.string()) for at, name in enumerate(names)}
    pq.write_table(pa.table(columns), folder / "findings.parquet")
    rows = pa.table({"entity": ["users"], "key": ["1"], "disposition": ["created"], "target_key": ["u"], "code": [None]})
    pq.write_table(rows, folder / "dispositions.parquet")
    differences = folder / "6_reconcile/differences.parquet"
    pq.write_table(pq.read_schema(differences).empty_table(), differences)
    entity = {"source": 1, "dispositions": dict.fromkeys(DISPOSITIONS, 0) | {"created": 1}, "references": {}, "compared": 1,
              "missing": 0, "extra": 0, "differences": {}}  # fmt: skip
    summary = json.loads((folder / "summary.json").read_text())
    summary |= {"verdict": "pass", "findings": {"SRC-MOVED": 1, "USR-004": 1}, "loss_register": [], "entities": {"users": entity}}
    (folder / "summary.json").write_text(json.dumps(summary))
    run = json.loads((folder / "run.json").read_text()) | {"archive": {}, "extract": extract or {}}
    (folder / "run.json").write_text(json.dumps(run))
    return list_work(folder, lambda item: item.update(state=state, decision="waive", reason="so be it", by="R. Okafor"))


@pytest.mark.parametrize("state", ["waived", "decided"])
def test_a_run_of_which_all_is_decided_passes_as_the_run_says(run_folder: Path, list_work: ListWork, state: str) -> None:
    moved = {"user": {"before": 3, "rows": 3, "after": 4}}
    report = build(passing(run_folder, list_work, state, moved))
    assert (report.verdict.level, report.needs, report.alerts) == ("pass", (), ())


@pytest.mark.parametrize("state", NEEDS_A_PERSON)
def test_an_item_that_needs_a_person_is_never_passed_over(run_folder: Path, list_work: ListWork, state: str) -> None:
    report = build(passing(run_folder, list_work, state))
    assert report.verdict.level == "attention"
    assert f"Items of the worklist that need a person: 2 {state}." in report.verdict.reasons
    assert len(report.needs) == 2


def test_differences_that_were_waived_are_still_shown_where_the_run_still_counts_them(
    run_folder: Path, list_work: ListWork
) -> None:
    told = [("REC-MISSING", "reject", "courses", "10", None, "course-10", "missing", None)]
    names = ("code", "severity", "entity", "key", "field", "value", "message", "root_cause")
    columns = {name: pa.array([row[at] for row in told], pa.string()) for at, name in enumerate(names)}
    pq.write_table(pa.table(columns), run_folder / "findings.parquet")
    list_work(run_folder, lambda item: item.update(state="waived", decision="waive", reason="known", by="R. Okafor"))
    assert ("missing", "courses") in [(need.severity, need.where) for need in build(run_folder).needs]
    list_work(run_folder)
    assert ("missing", "courses") not in [(need.severity, need.where) for need in build(run_folder).needs]


def test_a_summary_that_counts_other_items_is_told(decided_run: Path) -> None:
    summary = json.loads((decided_run / "summary.json").read_text())
    summary["worklist"]["expired"] = 7
    (decided_run / "summary.json").write_text(json.dumps(summary))
    report = build(decided_run)
    assert report.verdict.level == "fail"
    assert "expired: the summary says 7, worklist.parquet holds 1." in report.alerts


def test_a_worklist_that_is_gone_or_cut_short_is_told(decided_run: Path) -> None:
    file = decided_run / "worklist.parquet"
    file.write_bytes(file.read_bytes()[:100])
    assert "worklist.parquet cannot be read; what it holds is not in this page." in build(decided_run).alerts
    file.unlink()
    report = build(decided_run)
    assert report.alerts == ("The summary counts items of a worklist, and worklist.parquet is not there.",)
    assert report.worklist is None
    assert report.needs, "the findings tell their causes all the same"


def test_a_finding_of_no_item_is_told(decided_run: Path) -> None:
    table = pq.read_table(decided_run / "findings.parquet")
    lost = [None, *table.column("item").to_pylist()[1:]]
    changed = table.set_column(table.schema.get_field_index("item"), "item", pa.array(lost, pa.string()))
    pq.write_table(changed, decided_run / "findings.parquet")
    assert "1 of the findings belong to no item of the worklist." in build(decided_run).alerts


def test_items_beyond_the_limit_are_left_out_from_the_end(decided_run: Path) -> None:
    table = build(decided_run, most_rows=3).tables[-1]
    assert (table.name, table.rows, table.total) == ("worklist", 3, len(items_of(decided_run)))
    assert table.columns["item"] == [item["item"] for item in items_of(decided_run)[:3]]


def test_an_undeclared_loss_is_listed_once_with_its_item(run_folder: Path, list_work: ListWork) -> None:
    told = [("LOSS-UNDECLARED", "hold", "user", None, "moodlenetprofile", "4", "undeclared", None)]
    names = ("code", "severity", "entity", "key", "field", "value", "message", "root_cause")
    columns = {name: pa.array([row[at] for row in told], pa.string()) for at, name in enumerate(names)}
    pq.write_table(pa.table(columns), run_folder / "findings.parquet")
    summary = json.loads((run_folder / "summary.json").read_text())
    summary["loss_register"][1]["code"] = "LOSS-UNDECLARED"
    (run_folder / "summary.json").write_text(json.dumps(summary))
    listed = [need for need in build(list_work(run_folder)).needs if need.code == "LOSS-UNDECLARED"]
    assert [(need.where, need.items is not None and need.items.decide.n) for need in listed] == [("user.moodlenetprofile", 1)]


def test_an_item_of_an_earlier_run_is_called_by_its_code(run_folder: Path, list_work: ListWork) -> None:
    """This run raised no finding of the code, and the item's message is about one record."""
    asked = {
        "item": "W-1", "kind": "record", "cause": "C-1", "code": "LIVE-DRIFT", "severity": "hold", "entity": "users", "key": "7",
        "message": "not overwritten: score", "rows": 1, "waiting": 0, "basis_rows": 1,
    }  # fmt: skip
    need = needs_of(list_work(run_folder, None, asked))["LIVE-DRIFT", "users"]
    assert need.title == "somebody changed a record in the target since a run wrote it"


def test_an_item_that_a_run_with_only_could_not_look_at_is_listed(decided_run: Path) -> None:
    """It is open from the run before, concerns no record, and no finding tells of it."""
    file = decided_run / "worklist.parquet"
    items = items_of(decided_run)
    nothing = {"kind": "run", "item": "W-0", "cause": "C-0", "code": "LOSS-UNDECLARED", "severity": "hold", "state": "open"}
    items.append(dict.fromkeys(items[0]) | nothing | {"entity": "mentoring", "rows": 0, "waiting": 0, "times": 1})
    pq.write_table(pa.Table.from_pylist(items, schema=pq.read_schema(file)), file)
    need = needs_of(decided_run)["LOSS-UNDECLARED", "mentoring"]
    assert (need.affected.n, need.affected.href, need.items and need.items.decide.n) == (0, None, 1)
    assert "mentoring" in render(decided_run).read_text("utf-8")


def test_the_text_has_one_line_of_items_and_the_next_command(tmp_path: Path, decided_run: Path) -> None:
    (tmp_path / "acme" / "runs").mkdir(parents=True)
    folder = decided_run.rename(tmp_path / "acme" / "runs" / "1")
    states = Counter(item["state"] for item in items_of(folder))
    (line,) = [line for line in render_text(folder).splitlines() if line.startswith("Worklist")]
    assert line.startswith(
        f"Worklist: {states['open']} open, 1 expired, 1 returned, {states['waived']} waived, 1 decided. Next: "
    )
    assert line.endswith(f"lms-migrate worklist show {tmp_path / 'acme'}")


def test_a_run_without_a_worklist_says_so(run_folder: Path) -> None:
    assert "This run has no worklist." in render(run_folder).read_text(encoding="utf-8")
    assert "Worklist:" not in render_text(run_folder)
