"""Two sites that go into one: what is numbered within a site stays apart, what people are known by does not change."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from run_reading import assert_balances, cells, dispositions, findings, load_files
from sample_runs import AS_OF, load_generator

from migrate.pipeline import RunResult, run
from migrate.scaffold import new_workspace

NUMBERED = ("categories", "courses", "cohorts", "groups")
RAISED = {
    *("CRS-SITE", "CRS-DATES", "CRS-IDNUMBER-DUP", "REF-CYCLE", "REF-ORPHAN", "REF-BLOCKED"),
    *(
        "USR-GUEST",
        "USR-DELETED",
        "USR-DELETED-HISTORY",
        "USR-EMAIL",
        "USR-EMAIL-SHARED",
        "USR-LOGIN-TAKEN",
        "USR-LOGIN-CHARACTERS",
    ),
    *("USR-LOGIN-RESERVED", "USR-NAME-BLANK", "USR-AUTH-UNMAPPED", "XWALK-PROPOSED", "PRO-BLANK"),
    *("ENR-SITE-COURSE", "ENR-FOLDED", "ENR-DATES", "ENR-NO-ROLE", "ENR-ROLE-ONLY", "ENR-ROLE-UNMAPPED"),
    *("ENR-USER-EXCLUDED", "ROLE-OUTSIDE-COURSES", "GRP-NAME-BLANK", "MEM-USER-EXCLUDED", "MOODLE-MEMBER-NOT-ENROLLED"),
    *("SRC-ENCODING", "SRC-TYPE", "SRC-UNKNOWN-COLUMN", "LOSS-UNDECLARED"),
}


def workspace(folder: Path, site: str | None = None) -> Path:
    new_workspace(folder, "moodle", "moodle")
    settings = folder / "migration.yaml"
    text = settings.read_text("utf-8") + f"as_of: {AS_OF}\n"
    assert 'site: "b"' in text
    settings.write_text(text.replace('site: "b"', f"site: {site}") if site else text, "utf-8")
    load_generator("generate_moodle").generate(folder / "source.sqlite")
    return folder


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(workspace(tmp_path_factory.mktemp("sites") / "second"))


def loaded(result: RunResult) -> dict[str, list[dict[str, str]]]:
    tables = {name.removesuffix(".csv"): cells(text) for name, text in load_files(result.folder / "4_load").items()}
    return {name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for name, rows in tables.items()}


def numbers(result: RunResult, entities: tuple[str, ...] = NUMBERED) -> set[str]:
    return {row["idnumber"] for entity in entities for row in loaded(result)[entity] if row["idnumber"]}


def test_the_rehearsal_balances(second: RunResult) -> None:
    assert second.failure is None
    assert second.exit_code == 1
    told = second.summary["entities"]
    assert_balances(second.folder, {name: entity["source"] for name, entity in told.items()})
    assert all(not (e["missing"] or e["extra"] or e["differences"]) for e in told.values())


def test_what_is_found(second: RunResult) -> None:
    rows = [*findings(second.folder), *dispositions(second.folder)]
    assert {row["code"] for row in rows if row["code"]} == RAISED


def test_numbers_of_a_site_begin_with_its_name(second: RunResult) -> None:
    assert len(numbers(second)) > 90
    assert [number for number in numbers(second) if not number.startswith("b-")] == []


def test_two_sites_share_no_number(second: RunResult, tmp_path: Path) -> None:
    first = run(workspace(tmp_path / "first", "a"), only="groups")
    assert first.failure is None
    both = ("categories", "courses", "groups")
    assert len(numbers(first, both)) == len(numbers(second, both))
    assert numbers(first, both) & numbers(second, both) == set()


def test_people_and_courses_keep_the_names_they_are_known_by(second: RunResult) -> None:
    with closing(sqlite3.connect(second.folder.parents[1] / "source.sqlite")) as database:
        database.text_factory = bytes
        users = {name.decode().strip().lower() for (name,) in database.execute("SELECT username FROM mdl_user")}
        courses = {name.decode().strip() for (name,) in database.execute("SELECT shortname FROM mdl_course")}
    made_up = {row["username"] for row in loaded(second)["users"]} - users
    assert made_up == {"b-deleted-905", "b-deleted-906"}
    assert {row["shortname"] for row in loaded(second)["courses"]} <= courses
