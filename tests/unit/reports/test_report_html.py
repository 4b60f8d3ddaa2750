"""The page is one file, hostile text stays text in it, and equal runs give equal pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from reports.build import build
from reports.html import duration, render
from reports.text import render_text
from reports.xlsx.write import write_xlsx


class Reader(HTMLParser):
    """Collects tags and attributes, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_nothing_but_itself(run_folder: Path) -> None:
    page = render(run_folder).read_text(encoding="utf-8")
    for tag, attributes in Reader(page).tags:
        assert not attributes.get("src"), tag
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (
            tag,
            attributes,
        )
        address = attributes.get("href")
        assert address is None or address.startswith("#") or address == "data:,"


def test_the_policy_allows_our_own_style_and_script_only(run_folder: Path) -> None:
    tags = Reader(render(run_folder).read_text(encoding="utf-8")).tags
    policy = next(attributes["content"] for tag, attributes in tags if "http-equiv" in attributes) or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_hostile_text_stays_text(run_folder: Path) -> None:
    page = render(run_folder).read_text(encoding="utf-8")
    assert "<script>window" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;window.attacked" in page
    assert len(re.findall(r"<script\b", page)) == 13


def test_equal_runs_give_equal_pages(run_folder: Path) -> None:
    first = render(run_folder).read_bytes()
    assert render(run_folder).read_bytes() == first


def test_a_stopped_run_has_a_page(make_run: Callable[..., Path]) -> None:
    def stop(summary: dict[str, Any], run: dict[str, Any]) -> None:
        for name in list(summary):
            if name not in {"run", "mode", "verdict"}:
                del summary[name]
        run.update(stopped_at="extract", failure="<b>no route to the source</b>")

    folder = make_run(stop)
    for file in folder.rglob("*.parquet"):
        file.unlink()
    page = render(folder).read_text(encoding="utf-8")
    assert "The run stopped at extract." in page
    assert "&lt;b&gt;no route to the source&lt;/b&gt;" in page


def test_a_run_that_stopped_before_records_ended_is_not_said_to_be_unbalanced(make_run: Callable[..., Path]) -> None:
    def stop(summary: dict[str, Any], run: dict[str, Any]) -> None:
        for entity in summary["entities"].values():
            entity["dispositions"] = dict.fromkeys(entity["dispositions"], 0)
        run["stopped_at"] = "validate"

    folder = make_run(stop)
    page = render(folder).read_text(encoding="utf-8")
    assert "not judged</span>" in page
    assert "accounted for." not in page
    assert " NO " not in render_text(folder)
    write_xlsx(build(folder), folder / "report.xlsx")
    overview = openpyxl.load_workbook(folder / "report.xlsx").worksheets[0]
    assert not any(cell.value == "NO" for row in overview.iter_rows() for cell in row)

    figures = page.partition('<dl class="figures">')[2].partition("</dl>")[0]
    assert figures.count("the run stopped before this was known") == 3
    assert "<data" in figures, "what was read is known"


def test_blanks_of_what_the_tool_says_are_blanks(run_folder: Path) -> None:
    facts = json.loads((run_folder / "run.json").read_text("utf-8"))
    facts["failure"] = "no table\n    next:    name the right source\u202e"
    (run_folder / "run.json").write_text(json.dumps(facts), "utf-8")
    failure = render(run_folder).read_text("utf-8").partition('<pre class="failure">')[2].partition("</pre>")[0]
    assert "    next:    name" in failure
    assert "·" not in failure
    assert "U+202E" in failure


def test_one_is_not_said_in_the_plural(run_folder: Path) -> None:
    page = render(run_folder).read_text("utf-8")
    for size in re.findall(r'<p class="need-size">(.*?)</p>', page):
        number, _, unit = re.sub(r"<[^>]+>", "", size).partition(" ")
        assert unit.split()[0].endswith("s") is (number != "1"), (number, unit)


def test_a_number_of_records_says_how_many_findings_it_leads_to(run_folder: Path) -> None:
    file = run_folder / "findings.parquet"
    table = pq.read_table(file)
    pq.write_table(pa.concat_tables([table, table.filter(pa.compute.equal(table["severity"], "blocked"))]), file)
    report = build(run_folder)
    several = [need for need in report.needs if need.findings and need.findings != need.affected.n]
    page = render(run_folder).read_text("utf-8")
    assert several
    for need in several:
        assert need.affected.href is not None
        assert need.affected.href.endswith(f"of={need.findings}")
        assert f"in {need.findings} finding" in page


