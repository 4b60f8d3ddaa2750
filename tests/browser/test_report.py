"""The report in a browser: numbers, the rows behind them, search, keyboard, hostile text, size."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reports.html import render
from reports.model import DISPOSITIONS
from reports.visible import pieces

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
ROWS = "#grid .grid-body .grid-row"

FILTERING = """() => {
  const input = document.querySelector("#filter-text"), status = document.querySelector("#rows-status");
  const start = performance.now(), pause = 120;
  input.value = "14285";
  input.dispatchEvent(new Event("input"));
  return new Promise((done) => {
    const wait = () => (status.textContent === "100,000 rows" ? setTimeout(wait, 1)
      : done(performance.now() - start - pause));
    wait();
  });
}"""


@pytest.fixture(scope="module")
def run(runs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered run."""
    folder: Path = runs["write_run"](tmp_path_factory.mktemp("browser") / "run")
    render(folder)
    return folder


def number(text: str) -> int:
    return int("".join(sign for sign in text if sign.isdigit()))


def until(page: Any, condition: str, argument: object = None) -> None:
    """Wait for a condition. The page's policy forbids Playwright's own way of waiting."""
    end = time.monotonic() + 10
    while not page.evaluate(condition, argument):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def shown_rows(page: Any) -> int:
    page.wait_for_selector("#rows-status:not(:empty)")
    return number(page.text_content("#rows-status"))


