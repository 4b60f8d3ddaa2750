"""Answers about values of crosswalks become lines of their files, all of them or none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.crosswalks.census import FILE, SCHEMA
from migrate.crosswalks.decisions import CrosswalkAnswer, decide
from migrate.crosswalks.file import COLUMNS, read_crosswalk
from migrate.crosswalks.view import rows_of
from migrate.errors import ConfigurationError, Place
from migrate.workspace import Workspace, open_workspace

SYSTEM = "system: {0}\nlabel: x\n{1}\nentities: {{things: {{key: id, {2}fields: {{id: {{}}, kind: {3}}}}}}}\n"
FIELDS = "{id: {from: id}, kind: {from: kind, crosswalk: kinds}}"
LINES = (
    "a,Letter A,,x,wider,0.5,proposed,lms-migrate,2025-01-01,like",
    "b,,,y,equal,1.0,confirmed,ben,2025-01-02,sure",
    "c,,,,inexact,,rejected,cleo,2025-01-03,no",
)
CONFIRM = CrosswalkAnswer("kinds", "a", "confirm", "", "they are the same", "ana", "2025-06-30T12:00:00+00:00", "5", "Label A")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name, text in {
        "migration.yaml": "label: x\nsource: {system: old, url: 'sqlite:///x.sqlite'}\ntarget: {system: new}\n",
        "systems/old.yaml": SYSTEM.format("old", "source: {kind: database}", "", "{}"),
        "systems/new.yaml": SYSTEM.format("new", "target: {kind: files}", "file: things.csv, ", "{enum: [x, y, z]}"),
        "mapping/pair.yaml": "{from: old, to: new, label: x, crosswalks: [kinds]}",
        "mapping/things.yaml": f"from: old.things\nto: new.things\nfields: {FIELDS}\n",
        "crosswalks/kinds.csv": "\n".join([",".join(COLUMNS), *LINES]) + "\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return open_workspace(tmp_path)


def counted(workspace: Workspace, *rows: tuple[str, str, int]) -> None:
    """A run that counted ``(source, label, rows)``."""
    folder = workspace.runs / "20250101-000000" / "2_map"
    folder.mkdir(parents=True)
    table = [{"crosswalk": "kinds", "source": source, "label": label, "rows": number} for source, label, number in rows]
    pq.write_table(pa.Table.from_pylist(table, SCHEMA), folder / FILE)
    (folder.parent / "summary.json").write_text('{"entities": {"things": {}}}', "utf-8")


def after(workspace: Workspace, *answers: CrosswalkAnswer) -> list[dict[str, str]]:
    """The lines that the answers make of the crosswalk; its file stays as it was."""
    before = workspace.crosswalks["kinds"].file.read_bytes()
    ((file, text),) = decide(workspace, answers).items()
    assert file == workspace.crosswalks["kinds"].file
    assert file.read_bytes() == before
    other = file.with_name("other.csv")
    other.write_text(text, "utf-8", newline="")
    crosswalk, problems = read_crosswalk("kinds", other)
    assert problems == []
    assert crosswalk is not None
    return crosswalk.lines()


def test_a_confirmed_entry_says_who_when_why_and_on_what(workspace: Workspace) -> None:
    lines = after(workspace, CONFIRM)
    assert lines[0] == {
        "source": "a", "label": "Label A", "rows": "5", "target": "x", "equivalence": "wider", "confidence": "1.0",
        "status": "confirmed", "by": "ana", "at": "2025-06-30T12:00:00+00:00", "reason": "they are the same",
    }  # fmt: skip
    assert lines[1:] == workspace.crosswalks["kinds"].lines()[1:]


def test_another_target_may_be_named(workspace: Workspace) -> None:
    lines = after(workspace, replace(CONFIRM, new_value="z"))
    assert (lines[0]["target"], lines[0]["equivalence"]) == ("z", "equal")


def test_what_is_not_listed_is_added_at_the_end(workspace: Workspace) -> None:
    answers = [replace(CONFIRM, source_value="new", new_value="z"), replace(CONFIRM, source_value="d, e", verb="waive"),
               replace(CONFIRM, source_value='"f"', verb="reject")]  # fmt: skip
    lines = after(workspace, *answers)
    assert [(e["source"], e["target"], e["equivalence"], e["status"]) for e in lines[3:]] == [
        ("new", "z", "equal", "confirmed"), ("d, e", "", "inexact", "waived"), ('"f"', "", "inexact", "rejected"),
    ]  # fmt: skip


def test_a_rejected_or_waived_entry_keeps_its_target_for_people(workspace: Workspace) -> None:
    for verb, status in (("reject", "rejected"), ("waive", "waived")):
        lines = after(workspace, replace(CONFIRM, verb=verb))
        assert (lines[0]["target"], lines[0]["confidence"], lines[0]["status"]) == ("x", "0.5", status)


def test_rows_and_label_come_from_the_newest_run_where_the_answer_has_none(workspace: Workspace) -> None:
    bare = replace(CONFIRM, rows="", label="")
    assert (after(workspace, bare)[0]["label"], after(workspace, bare)[0]["rows"]) == ("Letter A", "")
    counted(workspace, ("a", "as counted", 7))
    assert (after(workspace, bare)[0]["label"], after(workspace, bare)[0]["rows"]) == ("as counted", "7")
    assert after(workspace, CONFIRM)[0]["rows"] == "5"


@pytest.mark.parametrize(
    ("answer", "message", "value"),
    [
        (replace(CONFIRM, crosswalk="colours"), "no such crosswalk", "colours"),
        (replace(CONFIRM, new_value="w"), "does not allow", "w"),
        (replace(CONFIRM, source_value="c"), "no proposed target", None),
        (replace(CONFIRM, source_value="new"), "no proposed target", None),
        (replace(CONFIRM, source_value="", new_value="x"), "blank value", None),
        (replace(CONFIRM, verb="accept"), "other answers", "accept"),
        (replace(CONFIRM, verb="waive", new_value="x"), "takes no new value", "x"),
        (replace(CONFIRM, by=" "), "by is blank", None),
        (replace(CONFIRM, reason=""), "reason is blank", None),
        (replace(CONFIRM, at=""), "at is blank", None),
        (replace(CONFIRM, reason="a\0"), "U+0000", None),
        (replace(CONFIRM, rows="-1"), "not a number", "-1"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_named_where_it_stands(
    workspace: Workspace, answer: CrosswalkAnswer, message: str, value: object
) -> None:
    place = Place(Path("answers.csv"), 7, 3)
    with pytest.raises(ConfigurationError) as refused:
        decide(workspace, [replace(CONFIRM, source_value="b"), replace(answer, place=place)])
    (problem,) = refused.value.problems
    assert message in problem.message
    assert (problem.value, problem.place) == (value, place)


def test_two_answers_about_one_value_are_one_too_many(workspace: Workspace) -> None:
    with pytest.raises(ConfigurationError) as refused:
        decide(workspace, [CONFIRM, replace(CONFIRM, verb="waive")])
    assert "twice" in refused.value.problems[0].message


def test_nothing_is_asked_of_nobody(workspace: Workspace) -> None:
    assert decide(workspace, []) == {}


def test_the_view_shows_entries_beside_what_rows_use(workspace: Workspace) -> None:
    from migrate.crosswalks.census import newest_census

    counted(workspace, ("a", "Label A", 1200), ("new", "", 3), ("", "", 2))
    newest = newest_census(workspace.runs, workspace.pair)
    assert newest is not None
    assert [row[:5] + row[6:] for row in rows_of(workspace, "kinds", newest[1])] == [
        ("a", "Label A", "1,200", "x", "proposed", ""), ("b", "", "", "y", "confirmed", "unused"),
        ("c", "", "", "", "rejected", "unused"), ("new", "", "3", "", "not listed", ""),
        ("(blank)", "", "2", "", "not listed", ""),
    ]  # fmt: skip
    assert [row[6] for row in rows_of(workspace, "kinds", None)] == ["", "", ""]


def test_the_view_says_why_an_entry_holds_no_more(tmp_path: Path, workspace: Workspace) -> None:
    file = workspace.crosswalks["kinds"].file
    file.write_text(",".join(COLUMNS) + "\na,,4,x,equal,1,confirmed,ana,,\nb,,,w,equal,1,proposed,,,\n", "utf-8")
    counted(workspace, ("a", "", 5), ("b", "", 5))
    opened: Any = open_workspace(tmp_path)
    from migrate.crosswalks.census import newest_census

    newest = newest_census(opened.runs, opened.pair, "20250101-000000")
    assert newest is not None
    (_, _, _, _, status, _, why), (*_, remark) = rows_of(opened, "kinds", newest[1])
    assert (status, why) == ("expired", "it was confirmed for 4 rows, and there are 5 now")
    assert "does not allow" in remark
