"""The Canvas sample is the same each time, holds what its list says, and is generated through and through."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[3] / "sample_data"
GENERATOR = SAMPLES / "generate_canvas.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_canvas", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


canvas = _load()

REQUIRED_CODES = {
    *("USR-FURTHER-LOGIN", "USR-NUMBERS", "USR-DELETED", "USR-DELETED-HISTORY", "USR-EMAIL-MISSING", "USR-EMAIL-INVALID"),
    *("USR-EMAIL-SHARED", "USR-LOGIN-CHANGED", "USR-LOGIN-TAKEN", "USR-LOGIN-BLANK", "USR-LOGIN-RESERVED"),
    *("USR-NAME-HTML", "USR-NAME-BLANK", "USR-NAME-CONTROL", "USR-NAME-DIFFERS", "USR-AUTH-UNMAPPED", "XWALK-PROPOSED"),
    "PRO-USER-EXCLUDED",
    *("CAT-ROOT", "CAT-DELETED", "COH-ACCOUNT-EXCLUDED", "COH-DELETED"),
    *(
        "CRS-SHORTNAME-SHARED",
        "CRS-SHORTNAME-TAKEN",
        "CRS-DELETED",
        "CRS-DATES",
        "CRS-CONCLUDED",
        "CRS-NAME-HTML",
        "CRS-NAME-LONG",
    ),
    *("SEC-ONLY", "GRP-DELETED", "GRP-NAME-SHARED", "GRP-NUMBER-SHARED", "GRP-COURSE-EXCLUDED", "MOODLE-GROUP-NAME-TAKEN"),
    *("MEM-GROUP-EXCLUDED", "MEM-NOT-ACCEPTED", "MEM-NOT-ENROLLED", "MOODLE-MEMBER-NOT-ENROLLED", "MEM-USER-EXCLUDED"),
    *("MEM-LEFT", "MEM-OBSERVER", "MEM-FOLDED"),
    *("ENR-DELETED", "ENR-REJECTED", "ENR-INVITED", "ENR-USER-EXCLUDED", "ENR-COURSE-EXCLUDED", "ENR-OBSERVER"),
    *("ENR-ROLE-UNMAPPED", "ENR-DATES", "ENR-FOLDED", "ROLE-FOLDED", "ROLE-OVER", "ROLE-OBSERVER"),
    *("GRD-FOLDED", "GRD-UNPOSTED", "GRD-RANGE", "GRD-EMPTY", "GRD-DELETED", "ITEM-COURSE-EXCLUDED", "GRD-COURSE-EXCLUDED"),
    *("REF-ORPHAN", "REF-BLOCKED", "GATE-LENGTH"),
    *("SRC-TYPE", "SRC-KEY-DUPLICATE", "SRC-ENCODING", "SRC-SHAPE", "SRC-UNKNOWN-COLUMN", "LOSS-UNDECLARED"),
}


@pytest.fixture(scope="module")
def college() -> Any:
    return canvas.build()


@pytest.fixture(scope="module")
def ordinary() -> Any:
    """The college before any fault is planted."""
    return canvas.build_college()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("sample") / "source"
    canvas.generate(path)
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_writes_the_same_bytes(folder: Path, tmp_path: Path, hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Auckland"}
    subprocess.run([sys.executable, str(GENERATOR), str(tmp_path / "x")], check=True, env=environment, capture_output=True)
    assert content(tmp_path / "x") == content(folder)


def test_every_report_is_there_with_its_columns(folder: Path) -> None:
    for table, columns in canvas.COLUMNS.items():
        header = (folder / canvas.FILES.get(table, f"{table}.csv")).read_bytes().split(b"\r\n")[0].decode()
        assert header.startswith(columns)
        assert (header == columns) == (table != "users")  # one column there is planted


@pytest.mark.parametrize(
    ("table", "least", "most"),
    [("users", 360, 380), ("courses", 40, 50), ("enrollments", 1000, 1400), ("groups", 100, 150), ("grade_export", 500, 700)],
)
def test_size(college: Any, table: str, least: int, most: int) -> None:
    assert least <= len(college.tables[table]) <= most


def test_the_list_has_the_required_codes() -> None:
    codes = {fault.code for fault in canvas.FAULTS}
    assert codes - {"-"} == REQUIRED_CODES
    assert len({fault.what for fault in canvas.FAULTS}) == len(canvas.FAULTS) >= 70


@pytest.mark.parametrize("fault", canvas.FAULTS, ids=lambda fault: fault.what)
def test_each_fault_is_planted_as_often_as_listed(college: Any, fault: Any) -> None:
    assert fault.probe(college) == fault.rows > 0


@pytest.mark.parametrize("fault", [fault for fault in canvas.FAULTS if fault.plant], ids=lambda fault: fault.what)
def test_the_ordinary_college_lacks_what_is_planted(ordinary: Any, fault: Any) -> None:
    assert fault.probe(ordinary) == 0


def test_every_reference_of_the_ordinary_college_resolves(ordinary: Any) -> None:
    keys = {"users": "user", "courses": "course", "sections": "section", "groups": "group", "terms": "term"}
    known = {table: {row[f"canvas_{key}_id"] for row in ordinary.tables[table]} for table, key in keys.items()}
    for table, column, other in (
        ("courses", "canvas_term_id", "terms"),
        ("sections", "canvas_course_id", "courses"),
        ("enrollments", "canvas_user_id", "users"),
        ("enrollments", "canvas_course_id", "courses"),
        ("enrollments", "canvas_section_id", "sections"),
        ("group_membership", "canvas_user_id", "users"),
        ("group_membership", "canvas_group_id", "groups"),
        ("user_observers", "canvas_student_id", "users"),
        ("grade_export", "student id", "users"),
        ("last_user_access", "user id", "users"),
    ):
        assert {row[column] for row in ordinary.tables[table]} - known[other] == set(), f"{table}.{column}"


def test_sis_ids_of_references_are_those_of_the_records(ordinary: Any) -> None:
    for table, own, sis in (("courses", "canvas_course_id", "course_id"), ("sections", "canvas_section_id", "section_id")):
        told = {row[own]: row[sis] for row in ordinary.tables[table]}
        assert [row for row in ordinary.tables["enrollments"] if row[sis] != told[row[own]]] == []


def test_addresses_and_networks_are_of_nobody(college: Any) -> None:
    addresses = {row["email"].lower() for row in college.tables["users"]} - {"", "ida at example.org"}
    assert {address.partition("@")[2] for address in addresses} == {"example.org"}
    assert all(re.fullmatch(r"192\.0\.2\.\d+", row["last ip"]) for row in college.tables["last_user_access"])


def test_the_list_for_people_is_the_list_of_the_generator() -> None:
    assert (SAMPLES / "canvas.md").read_text(encoding="utf-8") == canvas.fault_table()
