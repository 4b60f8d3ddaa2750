"""The numbers in a picture and in the table behind it are those that it was given, and sizes are proportional."""

from __future__ import annotations

import re

import pytest

from reports.charts.bars import Cut, Pair, Paired, Part, Stacked, draw_paired, draw_stacked
from reports.charts.drawing import Drawing, Mark, each_number
from reports.charts.flow import HAIR, Band, End, Flow, draw_flow
from reports.charts.lines import BOTTOM, TOP, Lines, Series, draw_lines
from reports.parts import Count


def of(drawing: Drawing, tag: str) -> list[Mark]:
    return [mark for mark in drawing.marks if mark.tag == tag]


def texts(drawing: Drawing) -> list[str]:
    return [mark.text for mark in of(drawing, "text")]


FLOW = Flow(
    "All", "about", (("users", Count(100, "#u")), ("courses", Count(900, "#c"))),
    (
        End("created", "in the target", Count(880, "#created")), End("updated", "in the target", Count(0)),
        End("excluded", "left out on purpose", Count(119, "#excluded")), End("failed", "waiting or failed", Count(1, "#failed")),
    ),
    (
        Band("users", "created", Count(80, "#1")), Band("users", "excluded", Count(19, "#2")),
        Band("users", "failed", Count(1, "#3")),
        Band("courses", "created", Count(800, "#4")), Band("courses", "excluded", Count(100, "#5")),
    ),
)  # fmt: skip


def test_a_flow_has_a_band_for_each_pair_and_leads_to_its_rows() -> None:
    drawing = draw_flow(FLOW)
    bands = of(drawing, "path")
    assert [band.href for band in bands] == ["#1", "#2", "#3", "#4", "#5"]
    assert bands[0].name == "users, created: 80, show the rows"
    assert sorted(each_number(drawing)) == [1, 100, 119, 880, 900]
    assert drawing.linked
    assert [row[3] for row in drawing.behind.rows] == [band.count for band in FLOW.bands]


def test_bands_are_as_high_as_their_numbers_and_never_nothing() -> None:
    def high(mark: Mark) -> float:
        numbers = [float(each) for each in re.findall(r"[\d.]+", str(mark.attributes["d"]))]
        return numbers[-1] - numbers[1]  # the left edge, from where the path begins to where it ends

    found = [high(band) for band in of(draw_flow(FLOW), "path")]
    assert found == pytest.approx([80 * 0.3, 19 * 0.3, HAIR, 800 * 0.3, 100 * 0.3], abs=0.02)


def test_ends_without_records_are_left_out_and_groups_stand_apart() -> None:
    drawing = draw_flow(FLOW)
    assert "updated" not in texts(drawing)
    groups = [text for text in texts(drawing) if " " in text]
    assert groups == ["in the target", "left out on purpose", "waiting or failed"]
    styles = [mark.attributes["class"] for mark in of(drawing, "path")]
    assert styles == ["band fill-created", "band fill-excluded", "band fill-failed", "band fill-created", "band fill-excluded"]


def test_paired_bars_show_both_sides_and_the_difference() -> None:
    pairs = (Pair("2023", 50, 50), Pair("2024", 100, 88), Pair("2025", None, 3))
    drawing = draw_paired(Paired("by year", "about", ("source", "read back"), pairs, "year"))
    assert list(each_number(drawing)) == [50, 50, 100, 88, 3]
    assert drawing.behind.columns == ("year", "source", "read back", "difference")
    assert drawing.behind.rows == (("2023", 50, 50, 0), ("2024", 100, 88, -12), ("2025", None, 3, 3))
    assert [text for text in texts(drawing) if text[0] in "+−"] == ["−12", "+3"]
    widths = [mark.attributes["width"] for mark in of(drawing, "rect")]
    assert [round(float(wide) / float(widths[2]) * 100) for wide in widths] == [50, 50, 100, 88, 3]


def test_bars_that_need_not_be_equal_show_no_difference() -> None:
    drawing = draw_paired(Paired("time", "about", ("before", "now"), (Pair("map", 1.5, 3.0),), "stage", equal=False))
    assert drawing.behind.rows == (("map", 1.5, 3.0),)
    assert not [text for text in texts(drawing) if text[0] in "+−"]


def test_stacked_bars_leave_out_what_nobody_has() -> None:
    parts = (Part("created", "a"), Part("held", "b"), Part("failed", "c"))
    bars = (Cut("users", (Count(3, "#1"), Count(0), Count(1, "#2"))), Cut("none", (Count(0), Count(0), Count(0))))
    drawing = draw_stacked(Stacked("shares", "about", parts, bars, "entity", shares=True))
    assert drawing.behind.columns == ("entity", "created", "failed", "all")
    assert drawing.behind.rows[0] == ("users", Count(3, "#1"), Count(1, "#2"), 4)
    rects = of(drawing, "rect")
    assert [mark.href for mark in rects] == ["#1", "#2"]
    assert float(rects[0].attributes["width"]) == pytest.approx(3 * float(rects[1].attributes["width"]))
    assert list(each_number(drawing)) == [4, 0]


def test_lines_leave_out_what_cannot_be_compared() -> None:
    series = (Series("all", (10, 99, 20)), Series("grave", (None, None, 0)))
    drawing = draw_lines(Lines("Findings", "about", ("a", "b", "c"), (True, False, True), series))
    (line,) = of(drawing, "path")
    assert line.attributes["d"].count("L") == 1
    circles = of(drawing, "circle")
    assert [("hollow" in str(mark.attributes["class"])) for mark in circles] == [False, True, False, False]
    assert circles[1].name == "b: all 99, not comparable"
    assert float(circles[1].attributes["cy"]) == TOP
    assert float(circles[3].attributes["cy"]) == BOTTOM
    assert list(each_number(drawing)) == [99, 20, 0]
    assert drawing.behind.rows == (("a", 10, None), ("b (not comparable)", 99, None), ("c", 20, 0))


def test_labels_are_cut_and_show_what_cannot_be_seen() -> None:
    drawing = draw_paired(Paired("t", "d", ("a", "b"), (Pair("\u202egpj." + "x" * 40, 1, 1),)))
    label = texts(drawing)[0]
    assert label.startswith("[U+202E]gpj.")
    assert label.endswith("…")
    assert len(label) == 22
    assert drawing.behind.rows[0][0] == "\u202egpj." + "x" * 40


def test_a_side_without_numbers_is_not_in_the_legend() -> None:
    sides = ("no run before", "seconds in this run")
    alone = draw_paired(Paired("Time", "Seconds.", sides, (Pair("map", None, 1.5), Pair("load", None, 2.0)), equal=False))
    assert [name for _, name in alone.legend] == ["seconds in this run"]
    both = draw_paired(Paired("Time", "Seconds.", sides, (Pair("map", 1.0, 1.5), Pair("load", None, 2.0)), equal=False))
    assert [name for _, name in both.legend] == [*sides]
