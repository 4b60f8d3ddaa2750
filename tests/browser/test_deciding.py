"""Deciding in the report, offline: items of several kinds, a whole cause, the file that import takes, and nothing lost."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from migrate.errors import Problem
from migrate.worklist.answers_csv import csv_answers
from migrate.worklist.cells import decoded
from reports.formulas import restored
from reports.html import render

pytestmark = [pytest.mark.browser, pytest.mark.long]

Open = Callable[..., Any]
ROWS = "#grid .grid-body .grid-row"
HEADER = ["item", "decision", "new_value", "reason", "by", "at", "run"]
VALUE = '-saml,\n"x" \x07 _x000D_ 😀'
HOSTILE_REASON = "=cmd|'/c calc'!A1 <img src=x onerror='window.attacked = 1'> \"quoted\", \u202eback"


@pytest.fixture(scope="module")
def run(runs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered run with a worklist, of which some items are decided."""
    folder: Path = runs["write_run"](tmp_path_factory.mktemp("deciding") / "run")
    runs["write_worklist"](folder, runs["decide_some"])
    render(folder)
    return folder


@pytest.fixture
def items(run: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(run / "worklist.parquet").to_pylist())


def until(page: Any, condition: str, argument: object = None) -> None:
    """Wait for a condition. The page's policy forbids Playwright's own way of waiting."""
    end = time.monotonic() + 10
    while not page.evaluate(condition, argument):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def status(page: Any, text: str) -> None:
    until(page, "text => document.querySelector('#marks-status').textContent === text", text)


def go(page: Any, address: str) -> None:
    page.evaluate("href => { location.hash = href }", address)


def decide(page: Any, form: str, decision: str, reason: str = "", by: str | None = None, value: str | None = None) -> None:
    """Fill in the form of an item or of many, and send it."""
    page.wait_for_selector(f"{form} form")
    page.check(f"{form} input[value={decision}]")
    if value is not None:
        page.fill(f"{form} textarea[id$=-value]", value)
    page.fill(f"{form} textarea[id$=-reason]", reason)
    if by is not None:
        page.fill(f"{form} input[id$=-by]", by)
    page.click(f"{form} button[type=submit]")


def decide_item(page: Any, items: list[dict[str, Any]], item: dict[str, Any], *answer: Any, **more: Any) -> None:
    go(page, f"#view=item&row={items.index(item) + 1}")
    until(page, "id => document.querySelector('#drawer-title').textContent.includes(id)", item["item"])
    decide(page, "#record", *answer, **more)
    page.wait_for_selector("#record form [role=status]:not(:empty)")


def download(page: Any) -> tuple[str, list[list[str]]]:
    with page.expect_download() as waiting:
        page.click("#marks-download")
    data = Path(waiting.value.path()).read_bytes()
    problems: list[Problem] = []
    answers = list(csv_answers(Path(waiting.value.path()), problems))
    assert problems == []
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    read = [(a.item, a.decision, a.new_value, a.reason, a.by, a.at, a.run) for a in answers]
    assert read == [tuple(decoded(restored(cell)) for cell in cells) for cells in lines[1:]]
    return waiting.value.suggested_filename, lines


