"""Drafts of contracts from real servers: types that only they have, and rows that their own types do not promise."""

from __future__ import annotations

from pathlib import Path

from database_servers import Database

from migrate.contracts.load import load_contract
from migrate.contracts.model import Field
from migrate.profiling.contract_draft.draft import draft_contract


def drafted(database: Database, folder: Path) -> dict[str, Field]:
    draft_contract(database.url, folder / "odd.yaml", "odd")
    return dict(load_contract(folder / "odd.yaml").model.entities["odd"].fields)


def test_types_of_mariadb(mariadb: Database, tmp_path: Path) -> None:
    mariadb.execute(
        "CREATE TABLE odd (id int PRIMARY KEY, yes tinyint(1), stars tinyint(1), one bit(1), nine bit(9), born year, "
        "price float, far bigint unsigned, near bigint unsigned, took time)",
        "INSERT INTO odd VALUES (1, 1, 5, b'1', 300, 1999, 0.1, 18446744073709551615, 7, '01:30:00'), "
        "(2, 0, 0, b'0', 0, 2024, 2.5, 3, 8, '36:15:00'), (3, 1, 1, b'1', 1, 2023, 9, 4, 9, '00:45:10')",
    )
    fields = drafted(mariadb, tmp_path)
    assert {name: field.type for name, field in fields.items()} == {
        "id": "int", "yes": "flag", "stars": "int", "one": "flag", "nine": "int", "born": "int", "price": "decimal",
        "far": "string", "near": "int", "took": "string",
    }  # fmt: skip
    assert fields["far"].note.startswith("unconfirmed: text, for 1 rows hold numbers that are too large")
    assert fields["took"].pii is None


def test_days_of_mariadb_that_are_none(mariadb: Database, tmp_path: Path) -> None:
    mariadb.execute(
        "SET SESSION sql_mode = ''",
        "CREATE TABLE odd (id int PRIMARY KEY, hired date NOT NULL, seen datetime(3) NOT NULL)",
        "INSERT INTO odd VALUES (1, '2024-02-29', '2024-02-29 10:00:00'), (2, 0, 0), (3, '1985-00-00', '2024-01-01')",
    )
    fields = drafted(mariadb, tmp_path)
    assert (fields["hired"].type, fields["hired"].never) == ("date", ("0000-00-00",))
    assert (fields["seen"].type, fields["seen"].never) == ("datetime", ("0000-00-00 00:00:00.000",))
    assert "'0000-00-00' looks like none (1 rows: no day of any calendar); 1 rows hold what is no day" in fields["hired"].note


def test_numbers_that_are_no_doubles(database: Database, tmp_path: Path) -> None:
    """Whole ones of a database without BIGINT, and what a program wrote with more digits than anybody reads."""
    database.execute(
        "CREATE TABLE odd (id numeric(10, 0) PRIMARY KEY, far numeric(20, 0), paid numeric(30, 2), grade numeric(10, 5))",
        "INSERT INTO odd VALUES (1, 12345678901234567890, 12345678901234567.89, 66.66667), (2, 3, 5, 100)",
    )
    fields = drafted(database, tmp_path)
    assert {name: field.type for name, field in fields.items()} == {
        "id": "int", "far": "string", "paid": "string", "grade": "decimal",
    }  # fmt: skip
    assert fields["paid"].note.startswith("unconfirmed: text, for 1 rows hold numbers with more digits than a decimal carries")
