"""The mapping specification and the lineage command, on the small pair."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_pair import write_workspace

from migrate.cli import cli
from migrate.errors import ConfigurationError
from migrate.lineage.ask import ask
from migrate.workspace import open_workspace
from reports.documents.render import escaped

HOSTILE = '<script>alert(1)</script> | "x"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_workspace(tmp_path / "school")


def write(folder: Path, *more: str) -> tuple[str, str]:
    result = CliRunner().invoke(cli, ["specification", str(folder), *more], standalone_mode=False)
    assert result.exception is None, result.exception
    out = Path(more[1]) if more else folder / "documents"
    return tuple((out / f"mapping_specification.{kind}").read_text("utf-8") for kind in ("html", "md"))  # type: ignore[return-value]


class Shape(HTMLParser):
    """Ids, links to them, and cells of table headers without scope."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.bare: list[str] = []
        self.outside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag == "th" and given.get("scope") not in ("col", "row"):
            self.bare.append(str(given))
        self.outside += [v or "" for k, v in attrs if k in ("src", "href", "action") and not (v or "").startswith(("#", "data:"))]


def test_every_line_and_every_source_field_stands_in_both_renderings(folder: Path) -> None:
    page, text = write(folder)
    pair = open_workspace(folder).pair
    lines = [f"{name}.{field}" for name, mapping in pair.mappings.items() for field in mapping.model.fields]
    for line in lines:
        assert f'id="line-{line}"' in page
        assert f"\n### {escaped(line)}\n" in text
    for entity, model in pair.source.model.entities.items():
        for field in model.fields:
            assert f"{entity}.{field}" in page


def test_the_page_is_whole_and_loads_nothing(folder: Path) -> None:
    shape = Shape(write(folder)[0])
    assert len(shape.ids) == len(set(shape.ids))
    assert {link[1:] for link in shape.links} <= set(shape.ids)
    assert shape.bare == []
    assert shape.outside == []


def test_the_hash_changes_with_what_is_described_and_only_then(folder: Path) -> None:
    found = [re.findall(r"sha256:([0-9a-f]{64})", each)[0] for each in write(folder)]
    assert len(set(found)) == 1
    again = re.findall(r"sha256:([0-9a-f]{64})", write(folder)[0])[0]
    mapping = folder / "mapping" / "people.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("a built-in account", "not a person"), "utf-8")
    page, _ = write(folder)
    assert again == found[0] != re.findall(r"sha256:([0-9a-f]{64})", page)[0]
    assert "not a person" in page


def test_words_of_files_are_escaped(folder: Path) -> None:
    mapping = folder / "mapping" / "courses.yaml"
    mapping.write_text(mapping.read_text("utf-8").replace("the front page", repr(HOSTILE)) + f"note: {HOSTILE!r}\n", "utf-8")
    page, text = write(folder)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in text
    row = next(line for line in text.splitlines() if "CRS-SITE" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 6


def test_it_says_what_a_line_is_made_of_and_what_checks_it(folder: Path) -> None:
    _, text = write(folder)
    status = text.partition("### people.status\n")[2].partition("###")[0]
    assert "true becomes active" in status
    assert "USR-STATUS (hold)" in status
    assert "Comes from user.active (value)" in status
    assert "Inline tests: a person arrives" in status
    level = text.partition("### courses.level\n")[2].partition("###")[0]
    assert "Crosswalk levels: 2 becomes advanced (proposed" in level
    login = text.partition("### people.login\n")[2].partition("###")[0]
    assert "Then trim: Remove blanks of every kind at both ends" in login


def test_another_folder_can_be_named(folder: Path, tmp_path: Path) -> None:
    assert all(write(folder, "--out", str(tmp_path / "out")))
    assert not (folder / "documents").exists()


def test_lines_have_the_risk_of_the_test_plan(folder: Path) -> None:
    assert "no test plan yet" in write(folder)[0]
    classes = "{critical: {claim: 5}, major: {aql: 1.0}, minor: {aql: 4.0}}"
    requirement = "{id: R-1, text: t, risk: critical, covers: ['people.*']}"
    (folder / "test_plan.yaml").write_text(f"seed: '12345678'\nclasses: {classes}\nrequirements: [{requirement}]\n", "utf-8")
    _, text = write(folder)
    assert "### people.status (critical)" in text
    assert "### courses.title\n" in text


def test_lineage_is_told_both_ways(folder: Path) -> None:
    comes = {(k.from_, k.kind) for k in ask(folder, "enrolments.person_id").comes_from}
    assert ("enrol.userid", "reference") in comes
    assert ("user.id", "reference") in comes
    goes = {k.to for k in ask(folder, "user.active").goes_to}
    assert {"people.status", "people"} <= goes
    result = CliRunner().invoke(cli, ["lineage", str(folder), "user.active"], standalone_mode=False)
    assert "people.status" in result.output


@pytest.mark.parametrize("name", ["nobody", "people.nothing", "user.nothing", ""])
def test_a_name_that_nothing_has_is_refused_with_those_there_are(folder: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ask(folder, name)
    assert caught.value.problems[0].allowed
