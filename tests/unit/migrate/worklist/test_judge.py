"""What is wrong with an answer is said, with its row and column, what stands there and what could."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from worklist_desk import FILES, LATER, RUN, SOME, Desk, decision, edit_csv, edit_xlsx, item

from migrate.errors import ConfigurationError, Problem


def problems(desk: Desk, *rows: dict[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        desk.take_in(desk.answers(*rows))
    assert not (desk.folder / "decisions.csv").exists()
    return caught.value.problems


def only(desk: Desk, **row: str) -> Problem:
    (problem,) = problems(desk, row)
    return problem


COLUMNS = {"item": 1, "decision": 2, "new_value": 3, "reason": 4, "by": 5, "at": 6, "run": 7}


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ({"item": "name", "decision": "forgive"}, "decision", "no such decision"),
        ({"item": "name", "decision": "survivor", "new_value": "1"}, "decision", "does not take this decision"),
        ({"item": "closed", "decision": "waive"}, "item", "does not come up any more"),
        ({"item": "name", "decision": "", "new_value": "Bo"}, "decision", "decision is blank"),
        ({"item": "name", "decision": "waive", "reason": " "}, "reason", "reason is blank"),
        ({"item": "name", "decision": "waive", "by": ""}, "by", "decided_by is blank"),
        ({"item": "", "decision": "waive"}, "item", "item is blank"),
        ({"item": "W-0000000000000000", "decision": "waive"}, "item", "no run of this workspace has such a item"),
        ({"item": "C-0000000000000000", "decision": "waive"}, "item", "no run of this workspace has such a cause"),
        ({"item": "everything", "decision": "waive"}, "item", "no id of an item"),
        ({"item": "name", "decision": "waive", "at": "yesterday"}, "at", "no instant"),
        ({"item": "name", "decision": "waive", "at": "2026-01-31 10:00"}, "at", "no instant"),
        ({"item": "name", "decision": "waive", "at": "2026-03-01T13:01:00+00:00"}, "at", "no instant"),
        ({"item": "name", "decision": "waive", "run": ""}, "run", "run is blank"),
        ({"item": "name", "decision": "waive", "run": "20250101-000000"}, "run", "there is no worklist of run 20250101-000000"),
        ({"item": "name", "decision": "reopen"}, "decision", "nothing is decided"),
        ({"item": "sort", "decision": "reopen"}, "decision", "nothing is decided"),
        ({"item": "name", "decision": "waive", "new_value": "Bo"}, "new_value", "waive takes no new value"),
        ({"item": "name", "decision": "override"}, "new_value", "override needs a new value"),
        ({"item": "name", "decision": "override", "new_value": "NULL"}, "new_value", "requires a value"),
        ({"item": "name", "decision": "override", "new_value": "  "}, "new_value", "requires a value"),
        ({"item": "name", "decision": "override", "new_value": "a name too long"}, "new_value", "longer or shorter"),
        ({"item": "name", "decision": "map", "new_value": "a key too long"}, "new_value", "longer or shorter"),
        ({"item": "name", "decision": "map", "new_value": "NULL"}, "new_value", "takes no NULL"),
        ({"item": "state", "decision": "override", "new_value": "o"}, "new_value", "does not know this value"),
        ({"item": "score", "decision": "override", "new_value": "much"}, "new_value", "no decimal"),
        ({"item": "score", "decision": "override", "new_value": "101"}, "new_value", "outside what the target takes"),
        ({"item": "code", "decision": "override", "new_value": "abc"}, "new_value", "has not the form"),
        ({"item": "born", "decision": "override", "new_value": "31.1.2020"}, "new_value", "no date"),
        ({"item": "boss", "decision": "override", "new_value": "77"}, "new_value", "no source record of this key"),
        ({"item": "merge", "decision": "survivor", "new_value": "9"}, "new_value", "no record of the group has the key '9'"),
        ({"item": "merge", "decision": "survivor"}, "new_value", "survivor needs a new value"),
        ({"item": "merge", "decision": "separate", "new_value": "1, 8"}, "new_value", "no record of the group has the key '8'"),
        ({"item": "sort", "decision": "confirm", "new_value": "c"}, "new_value", "does not know this value"),
        ({"item": "sort2", "decision": "confirm"}, "new_value", "proposes no target"),
        ({"item": "name", "decision": "waive", "reason": "a\0b"}, "reason", "U+0000"),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_taken(desk: Desk, row: dict[str, str], column: str, message: str) -> None:
    problem = only(desk, **row)
    assert message in problem.message
    assert problem.place is not None
    assert str(problem.place) == f"{desk.folder / 'answers.csv'}:2:{COLUMNS[column]}"


@pytest.mark.parametrize(
    "row",
    [
        {"item": "name", "decision": "override", "new_value": "Bo"},
        {"item": "name", "decision": "map", "new_value": "p1"},
        {"item": "name", "decision": "map"},
        {"item": "mail", "decision": "override", "new_value": "NULL"},
        {"item": "state", "decision": "override", "new_value": "shut"},
        {"item": "score", "decision": "override", "new_value": "99.5"},
        {"item": "code", "decision": "override", "new_value": "ABC"},
        {"item": "born", "decision": "override", "new_value": "2020-01-31"},
        {"item": "boss", "decision": "override", "new_value": "7"},
        {"item": "boss", "decision": "override", "new_value": "NULL"},
        {"item": "merge", "decision": "survivor", "new_value": "1"},
        {"item": "merge", "decision": "separate", "new_value": "1, 2"},
        {"item": "merge", "decision": "separate"},
        {"item": "sort2", "decision": "confirm", "new_value": "a"},
        {"item": "sort2", "decision": "reject"},
    ],
    ids=lambda row: " ".join(row.values()),
)
def test_an_answer_that_can_be_taken(desk: Desk, row: dict[str, str]) -> None:
    assert desk.take_in(desk.answers(row)).counts == {row["decision"]: 1}


def test_what_is_allowed_is_said(desk: Desk) -> None:
    assert only(desk, item="merge", decision="exclude").allowed == ("accept", "survivor", "separate", "return", "reopen")
    assert only(desk, item="state", decision="override", new_value="o").allowed == ("open", "shut")
    assert only(desk, item="merge", decision="survivor", new_value="9").allowed == ("3", "1", "2")


def test_every_problem_is_named_in_the_order_of_the_file(desk: Desk) -> None:
    found = problems(
        desk,
        {"item": SOME["note"]["cause"], "decision": "accept", "reason": ""},
        {"item": "score", "decision": "override", "new_value": "much"},
        {"item": "mail", "decision": "waive"},
        {"item": "name", "decision": "waive", "by": "", "reason": ""},
    )
    assert [(p.place.line, p.place.column) for p in found if p.place] == [(2, 4), (3, 3), (5, 4), (5, 5)]


def test_two_rows_that_disagree(desk: Desk) -> None:
    twice = {"item": "mail", "decision": "waive"}
    (problem,) = problems(desk, {"item": "name", "decision": "waive"}, {"item": "name", "decision": "exclude"}, twice, twice)
    assert "another row says something else" in problem.message
    assert "answers.csv:2:2" in problem.message
    assert desk.take_in(desk.answers(twice, twice)).counts == {"waive": 1}


def test_a_cause_says_which_of_its_items_do_not_take_it(tmp_path: Any) -> None:
    other = item("record", "P-NOTE", "note", "6", "n", choices="waive return")
    desk = Desk(tmp_path / "desk", [*SOME.values(), other])
    problem = only(desk, item=other["cause"], decision="accept")
    assert problem.message.endswith(f"(1 item of the cause: {other['item']})")
    assert problem.allowed == ("waive", "return", "reopen")


def test_a_cause_without_open_items(tmp_path: Any) -> None:
    desk = Desk(tmp_path / "desk", [{**SOME["name"], "state": "waived"}])
    assert "no item of this cause waits" in only(desk, item=SOME["name"]["cause"], decision="waive").message


# What changed since the file was made ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": 3, "basis_rows": 3}, "it was about 1 record, and is about 3 now"),
        ({"source": "bb", "value": "Bo"}, "the source value was '', and is 'Bo' now"),
        ({"contract": "dd"}, "the target's contract says something else of it (cc then, dd now)"),
    ],
)
def test_an_item_that_changed(desk: Desk, change: dict[str, Any], message: str) -> None:
    desk.run([{**SOME["name"], **change}], LATER)
    problem = only(desk, item="name", decision="waive", run=RUN)
    assert message in problem.message
    assert f"changed since run {RUN}" in problem.message
    assert desk.take_in(desk.answers({"item": "name", "decision": "waive", "run": LATER})).counts == {"waive": 1}


def test_the_old_value_is_not_shown_where_it_is_personal(tmp_path: Any) -> None:
    desk = Desk(tmp_path / "desk", mask=True)
    desk.run([{**SOME["mail"], "source": "x", "value": "bo@example.org"}], LATER, mask=True)
    assert "was 'a***@***.org', and is 'b***@***.org' now" in only(desk, item="mail", decision="waive").message


def test_as_many_more_records_as_the_workspace_allows(desk: Desk) -> None:
    (desk.folder / "migration.yaml").write_text(FILES["migration.yaml"] + "decisions: {row_drift: 20}\n", "utf-8")
    desk.run([{**SOME["state"], "basis_rows": 6}], LATER)
    assert desk.take_in(desk.answers({"item": "state", "decision": "waive"}), dry_run=True).counts == {"waive": 1}
    desk.run([{**SOME["state"], "basis_rows": 7}], LATER)
    assert "about 7 now" in only(desk, item="state", decision="waive").message


def test_an_item_of_an_older_run(desk: Desk) -> None:
    desk.run([SOME["mail"]], LATER)
    assert f"was in the worklist of run {RUN}" in only(desk, item="name", decision="waive").message
    assert f"the cause was in the worklist of run {RUN}" in only(desk, item=SOME["name"]["cause"], decision="waive").message


def test_an_item_that_the_answered_run_did_not_have(desk: Desk) -> None:
    new = item("record", "P-NOTE", "note", "6", "n")
    desk.run([*SOME.values(), new], LATER)
    assert f"was not in the worklist of run {RUN}" in only(desk, item=new["item"], decision="waive").message
    assert "1 items came to this cause" in only(desk, item=new["cause"], decision="waive").message


def test_a_run_that_is_not_here_is_told_once(desk: Desk) -> None:
    assert len(problems(desk, *({"item": name, "decision": "waive", "run": "x"} for name in ("name", "mail", "note")))) == 1


# Tampering -------------------------------------------------------------------------------------------------------------


def shuffled(item_id: str, column: str) -> str | None:
    """The answers of one row moved to another one with its code, but not with its id."""
    if item_id != SOME["name"]["item"]:
        return None
    return {"decision": "waive", "reason": "x", "decided_by": "ana", "code": "P-MAIL", "field": "mail"}.get(column)


@pytest.mark.parametrize(("name", "edit", "place"), [("w.xlsx", edit_xlsx, "w.xlsx:Items!F"), ("w.csv", edit_csv, "w.csv:")])
def test_cells_that_were_sorted_apart(desk: Desk, name: str, edit: Callable[..., None], place: str) -> None:
    file = desk.export(name)
    edit(file, shuffled)
    with pytest.raises(ConfigurationError, match="do not belong together") as caught:
        desk.take_in(file)
    (problem,) = caught.value.problems
    assert place in str(problem.place)
    assert (problem.value, problem.allowed) == ("P-MAIL", ("P-NAME",))


def test_columns_that_were_swapped(desk: Desk) -> None:
    file = desk.export("w.csv")
    swap = {"decision": "reason", "reason": "decision"}
    edit_csv(file, lambda item_id, column: {"decision": "waive", "reason": "x", "decided_by": "ana"}.get(column))
    text = file.read_text("utf-8").split("\n", 1)
    head = ",".join(swap.get(word, word) for word in text[0].strip().split(","))
    file.write_text(f"{head}\n{text[1]}", "utf-8")
    with pytest.raises(ConfigurationError, match="no such decision"):
        desk.take_in(file)


def test_a_correction_of_a_closed_item_is_to_take_it_back(desk: Desk) -> None:
    desk.decide(decision(SOME["closed"], "accept"))
    assert desk.take_in(desk.answers({"item": "closed", "decision": "reopen"})).counts == {"reopen": 1}


def test_a_match_is_refused_as_a_whole(desk: Desk) -> None:
    choices = "accept separate map exclude waive return"
    match = item("record", "MATCH-CONFIRM", "person", "6", "e-mail: t1", choices=choices)
    desk = Desk(desk.folder, [*SOME.values(), match])
    assert "separate as a whole" in only(desk, item=match["item"], decision="separate", new_value="6").message
    for row in ({"decision": "separate"}, {"decision": "map", "new_value": "t2"}, {"decision": "accept"}):
        assert desk.take_in(desk.answers({"item": match["item"], **row})).counts == {row["decision"]: 1}
