"""Documents in a browser: the worksheet is filled in and its file is what the import takes; nothing is asked for."""

from __future__ import annotations

import csv
import datetime as dt
import io
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migrate.test_plan import sheets, store
from migrate.test_plan.take_in import take_in
from migrate.test_plan.write import look_again, write_plan
from migrate.workspace import open_workspace
from reports.documents.render import page, write
from reports.documents.test_plan import PlanDocument

pytestmark = pytest.mark.browser

SUPPORT = Path(__file__).parents[1] / "e2e" / "support"
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
POLICY = """\
seed: a-seed-for-the-browser
classes: {critical: {claim: 5}, major: {aql: 2.5}, minor: {aql: 6.5}}
requirements:
  - {id: REQ-1, risk: critical, text: Nobody is lost., covers: ["people.*"]}
  - {id: REQ-2, risk: major, text: Names are right., covers: ["people.name"]}
directed:
  - {entity: people, which: excluded, why: "=1+1 left out"}
"""
NOTE = '=HYPERLINK("http://x.example"), "second"\nline'
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run and a plan."""
    from migrate.pipeline import run

    pair = runpy.run_path(str(SUPPORT / "small_pair.py"))
    folder = Path(pair["write_workspace"](tmp_path_factory.mktemp("documents") / "school"))
    pair["write_rows"](folder, pair["GOOD_ROWS"])
    assert run(folder, now=lambda: NOW).failure is None
    (folder / "test_plan.yaml").write_text(POLICY, "utf-8")
    write_plan(open_workspace(folder), None, NOW)
    return folder


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_axe_finds_nothing(school: Path, open_checked: Open, axe: Callable[[Any], list[str]], scheme: str) -> None:
    for document in ("test_plan.html", "test_worksheet.html"):
        opened = open_checked(school / "documents" / document, color_scheme=scheme)
        assert axe(opened) == [], document


def download(opened: Any, folder: Path) -> Path:
    with opened.expect_download() as expected:
        opened.click("#download")
    file = folder / expected.value.suggested_filename
    expected.value.save_as(file)
    return Path(file)


def test_the_worksheet_is_filled_in_offline_and_handed_in(school: Path, open_page: Open, tmp_path: Path) -> None:
    opened = open_page(school / "documents" / "test_worksheet.html")
    plan = store.latest(school).plan
    picks = [pick.id for pick in plan.picks]
    assert opened.inner_text("#progress") == f"0 of {len(picks)} looked at, 0 failed"
    rows = opened.locator("tr[data-pick]")
    for at in range(len(picks)):
        rows.nth(at).locator("input[value=pass]").check()
    rows.nth(0).locator("input[value=fail]").check()
    opened.click("#download")  # refused: no name, no note
    said = opened.locator("#errors li").all_inner_texts()
    assert said == ["Your name is missing", f"{picks[0]}: say what you saw", f"{picks[0]}: say what is not met"]
    opened.fill("#tester", "Ana")
    opened.fill("#tested_on", "2026-03-01")
    rows.nth(0).locator("textarea").fill(NOTE)
    rows.nth(0).get_by_label("REQ-1").check()
    assert opened.inner_text("#progress") == f"{len(picks)} of {len(picks)} looked at, 1 failed"
    file = download(opened, tmp_path)
    cells = [cell for row in csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    taken = take_in(open_workspace(school), file, NOW + dt.timedelta(days=400))
    assert taken.new == len(picks)
    first = store.current(store.results(school, plan.id))[picks[0]]
    assert (first.result, first.requirement, first.note, first.tester) == ("fail", "REQ-1", NOTE, "Ana")


def test_an_earlier_file_is_gone_on_with_and_one_of_another_plan_is_not(school: Path, open_page: Open, tmp_path: Path) -> None:
    blank = store.latest(school).plan
    opened = open_page(school / "documents" / "test_worksheet.html")
    opened.fill("#tester", "Bo")
    rows = opened.locator("tr[data-pick]")
    rows.nth(1).locator("input[value=fail]").check()
    rows.nth(1).locator("textarea").fill('a, "b"\nc')
    rows.nth(1).get_by_label("REQ-2").check()
    file = download(opened, tmp_path)
    again = open_page(school / "documents" / "test_worksheet.html")
    again.set_input_files("#earlier", str(file))
    again.wait_for_function("document.querySelector('#progress').textContent.includes('1 failed')")
    assert again.locator("tr[data-pick]").nth(1).locator("textarea").input_value() == 'a, "b"\nc'
    (row,) = [r for r in sheets.read(download(again, tmp_path)) if r.cells["result"]]
    assert (row.cells["tester"], row.cells["requirement"]) == ("Bo", "REQ-2")
    other = tmp_path / "other.csv"
    other.write_text(file.read_text("utf-8-sig").replace(blank.id, "TP-0000000000000000"), "utf-8")
    again.set_input_files("#earlier", str(other))
    again.wait_for_selector("#errors li")
    assert "another test plan" in again.inner_text("#errors")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["test_plan", "test_worksheet", "mapping_specification"])
def test_text_can_be_read_and_controls_have_names(school: Path, open_page: Open, name: str, scheme: str, contrast: str) -> None:
    from migrate.specification import specification
    from reports.documents.render import specification_page

    write(school / "documents" / "mapping_specification.html", specification_page(specification(open_workspace(school), NOW)))
    opened = open_page(school / "documents" / f"{name}.html", color_scheme=scheme)
    assert opened.evaluate(contrast) == []
    nameless = """() => [...document.querySelectorAll("input, select, textarea, button, fieldset")].filter((e) =>
      !(e.getAttribute("aria-label") || (e.labels && e.labels.length) || e.textContent.trim())).map((e) => e.outerHTML)"""
    assert opened.evaluate(nameless) == []
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("name", ["test_plan", "test_worksheet", "mapping_specification"])
def test_on_a_telephone_nothing_is_cut_off_and_what_scrolls_is_reached_by_keys(
    school: Path, open_checked: Open, axe: Callable[[Any], list[str]], name: str
) -> None:
    from migrate.specification import specification
    from reports.documents.render import specification_page

    write(school / "documents" / "mapping_specification.html", specification_page(specification(open_workspace(school), NOW)))
    opened = open_checked(school / "documents" / f"{name}.html", viewport={"width": 375, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert axe(opened) == []


def test_on_paper_the_worksheet_is_not_wider_than_the_page(school: Path, open_page: Open) -> None:
    opened = open_page(school / "documents" / "test_worksheet.html", viewport={"width": 718, "height": 1000})
    opened.emulate_media(media="print")
    wide = "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > innerWidth).length"
    assert opened.evaluate(wide) == 0


@pytest.fixture
def large(school: Path, tmp_path: Path) -> Path:
    """The test plan of a large migration: long names, and numbers of many digits."""
    drawn: PlanDocument = look_again(open_workspace(school), store.latest(school), NOW)
    numbers = {"lot": 1_234_567, "size": 2_995, "tested": 2_995, "wrong": 1_200, "shows": 0.0998, "would_show": 0.0998}

    def long(name: str) -> str:
        return name.replace("people", "certification_completions")

    inspections = tuple(
        replace(one, id=long(one.id), entity=long(one.entity), strata=("status", "auth"), **numbers)  # type: ignore[arg-type]
        for one in drawn.inspections
    )
    requirements = tuple(replace(one, inspections=tuple(map(long, one.inspections))) for one in drawn.requirements)
    return write(
        tmp_path / "large.html",
        page("test_plan.html.j2", "", document=replace(drawn, inspections=inspections, requirements=requirements)),
    )


def test_on_paper_no_table_of_a_large_test_plan_is_wider_than_the_page(large: Path, open_page: Open) -> None:
    opened = open_page(large, viewport={"width": 688, "height": 1000})  # A4, less the margins that the page asks for
    opened.emulate_media(media="print")
    wide = "[...document.querySelectorAll('table')].map(t => Math.ceil(t.getBoundingClientRect().right - innerWidth))"
    assert max(opened.evaluate(wide)) <= 0


def test_on_a_telephone_a_large_test_plan_is_not_cut_off(
    large: Path, open_checked: Open, axe: Callable[[Any], list[str]]
) -> None:
    opened = open_checked(large, viewport={"width": 375, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert axe(opened) == []


def test_hostile_text_does_nothing(school: Path, open_page: Open, tmp_path: Path) -> None:
    hostile = "</script><img src=x onerror='window.attacked = 1'><script>window.attacked = 1</script>"
    drawn: PlanDocument = look_again(open_workspace(school), store.latest(school), NOW)
    picks = tuple(
        replace(p, why=hostile, expected=((hostile, hostile),), result="fail", note=hostile, tester=hostile) for p in drawn.picks
    )
    changed = replace(drawn, picks=picks, label=hostile)
    for template, script in (("test_worksheet.html.j2", "test_worksheet.js"), ("test_plan.html.j2", "")):
        file = write(tmp_path / "hostile.html", page(template, script, document=changed))
        opened = open_page(file)
        assert opened.evaluate("window.attacked") is None
        assert hostile in opened.inner_text("body")
