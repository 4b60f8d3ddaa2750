"""The runbook's page as a browser shows it: nothing in it runs, nothing is loaded, and nothing is cut off on paper."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.documents.runbook import write_runbook

pytestmark = pytest.mark.browser

UNIT = Path(__file__).parents[1] / "unit"
DESK = runpy.run_path(str(UNIT / "migrate" / "runbook" / "conftest.py"))
BENCH = runpy.run_path(str(UNIT / "conftest.py"))
BAD = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    desk = DESK["_desk"](BENCH["Bench"](tmp_path), DESK["TARGET"], "")
    desk.run(minutes=20)
    desk.book(DESK["BOOK"].replace("name: Ada", f"name: {BAD!r}").replace("title: Verify", f"title: {BAD!r}, check: {BAD!r}"))
    desk.round(BAD, begin="close")
    desk.tick("close", by=BAD, note=BAD)
    return write_runbook(desk.opened())[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_shows_hostile_text_and_runs_none_of_it(browser: Any, page_file: Path, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(page_file.as_uri())
    assert page.get_by_role("heading", level=1).inner_text() == "Night"
    assert page.get_by_text(BAD).count() > 5
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.get_by_role("img", name="2 is done").count() == 1
    assert said == []
    page.close()


def test_on_a_telephone_what_scrolls_is_reached_by_keys(
    open_checked: Callable[..., Any], axe: Callable[[Any], list[str]], page_file: Path
) -> None:
    assert axe(open_checked(page_file, viewport={"width": 375, "height": 800})) == []


def test_on_paper_no_table_is_wider_than_the_page(browser: Any, page_file: Path) -> None:
    page = browser.new_page(viewport={"width": 1046, "height": 720})  # A4 across, less its margins
    page.goto(page_file.as_uri())
    page.emulate_media(media="print")
    wide = page.evaluate(
        "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > innerWidth).length"
    )
    assert wide == 0
    over = "[...document.querySelectorAll('td, th')].filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.textContent)"
    assert page.evaluate(over) == [], "these stand over what is beside them"
    page.close()
