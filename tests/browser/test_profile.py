"""The page of a profile in a browser: nothing is asked for, nothing is unreadable, links lead somewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate.profiling.store import read_profile
from reports.documents.profile import profile_page

pytestmark = pytest.mark.browser

GOLDEN = Path(__file__).parents[1] / "golden" / "profile" / "csv_history.json"
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sample's golden profile."""
    import json

    folder = tmp_path_factory.mktemp("profile")
    known = {"seconds": 1.5, "tool": "0", "address": "source", "workspace": "acme"}
    (folder / "profile.json").write_text(json.dumps(json.loads(GOLDEN.read_text("utf-8")) | known), "utf-8")
    file = folder / "profile.html"
    file.write_text(profile_page(read_profile(folder / "profile.json")), "utf-8")
    return file


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_axe_finds_nothing(page: Path, open_checked: Open, axe: Callable[[Any], list[str]], scheme: str) -> None:
    assert axe(open_checked(page, color_scheme=scheme)) == []


def test_every_link_leads_to_a_place_of_the_page(page: Path, open_page: Open) -> None:
    opened = open_page(page)
    lost = opened.evaluate(
        "() => [...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))"
        ".filter(id => !document.getElementById(id))"
    )
    assert lost == []


def test_the_page_is_as_wide_as_the_window(page: Path, open_page: Open) -> None:
    opened = open_page(page)
    for width in (1280, 600):
        opened.set_viewport_size({"width": width, "height": 900})
        assert opened.evaluate("() => document.documentElement.scrollWidth") <= width
