"""The Moodle sample is the same each time, holds what its list says, and is generated through and through."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import generate_moodle as moodle
import pytest
from moodle_sample.clock import TERMS, madrid
from moodle_sample.ordinary import build_site
from moodle_sample.schema import EMPTY_TABLES, SCHEMA, columns_of
from moodle_sample.written import write

SAMPLES = Path(__file__).parents[3] / "sample_data"
GENERATOR = SAMPLES / "generate_moodle.py"
ALL_FAULTS = (*moodle.FAULTS, *moodle.HISTORY_FAULTS, *moodle.GRADE_FAULTS)

REQUIRED_CODES = {
    *("USR-GUEST", "USR-DELETED", "USR-DELETED-HISTORY", "USR-MERGE", "USR-IDNUMBER-DUP", "USR-EMAIL", "ENR-MERGED-IDENTITY"),
    *("USR-NAME-HTML", "USR-NAME-BLANK", "USR-NAME-CONTROL", "USR-AUTH-UNMAPPED", "USR-LOGIN-DUP"),
    *(
        "CRS-SITE",
        "CRS-DATES",
        "CRS-IDNUMBER-DUP",
        "CRS-MULTILANG",
        "CRS-NAME-HTML",
        "REF-CYCLE",
        "KEY-DUPLICATE",
        "SEC-NAME-BLANK",
        "XWALK-PROPOSED",
        "LOGIN-NOT-MERGED",
    ),
    *("TERM-FOLDED", "TERM-NONE", "REF-ORPHAN", "REF-BLOCKED"),
    *("ENR-ROLE-UNMAPPED", "ENR-NO-ROLE", "ENR-ROLE-ONLY", "ENR-FOLDED", "ENR-USER-EXCLUDED"),
    *("ENR-SITE-COURSE", "ENR-DATES", "GRP-NAME-BLANK", "MEM-NOT-ENROLLED", "MEM-USER-EXCLUDED"),
    *("ADM-ROLE-UNMAPPED", "ADM-LEVEL"),
    *("SRC-TYPE", "SRC-ENCODING", "SRC-UNKNOWN-COLUMN", "LOSS-UNDECLARED"),
}


def connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.text_factory = bytes  # one value is not UTF-8, on purpose
    return database


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Each statement that made a table, with the table's rows."""
    with closing(connect(path)) as database:
        tables = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        return {sql.decode(): database.execute(f'SELECT * FROM "{name.decode()}" ORDER BY id').fetchall() for name, sql in tables}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("sample") / "moodle.sqlite"
    moodle.generate(path)
    return path


@pytest.fixture(scope="module")
def database(sample: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(sample)) as open_database:
        yield open_database


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """The site before any fault is planted."""
    path = tmp_path_factory.mktemp("ordinary") / "moodle.sqlite"
    write(build_site(), path)
    with closing(connect(path)) as open_database:
        yield open_database


def test_two_runs_give_the_same_content(sample: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.sqlite"
    moodle.generate(again)
    assert content(again) == content(sample)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_gives_the_same_content(sample: Path, tmp_path: Path, hash_seed: str) -> None:
    other = tmp_path / "other.sqlite"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Auckland"}
    subprocess.run([sys.executable, str(GENERATOR), str(other)], check=True, env=environment)
    assert content(other) == content(sample)


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "moodle.sqlite"
    path.write_text("something else")
    moodle.generate(path)
    assert path.read_bytes().startswith(b"SQLite format 3\0")
    assert [entry.name for entry in tmp_path.iterdir()] == ["moodle.sqlite"]


def test_every_table_is_there_with_its_columns(database: sqlite3.Connection) -> None:
    for table in SCHEMA:
        stored = database.execute(f'PRAGMA table_info("mdl_{table}")').fetchall()
        expected = columns_of(table).values()
        assert [(name.decode(), kind.decode().lower()) for _, name, kind, *_ in stored] == [
            (column.name, column.type) for column in expected
        ]


def test_only_logs_and_caches_are_empty(database: sqlite3.Connection) -> None:
    empty = [table for table in SCHEMA if database.execute(f'SELECT count(*) FROM "mdl_{table}"').fetchone()[0] == 0]
    assert tuple(empty) == EMPTY_TABLES


@pytest.mark.parametrize(
    ("table", "least", "most"),
    [
        ("user", 290, 320),
        ("course", 40, 50),
        ("course_categories", 12, 14),
        ("user_enrolments", 1400, 1700),
        ("groups", 35, 45),
        ("cohort", 8, 8),
        ("grade_grades", 2800, 3600),
        ("course_completions", 850, 1000),
    ],
)
def test_size(database: sqlite3.Connection, table: str, least: int, most: int) -> None:
    count = database.execute(f'SELECT count(*) FROM "mdl_{table}"').fetchone()[0]
    assert least <= count <= most


def test_the_list_has_the_required_codes() -> None:
    codes = {fault.code for fault in moodle.FAULTS}
    assert codes - {"-"} == REQUIRED_CODES
    assert len({fault.what for fault in moodle.FAULTS}) == len(moodle.FAULTS) >= 34


def test_the_list_of_history_has_a_code_for_each_kind() -> None:
    kinds = [fault for fault in moodle.HISTORY_FAULTS if fault.code != "-"]
    assert len({fault.code for fault in kinds}) == len(kinds) >= 35
    assert len({fault.what for fault in ALL_FAULTS}) == len(ALL_FAULTS)


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: fault.what)
def test_each_fault_is_planted_as_often_as_listed(database: sqlite3.Connection, fault: Any) -> None:
    assert len(database.execute(fault.probe).fetchall()) == fault.rows > 0


