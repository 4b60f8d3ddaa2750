"""The mapping specification and the lineage command, on the small pair."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_pair import write_workspace

from migrate.cli import cli
from migrate.decisions.file import append_decisions
from migrate.decisions.model import Decision
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


def decision(number: int, **words: str) -> Decision:
    given = {
        "item": f"W-{number:016x}", "kind": "record", "decision": "override", "new_value": "ana@x.org",
        "reason": "she wrote from ana@x.org", "by": "Bo Chen", "at": f"2026-03-0{number}T10:00:00+00:00", "entity": "people",
        "code": "USR-EMAIL", "field": "email", "rows": "2", "source": "", "contract": "", "run": "r",
    }  # fmt: skip
    return Decision(**{**given, **words})  # type: ignore[arg-type]


def test_decisions_stand_beside_the_mapping_they_are_about(folder: Path) -> None:
    made = (
        decision(1),
        decision(2),
        decision(3, new_value="", decision="exclude", reason=HOSTILE, field="", code="USR-X", by="Al Ho"),
        decision(4, entity="courses", decision="waive", new_value="", reason="known", field="level", code="CRS-LEVEL"),
        decision(5, entity="", kind="run", decision="waive", new_value="", reason="seen", field="", code="SRC-VERSION"),
        decision(6),
        decision(6, decision="reopen", new_value="", reason="wrong", at="2026-03-07T10:00:00+00:00"),
    )
    append_decisions(folder, made)
    settings = folder / "migration.yaml"
    settings.write_text(settings.read_text("utf-8").replace("mask: false", "mask: true"), "utf-8")
    page, text = write(folder)
    assert "Decisions in force: 5" in text.partition("## Contents")[0]
    assert "SRC-VERSION" in text.partition("## Contents")[0]
    people = text.partition("\n## people\n")[2].partition("\n## ")[0]
    assert "Decisions in force: 3" in people
    row = next(line for line in people.splitlines() if line.startswith("| USR-EMAIL | email | override"))
    assert "| Bo Chen | 2026-03-01 to 2026-03-02 | 2 | 4 |" in row
    assert "a\\*\\*\\*@" in row
    assert "CRS-LEVEL" not in people.partition("###")[0]
    courses = text.partition("\n## courses\n")[2].partition("\n## ")[0]
    assert "| CRS-LEVEL | level | waive: leave it as it is" in courses
    assert "ana@x.org" not in page + text
    assert "<script>alert" not in page
    assert page.count("What people decided") == 2
    shape = Shape(page)
    assert shape.bare == []


def test_a_role_sees_of_decisions_what_it_may_see(folder: Path, tmp_path: Path) -> None:
    append_decisions(folder, [decision(1)])
    (folder / "privacy.yaml").write_text("roles: {desk: [email], clerk: []}\n", "utf-8")
    for role, sees in (("desk", True), ("clerk", False)):
        page, text = write(folder, "--out", str(tmp_path / role), "--role", role)
        assert ("ana@x.org" in page) == ("ana@x.org" in text) == sees
    for words, said in ((["--role", "desk"], "needs a folder"), (["--role", "boss", "--out", "x"], "no such role")):
        with pytest.raises(ConfigurationError, match=said):
            result = CliRunner().invoke(cli, ["specification", str(folder), *words], standalone_mode=False)
            raise result.exception or AssertionError(result.output)
