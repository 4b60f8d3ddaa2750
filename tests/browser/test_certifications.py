"""The section of certifications in a browser: its numbers, the way to the findings, narrow and dark, and what axe-core says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.html import render

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e" / "support"))

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run in which a mapping shifts every expiry by a day."""
    from certified_pair import Plant

    plant = Plant(
        tmp_path_factory.mktemp("certified") / "plant", holdings=("    from: ends\n", "    expr: ends + interval 1 day\n")
    )
    return render(plant.run().folder)


def test_the_section_leads_to_the_findings_of_the_people(page_file: Path, open_page: Open) -> None:
    page = open_page(page_file, "#certifications")
    assert page.locator('nav a[href="#certifications"] .tally').inner_text() == "3"
    section = page.locator("#certifications")
    rows = [row.split("\t") for row in section.locator("table").first.inner_text().splitlines()]
    assert ["C-FORK", "2026-01-01"] in [row[:2] for row in rows]
    section.get_by_role("link", name="later, findings").click()
    page.wait_for_selector("#rows-status:not(:empty)")
    assert page.text_content("#rows-status").startswith("3 rows")
    assert "REC-CERT-LATER" in page.locator("#grid").inner_text()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 400)])
def test_the_section_can_be_read_by_everybody(
    page_file: Path, open_checked: Open, axe: Any, contrast: str, scheme: str, width: int
) -> None:
    page = open_checked(page_file, color_scheme=scheme, viewport={"width": width, "height": 900})
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), "only tables scroll sideways"
    assert page.evaluate(contrast) == []
    assert axe(page) == []