@pytest.mark.parametrize("fault", [fault for fault in ALL_FAULTS if fault.plant], ids=lambda fault: fault.what)
def test_the_ordinary_site_lacks_what_is_planted(ordinary: sqlite3.Connection, fault: Any) -> None:
    assert len(ordinary.execute(fault.probe).fetchall()) < fault.rows


def test_a_term_has_several_courses(database: sqlite3.Connection) -> None:
    found = database.execute(
        "SELECT substr(shortname, -7), count(*) FROM mdl_course WHERE shortname GLOB '*-20[0-9][0-9]-S[12]' GROUP BY 1"
    ).fetchall()
    assert {term.decode(): count for term, count in found} == dict.fromkeys(TERMS, 4)


def test_categories_are_three_deep(database: sqlite3.Connection) -> None:
    assert database.execute("SELECT max(depth) FROM mdl_course_categories").fetchone() == (3,)


def test_every_reference_that_is_not_a_planted_orphan_resolves(database: sqlite3.Connection) -> None:
    for table, column, other in (
        ("course_sections", "course", "course"),
        ("course_modules", "section", "course_sections"),
        ("role_assignments", "contextid", "context"),
        ("role_assignments", "roleid", "role"),
        ("user_enrolments", "enrolid", "enrol"),
        ("grade_grades", "itemid", "grade_items"),
        ("grade_grades", "userid", "user"),
        ("course_completions", "userid", "user"),
        ("quiz_attempts", "quiz", "quiz"),
        ("scorm_scoes_value", "attemptid", "scorm_attempt"),
        ("badge_issued", "badgeid", "badge"),
        ("cohort_members", "cohortid", "cohort"),
        ("cohort_members", "userid", "user"),
    ):
        lost = database.execute(
            f'SELECT count(*) FROM "mdl_{table}" WHERE {column} NOT IN (SELECT id FROM "mdl_{other}")'
        ).fetchone()[0]
        assert lost == 0, f"{table}.{column}"


def test_synchronised_roles_name_their_method(database: sqlite3.Connection) -> None:
    mismatched = database.execute(
        "SELECT count(*) FROM mdl_role_assignments ra LEFT JOIN mdl_enrol e ON e.id = ra.itemid"
        " WHERE ra.component <> '' AND ra.component IS NOT 'enrol_' || e.enrol"
    ).fetchone()[0]
    assert mismatched == 0


def test_addresses_are_of_nobody(database: sqlite3.Connection) -> None:
    addresses = [value.decode() for (value,) in database.execute("SELECT email FROM mdl_user")]
    hashes = [address for address in addresses if re.fullmatch(r"[0-9a-f]{32}", address)]
    others = [address for address in addresses if not address.lower().endswith("example.org")]
    assert sorted(others) == sorted([*hashes, "root@localhost"])


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ((2024, 1, 15), 1705273200),
        ((2024, 7, 1), 1719784800),
        ((2024, 3, 31, 1, 59), 1711846740),
        ((2024, 3, 31, 3), 1711846800),
        ((2024, 10, 27, 3), 1729994400),
    ],
)
def test_madrid_time(moment: tuple[int, ...], expected: int) -> None:
    assert madrid(*moment) == expected


def test_the_list_for_people_is_the_list_of_the_generator() -> None:
    assert (SAMPLES / "moodle.md").read_text(encoding="utf-8") == moodle.fault_table()
    history = moodle.fault_table(moodle.HISTORY_FAULTS, moodle.HISTORY_TITLE)
    assert (SAMPLES / "moodle_history.md").read_text(encoding="utf-8") == history
    grades = moodle.fault_table(moodle.GRADE_FAULTS, moodle.GRADES_TITLE)
    assert (SAMPLES / "moodle_grades.md").read_text(encoding="utf-8") == grades


def test_the_list_for_people_is_one_table() -> None:
    lines = (SAMPLES / "moodle.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert table[0] == "| # | fault | where | code |"
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]
    assert [row[0] for row in rows] == [str(number) for number in range(1, len(moodle.FAULTS) + 1)]
    assert all(len(row) == 4 for row in rows)
    assert all(re.fullmatch(r"`[A-Z]+(-[A-Z]+)+`|-", row[3]) for row in rows)
