"""The page of a live run that was taken back: nothing is cut off on a telephone, and its numbers lead to their rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.html import render

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
RUN = "20260301-120000"
ADDRESS = "postgresql+psycopg://a-user-with-a-long-name@database.of-the-organisation.example.org:5432/learning_management"


@pytest.fixture(scope="module")
def live(runs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    def as_live(summary: dict[str, Any], run: dict[str, Any]) -> None:
        summary["mode"] = "live"
        before = {name: dict(numbers["dispositions"]) for name, numbers in summary["entities"].items()}
        before["users"]["created"] += 3
        run["live"] = {
            "target": {"address": ADDRESS},
            "entities": {},
            "handed_over": "hand_over/README.txt",
            "already": {"users": {"created": {"unchanged": 2}}},
        }
        run["predicted"] = {"run": "20260228-100000", "entities": before, "changed_inputs": []}
        run["approvals"] = [{"role": "quality", "name": "B", "at": "2026-02-28T11:00:00+00:00", "rehearsal": "20260228-100000"}]

    folder: Path = runs["write_run"](tmp_path_factory.mktemp("live") / "runs" / RUN, change=as_live)
    rollback = folder.parent / "20260302-081400"
    rollback.mkdir()
    told = {"of_run": RUN, "ended": "2026-03-02T08:15:00+00:00", "counts": {"users": {"remove": 4}}}
    (rollback / "rollback.json").write_text(json.dumps(told), "utf-8")
    render(folder)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_on_a_telephone(
    live: Path, open_checked: Open, axe: Callable[[Any], list[str]], contrast: str, scheme: str
) -> None:
    page = open_checked(live / "report.html", viewport={"width": 375, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate(contrast) == []
    assert axe(page) == []


def test_on_paper_no_table_is_wider_than_the_page(live: Path, open_page: Open) -> None:
    page = open_page(live / "report.html", viewport={"width": 718, "height": 1000})  # A4, less its margins
    page.emulate_media(media="print")
    wide = "[...document.querySelectorAll('main table')].filter(t => t.getBoundingClientRect().right > innerWidth).length"
    assert page.evaluate(wide) == 0, "a browser makes the whole page smaller for it"


def test_what_came_otherwise_leads_to_its_records_and_back(live: Path, open_page: Open) -> None:
    page = open_page(live / "report.html")
    assert page.locator("#verdict > p strong").inner_text().startswith("This run was taken back on ")
    count = page.locator("#live a.count").first
    wanted = count.inner_text()
    count.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#rows-status:not(:empty)")
    assert page.inner_text("#rows-status").split()[0] == wanted
    page.go_back()
    assert page.locator("dialog[open]").count() == 0


def test_a_record_that_is_named_by_its_key_is_the_one_of_its_row(live: Path, open_page: Open) -> None:
    page = open_page(live / "report.html", "#view=dispositions&entity=courses")
    page.wait_for_selector("#grid .grid-body .grid-row")
    key = page.locator("#grid .grid-body .grid-row .opens").first.inner_text()
    shown = []
    for address in ("#view=record&entity=courses&key=" + key, "#" + "view=dispositions&entity=courses"):
        page.evaluate("address => { location.hash = address }", address)
        if address.startswith("#view=record"):
            page.wait_for_selector("#record >> text=row in dispositions.parquet")
        else:
            page.wait_for_selector("#grid .grid-body .grid-row >> nth=0")
            page.locator("#grid .grid-body .grid-row").first.click()
            page.wait_for_selector("#record >> text=row in dispositions.parquet")
        shown.append(page.inner_text("#record"))
    assert shown[0] == shown[1]
