"""The worklist from run to run: what comes back is the same item, and what goes away is not forgotten."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.worklist.history import carry_over, previous

CHECKED = "email: {from: mail, check: {email: {code: U-MAIL, severity: hold}}}"
BAD = {"person": [{"id": 1, "mail": "one"}, {"id": 2, "mail": "two"}]}
GOOD = {"person": [{"id": 1, "mail": "one"}, {"id": 2, "mail": "two@x.org"}]}


def test_an_item_keeps_its_id_and_history(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    runs = [bench.settle(pair, given, run_id=run) for run, given in (("a", BAD), ("b", GOOD), ("c", BAD))]
    told = [{i["key"]: (i["state"], i["first_run"], i["last_run"], i["times"], i["rows"]) for i in run.items} for run in runs]
    assert told[0] == {"1": ("open", "a", "a", 1, 1), "2": ("open", "a", "a", 1, 1)}
    assert told[1] == {"1": ("open", "a", "b", 2, 1), "2": ("closed", "a", "a", 1, 0)}
    assert told[2] == {"1": ("open", "a", "c", 3, 1), "2": ("open", "a", "c", 2, 1)}
    assert len({item["item"] for run in runs for item in run.items}) == 2


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("verb", ["waive", "return"])
def test_what_was_decided_is_told_of_an_item_that_went_away(bench: Any, verb: str, left: bool) -> None:
    pair = bench.users("", CHECKED)
    (item,) = [item for item in bench.settle(pair, BAD, run_id="a").items if item["key"] == "2"]
    if not left:
        shutil.rmtree(bench.folder / "runs")
    second = bench.settle(pair, GOOD, [bench.answer(item, verb)], run_id="b")
    (told,) = [one for one in second.items if one["item"] == item["item"]]
    assert (told["state"], told["decision"], told["by"], told["first_run"], told["rows"]) == ("closed", verb, "registrar", "a", 0)
    assert (told["code"], told["entity"], told["field"]) == ("U-MAIL", "users", "email")


def test_an_answer_about_the_target_stays_in_force_where_a_run_does_not_look_there(bench: Any) -> None:
    pair = bench.users("", CHECKED)
    (item,) = [item for item in bench.settle(pair, BAD, run_id="a").items if item["key"] == "2"]
    shutil.rmtree(bench.folder / "runs")
    answers = [replace(bench.answer(item, verb), item=verb, code=code, field="", source="", contract="")
               for verb, code in (("waive", "LIVE-GONE"), ("return", "REC-MISSING"))]  # fmt: skip
    second = bench.settle(pair, GOOD, answers, run_id="b")
    assert {one["item"]: one["state"] for one in second.items if one["decision"]} == {"waive": "waived", "return": "returned"}


def test_the_largest_blast_radius_comes_first_and_what_is_settled_last(bench: Any) -> None:
    pair = bench.users("", CHECKED + "\nmanager: {ref: users, by: boss}")
    given = {
        "person": [
            {"id": 1, "mail": "one"}, {"id": 2, "mail": "two"}, {"id": 3, "mail": "three"},
            {"id": 4, "mail": "x@x.org", "boss": 2}, {"id": 5, "mail": "x@x.org", "boss": 2},
        ]
    }  # fmt: skip
    first = bench.settle(pair, given)
    assert next((item["key"], item["rows"], item["waiting"]) for item in first.items) == ("2", 1, 2)
    waived = bench.answer(first.items[0], "waive")
    second = bench.settle(pair, given, [waived], run_id="second")
    assert [item["state"] for item in second.items] == ["open", "open", "waived"]
    assert second.items[-1]["key"] == "2"


@pytest.mark.parametrize("verb", [None, "waive"])
def test_a_record_at_fault_that_refers_to_itself_is_one_item(bench: Any, verb: str | None) -> None:
    pair = bench.users("", CHECKED + "\nmanager: {ref: users, by: boss}")
    given = {"person": [{"id": 1, "mail": "one", "boss": 1}, {"id": 2, "mail": "x@x.org", "boss": 1}]}
    result = bench.settle(pair, given)
    if verb is not None:
        result = bench.settle(pair, given, [bench.answer(result.items[0], verb)], run_id="second")
    (item,) = result.items
    told = (item["kind"], item["code"], item["key"], item["rows"], item["waiting"], item["state"])
    assert told == ("record", "U-MAIL", "1", 1, 1, "waived" if verb else "open")
    found = pq.read_table(result.run.path / "findings.parquet").to_pylist()
    assert [(f["code"], f["key"]) for f in found] == [("REF-BLOCKED", "1"), ("REF-BLOCKED", "2"), ("U-MAIL", "1")]
    assert {f["item"] for f in found} == {item["item"]}


def test_every_finding_has_its_item(bench: Any) -> None:
    pair = bench.users("", CHECKED + "\nmanager: {ref: users, by: boss}")
    mails = {1: {"mail": "one"}, 2: {"mail": "x@x.org", "boss": 1}, 3: {"mail": "x@x.org", "boss": 7}}
    given = {"person": [{"id": number, **rest} for number, rest in mails.items()]}
    result = bench.settle(pair, given)
    found = pq.read_table(result.run.path / "findings.parquet").to_pylist()
    assert len(found) == 3
    assert {finding["item"] for finding in found} == {item["item"] for item in result.items}
    assert sum(item["rows"] for item in result.items) + sum(item["waiting"] for item in result.items) == 3


def test_items_of_mappings_that_a_run_had_not_stay_as_they_were() -> None:
    was = {"item": "W-1", "entity": "grades", "state": "open", "rows": 5, "first_run": "a", "last_run": "a", "times": 1}
    assert carry_over([], {"W-1": was}, "b", frozenset({"users"})) == [was]
    (closed,) = carry_over([], {"W-1": was}, "b", frozenset({"grades"}))
    assert (closed["state"], closed["rows"], closed["last_run"]) == ("closed", 0, "a")
    assert carry_over([], {"W-1": was}, "b", None) == [closed]


def test_a_worklist_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "worklist.parquet").write_text("no parquet", "utf-8")
    assert previous(tmp_path, "b") == {}
    assert previous(tmp_path / "nowhere", "b") == {}


def test_what_does_not_come_up_any_more_loses_its_values() -> None:
    was = {"item": "W-1", "entity": "users", "state": "open", "rows": 5, "value": "Ana", "members": "1, 2", "last_run": "a"}
    (closed,) = carry_over([], {"W-1": was}, "b", None)
    assert (closed["value"], closed["members"]) == (None, None)


def test_rehearsals_with_pseudonyms_have_a_history_of_their_own(tmp_path: Path) -> None:
    for run, pseudonyms in (("a", False), ("b", True)):
        (tmp_path / run).mkdir()
        (tmp_path / run / "run.json").write_text(f'{{"pseudonyms": {str(pseudonyms).lower()}}}', "utf-8")
        pq.write_table(pa.table({"item": [run]}), tmp_path / run / "worklist.parquet")
    assert list(previous(tmp_path, "c")) == ["a"]
    assert list(previous(tmp_path, "c", pseudonyms=True)) == ["b"]
