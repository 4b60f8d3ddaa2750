"""Debian's Chromium, driven by Playwright. Without them these tests are skipped, unless they are required."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RUNS = Path(__file__).parents[1] / "unit" / "reports" / "conftest.py"


@pytest.fixture(scope="session")
def runs() -> dict[str, Any]:
    """The writers of run folders that the unit tests use."""
    return runpy.run_path(str(RUNS))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    required = os.environ.get("LMS_MIGRATE_REQUIRE_BROWSER") == "1"
    missing = pytest.fail if required else pytest.skip
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    if not CHROMIUM.exists():
        missing(f"{CHROMIUM} is not there")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a report from its file. At the end no error was logged and nothing but the file was asked for."""
    contexts = []
    errors: list[str] = []
    asked: set[str] = set()
    allowed = {"data:,"}

    def opened(file: Path, address: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.add(request.url.split("#")[0]))
        allowed.add(file.resolve().as_uri())
        page.goto(file.resolve().as_uri() + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
    assert asked <= allowed