def test_the_numbers_shown_are_the_summary_s(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    summary = json.loads((run / "summary.json").read_text())
    for row in page.query_selector_all("#entities tbody tr"):
        name = row.query_selector("th bdi").text_content()
        said = summary["entities"][name]
        cells = [cell.text_content().strip() for cell in row.query_selector_all("td")]
        wanted = [said["source"], *(said["dispositions"][word] for word in DISPOSITIONS)]
        assert [number(cell) for cell in cells[:10]] == wanted
        assert cells[10] == "✓ ="
        wanted = [said["compared"], said["missing"], said["extra"], sum(said["differences"].values())]
        assert [number(cell) for cell in cells[11:]] == wanted
    findings = {
        row.query_selector("th").text_content(): number(row.query_selector("td.n").text_content())
        for row in page.query_selector_all("#findings tbody tr")
    }
    assert findings == summary["findings"]


def test_every_number_opens_exactly_the_rows_behind_it(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    links = page.eval_on_selector_all("a.count", "links => links.map(link => [link.getAttribute('href'), link.textContent])")
    assert len(links) > 60
    for href, text in links:
        page.evaluate("href => { location.hash = href }", href)
        until(page, "href => document.querySelector('#drawer').open && location.hash === href", href)
        until(page, "document.querySelector('#drawer-title').textContent !== 'Opening…'")
        if "cause=" not in href or "value=" in href:
            assert shown_rows(page) == number(text), href
        assert not page.is_visible("#rows-note"), href


def test_a_click_on_a_count_shows_its_rows(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    page.click('#entities a[aria-label^="users, held"]')
    page.wait_for_selector(ROWS)
    rows = [row.text_content() for row in page.query_selector_all(ROWS)]
    assert len(rows) == 6
    assert all("held" in row and "USR-002" in row for row in rows)
    assert page.text_content("#drawer-title") == "Records · users · held"
    shared = page.url
    page.keyboard.press("Escape")
    page.wait_for_selector("#drawer", state="hidden")
    until(page, "!location.hash.includes('view=')")
    again = open_page(run / "report.html", "#" + shared.split("#")[1])
    again.wait_for_selector(ROWS)
    assert len(again.query_selector_all(ROWS)) == 6


def test_filters_narrow_the_rows(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html", "#view=findings")
    page.wait_for_selector(ROWS)
    assert shown_rows(page) == 32
    page.select_option('select[data-column="code"]', label="REF-BLOCKED")
    assert shown_rows(page) == 18
    page.fill("#filter-text", "users/20")
    until(page, "document.querySelector('#rows-status').textContent === '12 rows'")
    assert "code=REF-BLOCKED" in page.url
    page.click("text=Show all")
    until(page, "document.querySelector('#rows-status').textContent === '32 rows'")


def test_columns_sort(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html", "#view=dispositions&entity=courses")
    page.wait_for_selector(ROWS)
    heading = '#grid [role="columnheader"] >> text=/^key/'
    page.click(heading)
    assert page.text_content(f"{ROWS} >> nth=0").startswith("courses</script>")
    page.click(heading)
    assert page.text_content("#grid-row-0").startswith("courses40")


def test_a_search_finds_a_record_with_all_about_it(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    page.fill("#search-text", "course-9")
    page.keyboard.press("Enter")
    page.wait_for_selector("#record table")
    record = page.text_content("#record")
    assert "created" in record
    assert "number rounded" in record
    page.keyboard.press("Escape")
    page.fill("#search-text", "course-900")
    page.keyboard.press("Enter")
    page.wait_for_selector("#record table")
    assert "extra" in page.text_content("#record")
    page.keyboard.press("Escape")
    page.fill("#search-text", "course-1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#record:not([hidden])")
    page.keyboard.press("Escape")
    page.fill("#search-text", "no such record")
    page.keyboard.press("Enter")
    page.wait_for_selector("#record >> text=Nothing in this page holds this text.")


def test_a_record_names_its_root_cause_and_what_it_keeps_back(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html", "#view=findings&code=REF-BLOCKED&q=20%7C5")
    page.wait_for_selector(ROWS)
    page.click(ROWS)
    page.wait_for_selector("#record table a")
    page.click("#record table a")
    until(page, "document.querySelector('#drawer-title').textContent === 'users 20'")
    assert "two people would get the same user_id" in page.text_content("#record")
    page.click("#record >> text=12 findings of other records")
    page.wait_for_selector(ROWS)
    assert shown_rows(page) == 12


def test_hostile_text_stays_text(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    for address in ("#view=findings", "#view=differences", "#view=dispositions&entity=courses"):
        page.evaluate("href => { location.hash = href }", address)
        page.wait_for_selector(ROWS)
        page.wait_for_timeout(100)
    page.evaluate("location.hash = '#view=findings&code=CRS-001'")
    until(page, "document.querySelector('#rows-status').textContent === '1 row'")
    page.click(ROWS)
    page.wait_for_selector("#record table")
    assert "<script>window.attacked = 1</script>" in page.text_content("#record")
    assert page.evaluate("window.attacked") is None
    assert page.query_selector("img") is None
    assert len(page.query_selector_all("script")) == 13


def test_a_hostile_address_stays_text(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html", "#view=findings&code=%3Cimg%20src%3Dx%20onerror%3D'window.attacked%3D1'%3E")
    until(page, "document.querySelector('#rows-status').textContent === '0 rows'")
    assert page.query_selector("img") is None
    assert page.evaluate("window.attacked") is None


@pytest.mark.parametrize("text", ["two  blanks ", "a\u00a0b", "user\u202egnp.exe", "😀 x\u200b", "", "\tx"])
def test_the_page_shows_characters_as_the_renderers_do(
    run: Path, runs: dict[str, Any], tmp_path: Path, open_page: Open, text: str
) -> None:
    ended = [("courses", "1", "created", "c1", None)]
    unequal = [("courses", "1", "c1", "name", "different", "x" * 3, text)]
    folder = runs["write_rows"](tmp_path / "run", ended, [], unequal, {})
    page = open_page(render(folder), "#view=differences")
    page.wait_for_selector(ROWS)
    shown = page.text_content(f"{ROWS} .grid-cell:last-child")
    assert shown == "".join(piece.text for piece in pieces(text))


def test_the_keyboard_reaches_everything(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.id"))
    wanted = page.eval_on_selector_all(
        "main a[href]", "all => all.filter(a => a.checkVisibility()).map(a => a.getAttribute('href'))"
    )
    assert set(wanted) <= seen
    page.focus('#entities a[aria-label^="courses, created"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(ROWS)
    assert page.evaluate("document.activeElement.id") == "grid"
    for key in ("End", "Home", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    active = page.evaluate("document.querySelector('#grid').getAttribute('aria-activedescendant')")
    assert active == "grid-row-2"
    page.keyboard.press("Enter")
    page.wait_for_selector("#record:not([hidden])")
    until(page, "document.querySelector('#drawer-title').textContent === 'courses 3'")
    page.keyboard.press("Escape")
    page.wait_for_selector("#drawer", state="hidden")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("courses, created")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_schemes(run: Path, open_page: Open, scheme: str, contrast: str) -> None:
    page = open_page(run / "report.html", color_scheme=scheme)
    assert page.evaluate(contrast) == []
    page.evaluate("location.hash = '#view=differences'")
    page.wait_for_selector(ROWS)
    assert page.evaluate(contrast) == []


def test_landmarks_headings_and_names(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html")
    assert page.locator("main, nav[aria-label]:not(dialog *), header.top, form[role=search]").count() == 4
    levels = page.eval_on_selector_all("h1, h2, h3", "all => all.filter(h => !h.closest('dialog')).map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    unnamed = page.eval_on_selector_all(
        "section",
        "all => all.filter(s => !document.getElementById(s.getAttribute('aria-labelledby'))).length",
    )
    assert unnamed == 0


def test_a_narrow_window_scrolls_tables_not_the_page(run: Path, open_page: Open) -> None:
    page = open_page(run / "report.html", viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_stopped_run_opens(runs: dict[str, Any], tmp_path: Path, open_page: Open) -> None:
    def stop(summary: dict[str, Any], run: dict[str, Any]) -> None:
        summary.update(verdict="fail", balanced=False)
        run.update(stopped_at="load", failure="the target went away")

    folder = runs["write_run"](tmp_path / "run", change=stop)
    (folder / "6_reconcile" / "differences.parquet").unlink()
    page = open_page(render(folder))
    assert page.text_content("#verdict h2") == "FAILED"
    page.evaluate("location.hash = '#view=differences'")
    until(page, "document.querySelector('#rows-status').textContent.startsWith('No rows')")


@pytest.mark.long
def test_a_hundred_thousand_findings_open_soon(runs: dict[str, Any], tmp_path: Path, open_page: Open) -> None:
    count = 100_000
    ended = [("grades", str(at), "quarantined", None, f"GRD-{at % 12:03}") for at in range(count)]
    told = [
        (f"GRD-{at % 12:03}", "quarantine", "grades", str(at), "score", f"{at / 7:.5f}",
         f"{at / 7:.5f} is too high", None)
        for at in range(count)
    ]  # fmt: skip
    folder = runs["write_rows"](tmp_path / "run", ended, told, [], {})
    file = render(folder)
    start = time.monotonic()
    page = open_page(file)
    page.wait_for_selector("#entities td")
    first = time.monotonic() - start
    page.evaluate("location.hash = '#view=findings'")
    page.wait_for_selector(ROWS)
    rows = time.monotonic() - start - first
    filtering = page.evaluate(FILTERING)
    size = file.stat().st_size / 1e6
    print(f"{size:.1f} MB, page {first:.2f} s, rows {rows:.2f} s, filter {filtering:.0f} ms")
    assert len(page.query_selector_all(ROWS)) < 100
    page.evaluate("document.querySelector('#filter-text').value = ''")
    page.evaluate("location.hash = '#view=findings&code=GRD-003'")
    until(page, "document.querySelector('#rows-status').textContent === '8,334 rows'")
    page.focus("#grid")
    page.keyboard.press("End")
    page.wait_for_selector("#grid-row-8333")
    assert size < 8
    assert first < 5
    assert rows < 10
