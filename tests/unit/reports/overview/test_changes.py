"""New, fixed and recurring findings, exactly, and the links that lead to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reports.build import build
from reports.html import render
from reports.overview.model import Changes, Moves

Lay = Callable[..., Path]
BEFORE, NOW = "20310503-120000", "20310504-091000"
Finding = tuple[str | None, ...]


def told(code: str, key: str, value: str | None, entity: str = "courses", severity: str = "hold") -> Finding:
    return (code, severity, entity, key, "name", value, f"about {value}", None)


def changes(folder: Path) -> Changes:
    overview = build(folder).overview
    assert overview is not None
    return overview.changes


def numbers(moves: Moves | None) -> tuple[int, int, int]:
    assert moves is not None
    return moves.new.n, moves.fixed.n, moves.recurring.n


@pytest.fixture
def two_runs(lay_run: Lay) -> Path:
    """A finding recurs (one of its two twins is fixed), one is fixed, one is new, and one is about another value."""
    records = [("courses", str(at), "created", f"c-{at}", None) for at in range(1, 4)]
    ended = [*records[:2], ("courses", "3", "held", None, "CRS-2"), ("courses", "9", "created", "c-9", None)]
    first = [told("CRS-1", "1", "a"), told("CRS-1", "1", "a"), told("CRS-1", "2", "b"), told("CRS-2", "3", None)]
    then = [told("CRS-1", "1", "a"), told("CRS-1", "2", "other"), told("CRS-2", "3", None), told("CRS-3", "3", "x")]
    lay_run(BEFORE, first, [*records, ("courses", "8", "held", None, None)])
    return lay_run(NOW, then, ended)


def test_findings_are_new_fixed_or_recurring(two_runs: Path) -> None:
    found = changes(two_runs)
    assert found.previous is not None
    assert found.previous.run == BEFORE
    assert numbers(found.total) == (2, 2, 2)
    assert {each.name: numbers(each) for each in found.codes} == {"CRS-1": (1, 2, 1), "CRS-2": (0, 0, 1), "CRS-3": (1, 0, 0)}
    assert {each.name: numbers(each) for each in found.entities} == {"courses": (2, 2, 2)}
    assert found.other_value == 1
    assert [(each.now, each.before) for each in found.codes if each.name == "CRS-1"] == [(2, 3)]


def test_the_rows_of_the_page_know_their_history(two_runs: Path) -> None:
    report = build(two_runs)
    tables = {table.name: table.lists for table in report.tables}
    rows = zip(*(tables["findings"][name] for name in ("code", "value", "history")), strict=True)
    assert sorted(rows, key=str) == [
        ("CRS-1", "a", "recurring"), ("CRS-1", "other", "new"), ("CRS-2", None, "recurring"), ("CRS-3", "x", "new"),
    ]  # fmt: skip
    assert dict(zip(tables["dispositions"]["key"], tables["dispositions"]["was"], strict=True)) == {
        "1": "created", "2": "created", "3": "created", "9": None,
    }  # fmt: skip
    assert report.overview is not None
    (fixed,) = report.overview.tables
    assert fixed.total == 2
    assert sorted(zip(fixed.columns["code"], fixed.columns["value"], strict=True)) == [("CRS-1", "a"), ("CRS-1", "b")]
    assert fixed.columns["record"] == [1, 2]


def test_records_that_ended_otherwise_are_counted(two_runs: Path) -> None:
    (moved,) = changes(two_runs).moved
    assert (moved.reached.n, moved.fell_back.n, moved.other.n, moved.came.n, moved.gone) == (0, 1, 0, 1, 1)
    assert moved.fell_back.href is not None
    assert "was=created" in moved.fell_back.href
    assert "disposition=held" in moved.fell_back.href


def test_there_may_be_no_run_before(lay_run: Lay) -> None:
    folder = lay_run(NOW, [told("CRS-1", "1", "a")])
    found = changes(folder)
    assert found.previous is None
    assert found.total is None
    assert "No run of this workspace lies before" in found.why
    assert "No run of this workspace lies before" in render(folder).read_text()


def test_what_cannot_be_compared_is_passed_over_and_said(lay_run: Lay) -> None:
    lay_run("20310501-000000", [told("CRS-1", "1", "a")])
    lay_run("20310502-000000", [], stopped_at="map")
    (lay_run("20310502-100000", []) / "findings.parquet").write_bytes(b"PAR1 cut")
    pq.write_table(pa.table({"code": ["CRS-1"]}), lay_run("20310502-110000", []) / "findings.parquet")
    folder = lay_run(NOW, [told("CRS-1", "1", "a")])
    found = changes(folder)
    assert found.previous is not None
    assert found.previous.run == "20310501-000000"
    assert numbers(found.total) == (0, 0, 1)
    no_file = "its findings.parquet is not there, or cannot be read"
    assert [(each.run, each.why) for each in found.passed_over] == [
        ("20310502-110000", no_file), ("20310502-100000", no_file), ("20310502-000000", "it stopped at map"),
    ]  # fmt: skip
    page = render(folder).read_text()
    assert "it stopped at map" in page
    assert no_file in page


def test_a_run_that_stopped_is_compared_with_none(lay_run: Lay) -> None:
    lay_run(BEFORE, [told("CRS-1", "1", "a")])
    found = changes(lay_run(NOW, [], stopped_at="validate"))
    assert found.total is None
    assert found.why == "This run is not compared with another: it stopped at validate."


def test_making_it_again_after_later_runs_gives_the_same_page(two_runs: Path, lay_run: Lay) -> None:
    page = render(two_runs).read_bytes()
    lay_run("20310505-000000", [])
    assert render(two_runs).read_bytes() == page


def test_what_is_personal_in_a_fixed_finding_is_repeated_to_nobody(lay_run: Lay) -> None:
    """Whoever it was about may have been erased since, and may have been called otherwise in the mapping then."""
    gone = ("OLD-1", "hold", "people", "Erasmus", "nick", "Erasmus of R.", "Erasmus of R. is odd", None)
    mail = ("OLD-2", "hold", "courses", "1", "name", "x", "ask erasmus@example.org", None)
    entities = {"people": {"from": "moodle.user", "to": "canvas.users", "key": ["nick"], "target_key": ["nick"]}}
    lay_run(BEFORE, [gone, mail], pii={"people": {"nick": "name"}}, entities=entities)
    folder = lay_run(NOW, [], mask=False)
    overview = build(folder).overview
    assert overview is not None
    (fixed,) = overview.tables
    assert "Erasmus" not in str(fixed.columns)
    assert "erasmus@" not in str(fixed.columns)
    assert fixed.columns["value"][0] == "•••"
    (other,) = [each for each in overview.changes.codes if each.name == "OLD-1"]
    assert other.title == ""


def test_items_are_new_done_with_or_still_there(lay_run: Lay, list_work: Callable[..., Path]) -> None:
    list_work(lay_run(BEFORE, [told("CRS-1", "1", "a"), told("CRS-1", "2", "b"), told("CRS-1", "3", "c")]))

    def waive(item: dict[str, Any]) -> None:
        if item["key"] == "2":
            item.update(state="waived", decision="waive", reason="known", by="R. Okafor", at="2031-05-04T09:00:00+00:00")

    folder = list_work(lay_run(NOW, [told("CRS-1", "1", "a"), told("CRS-1", "2", "b"), told("CRS-1", "4", "d")]), waive)
    found = changes(folder)
    assert numbers(found.items) == (1, 2, 1)
    assert found.items is not None
    assert found.items.new.href == "#view=worklist&history=new&of=1"
    assert found.items.recurring.href == "#view=worklist&history=recurring&of=1"
    assert found.items.fixed.href is None, "one of the two has no row in this worklist any more"
    assert [(state, count.n, count.href) for state, count in found.answered] == [
        ("waived", 1, "#view=worklist&history=done%20with&state=waived&of=1"),
    ]  # fmt: skip
    (listed,) = (table.columns for table in build(folder).tables if table.name == "worklist")
    assert dict(zip(listed["key"], listed["history"], strict=True)) == {"1": "recurring", "2": "done with", "4": "new"}


def test_other_inputs_are_named(lay_run: Lay) -> None:
    lay_run(BEFORE, [], inputs={"users.yaml": "1", "gone.csv": "2", "same.yaml": "3"})
    folder = lay_run(NOW, [], inputs={"users.yaml": "9", "same.yaml": "3", "new.yaml": "4"})
    assert changes(folder).inputs == ("users.yaml", "new.yaml", "gone.csv")
    newer = lay_run("20310505-000000", [], inputs={"users.yaml": "9", "same.yaml": "3", "new.yaml": "4"}, tool_version="1.1.0")
    assert changes(newer).inputs == ("lms-migrate 1.1.0 (then 1.0.0)",)
