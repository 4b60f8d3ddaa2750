"""Totara's database: the views lose nothing, and tell what the tables spread over several rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from migrate.compiler.source import SQL_TYPES, query_sql
from migrate.compiler.text import name
from migrate.contracts import Contract, load_contract
from migrate.resources import contract_file

CONTRACT: Contract = load_contract(contract_file("totara", "source")).model


@pytest.fixture(scope="module")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA s")
        for entity, model in CONTRACT.entities.items():
            columns = ", ".join(f"{name(field)} {SQL_TYPES[rule.type]}" for field, rule in model.fields.items())
            if model.sql is None:
                connection.execute(f"CREATE TABLE {name('s', entity)} ({columns})")
        for entity, model in CONTRACT.entities.items():
            if model.sql is not None:
                connection.execute(f"CREATE VIEW {name('s', entity)} AS {query_sql(model.sql, 's')}")
        yield connection


@pytest.fixture
def asked(tables: duckdb.DuckDBPyConnection) -> Any:
    """Fill tables, and give the rows of a view by its key."""

    def ask(view: str, given: dict[str, list[dict[str, Any]]]) -> dict[Any, dict[str, Any]]:
        tables.execute("BEGIN")
        try:
            for table, rows in given.items():
                for row in rows:
                    marks = ", ".join("?" for _ in row)
                    tables.execute(
                        f"INSERT INTO {name('s', table)} ({', '.join(map(name, row))}) VALUES ({marks})", [*row.values()]
                    )
            found = tables.execute(f"SELECT * FROM {name('s', view)}")
            columns = [column[0] for column in found.description]
            key = CONTRACT.entities[view].key[0]
            rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
            assert len({row[key] for row in rows}) == len(rows)
            return {row[key]: row for row in rows}
        finally:
            tables.execute("ROLLBACK")

    return ask


@pytest.mark.parametrize("view", [n for n, e in CONTRACT.entities.items() if e.sql is not None])
def test_a_view_gives_the_fields_it_says(tables: duckdb.DuckDBPyConnection, view: str) -> None:
    found = tables.execute(f"SELECT * FROM {name('s', view)}")
    given = {column[0]: str(column[1]) for column in found.description}
    fields = CONTRACT.entities[view].fields
    assert list(given) == list(fields)
    for field, rule in fields.items():
        assert given[field] == SQL_TYPES[rule.type], field


def test_the_manager_is_the_person_of_the_managing_job(asked: Any) -> None:
    jobs = [{"id": 1, "userid": 10, "managerjaid": 2}, {"id": 2, "userid": 20}, {"id": 3, "userid": 30, "managerjaid": 99}]
    found = asked("job", {"job_assignment": jobs})
    assert {key: (row["person"], row["manager"]) for key, row in found.items()} == {1: (10, 20), 2: (20, None), 3: (30, None)}


def test_earlier_completions_stand_beside_the_current_one(asked: Any) -> None:
    current = [{"id": 1, "userid": 10, "course": 5, "status": 75, "rplgrade": 80}]
    earlier = [{"id": 1, "userid": 10, "courseid": 5, "grade": 60}, {"id": 2, "userid": 10, "courseid": 6}]
    found = asked("completion", {"course_completions": current, "course_completion_history": earlier})
    assert {key: (row["course"], row["status"], row["grade"]) for key, row in found.items()} == {
        "c1": (5, 75, 80.0), "h1": (5, None, 60.0), "h2": (6, None, None),
    }  # fmt: skip


def test_cycles_of_certifications_have_their_due_date_once(asked: Any) -> None:
    given = {
        "prog": [{"id": 7, "certifid": 3, "fullname": "First aid"}, {"id": 8, "fullname": "Plain"}],
        "certif": [{"id": 3, "activeperiod": "24 month"}],
        "certif_completion": [{"id": 1, "certifid": 3, "userid": 10, "status": 3}],
        "certif_completion_history": [{"id": 1, "certifid": 3, "userid": 10, "status": 3, "unassigned": True}],
        "prog_completion": [
            {"id": 1, "programid": 7, "userid": 10, "coursesetid": 0, "timedue": "2024-05-01 00:00:00"},
            {"id": 2, "programid": 7, "userid": 10, "coursesetid": 4, "timedue": "2020-01-01 00:00:00"},
        ],
    }
    found = asked("certification_cycle", given)
    assert {key: (str(row["due"]), row["unassigned"]) for key, row in found.items()} == {
        "c1": ("2024-05-01 00:00:00", False), "h1": ("None", True),
    }  # fmt: skip
    assert {key: row["title"] for key, row in asked("certification", given).items()} == {3: "First aid"}
    assert list(asked("program", given)) == [8]


def test_a_sign_up_has_its_current_state(asked: Any) -> None:
    states = [
        {"id": n, "signupid": 1, "statuscode": code, "superceded": old} for n, code, old in ((1, 70, True), (2, 100, False))
    ]
    found = asked(
        "sign_up",
        {"facetoface_signups": [{"id": 1, "sessionid": 4, "userid": 10}, {"id": 2}], "facetoface_signups_status": states},
    )
    assert {key: row["status"] for key, row in found.items()} == {1: 100, 2: None}


def test_enrolments_without_a_role_and_roles_without_an_enrolment_stay(asked: Any) -> None:
    given = {
        "enrol": [{"id": 1, "courseid": 5, "enrol": "manual"}, {"id": 2, "courseid": 5, "enrol": "cohort"}],
        "user_enrolments": [{"id": n, "enrolid": e, "userid": u} for n, e, u in ((1, 1, 10), (2, 1, 11), (3, 2, 10))],
        "context": [{"id": 50, "contextlevel": 50, "instanceid": 5}, {"id": 40, "contextlevel": 40, "instanceid": 9}],
        "role": [{"id": 1, "shortname": "student"}],
        "role_assignments": [
            {"id": 1, "roleid": 1, "contextid": 50, "userid": 10},
            {"id": 2, "roleid": 1, "contextid": 50, "userid": 10, "component": "enrol_cohort", "itemid": 2},
            {"id": 3, "roleid": 1, "contextid": 50, "userid": 12},
            {"id": 4, "roleid": 1, "contextid": 40, "userid": 12},
        ],
    }
    assert set(asked("participation", given)) == {"e1-r1", "e2-r", "e3-r2", "e-r3"}
    assert {key: row["categoryid"] for key, row in asked("site_role", given).items()} == {4: 9}


def test_what_a_view_covers_is_there() -> None:
    covered = {table for entity in CONTRACT.entities.values() for table in entity.covers}
    assert {"course_completion_history", "certif_completion_history", "job_assignment", "prog", "facetoface_signups"} <= covered
    for entity in CONTRACT.entities.values():
        assert set(entity.covers.values()) <= set(entity.fields)