def test_a_reference_that_is_lost_with_a_warning_leads_to_its_findings(make_run: Callable[..., Path]) -> None:
    def lost(summary: dict[str, Any], _: dict[str, Any]) -> None:
        summary["entities"]["users"]["references"] = {"email": {"resolved": 9, "empty": 0, "blocked": 1}}

    folder = make_run(lost)
    file = folder / "findings.parquet"
    rows = [row for row in pq.read_table(file).to_pylist() if row["code"] != "USR-004"]
    warned = {"code": "USR-004", "severity": "warn", "entity": "users", "key": "7", "field": "email", "root_cause": "users/8"}
    schema = pq.read_schema(file)
    pq.write_table(pa.Table.from_pylist([*rows, {**dict.fromkeys(schema.names), **warned}], schema), file)
    (found,) = [row for row in build(folder).references if row.entity == "users"]
    assert found.blocked.href == "#view=findings&entity=users&field=email&code=USR-004&of=1"


def test_what_a_rehearsal_hands_over_is_among_the_records_compared(make_run: Callable[..., Path]) -> None:
    def handed(summary: dict[str, Any], _: dict[str, Any]) -> None:
        users = summary["entities"]["users"]
        users["compared"] = sum(users["dispositions"][word] for word in ("created", "updated", "unchanged")) + 1

    folder = make_run(handed)
    file = folder / "dispositions.parquet"
    table = pq.read_table(file)
    rows = table.to_pylist()
    next(row for row in rows if (row["entity"], row["disposition"]) == ("users", "held"))["code"] = "LIVE-HANDED-OVER"
    pq.write_table(pa.Table.from_pylist(rows, table.schema), file)
    report = build(folder)
    (users,) = [row for row in report.entities if row.name == "users"]
    assert users.compared.href is not None
    assert "disposition=held" in users.compared.href
    (records,) = [each for each in report.tables if each.name == "dispositions"]
    of_users = [at for at, name in enumerate(records.lists["entity"]) if name == "users"]
    assert sum(records.lists["read_back"][at] in ("no difference", "different") for at in of_users) == users.compared.n


def test_a_folder_with_bare_files_has_a_page(tmp_path: Path) -> None:
    for name in ("summary.json", "run.json"):
        (tmp_path / name).write_text("{}")
    assert "FAILED" in render(tmp_path).read_text(encoding="utf-8")
    assert render_text(tmp_path).startswith("FAILED")


def test_durations_read_well() -> None:
    said = [" ".join(f"{n} {unit}" for n, unit in duration(each)) for each in (0.04, 59.96, 61.4, 7800)]
    assert said == ["0.0 s", "1 min 0 s", "1 min 1 s", "2 h 10 min"]


def test_the_text_begins_with_the_verdict_and_ends_with_the_page(run_folder: Path) -> None:
    lines = render_text(run_folder).splitlines()
    assert lines[0].startswith("NEEDS A PERSON  rehearsal")
    assert lines[-1].startswith("Report: ")
    assert lines[-1].endswith("report.html")
    (users,) = [line.split() for line in lines if line.split()[:2] == ["users", "16"]]
    assert users == ["users", "16", "4", "0", "1", "2", "2", "0", "6", "1", "ok", "4", "0", "0", "8"]
    assert any(line.split()[:3] == ["18", "blocked", "REF-BLOCKED"] for line in lines)
    assert any(line.split()[:2] == ["undeclared", "1"] for line in lines)


def test_the_text_carries_no_control_characters(make_run: Callable[..., Path]) -> None:
    def attack(summary: dict[str, Any], run: dict[str, Any]) -> None:
        run["label"] = "\x1b[2J\x1b[31mgone\u202e"
        run["codes"]["USR-001"]["title"] = "line\r\nbreak\x07"
        run["codes"]["USR-001"]["severity"] = "warn\x1b[2J"
        summary["mode"] = "live\x1b]0;x\x07"
        summary["loss_register"][0]["treatment"] = "dropped\x1b[31m"

    text = render_text(make_run(attack))
    assert not [sign for sign in text if sign != "\n" and (ord(sign) < 32 or sign == "\u202e")]


def test_the_lines_of_a_failure_are_read_on_a_terminal(run_folder: Path) -> None:
    facts = json.loads((run_folder / "run.json").read_text("utf-8"))
    facts["failure"] = "rows use entries:\n    roles: 'a' -> 'b'\n    next:    lms-migrate crosswalk show"
    (run_folder / "run.json").write_text(json.dumps(facts), "utf-8")
    shown = render_text(run_folder)
    assert "  | roles: 'a' -> 'b'\n  | next: lms-migrate crosswalk show\n" in shown
