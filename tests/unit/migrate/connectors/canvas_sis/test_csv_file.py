"""The file of an import has the text of a rehearsal's load file."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

from migrate.connectors.canvas_sis.csv_file import ordered, write_csv
from migrate.connectors.target import Record
from migrate.contracts.load import load_contract
from migrate.resources import contract_file

CANVAS = load_contract(contract_file("canvas", "target")).model


def cells(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_columns_are_the_fields_that_records_have_in_the_order_of_the_contract(tmp_path: Path) -> None:
    records = [
        Record("1", {"term_id": "1", "name": 'a "b"\r\nc', "status": "active"}),
        Record("2", {"status": "active", "term_id": "007", "name": "NULL", "start_date": dt.datetime(2024, 9, 1, 6, 30)}),
    ]
    assert cells(write_csv(CANVAS, "terms", records, tmp_path)) == [
        ["term_id", "name", "status", "start_date"],
        ["1", 'a "b"\r\nc', "active", ""],
        ["007", "NULL", "active", "2024-09-01T06:30:00Z"],
    ]


def test_flags_numbers_and_cleared_values(tmp_path: Path) -> None:
    row = {"section_id": "s", "user_id": "u", "role": "student", "status": "active", "limit_section_privileges": False}
    assert cells(write_csv(CANVAS, "enrollments", [Record("k", row)], tmp_path))[1][-1] == "false"
    course = {"course_id": "c", "start_date": None, "end_date": dt.datetime(2025, 1, 1)}
    made = cells(
        write_csv(CANVAS, "courses", [Record("c", course)], tmp_path, {"start_date": "<delete>", "end_date": "<delete>"})
    )
    assert made[1] == ["c", "<delete>", "2025-01-01T00:00:00Z"]
    item = {"assignment_id": "a", "points_possible": Decimal("12.50")}
    assert cells(write_csv(CANVAS, "assignments", [Record("a", item)], tmp_path))[1] == ["a", "12.5"]


def test_equal_records_give_a_file_of_the_same_name(tmp_path: Path) -> None:
    names = []
    for folder, number in (("one", 1), ("two", 1), ("three", 2)):
        (tmp_path / folder).mkdir()
        record = Record("1", {"term_id": "1", "name": f"Term {number}", "status": "active"})
        names.append(write_csv(CANVAS, "terms", [record], tmp_path / folder).name)
    assert names[0] == names[1] != names[2]


def test_parents_come_first_and_circles_end() -> None:
    def account(key: str, parent: str | None) -> Record:
        return Record(key, {"account_id": key, "parent_account_id": parent})

    given = [account("c", "b"), account("x", "elsewhere"), account("b", "a"), account("a", None), account("o", "o")]
    order = [record.key for record in ordered("accounts", CANVAS.entities["accounts"], given)]
    assert order.index("a") < order.index("b") < order.index("c")
    assert sorted(order) == ["a", "b", "c", "o", "x"]
    assert ordered("users", CANVAS.entities["users"], given) == given
