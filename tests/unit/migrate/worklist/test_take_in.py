"""Answers become decisions: what is taken in, and what each line of it is based on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from worklist_desk import LATER, NOW, RUN, SOME, Desk, decision, edit_csv, edit_xlsx, item

from migrate.crosswalks import census
from migrate.errors import ConfigurationError
from migrate.trail import trail, verify
from migrate.worklist.columns import KEPT


def crosswalk(desk: Desk) -> dict[str, dict[str, str]]:
    with (desk.folder / "crosswalks" / "sorts.csv").open(encoding="utf-8", newline="") as stream:
        return {row["source"]: row for row in csv.DictReader(stream)}


def fill(desk: Desk, name: str, answers: dict[str, dict[str, str]], sheet: str = "Items") -> Path:
    """An export with answers by item id."""
    file = desk.export(name)

    def typed(item_id: str, column: str) -> str | None:
        return answers.get(item_id, {}).get(column)

    if name.endswith(".xlsx"):
        edit_xlsx(file, typed, sheet)
    else:
        edit_csv(file, typed)
    return file


@pytest.mark.parametrize("name", ["w.xlsx", "w.csv"])
def test_an_edited_export_is_taken_in(desk: Desk, name: str) -> None:
    told = {"decision": "Override", "new_value": "Bo", "reason": "she said so", "decided_by": "ana"}
    done = desk.take_in(fill(desk, name, {SOME["name"]["item"]: told}))
    (line,) = desk.decisions()
    assert done.counts == {"override": 1}
    assert (line.item, line.decision, line.new_value, line.reason, line.by) == (
        SOME["name"]["item"], "override", "Bo", "she said so", "ana",
    )  # fmt: skip
    assert (line.kind, line.entity, line.code, line.field) == ("record", "people", "P-NAME", "name")
    assert (line.rows, line.source, line.contract, line.run) == ("1", "aa", "cc", RUN)
    assert line.at == NOW.isoformat()


@pytest.mark.parametrize("name", ["w.xlsx", "w.csv"])
def test_what_is_in_force_stands_there_and_may_be_corrected(desk: Desk, name: str) -> None:
    desk.decide(decision(SOME["name"], "accept", reason="fine"))
    assert desk.take_in(desk.export(name)).decisions == ()
    done = desk.take_in(fill(desk, name, {SOME["name"]["item"]: {"reason": "fine, they say"}}))
    assert [(d.decision, d.reason) for d in done.decisions] == [("accept", "fine, they say")]
    assert desk.take_in(fill(desk, name, {SOME["name"]["item"]: {"decision": "reopen", "reason": "no"}})).counts == {"reopen": 1}
    assert desk.take_in(desk.export(name)).decisions == ()


def test_the_same_file_says_nothing_new_the_second_time(desk: Desk) -> None:
    of_cause = {"item": SOME["note"]["cause"], "decision": "waive"}
    file = desk.answers({"item": "name", "decision": "accept"}, {"item": "sort", "decision": "confirm"}, of_cause)
    assert len(desk.take_in(file).decisions) == 4
    before = (desk.folder / "decisions.csv").read_bytes(), crosswalk(desk)
    assert desk.take_in(file).decisions == ()
    assert ((desk.folder / "decisions.csv").read_bytes(), crosswalk(desk)) == before


def test_the_page_says_when_and_the_option_says_who(desk: Desk) -> None:
    at = "2026-02-28T18:00:00+02:00"
    desk.take_in(desk.answers({"item": "name", "decision": "exclude", "by": "", "at": at}), by="bo")
    (line,) = desk.decisions()
    assert (line.by, line.at) == ("bo", "2026-02-28T16:00:00+00:00")


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    file = desk.answers({"item": "name", "decision": "accept"}, {"item": "sort", "decision": "reject"})
    before = {path: path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()}
    assert len(desk.take_in(file, dry_run=True).decisions) == 2
    assert {path: path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()} == before


def test_a_cause_is_answered_for_all_its_items_that_need_a_person(desk: Desk) -> None:
    cause = SOME["note"]["cause"]
    done = desk.take_in(
        desk.answers({"item": cause, "decision": "override", "new_value": "none"}, {"item": "note", "decision": "exclude"})
    )
    assert {(d.item, d.decision) for d in done.decisions} == {
        (SOME["note"]["item"], "exclude"), (SOME["note2"]["item"], "override"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["w.xlsx", "w.csv"])
def test_a_cause_is_answered_in_a_file(desk: Desk, name: str) -> None:
    told = {"decision": "waive", "reason": "so be it", "decided_by": "ana"}
    done = desk.take_in(fill(desk, name, {SOME["note"]["cause"]: told}, "Causes"))
    assert {d.item for d in done.decisions} == {SOME["note"]["item"], SOME["note2"]["item"]}


def test_what_somebody_decided_since_is_not_overruled_by_its_cause(desk: Desk) -> None:
    desk.decide(decision(SOME["note"], "exclude"))
    done = desk.take_in(desk.answers({"item": SOME["note"]["cause"], "decision": "waive"}))
    assert [d.item for d in done.decisions] == [SOME["note2"]["item"]]


def test_an_expired_decision_may_be_taken_again_word_by_word(tmp_path: Path) -> None:
    was = {"decision": "accept", "new_value": "", "reason": "so it is", "by": "ana", "at": "2026-01-02T00:00:00+00:00"}
    desk = Desk(tmp_path / "desk", [{**SOME["name"], "state": "expired", "why": "another value", **was}])
    desk.decide(decision(SOME["name"], "accept", reason="so it is"))
    file = desk.answers({"item": "name", "decision": "accept"})
    assert desk.take_in(file).counts == {"accept": 1}
    assert desk.take_in(file).counts == {}


# Crosswalks ------------------------------------------------------------------------------------------------------------


def test_values_of_a_crosswalk_go_into_the_crosswalk(desk: Desk) -> None:
    desk.take_in(
        desk.answers(
            {"item": "sort", "decision": "confirm", "reason": "seen"}, {"item": "sort2", "decision": "confirm", "new_value": "b"}
        )
    )
    found = crosswalk(desk)
    assert list(found) == ["x", "z", "y"]
    assert found["x"] == {
        "source": "x", "label": "An x", "rows": "4", "target": "a", "equivalence": "inexact", "confidence": "1.0",
        "status": "confirmed", "by": "ana", "at": NOW.isoformat(), "reason": "seen",
    }  # fmt: skip
    assert (found["y"]["target"], found["y"]["status"], found["y"]["equivalence"], found["y"]["rows"]) == (
        "b",
        "confirmed",
        "equal",
        "9",
    )
    assert found["z"]["by"] == "ana"
    assert not (desk.folder / "decisions.csv").exists()


def test_a_crosswalk_entry_that_a_live_run_knows_under_another_code_is_the_same_entry(desk: Desk) -> None:
    file = desk.export("answers.csv")
    live = {**SOME["sort"], "code": "XWALK-PROPOSED", "field": "other"}
    desk.run([live, *(each for each in SOME.values() if each is not SOME["sort"])], LATER)
    filled = {"decision": "confirm", "reason": "seen", "decided_by": "ana"}
    edit_csv(file, lambda item, column: filled.get(column) if item == live["item"] else None)
    assert desk.take_in(file).counts == {"confirm": 1}
    assert crosswalk(desk)["x"]["status"] == "confirmed"


def test_rows_that_only_some_mappings_counted_are_no_basis_of_a_crosswalk(desk: Desk) -> None:
    file = desk.folder / "runs" / RUN / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"only": "terms"}), "utf-8")
    desk.take_in(desk.answers({"item": "sort2", "decision": "confirm", "new_value": "b"}))
    assert (crosswalk(desk)["y"]["status"], crosswalk(desk)["y"]["rows"]) == ("confirmed", "")


def test_answers_to_a_run_of_some_mappings_say_nothing_new_the_second_time(desk: Desk) -> None:
    """The entry is based on the rows of the whole run, not on those that the newest run counted."""
    for run, mappings, rows in ((RUN, [], 9), ("20251201-120000", ["people"], 30)):
        folder = desk.folder / "runs" / run
        (folder / "2_map").mkdir(parents=True, exist_ok=True)
        used = dict.fromkeys(census.SCHEMA.names) | {"crosswalk": "sorts", "source": "y", "label": "", "rows": rows}
        pq.write_table(pa.Table.from_pylist([used], census.SCHEMA), folder / "2_map" / census.FILE)
        (folder / "summary.json").write_text(json.dumps({"entities": {name: {} for name in mappings}}), "utf-8")
    file = desk.folder / "runs" / RUN / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"only": "terms"}), "utf-8")
    answers = desk.answers({"item": "sort2", "decision": "confirm", "new_value": "b"})
    assert len(desk.take_in(answers).decisions) == 1
    assert crosswalk(desk)["y"]["rows"] == "30"
    assert desk.take_in(answers).decisions == ()


def test_another_target_is_another_equivalence(desk: Desk) -> None:
    desk.take_in(desk.answers({"item": "sort", "decision": "confirm", "new_value": "b"}))
    assert (crosswalk(desk)["x"]["target"], crosswalk(desk)["x"]["equivalence"]) == ("b", "equal")


def test_a_crosswalk_value_is_sent_back_in_the_decisions(desk: Desk) -> None:
    desk.take_in(desk.answers({"item": "sort", "decision": "return"}, {"item": "sort2", "decision": "reject"}))
    assert [(d.decision, d.item) for d in desk.decisions()] == [("return", SOME["sort"]["item"])]
    assert (crosswalk(desk)["x"]["status"], crosswalk(desk)["y"]["status"]) == ("proposed", "rejected")


# All or nothing --------------------------------------------------------------------------------------------------------


def test_nothing_is_changed_where_one_file_cannot_be_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk.answers({"item": "name", "decision": "accept"}, {"item": "sort", "decision": "reject"})
    before = (desk.folder / "crosswalks" / "sorts.csv").read_bytes()
    replace = Path.replace

    def fails(self: Path, target: Path) -> Path:
        if Path(target).name == "sorts.csv":
            raise PermissionError(13, "Permission denied", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(ConfigurationError, match=r"sorts\.csv cannot be written"):
        desk.take_in(file)
    assert not (desk.folder / "decisions.csv").exists()
    assert (desk.folder / "crosswalks" / "sorts.csv").read_bytes() == before
    assert not list(desk.folder.rglob("*.part"))


def test_nothing_is_changed_where_one_answer_is_wrong(desk: Desk) -> None:
    good = [{"item": name, "decision": "waive"} for name in ("name", "mail", "sort")]
    with pytest.raises(ConfigurationError, match="nothing was taken in"):
        desk.take_in(desk.answers(*good, {"item": "note", "decision": "map"}))
    assert not (desk.folder / "decisions.csv").exists()
    assert crosswalk(desk)["x"]["status"] == "proposed"


# The audit trail -------------------------------------------------------------------------------------------------------


def test_the_audit_trail_says_what_was_taken_in_and_not_by_whom(desk: Desk) -> None:
    import hashlib

    from migrate.ledger import open_ledger

    ledger = open_ledger("sqlite:///ledger.sqlite", desk.folder)
    assert ledger is not None
    ledger.close()
    desk.take_in(desk.answers({"item": "name", "decision": "accept", "reason": "Ana Lúcia said so"}))
    (entry,) = trail(desk.folder)
    assert (entry.run, entry.event) == (None, "decisions taken in")
    told = json.loads(entry.detail)
    digest = hashlib.sha256((desk.folder / "decisions.csv").read_bytes()).hexdigest()
    assert told == {"run": RUN, "decisions": {"accept": 1}, "files": {"decisions.csv": digest}}
    assert verify(desk.folder).problems == []


def test_a_trail_that_cannot_be_written_leaves_the_decisions_as_they_were(desk: Desk) -> None:
    (desk.folder / "ledger.sqlite").write_text("this is no database, and long enough to be taken for one", "utf-8")
    with pytest.raises(ConfigurationError, match="ledger"):
        desk.take_in(desk.answers({"item": "name", "decision": "accept"}))
    assert not (desk.folder / "decisions.csv").exists()


# Personal data ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["w.xlsx", "w.csv"])
def test_what_is_masked_is_kept_as_it_was(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path / "desk", mask=True)
    desk.decide(decision(SOME["mail"], "override", "bo@example.org", "bo@example.org wrote it"))
    file = desk.export(name)
    assert desk.take_in(file).decisions == ()
    done = desk.take_in(fill(desk, name, {SOME["mail"]["item"]: {"new_value": "cy@example.org"}}))
    assert [(d.new_value, d.reason) for d in done.decisions] == [("cy@example.org", "bo@example.org wrote it")]
    with pytest.raises(ConfigurationError, match="belongs to another decision"):
        desk.take_in(fill(desk, name, {SOME["mail"]["item"]: {"decision": "exclude", "new_value": KEPT}}))


def test_a_later_run_does_not_spoil_an_export(desk: Desk) -> None:
    file = fill(desk, "w.xlsx", {SOME["name"]["item"]: {"decision": "waive", "reason": "x", "decided_by": "ana"}})
    desk.run([*SOME.values(), item("record", "P-NEW", "note", "9", "n")], LATER)
    (taken,) = desk.take_in(file).decisions
    assert taken.run == LATER
