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

AXE_RULES = "{runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}, "
AXE_RULES += "rules: {'skip-link': {enabled: false}}, resultTypes: ['violations']}"
"""Links within the report lead to views that are drawn when followed; that rule takes some of them for broken skip links."""

CONTRAST = """() => {
  const light = (colour) => {
    const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("dialog:not([open]), script, svg") || !element.checkVisibility()) continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const ink = light(parse(getComputedStyle(element).color).slice(0, 3));
    const [a, b] = [ink, light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(poor)];
}"""


@pytest.fixture
def contrast() -> str:
    """A script that gives every element whose text does not stand out from what is behind it (WCAG AA, 4.5 to 1)."""
    return CONTRAST


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


@pytest.fixture
def open_checked(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page together with axe-core, which the page's own policy would keep out."""
    script = pytest.importorskip("axe_playwright_python.base").AXE_SCRIPT
    contexts = []

    def opened(file: Path, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "bypass_csp": True, **options})
        contexts.append(context)
        page = context.new_page()
        page.goto(file.resolve().as_uri())
        page.evaluate(script)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def axe() -> Callable[[Any], list[str]]:
    """What axe-core finds wrong with a page as it is now."""

    def violations(page: Any) -> list[str]:
        found = page.evaluate(f"async () => (await axe.run(document, {AXE_RULES})).violations")
        return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]

    return violations
