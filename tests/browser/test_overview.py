"""The first view in a browser: numbers, bands and the rows behind them, language and zone, contrast, print."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.html import render
from reports.model import DISPOSITIONS, HELD_BACK, LOADED, SET_ASIDE

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
BEFORE, NOW = "20310503-120000", "20310504-091000"
GATES = [
    {"gate": "balanced", "entity": None, "says": "sums", "value": "yes", "limit": "yes", "passed": True},
    {"gate": "users held", "entity": "users", "says": "held", "value": 6, "limit": "at most 0", "passed": False},
    {"gate": "courses held", "entity": "courses", "says": "held", "value": 0, "limit": "at most 0", "passed": True},
]
CHART_COLOURS = """() => {
  const light = (text) => {
    const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const sheet = light(getComputedStyle(document.querySelector("#flow")).backgroundColor);
  const ratio = (colour) => {
    const [a, b] = [light(colour), sheet].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const poor = [];
  for (const each of document.querySelectorAll(".drawing text, .drawing path, .drawing circle, .drawing .node, .drawing .edge")) {
    const style = getComputedStyle(each);
    const text = each.tagName === "text";
    const colour = text || each.matches(".node") ? style.fill : style.stroke;
    if (!colour.startsWith("rgb") || ratio(colour) < (text ? 4.5 : 3)) poor.push(each.getAttribute("class") + " " + colour);
  }
  return [...new Set(poor)];
}"""


def until(page: Any, condition: str) -> None:
    end = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def number(text: str) -> int:
    return int("".join(sign for sign in text if sign.isdigit()))


@pytest.fixture(scope="module")
def run(runs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a run before it: some findings are fixed, some new, and some records fell back."""
    ended, told, unequal, references = runs["rows_of_a_run"]()
    folder = tmp_path_factory.mktemp("overview") / "runs"
    more = [
        ("OLD-1", "hold", "courses", "3", "name", "x", "was odd", None),
        *(("OLD-2", "warn", "users", None, None, None, "o", None),) * 2,
    ]
    earlier = [(*row[:2], "created", *row[3:]) if row[2] == "held" else row for row in ended]
    runs["lay"](folder, BEFORE, [*told[3:], *more], earlier)

    def change(summary: dict[str, Any], facts: dict[str, Any]) -> None:
        summary["run"] = NOW
        facts.update({"started": "2031-05-04T09:10:00+00:00", "gates": GATES, "gates_declared": True})

    runs["write_rows"](folder / NOW, ended, told, unequal, references, change)
    render(folder / NOW)
    return folder / NOW


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def test_the_verdicts_are_those_of_the_gates_and_the_summary(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    said = summary(run)["entities"]
    rows = page.eval_on_selector_all(
        "#gates table.verdicts tbody tr",
        "rows => rows.map(row => [...row.querySelectorAll('th > bdi, td')].map(each => each.textContent.trim()))",
    )
    assert [row[0] for row in rows] == list(said)
    for name, verdict, source, target, _, aside, back, *_ in rows:
        ended = said[name]["dispositions"]
        assert number(source) == said[name]["source"]
        assert [number(cell) for cell in (target, aside, back)] == [
            sum(ended[word] for word in words) for words in (LOADED, SET_ASIDE, HELD_BACK)
        ]
        assert verdict == {"users": "✗ missed", "courses": "✓ reached", "enrolments": "not judged"}[name]
    assert "users held: 6, at most 0" in page.text_content("#gates")


def test_what_changed_adds_up_to_both_summaries(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    now, before = (sum(summary(folder)["findings"].values()) for folder in (run, run.parent / BEFORE))
    figures = page.eval_on_selector_all(
        "#changes > .figures > div",
        "all => all.map(each => [each.querySelector('dt').textContent, each.querySelector('dd').textContent])",
    )
    new, fixed, recurring = (number(n) for _, n in figures[:3])
    assert (new + recurring, fixed + recurring) == (now, before)
    assert (new, fixed) == (3, 3)
    assert BEFORE in page.text_content("#changes .lead")
    total = page.eval_on_selector_all("#changes tfoot td", "cells => cells.map(cell => cell.textContent)")
    assert [number(cell) for cell in total] == [before, fixed, new, recurring, now]
    assert number(page.text_content("#changes td.back")) == 6


def test_new_and_fixed_findings_open_their_rows(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    page.click("#changes .figures a >> nth=0")
    until(page, "document.querySelector('#rows-status').textContent === '3 rows'")
    assert page.is_visible('select[data-column="history"]')
    page.keyboard.press("Escape")
    page.click('#changes a[aria-label^="fixed findings"]')
    until(page, "document.querySelector('#rows-status').textContent === '3 rows'")
    title = "Findings of the run before that this one has not"  # the rows of the drawer before are as many
    until(page, f"document.querySelector('#drawer-title').textContent === '{title}'")
    page.click("#grid .grid-row >> text=OLD-1")
    until(page, "document.querySelector('#record').textContent.includes('created')")


def test_every_band_and_bar_leads_to_as_many_rows_as_it_says(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    links = page.eval_on_selector_all(
        ".drawing a", "all => all.map(link => [link.getAttribute('href'), link.getAttribute('aria-label')])"
    )
    said = summary(run)["entities"]
    ended = sum(1 for entity in said.values() for n in entity["dispositions"].values() if n)
    bands = page.eval_on_selector_all("#flow .drawing a > path", "all => all.length")
    assert bands == 2 * ended  # all at once, and each entity
    for href, label in dict(links).items():
        page.evaluate("href => { location.hash = href }", href)
        until(page, "document.querySelector('#drawer').open && /rows?$/.test(document.querySelector('#rows-status').textContent)")
        time.sleep(0.03)
        promised = number(re.search(r": ([\d,]+), show", label)[1])
        until(page, f"document.querySelector('#rows-status').textContent.replace(/\\D/g, '') === '{promised}'")
        assert not page.is_visible("#rows-note"), label


def test_the_table_behind_a_picture_has_its_numbers(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    page.click("#flow > .wide .behind summary")
    rows = page.eval_on_selector_all(
        "#flow > .wide .behind tbody tr", "rows => rows.map(row => [...row.children].map(cell => cell.textContent.trim()))"
    )
    said = summary(run)["entities"]
    wanted = {
        (name, word, each["dispositions"][word])
        for name, each in said.items()
        for word in DISPOSITIONS
        if each["dispositions"][word]
    }
    assert {(name, word, number(n)) for name, word, _, n in rows} == wanted
    groups = {word: group for _, word, group, _ in rows}
    assert (groups["excluded"], groups["failed"]) == ("left out on purpose", "waiting or failed")


def test_numbers_and_instants_are_in_the_reader_s_language_and_zone(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html", locale="de-DE", timezone_id="Europe/Berlin")
    assert page.text_content("#verdict .figures dd") == "175"
    assert page.evaluate("document.querySelector('#verdict .figures data').value") == "175"
    moment = page.locator("#changes .lead time").first
    assert moment.get_attribute("datetime") == "2031-05-03T12:00:00Z"
    assert "14:00:00" in moment.text_content()
    assert "2031-05-03 12:00:00 UTC" in page.text_content("#changes .lead")
    assert "1.840" in page.text_content("#losses")
    assert "1,840" not in page.text_content("#losses")
    share = page.text_content("#gates tbody tr >> nth=1 >> td:nth-of-type(4)")
    assert "," in share
    assert "." not in share
    times = page.eval_on_selector_all("#timings td.n", "cells => cells.map(cell => cell.textContent)")
    assert times
    assert not [time for time in times if "." in time]
    assert any("," in time for time in times)


def test_what_a_screen_reader_says_of_a_number_is_in_the_reader_s_digits(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html", locale="ar-EG")
    label, shown = page.eval_on_selector("#entities a.count", "link => [link.getAttribute('aria-label'), link.textContent]")
    assert label.endswith(f": {shown}, show the rows")
    assert not re.search("[0-9]", shown)


def test_a_moment_in_utc_reads_the_same_after_one_in_arabic(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html", locale="ar-EG", timezone_id="Asia/Kolkata")
    utc = page.locator("#changes .lead .utc").first
    assert utc.text_content() == "(2031-05-03 12:00:00 UTC)"
    places = """text => [1, 6, 12].map(at => {
        const range = document.createRange();
        range.setStart(text.firstChild, at);
        range.setEnd(text.firstChild, at + 1);
        return range.getBoundingClientRect().x;
    })"""
    year, month, hour = utc.evaluate(places)
    assert year < month < hour


def test_without_a_script_numbers_and_instants_are_readable(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html", java_script_enabled=False)
    assert "2031-05-03 12:00:00 UTC" in page.locator("#changes .lead").first.text_content()
    assert page.locator("#flow svg.drawing").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_and_their_labels_stand_out(run: Path, open_page: Open, scheme: str) -> None:
    page = open_page(run / "report.html", color_scheme=scheme)
    assert page.evaluate(CHART_COLOURS) == []


def test_a_band_is_reached_and_opened_by_the_keyboard(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    page.focus("#flow .drawing a:has(path)")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").endswith("show the rows")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#drawer').open")


def test_a_printed_report_has_its_parts_and_its_page_numbers(run: Path, open_page: Open, tmp_path: Path) -> None:
    page = open_page(run / "report.html")
    file = tmp_path / "report.pdf"
    page.pdf(path=str(file), prefer_css_page_size=True)
    assert file.read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext") is None:
        assert os.environ.get("LMS_MIGRATE_REQUIRE_BROWSER") != "1", "install poppler-utils"
        pytest.skip("pdftotext is not there, so the printed text cannot be read")
    told = subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True).stdout
    pages = told.rstrip("\f").split("\f")
    assert len(pages) > 2
    for at, text in enumerate(pages, start=1):
        assert f"page {at} of {len(pages)}" in text
        assert f"run {NOW}" in text
    parts = ("Gates agreed beforehand", "What changed since the run before", "Flow", "For the record", "Operator", "Signatures")
    for part in (*parts, "no go", "signature"):
        assert part in told
    assert "Download decisions" not in told
    assert "Find a record" not in told


def test_hostile_names_stay_text_in_pictures(runs: dict[str, Any], tmp_path: Path, open_page: Open) -> None:
    hostile = runs["CLOSING"]
    ended = [(hostile, "1", "created", "a", None), (runs["BIDI"], "2", "excluded", None, runs["SCRIPT"])]
    told = [(runs["SCRIPT"], "hold", hostile, "1", runs["BIDI"], hostile, runs["FORMULA"], None)]
    gates = [{"gate": hostile, "entity": None, "says": hostile, "value": hostile, "limit": hostile, "passed": False}]
    runs["lay"](tmp_path / "runs", BEFORE, told, ended, inputs={hostile: "1"})
    folder = runs["lay"](tmp_path / "runs", NOW, [], ended, gates=gates, approval_roles=[hostile], summary={"run": hostile})
    page = open_page(render(folder))
    page.click("#changes .figures a")
    until(page, "document.querySelector('#rows-status').textContent === '1 row'")
    assert page.evaluate("window.attacked") is None
    assert page.query_selector("main img") is None
    assert "</style>" not in page.evaluate("document.querySelector('style').textContent")
