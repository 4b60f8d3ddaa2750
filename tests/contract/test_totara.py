"""What Totara's importers refuse, said in their own words: rows that would look loaded and are not."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from migrate.connectors.importer import Importer
from migrate.contracts.load import load_contract
from migrate.resources import contract_file

CONTRACT = load_contract(contract_file("totara", "target")).model
Row = dict[str, str]


def refused(folder: Path, **files: list[Row]) -> dict[str, str]:
    """``{key: reason}`` of the rows that are refused, over all files."""
    for entity, rows in files.items():
        model = CONTRACT.entities[entity]
        with (folder / str(model.file)).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(model.fields), restval="")
            writer.writeheader()
            writer.writerows(rows)
    with duckdb.connect() as connection:
        Importer(connection, CONTRACT).run(sorted(folder.iterdir()))
        return dict(connection.execute("SELECT key, reason FROM refused").fetchall())


def user(number: str, **cells: str) -> Row:
    row = {"idnumber": number, "timemodified": "0", "deleted": "0", "auth": "saml2", "suspended": "0"}
    names = {"username": f"u{number}", "firstname": "Ana", "lastname": "Roy", "email": f"u{number}@example.org"}
    return {**row, **{key: value.lower() if key == "username" else value for key, value in names.items()}, **cells}


def job(number: str, person: str, manager: str = "") -> Row:
    row = {"idnumber": number, "useridnumber": person, "timemodified": "0", "deleted": "0"}
    return {**row, "manageridnumber": manager}


def unit(number: str, above: str = "") -> Row:
    row = {"idnumber": number, "timemodified": "0", "deleted": "0", "fullname": number, "frameworkidnumber": "F"}
    return {**row, "parentidnumber": above}


@pytest.mark.parametrize("entity", ["organisations", "positions"])
@pytest.mark.parametrize("length", [1, 2, 5, 40])
def test_a_circle_of_any_length_is_refused_and_what_hangs_below_it_follows(tmp_path: Path, entity: str, length: int) -> None:
    circle = [unit(f"c{n}", f"c{(n + 1) % length}") for n in range(length)]
    found = refused(tmp_path, **{entity: [unit("top"), unit("next", "top"), *circle, unit("below", "c0")]})
    assert set(found) == {f"c{n}" for n in range(length)} | {"below"}


@pytest.mark.parametrize("length", [2, 5, 40])
def test_a_circle_of_managers_is_refused(tmp_path: Path, length: int) -> None:
    people = [user(f"{n}") for n in range(length)] + [user("top"), user("free")]
    circle = [job("J", f"{n}", f"{(n + 1) % length}") for n in range(length)]
    found = refused(
        tmp_path, users=people, job_assignments=[*circle, job("J", "top"), job("J", "free", "top"), job("K", "0", "top")]
    )
    assert set(found) == {f"{n}|J" for n in range(length)}


def test_a_manager_without_a_job_is_refused(tmp_path: Path) -> None:
    jobs = [job("J", "1", "2"), job("J", "3", "1"), job("J", "4")]
    found = refused(tmp_path, users=[user("1"), user("2"), user("3"), user("4")], job_assignments=jobs)
    assert set(found) == {"1|J", "3|J"}
    assert "no job assignment" in found["1|J"]


def test_what_differs_in_case_only_is_refused(tmp_path: Path) -> None:
    people = [user("1", email="ana@example.org"), user("2", email="Ana@Example.org"), user("a3"), user("A3", username="other")]
    assert set(refused(tmp_path, users=[*people, user("4")])) == {"1", "2", "a3", "A3"}


def test_a_country_nobody_knows_is_refused(tmp_path: Path) -> None:
    assert set(refused(tmp_path, users=[user("1", country="XX"), user("2", country="DE"), user("3")])) == {"1"}
