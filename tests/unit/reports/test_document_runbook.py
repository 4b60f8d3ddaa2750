"""The runbook's documents: hostile text stays text, equal inputs give equal bytes, and a change of any input shows."""

from __future__ import annotations

import re
import runpy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from reports.documents.runbook import code, markdown, write_runbook
from reports.documents.runbook_needs import needs

CONFTEST = runpy.run_path(str(Path(__file__).parents[1] / "migrate" / "runbook" / "conftest.py"))
BAD = "<script>alert(1)</script> | [x](javascript:y) `z` \u202e"


@pytest.fixture
def desk(bench: Any) -> Any:
    made = CONFTEST["_desk"](bench, CONFTEST["TARGET"], "")
    made.run(minutes=20)
    return made


class Reader(HTMLParser):
    """Collects tags and the text, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def written(desk: Any) -> tuple[str, str]:
    page, text = write_runbook(desk.opened())
    return page.read_text("utf-8"), text.read_text("utf-8")


def hostile(desk: Any) -> None:
    text = CONFTEST["BOOK"].replace("title: Night\ncutover", f"title: {BAD!r}\ncutover").replace("name: Ada", f"name: {BAD!r}")
    text = text.replace("title: Verify", f"title: {BAD!r}, check: {BAD!r}, communication: {BAD!r}").replace("Load?", repr(BAD))
    desk.book(text.replace("command: lms-migrate run .", f"command: {BAD!r}").replace("what: [writes]", f"what: [{BAD!r}]"))
    desk.round(BAD, begin="close", note=BAD)
    desk.tick("close", "start", by=BAD, note=BAD)


def test_hostile_text_stays_text(desk: Any) -> None:
    hostile(desk)
    page, text = written(desk)
    read = Reader(page)
    assert "script" not in {tag for tag, _ in read.tags}
    assert sum("<script>alert(1)</script>" in part for part in read.text) > 8
    for tag, attributes in read.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src")], (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "\u202e" not in page + text
    assert not re.search(r"(?<!\\)<script", text)
    assert "](javascript" not in text.replace("\\]", "")


def test_every_row_of_a_table_in_markdown_has_the_cells_of_its_head(desk: Any) -> None:
    hostile(desk)
    _, text = written(desk)
    width = 0
    for line in text.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line))
        if line.startswith("|"):
            width = width or cells
            assert cells == width, line
        else:
            width = 0
            assert not line.rstrip().endswith(" |"), line


def test_the_page_is_whole_in_itself_and_can_be_read_aloud(desk: Any) -> None:
    page, _ = written(desk)
    tags = Reader(page).tags
    (policy,) = [a["content"] for t, a in tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert ("html", {"lang": "en"}) in tags
    assert {t for t, _ in tags}.isdisjoint({"img", "link", "iframe", "form"})
    assert all(a.get("scope") for t, a in tags if t == "th")
    assert len([a for t, a in tags if a.get("role") == "img" and "is to do" in (a.get("aria-label") or "")]) == 9
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_equal_inputs_give_equal_bytes_and_any_change_another_hash(desk: Any) -> None:
    def digest() -> str:
        page, text = written(desk)
        found = re.findall(r"Hash of what this describes: `([0-9a-f]{64})`", text)
        assert f'<span class="hash">{found[0]}</span>' in page
        return found[0]

    assert written(desk) == written(desk)
    seen = [digest()]
    for change in (
        lambda: desk.book(CONFTEST["BOOK"] + "# a word\n"),
        lambda: (desk.folder / "mapping" / "users.yaml").open("a").write("# a word\n"),
        lambda: desk.run(minutes=21),
        lambda: desk.round(),
        lambda: desk.tick("backup", "start"),
    ):
        change()
        seen.append(digest())
    assert len(set(seen)) == len(seen)


def test_planned_stands_against_actual(desk: Any) -> None:
    desk.round("one", begin="close")
    desk.done("close", 25)
    page, text = written(desk)
    assert "25 min, 15 min late" in text
    assert "15 min late" in page
    (row,) = [line for line in text.splitlines() if "(close)" in line]
    assert row.startswith("| [x] | 2 |")
    (row,) = [line for line in text.splitlines() if "(backup)" in line]
    assert row.startswith("| [ ] | 1 |")
    assert "skipped" in row


def test_what_has_to_be_settled_is_said(desk: Any) -> None:
    assert needs(desk.opened()) == []
    desk.book(
        CONFTEST["BOOK"].replace("end: T+10h", "end: T+2h").replace("name: Ada", "name: null").replace("minutes: 45", "check: x")
    )
    text = "\n".join(needs(desk.opened()))
    for part in ("nobody is named for: lead", "1 step is not measured: restore", "ends 15 min after it"):
        assert part in text
    desk.book(CONFTEST["BOOK"].replace("end: T+10h", "end: T+50m"))
    assert "gate decide: the way back fits no more" in "\n".join(needs(desk.opened()))
    assert "before open, which is declared" in "\n".join(needs(desk.opened()))


def test_markdown_takes_any_text_for_text() -> None:
    assert markdown("a|b <i> *c*\n# d") == r"a\|b \<i\> \*c\* \# d"
    assert code("run .") == "`run .`"
    assert code("a `b` | c") == r"a \`b\` \| c"
    assert code("a  --b\n\tc\u200b") == "`a  --b`<br>`[U+0009]c[U+200B]`"
