"""The Totara sample is the same each time, holds what its list says, and has the tables that the contract names."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from migrate.contracts.load import load_contract
from migrate.resources import contract_file

SAMPLES = Path(__file__).parents[3] / "sample_data"
GENERATOR = SAMPLES / "generate_totara.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_totara", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


totara = _load()


@pytest.fixture(scope="module")
def company() -> Any:
    return totara.build()


@pytest.fixture(scope="module")
def ordinary() -> Any:
    """The company before any fault is planted."""
    return totara.build_company()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file: Path = tmp_path_factory.mktemp("sample") / "totara.sqlite"
    totara.generate(file)
    return file


def content(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_writes_the_same_content(database: Path, tmp_path: Path, hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Auckland"}
    file = tmp_path / "x.sqlite"
    subprocess.run([sys.executable, str(GENERATOR), str(file)], check=True, env=environment, capture_output=True)
    assert content(file) == content(database)


def test_the_contract_names_tables_and_columns_that_are_there() -> None:
    """The schema of the sample was taken from Totara's own definition, and not from the contract."""
    tables = totara.schema()
    contract = load_contract(contract_file("totara", "source")).model
    physical = {name: entity for name, entity in contract.entities.items() if entity.sql is None}
    assert set(physical) <= set(tables)
    for name, entity in physical.items():
        assert list(entity.fields) == list(tables[name]), name
        for field, rule in entity.fields.items():
            if rule.type in ("int", "epoch", "flag"):
                assert tables[name][field] == "INTEGER", f"{name}.{field}"
            elif rule.type == "decimal":
                assert tables[name][field] == "REAL", f"{name}.{field}"
            else:
                assert tables[name][field] == "TEXT", f"{name}.{field}"


@pytest.mark.parametrize("fault", totara.FAULTS, ids=lambda fault: fault.what)
def test_each_fault_is_planted_as_often_as_listed(company: Any, fault: Any) -> None:
    assert fault.probe(company) == fault.rows > 0


@pytest.mark.parametrize("fault", [fault for fault in totara.FAULTS if fault.plant], ids=lambda fault: fault.what)
def test_the_ordinary_company_lacks_what_is_planted(ordinary: Any, fault: Any) -> None:
    assert fault.probe(ordinary) == 0


def test_every_reference_of_the_ordinary_company_resolves(ordinary: Any) -> None:
    known = {table: {row["id"] for row in rows} for table, rows in ordinary.tables.items()}
    for table, column, other in (
        ("job_assignment", "userid", "user"),
        ("job_assignment", "organisationid", "org"),
        ("job_assignment", "positionid", "pos"),
        ("job_assignment", "managerjaid", "job_assignment"),
        ("course_completions", "userid", "user"),
        ("course_completions", "course", "course"),
        ("course_completion_history", "courseid", "course"),
        ("grade_grades", "itemid", "grade_items"),
        ("certif_completion", "userid", "user"),
        ("user_enrolments", "enrolid", "enrol"),
    ):
        used = {row.get(column) for row in ordinary.tables[table]} - {None}
        assert used, table
        assert used <= known[other], f"{table}.{column}"


def test_the_list_is_up_to_date() -> None:
    assert (SAMPLES / "totara.md").read_text("utf-8") == totara.fault_table()


def test_nobody_in_it_is_real(company: Any) -> None:
    addresses = [row["email"] for row in company.tables["user"] if "@" in str(row["email"])]
    assert addresses
    assert all(address.endswith("@example.org") for address in addresses)