def open_items(items: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [item for item in items if item["kind"] == kind and item["state"] == "open"]


def test_what_is_decided_in_the_page_is_in_the_file(run: Path, items: list[dict[str, Any]], open_page: Open) -> None:
    page = open_page(run / "report.html")
    assert not page.is_visible("#marks-bar")
    crosswalk, root = open_items(items, "crosswalk")[0], open_items(items, "root")[0]
    record = next(item for item in items if item["code"] == "LOAD-REFUSED")
    expired = next(item for item in items if item["state"] == "expired")
    decide_item(page, items, crosswalk, "confirm", "as [U+000D] agreed", by="Ana Lúcia", value=VALUE)
    decide_item(page, items, root, "waive", HOSTILE_REASON)
    decide_item(page, items, record, "override", "the new address", value="'=7")
    decide_item(page, items, expired, "reopen", "the value is another one")
    status(page, "4 decisions not yet downloaded")

    page.click("#drawer-close")
    page.click(f'.need[data-cause="{root["cause"]}"] a.decide-link')
    page.wait_for_selector(ROWS)
    page.click("#bulk summary")
    decide(page, "#bulk", "return", "the registry has to say")
    cause = [item for item in items if item["cause"] == root["cause"]]
    until(page, "text => document.querySelector('#rows-status').textContent.includes(text)", "1 had another mark")
    name, (header, *lines) = download(page)

    assert name == "decisions-2031-05-04T0910Z-a1.csv"
    assert header == HEADER
    wanted = {
        crosswalk["item"]: ("confirm", VALUE, "as [U+000D] agreed"),
        record["item"]: ("override", "'=7", "the new address"),
        expired["item"]: ("reopen", "", "the value is another one"),
    } | {item["item"]: ("return", "", "the registry has to say") for item in cause}
    assert {line[0]: tuple(decoded(restored(cell)) for cell in line[1:4]) for line in lines} == wanted
    assert [line[0] for line in lines] == [item["item"] for item in items if item["item"] in wanted]
    assert {(line[4], line[6]) for line in lines} == {("Ana Lúcia", "2031-05-04T0910Z-a1")}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", line[5]) for line in lines)
    assert not [cell for line in lines for cell in line if cell[:1] in "=+-@\t\r" and cell]
    status(page, f"{len(lines)} decisions downloaded")
    assert page.text_content("#marks-note") == f"Next: lms-migrate worklist import WORKSPACE {name}"


def test_hostile_text_stays_text(run: Path, items: list[dict[str, Any]], open_page: Open) -> None:
    page = open_page(run / "report.html", "#view=worklist")
    page.wait_for_selector(ROWS)
    hostile = next(item for item in items if item["code"] == "CRS-001")
    decide_item(page, items, hostile, "reopen", HOSTILE_REASON, by="<b>x</b>")
    assert "</script><img" in page.text_content("#record")
    page.click("#marks-show")
    assert HOSTILE_REASON.replace("\u202e", "U+202E") in page.text_content("#marked-list")
    assert page.query_selector("img") is None
    assert page.query_selector("#marked-list b >> text=x") is None
    assert page.evaluate("window.attacked") is None
    _, (_, line) = download(page)
    assert (line[3], decoded(restored(line[3]))) == ("'" + HOSTILE_REASON, HOSTILE_REASON)


def test_a_mark_can_be_changed_and_taken_back_and_outlives_a_reload(
    run: Path, items: list[dict[str, Any]], open_page: Open
) -> None:
    page = open_page(run / "report.html")
    asked: list[str] = []

    def leave(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    first, second = open_items(items, "crosswalk")[:2]
    decide_item(page, items, first, "waive", "one", by="A. Mensah")
    decide_item(page, items, second, "waive", "two")
    page.reload()
    assert asked == ["beforeunload"]
    status(page, "2 decisions not yet downloaded")
    until(page, "document.querySelectorAll('#marked-list > li').length === 2")
    assert "one" in page.text_content("#marked-list")
    decide_item(page, items, first, "return", "three")
    assert page.input_value("#record input[id$=-by]") == "A. Mensah"
    status(page, "2 decisions not yet downloaded")
    page.click("#record >> text=Take back")
    status(page, "1 decision not yet downloaded")
    _, (_, *lines) = download(page)
    assert [(line[0], line[3]) for line in lines] == [(second["item"], "two")]
    page.reload()
    assert asked == ["beforeunload"], "nothing would be lost"
    status(page, "1 decision downloaded")
    page.click("#marks-show")
    page.click("#marked-list >> text=Take back")
    until(page, "document.querySelector('#marks-bar').hidden")
    assert page.evaluate("document.activeElement.id") == "worklist-title"
    page.reload()
    page.wait_for_selector("#worklist")
    assert page.evaluate("sessionStorage.getItem('lms-migrate 2031-05-04T0910Z-a1')") is None


def test_a_browser_without_memory_says_so(run: Path, items: list[dict[str, Any]], browser: Any) -> None:
    context = browser.new_context()
    refuse = "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
    context.add_init_script(refuse)
    page = context.new_page()
    page.goto((run / "report.html").as_uri())
    decide_item(page, items, open_items(items, "crosswalk")[0], "waive", "one", by="A. Mensah")
    status(page, "1 decision not yet downloaded")
    assert "keeps no memory" in page.text_content("#marks-note")
    decide_item(page, items, open_items(items, "crosswalk")[1], "waive", "two")
    assert len(download(page)[1]) == 3
    context.close()


def test_what_is_missing_is_asked_for(run: Path, items: list[dict[str, Any]], open_page: Open) -> None:
    page = open_page(run / "report.html")
    record = next(item for item in items if item["code"] == "LOAD-REFUSED")
    go(page, f"#view=item&row={items.index(record) + 1}")
    page.wait_for_selector("#record form")
    send = "#record button[type=submit]"
    focused = "(document.activeElement.id || '').split('-').pop()"
    for fill, said, where in (
        ("", "Choose a decision.", "accept"),
        ("input[value=override]", "This decision needs a new value.", "value"),
        ("textarea[id$=-value]", "Say why: a decision needs a reason.", "reason"),
        ("textarea[id$=-reason]", "Say who decides: a name is needed.", "by"),
    ):
        if fill.startswith("input"):
            page.check(f"#record {fill}")
        elif fill:
            page.fill(f"#record {fill}", "x")
        page.click(send)
        assert page.text_content("#record .problem") == said
        assert page.evaluate(focused) == where
    assert page.get_attribute("#record input[id$=-by]", "aria-invalid") == "true"
    assert not page.is_visible("#marks-bar")
    page.check("#record input[value=waive]")
    assert not page.is_visible("#record textarea[id$=-value]")


def test_the_keyboard_is_enough(run: Path, items: list[dict[str, Any]], open_page: Open) -> None:
    page = open_page(run / "report.html")
    page.focus("#needs a.decide-link >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_selector(ROWS)
    until(page, "document.activeElement.id === 'grid'")
    page.keyboard.press("Enter")
    page.wait_for_selector("#record form")
    until(page, "document.activeElement.id === 'drawer-title'")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "radio":
            break
    page.keyboard.press("ArrowUp")  # from the first to the last
    decision = page.evaluate("document.activeElement.value")
    page.keyboard.press("Tab")
    page.keyboard.type("seen")
    page.keyboard.press("Tab")
    page.keyboard.type("R. Okafor")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    status(page, "1 decision not yet downloaded")
    assert page.input_value("#record textarea[id$=-reason]") == "seen"
    assert page.is_checked(f"#record input[value={decision}]")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "marks-download":
            break
    with page.expect_download():
        page.keyboard.press("Enter")
    status(page, "1 decision downloaded")


def test_numbers_open_exactly_their_items_and_filters_know_the_marks(
    run: Path, items: list[dict[str, Any]], open_page: Open
) -> None:
    page = open_page(run / "report.html")
    links = page.eval_on_selector_all(
        "a.count[href*='view=worklist']", "links => links.map(link => [link.getAttribute('href'), link.textContent])"
    )
    assert len(links) > 10
    for href, text in links:
        go(page, href)
        until(page, "text => parseInt(document.querySelector('#rows-status').textContent, 10) === Number(text)", text)
        assert not page.is_visible("#rows-note"), href
    decide_item(page, items, open_items(items, "crosswalk")[0], "waive", "one", by="A. Mensah")
    go(page, "#view=worklist&mark=waive")
    until(page, "document.querySelector('#rows-status').textContent === '1 row'")
    go(page, "#view=worklist")
    page.wait_for_selector(ROWS)
    page.fill("#filter-text", "no such text")
    until(page, "document.querySelector('#rows-status').textContent === '0 rows'")
    page.click("#drawer-close")
    page.fill("#search-text", items[3]["item"])
    page.keyboard.press("Enter")
    until(page, "id => document.querySelector('#drawer-title').textContent.includes(id)", items[3]["item"])


def test_a_record_shows_its_items_and_what_was_decided(run: Path, items: list[dict[str, Any]], open_page: Open) -> None:
    page = open_page(run / "report.html")
    expired = next(item for item in items if item["state"] == "expired")
    go(page, f"#view=item&row={items.index(expired) + 1}")
    page.wait_for_selector("#record form")
    page.click("#record .facts a[href*='view=record']")
    until(page, "document.querySelector('#drawer-title').textContent === 'users 20'")
    table = page.text_content('#record [aria-label="Worklist"]')
    for text in (expired["item"], "expired", "override", "R. Okafor", "the source value is another one now"):
        assert text in table
    page.click(f"#record >> text={expired['item']}")
    page.wait_for_selector("#record form")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_deciding_is_readable(
    run: Path, items: list[dict[str, Any]], open_page: Open, scheme: str, width: int, contrast: str
) -> None:
    page = open_page(run / "report.html", color_scheme=scheme, viewport={"width": width, "height": 800})
    decide_item(page, items, open_items(items, "crosswalk")[0], "waive", "one", by="A. Mensah")
    assert page.evaluate(contrast) == []
    go(page, "#view=worklist")
    page.wait_for_selector(ROWS)
    page.click("#bulk summary")
    page.wait_for_selector("#bulk form")
    page.click("#bulk button[type=submit]")
    assert page.evaluate(contrast) == []
    page.click("#marks-show")
    assert page.evaluate(contrast) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    unnamed = page.eval_on_selector_all(
        "input, textarea, select, button", "all => all.filter(each => !(each.labels && each.labels.length) && !each.textContent)"
    )
    assert unnamed == []
    page.emulate_media(media="print")
    assert page.is_visible("#marked-list")
    assert not page.is_visible("#marks-bar")


@pytest.mark.long
def test_two_hundred_thousand_items_stay_usable(runs: dict[str, Any], tmp_path: Path, open_page: Open) -> None:
    count = 200_000
    ended = [("grades", str(at), "quarantined", None, f"GRD-{at % 12:03}") for at in range(count)]
    told = [
        (f"GRD-{at % 12:03}", "quarantine", "grades", str(at), "score", f"{at / 7:.5f}", f"{at / 7:.5f} is too high", None)
        for at in range(count)
    ]
    folder = runs["write_rows"](tmp_path / "run", ended, told, [], {})
    file = render(runs["write_worklist"](folder))
    page = open_page(file, "#view=worklist")
    page.wait_for_selector(ROWS)
    start = time.monotonic()
    page.fill("#filter-text", "14285")
    until(page, "document.querySelector('#rows-status').textContent !== '200,000 rows'")
    filtered = time.monotonic() - start
    page.click("text=Show all")
    until(page, "document.querySelector('#rows-status').textContent === '200,000 rows'")
    page.click("#bulk summary")
    start = time.monotonic()
    decide(page, "#bulk", "waive", "all of them", by="R. Okafor")
    status(page, "200,000 decisions not yet downloaded")
    marked = time.monotonic() - start
    start = time.monotonic()
    _, lines = download(page)
    saved = time.monotonic() - start
    size = file.stat().st_size / 1e6
    print(f"{size:.1f} MB, filter {filtered:.2f} s, mark {marked:.2f} s, download {saved:.2f} s")
    assert len(lines) == count + 1
    assert size < 25
    assert filtered < 5
    assert marked < 15
    assert saved < 30
