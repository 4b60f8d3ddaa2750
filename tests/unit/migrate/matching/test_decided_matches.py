"""What people answer to matches, from one run to the next."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from migrate.mapping.load import LoadedPair
from migrate.matching.evidence import FILE, evidence_file

TIERS = """
match:
  against: people
  tiers:
    - {name: e-mail, on: {mail: "lower(mail)"}}
    - {name: name and birth, on: {name: name, born: born}, confirm: true}
  code: USR-SAME
  reason: the same person of the target
"""
LIST: list[dict[str, str | None]] = [
    {"key": "t1", "mail": "bo@x.org", "name": "Bo Li", "born": "1990-12-31"},
    {"key": "t2", "mail": "desk@x.org", "name": "Cy Oz", "born": "1980-12-30"},
    {"key": "t3", "mail": "desk@x.org", "name": "Di Oz", "born": None},
]
BO = {"id": 1, "name": "Bo Li", "mail": "other@x.org", "born": "31/12/1990"}
DESK = {"id": 2, "name": "Cy", "mail": "desk@x.org", "born": None}
TWICE = [{"id": 3, "name": "B", "mail": "bo@x.org", "born": None}, {"id": 4, "name": "L", "mail": "BO@x.org", "born": None}]
Rows = list[dict[str, Any]]


def pair(bench: Any, rest: str = TIERS) -> LoadedPair:
    return bench.users(rest, "name: {from: name}\nemail: {from: mail}")


def run(bench: Any, rows: Rows, decisions: Any = (), listed: Any = LIST, run_id: str = "run") -> Any:
    return bench.settle(pair(bench), {"person": rows}, decisions, lists={"people": listed}, run_id=run_id)


def loading(ended: Any) -> dict[str, str]:
    return {row["_key"]: row["_target_key"] for row in ended.loading["users"]}


def evidence(ended: Any) -> list[dict[str, Any]]:
    return pq.read_table(evidence_file(ended.run.path)).to_pylist()


def test_what_each_question_can_be_answered_with(bench: Any) -> None:
    ended = run(bench, [BO, DESK, *TWICE])
    assert ended.item("MATCH-CONFIRM")["choices"] == "accept separate map exclude waive return"
    assert ended.item("MATCH-MANY")["choices"] == "separate map exclude waive return"
    assert ended.item("MATCH-SEVERAL", "3")["choices"] == "accept separate map exclude waive return"
    assert {item["kind"] for item in ended.items} == {"record"}
    assert {item["severity"] for item in ended.items} == {"hold"}


@pytest.mark.parametrize(
    ("verb", "value", "key", "state"),
    [
        ("accept", "", "t1", "confirmed"),
        ("separate", "", "1", "refused"),
        ("map", "t9", "t9", "mapped"),
        ("map", "", "1", "refused"),
    ],
)
def test_a_match_to_confirm(bench: Any, verb: Any, value: str, key: str, state: str) -> None:
    first = run(bench, [BO])
    assert loading(first) == {}
    assert [row["state"] for row in evidence(first)] == ["confirm"]
    answer = bench.answer(first.item("MATCH-CONFIRM"), verb, value)
    second = run(bench, [BO], [answer], run_id="two")
    assert loading(second) == {"1": key}
    assert second.item("MATCH-CONFIRM")["state"] == "decided"
    assert [row["state"] for row in evidence(second)] == [state]
    assert [row["target_key"] for row in evidence(second)] == [key if key != "1" else None]


@pytest.mark.parametrize(("verb", "value", "key"), [("map", "t3", "t3"), ("separate", "", "2")])
def test_one_of_several_candidates(bench: Any, verb: Any, value: str, key: str) -> None:
    first = run(bench, [DESK])
    assert evidence(first)[0]["candidates"] == "t2, t3"
    second = run(bench, [DESK], [bench.answer(first.item("MATCH-MANY"), verb, value)], run_id="two")
    assert loading(second) == {"2": key}
    assert second.item("MATCH-MANY")["state"] == "decided"


def test_several_records_become_one_only_when_each_was_accepted(bench: Any) -> None:
    first = run(bench, TWICE)
    one, other = (bench.answer(first.item("MATCH-SEVERAL", key), "accept") for key in ("3", "4"))
    half = run(bench, TWICE, [one], run_id="half")
    assert loading(half) == {"3": "t1"}
    assert half.dispositions() == {"3": "candidate", "4": "held"}
    both = run(bench, TWICE, [one, other], run_id="both")
    assert loading(both) == {"3": "t1"}
    assert both.dispositions() == {"3": "candidate", "4": "merged"}
    assert both.codes()["4"] == "USR-SAME"


def test_who_is_told_apart_leaves_the_other_one_the_person(bench: Any) -> None:
    first = run(bench, TWICE)
    apart = run(bench, TWICE, [bench.answer(first.item("MATCH-SEVERAL", "4"), "separate")], run_id="two")
    assert loading(apart) == {"3": "t1", "4": "4"}


def test_a_third_record_is_asked_about_by_itself(bench: Any) -> None:
    first = run(bench, TWICE)
    answers = [bench.answer(first.item("MATCH-SEVERAL", key), "accept") for key in ("3", "4")]
    third = [*TWICE, {"id": 5, "name": "X", "mail": "bo@x.org", "born": None}]
    ended = run(bench, third, answers, run_id="two")
    assert ended.dispositions() == {"3": "candidate", "4": "merged", "5": "held"}
    assert ended.item("MATCH-SEVERAL", "5")["state"] == "open"


def test_an_answer_expires_with_its_evidence(bench: Any) -> None:
    answer = bench.answer(run(bench, [BO]).item("MATCH-CONFIRM"), "accept")
    other = [{"key": "t8", "mail": None, "name": "Bo Li", "born": "1990-12-31"}]
    ended = run(bench, [BO], [answer], other, run_id="two")
    assert ended.dispositions() == {"1": "held"}
    assert ended.item("MATCH-CONFIRM")["state"] == "expired"
    gone = run(bench, [BO], [answer], [{"key": "t8", "mail": "-", "name": "-", "born": None}], run_id="three")
    assert loading(gone) == {"1": "1"}
    assert gone.states()["MATCH-CONFIRM", "1"] == "closed"


def test_the_evidence_names_what_agreed_and_not_the_values(bench: Any) -> None:
    ended = run(bench, [BO, DESK, {"id": 7, "name": None, "mail": "bo@x.org", "born": None}, {"id": 8, "mail": "new@x.org"}])
    rows = {row["key"]: row for row in evidence(ended)}
    assert set(rows) == {"1", "2", "7"}
    assert rows["7"] | {"agreed": "mail"} == {
        "entity": "users", "key": "7", "survivor": "7", "list": "people", "there": True, "tier": "e-mail", "state": "taken",
        "target_key": "t1", "candidates": "t1", "agreed": "mail",
    }  # fmt: skip
    assert [part.partition(":")[0] for part in rows["1"]["agreed"].split()] == ["name", "born"]
    page = (Path(__file__).parents[4] / "docs" / "run-folder.md").read_text("utf-8")
    told = page.partition("<!-- columns of matches.parquet -->")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE) == list(rows["7"])
    assert "bo@x.org" not in json.dumps(list(rows.values()))
    assert ended.run.facts["matches"]["mappings"] == {
        "users": {"e-mail": {"many": 1, "taken": 1}, "name and birth": {"confirm": 1}}
    }
    assert ended.run.facts["matches"]["lists"]["people"]["rows"] == 3
    assert FILE in json.loads((ended.run.path / "2_map" / "manifest.json").read_text("utf-8"))["files"]


def test_a_workspace_without_the_list_is_told_once(bench: Any) -> None:
    told = bench.settle(pair(bench).with_lists([]), {"person": [BO, DESK]})
    assert [(f["code"], f["severity"], f["value"]) for f in told.findings()] == [("MATCH-NO-LIST", "warn", "people")]
    assert loading(told) == {"1": "1", "2": "2"}
    assert not evidence_file(told.run.path).exists()
    quiet = bench.settle(pair(bench, TIERS + "  optional: true\n").with_lists([]), {"person": [BO]}, run_id="two")
    assert quiet.findings() == []


def test_rows_of_a_list_without_a_key_are_told(bench: Any) -> None:
    listed = [*LIST, {"key": " ", "mail": "new@x.org", "name": None, "born": None}]
    ended = run(bench, [{"id": 8, "mail": "new@x.org"}], listed=listed)
    assert [(f["code"], f["value"]) for f in ended.findings()] == [("MATCH-NO-KEY", "1")]
    assert loading(ended) == {"8": "8"}
