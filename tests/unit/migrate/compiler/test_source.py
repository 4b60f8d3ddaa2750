"""Typed source rows: what each type reads from text and from native columns, and what it reports as unreadable."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from migrate.compiler.source import physical_sql, query_needs, typed_sql, view_sql
from migrate.contracts.model import Contract, Entity, Field, FileFormat
from migrate.engine import session
from migrate.errors import RunFailed
from migrate.expressions import ExpressionError

NONE = FileFormat()
COMMA = FileFormat(decimal=",", true="Y", false="N")
BAD = "bad"
TWO = "ambiguous"


def read(rule: dict[str, Any], value: Any, kind: str = "VARCHAR", format_: FileFormat = NONE) -> Any:
    """The typed value; BAD or TWO where the engine would report it."""
    typed, fails, ambiguous = typed_sql(Field.model_validate_json(_json(rule)), "x", kind.split("(")[0], format_)
    with session() as connection:
        sql = f"SELECT {typed}, {fails or 'FALSE'}, {ambiguous or 'FALSE'} FROM (SELECT CAST(? AS {kind}) AS x)"
        row = connection.execute(sql, [value]).fetchone()
    assert row is not None
    if row[1]:
        assert row[0] is None
        return BAD
    return TWO if row[2] else row[0]


def _json(rule: dict[str, Any]) -> str:
    return json.dumps(rule)


DAY, MONTH = "%d/%m/%Y", "%m/%d/%Y"
CASES: list[tuple[dict[str, Any], Any, Any]] = [
    # text: nothing is trimmed, blank is not null
    ({}, "a", "a"),
    ({}, " a ", " a "),
    ({}, "", ""),
    ({}, None, None),
    ({"never": [""]}, "", None),
    ({"never": [""]}, " ", " "),
    ({"never": [0]}, "0", None),
    ({"never": ["N/A", "-"]}, "-", None),
    ({"never": ["N/A"]}, "n/a", "n/a"),
    # whole numbers
    ({"type": "int"}, "7", 7),
    ({"type": "int"}, " -7 ", -7),
    ({"type": "int"}, "+7", 7),
    ({"type": "int"}, "007", 7),
    ({"type": "int"}, "", None),
    ({"type": "int"}, "  ", None),
    ({"type": "int"}, None, None),
    ({"type": "int"}, "1.5", BAD),
    ({"type": "int"}, "1.0", BAD),
    ({"type": "int"}, "1e3", BAD),
    ({"type": "int"}, "abc", BAD),
    ({"type": "int"}, "1_000", BAD),
    ({"type": "int"}, "1,000", BAD),
    ({"type": "int"}, "٣", BAD),
    ({"type": "int"}, "0x10", BAD),
    ({"type": "int"}, "9223372036854775807", 9223372036854775807),
    ({"type": "int"}, "9223372036854775808", BAD),
    ({"type": "int", "never": [0]}, "0", None),
    ({"type": "int", "never": [0]}, "0000", None),
    ({"type": "int", "never": [0]}, "5", 5),
    ({"type": "int", "never": [0]}, "x", BAD),
    ({"type": "int", "never": [-1, 0]}, "-1", None),
    ({"type": "int", "never": ["none"]}, "none", None),
    # decimals
    ({"type": "decimal"}, "1.5", 1.5),
    ({"type": "decimal"}, ".5", 0.5),
    ({"type": "decimal"}, "5.", 5.0),
    ({"type": "decimal"}, "-1e-3", -0.001),
    ({"type": "decimal"}, "100.00000", 100.0),
    ({"type": "decimal"}, "", None),
    ({"type": "decimal"}, "1,5", BAD),
    ({"type": "decimal"}, "nan", BAD),
    ({"type": "decimal"}, "inf", BAD),
    ({"type": "decimal"}, "1_0", BAD),
    ({"type": "decimal"}, "50%", BAD),
    ({"type": "decimal"}, "1e400", BAD),
    # digits that a DOUBLE would change
    ({"type": "decimal"}, "9007199254740992", 9007199254740992.0),
    ({"type": "decimal"}, "9007199254740993", BAD),
    ({"type": "decimal"}, "12345678901234567.89", BAD),
    ({"type": "decimal"}, "-12345678901.12345678", BAD),
    ({"type": "decimal"}, "1700000000000.125", 1700000000000.125),
    ({"type": "decimal"}, "33.333333333333333333333333", 100 / 3),
    ({"type": "decimal"}, "1.7976931348623157e308", 1.7976931348623157e308),
    ({"type": "decimal"}, "1" * 40, BAD),
    ({"type": "decimal", "never": [0]}, "0", None),
    ({"type": "decimal", "never": [0]}, "0.00000", None),
    # flags
    ({"type": "flag"}, "1", True),
    ({"type": "flag"}, "0", False),
    ({"type": "flag"}, "TRUE", True),
    ({"type": "flag"}, "False", False),
    ({"type": "flag"}, " 1 ", True),
    ({"type": "flag"}, "", None),
    ({"type": "flag"}, "2", BAD),
    ({"type": "flag"}, "yes", BAD),
    ({"type": "flag"}, "Y", BAD),
    ({"type": "flag"}, "-1", BAD),
    # epochs
    ({"type": "epoch"}, "0", dt.datetime(1970, 1, 1)),
    ({"type": "epoch", "never": [0]}, "0", None),
    ({"type": "epoch"}, "1700000000", dt.datetime(2023, 11, 14, 22, 13, 20)),
    ({"type": "epoch"}, "-1", dt.datetime(1969, 12, 31, 23, 59, 59)),
    ({"type": "epoch", "never": [0, 2147483647]}, "2147483647", None),
    ({"type": "epoch", "never": [0]}, "00", None),
    ({"type": "epoch"}, "253402300799", dt.datetime(9999, 12, 31, 23, 59, 59)),
    ({"type": "epoch"}, "253402300800", BAD),
    ({"type": "epoch"}, "-62135596801", BAD),
    ({"type": "epoch"}, "9223372036854775807", BAD),
    ({"type": "epoch"}, "99999999999999999999", BAD),
    ({"type": "epoch"}, "1700000000.5", BAD),
    ({"type": "epoch"}, "2023-11-14", BAD),
    ({"type": "epoch"}, "", None),
    # dates
    ({"type": "date"}, "2024-02-29", dt.date(2024, 2, 29)),
    ({"type": "date"}, "2023-02-29", BAD),
    ({"type": "date"}, "", None),
    ({"type": "date"}, "21-03-04", BAD),
    # as databases and APIs write days; an instant is on another day elsewhere
    ({"type": "date"}, "2024-02-29 00:00", dt.date(2024, 2, 29)),
    ({"type": "date"}, "2024-02-29T00:00:00.000Z", dt.date(2024, 2, 29)),
    ({"type": "date"}, "2024-02-29 00:00:00+00", dt.date(2024, 2, 29)),
    ({"type": "date"}, "2024-02-29 10:00:00", BAD),
    ({"type": "date"}, "2024-02-29 00:00:00.5", BAD),
    ({"type": "date"}, "2024-02-29T00:30:00+01:00", BAD),
    ({"type": "date"}, "2024-02-29T00:00:00+01:00", BAD),
    ({"type": "date"}, "2024-02-28T19:00:00-05:00", BAD),
    ({"type": "date"}, "2023-02-29T00:00:00Z", BAD),
    ({"type": "date", "formats": [f"{DAY} %H:%M"]}, "29/02/2024 00:00", dt.date(2024, 2, 29)),
    ({"type": "date", "formats": [f"{DAY} %H:%M"]}, "29/02/2024 10:00", BAD),
    ({"type": "date", "formats": [f"{DAY} %H:%M %z"]}, "29/02/2024 00:00 +0000", dt.date(2024, 2, 29)),
    ({"type": "date", "formats": [f"{DAY} %H:%M %z"]}, "28/02/2024 19:00 -0500", BAD),
    ({"type": "date", "formats": [f"{DAY} %H:%M %z"]}, "29/02/2024 00:00 +0100", BAD),
    ({"type": "date"}, "epoch", BAD),
    ({"type": "date"}, "infinity", BAD),
    ({"type": "date", "formats": [DAY]}, "29/02/2024", dt.date(2024, 2, 29)),
    ({"type": "date", "formats": [DAY]}, " 1/2/2024 ", dt.date(2024, 2, 1)),
    ({"type": "date", "formats": [DAY]}, "02/29/2024", BAD),
    ({"type": "date", "formats": [DAY]}, "01/02/21", BAD),
    ({"type": "date", "formats": [DAY]}, "2024-02-29", BAD),
    ({"type": "date", "formats": [DAY]}, "29/02/2024 10:00", BAD),
    ({"type": "date", "formats": ["%d/%m/%y"]}, "01/02/21", dt.date(2021, 2, 1)),
    ({"type": "date", "formats": [DAY, MONTH]}, "03/04/2024", TWO),
    ({"type": "date", "formats": [DAY, MONTH]}, "04/04/2024", dt.date(2024, 4, 4)),
    ({"type": "date", "formats": [DAY, MONTH]}, "13/04/2024", dt.date(2024, 4, 13)),
    ({"type": "date", "formats": [DAY, MONTH]}, "04/13/2024", dt.date(2024, 4, 13)),
    ({"type": "date", "formats": [DAY, MONTH]}, "13/13/2024", BAD),
    ({"type": "date", "formats": [DAY, MONTH]}, "", None),
    ({"type": "date", "formats": [DAY, MONTH], "never": ["01/02/1900"]}, "01/02/1900", None),
    ({"type": "date", "never": ["0000-00-00"]}, "0000-00-00", None),
    ({"type": "date"}, "0000-00-00", BAD),
    # instants
    ({"type": "datetime"}, "2024-02-29 10:00:00", dt.datetime(2024, 2, 29, 10)),
    ({"type": "datetime"}, "2024-02-29T10:00:00Z", dt.datetime(2024, 2, 29, 10)),
    ({"type": "datetime"}, "2024-02-29T10:00:00+02:00", dt.datetime(2024, 2, 29, 8)),
    ({"type": "datetime"}, "2024-02-29 25:00:00", BAD),
    ({"type": "datetime"}, "yesterday", BAD),
    ({"type": "datetime"}, "epoch", BAD),
    ({"type": "datetime"}, "infinity", BAD),
    ({"type": "datetime", "formats": ["%d.%m.%Y %H:%M"]}, "1.2.2024 09:05", dt.datetime(2024, 2, 1, 9, 5)),
]


@pytest.mark.parametrize(("rule", "given", "expected"), CASES, ids=lambda v: str(v)[:40])
def test_text(rule: dict[str, Any], given: Any, expected: Any) -> None:
    assert read(rule, given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1,5", 1.5),
        ("-,5", -0.5),
        ("7", 7.0),
        ("1.5", BAD),
        ("1.234,5", BAD),
        ("1.234", BAD),
        ("1,2,3", BAD),
        ("", None),
    ],
)
def test_decimal_comma(given: str, expected: Any) -> None:
    assert read({"type": "decimal"}, given, format_=COMMA) == expected


@pytest.mark.parametrize(("given", "expected"), [("Y", True), ("n", False), ("1", True), ("false", False), ("x", BAD)])
def test_a_files_own_words_for_flags(given: str, expected: Any) -> None:
    assert read({"type": "flag"}, given, format_=COMMA) == expected


@pytest.mark.parametrize(
    ("rule", "kind", "given", "expected"),
    [
        ({}, "BIGINT", 7, "7"),
        ({}, "DOUBLE", 1.5, "1.5"),
        ({}, "BOOLEAN", True, "true"),
        ({"never": [0]}, "BIGINT", 0, None),
        ({"type": "int"}, "BIGINT", 7, 7),
        ({"type": "int"}, "TINYINT", -1, -1),
        ({"type": "int"}, "UBIGINT", 7, 7),
        ({"type": "int"}, "UBIGINT", 18446744073709551615, BAD),
        ({"type": "int"}, "HUGEINT", 2**70, BAD),
        ({"type": "int"}, "DECIMAL(10,0)", 7, 7),
        ({"type": "int"}, "DOUBLE", 1.5, BAD),
        ({"type": "int"}, "BIGINT", None, None),
        ({"type": "int", "never": [0]}, "INTEGER", 0, None),
        ({"type": "int", "never": [0]}, "INTEGER", 1, 1),
        ({"type": "int", "never": [0]}, "DECIMAL(10,0)", 0, None),
        ({"type": "decimal"}, "DOUBLE", 1.5, 1.5),
        ({"type": "decimal"}, "DECIMAL(10,5)", 1.5, 1.5),
        ({"type": "decimal"}, "BIGINT", 2, 2.0),
        ({"type": "decimal"}, "BIGINT", 9007199254740993, BAD),
        ({"type": "decimal"}, "DECIMAL(20,2)", "123456789012345678.25", BAD),
        ({"type": "decimal"}, "DECIMAL(20,2)", "1234567890123.25", 1234567890123.25),
        ({"type": "decimal", "never": [0]}, "DOUBLE", 0.0, None),
        ({"type": "decimal", "never": [0]}, "DECIMAL(10,5)", 0, None),
        ({"type": "decimal", "never": [0]}, "DOUBLE", 0.5, 0.5),
        ({"type": "decimal"}, "DOUBLE", None, None),
        ({"type": "flag"}, "BOOLEAN", True, True),
        ({"type": "flag"}, "TINYINT", 0, False),
        ({"type": "flag"}, "BIGINT", 1, True),
        ({"type": "flag"}, "BIGINT", 2, BAD),
        ({"type": "flag"}, "BIGINT", None, None),
        ({"type": "epoch"}, "BIGINT", 0, dt.datetime(1970, 1, 1)),
        ({"type": "epoch", "never": [0]}, "BIGINT", 0, None),
        ({"type": "epoch"}, "INTEGER", -1, dt.datetime(1969, 12, 31, 23, 59, 59)),
        ({"type": "epoch"}, "BIGINT", 2**62, BAD),
        ({"type": "epoch"}, "BIGINT", -(2**62), BAD),
        ({"type": "epoch"}, "UBIGINT", 2**64 - 1, BAD),
        ({"type": "epoch"}, "HUGEINT", 2**100, BAD),
        ({"type": "epoch", "never": [2147483647]}, "BIGINT", 2147483647, None),
        ({"type": "epoch", "never": [0]}, "BIGINT", 2**62, BAD),
        ({"type": "epoch", "never": [0]}, "BIGINT", None, None),
        ({"type": "epoch", "never": [2**62]}, "BIGINT", 2**62, None),
        ({"type": "epoch", "never": ["none"]}, "BIGINT", 2**62, BAD),
        ({"type": "date"}, "DATE", "2024-02-29", dt.date(2024, 2, 29)),
        ({"type": "date", "formats": [DAY]}, "DATE", "2024-02-29", dt.date(2024, 2, 29)),
        ({"type": "date"}, "TIMESTAMP", "2024-02-29 00:00:00", dt.date(2024, 2, 29)),
        ({"type": "date"}, "TIMESTAMP", "2024-02-29 10:00:00", BAD),
        ({"type": "date"}, "TIMESTAMP", None, None),
        ({"type": "date", "never": ["1900-01-01"]}, "DATE", "1900-01-01", None),
        ({"type": "datetime"}, "TIMESTAMP", "2024-02-29 10:00:00", dt.datetime(2024, 2, 29, 10)),
        ({"type": "datetime"}, "DATE", "2024-02-29", dt.datetime(2024, 2, 29)),
        ({"type": "datetime"}, "TIMESTAMP WITH TIME ZONE", "2024-02-29 10:00:00+02", dt.datetime(2024, 2, 29, 8)),
        ({"type": "datetime"}, "TIMESTAMP_NS", "2024-02-29 10:00:00", dt.datetime(2024, 2, 29, 10)),
        ({"type": "datetime"}, "TIMESTAMP", None, None),
    ],
    ids=lambda v: str(v)[:40],
)
def test_native_columns(rule: dict[str, Any], kind: str, given: Any, expected: Any) -> None:
    assert read(rule, given, kind) == expected


@pytest.mark.parametrize(("given", "expected"), [(1, True), (2, False), (0, False), (3, BAD), (-1, BAD)])
def test_a_files_own_numbers_for_flags(given: int, expected: Any) -> None:
    words = FileFormat(true="Y", false="2")
    assert read({"type": "flag"}, given, "INTEGER", words) == expected
    assert read({"type": "flag"}, str(given), "VARCHAR", words) == expected


def test_a_sentinel_and_a_blank_are_never_reported() -> None:
    for kind in ("int", "decimal", "flag", "date", "datetime", "epoch"):
        assert read({"type": kind, "never": ["none"]}, "none") is None
        assert read({"type": kind, "never": ["none"]}, "   ") is None


def entity(fields: dict[str, Any], **words: Any) -> Entity:
    return Entity.model_validate_json(_json({"key": "id", "fields": fields, **words}))


def test_a_physical_view_lists_each_bad_field_with_its_text() -> None:
    model = entity(
        {
            "id": {"type": "int"},
            "n": {"type": "int"},
            "d": {"type": "date", "formats": [DAY, MONTH]},
            "gone": {"type": "epoch"},
        }
    )
    with session() as connection:
        connection.execute(
            "CREATE TABLE raw.t AS SELECT * FROM (VALUES ('1', '2', '04/04/2024', 1, NULL, NULL), "
            "('x', 'y', '03/04/2024', 2, 'SRC-SHAPE', 'f:2')) AS v(id, n, d, _row, _fault, _fault_value)"
        )
        raw = {"id": "VARCHAR", "n": "VARCHAR", "d": "VARCHAR"}
        connection.execute(physical_sql("t", model, ["id", "n", "d", "gone"], raw, NONE))
        rows = connection.execute("SELECT * FROM source.t ORDER BY _row").fetchall()
    assert rows[0] == (1, 2, dt.date(2024, 4, 4), None, None, 1, None, None)
    assert rows[1][:2] == (None, None)
    assert rows[1][4] == ["id\x1fx", "n\x1fy", "?d\x1f03/04/2024"]
    assert rows[1][5:] == (2, "SRC-SHAPE", "f:2")


VIEW = """
select p.id as id, lower(p.name) as name, count(*) as n
from people as p left join marks as m on m.person = p.id group by p.id, p.name
"""
CONTRACT = {
    "system": "s",
    "label": "s",
    "source": {"kind": "database"},
    "entities": {
        "people": {"key": "id", "fields": {"id": {"type": "int"}, "name": {}}},
        "marks": {"key": "id", "fields": {"id": {"type": "int"}, "person": {"type": "int"}, "mark": {}}},
        "v": {"key": "id", "sql": VIEW, "fields": {"id": {"type": "int"}, "name": {}, "n": {"type": "int"}}},
        "w": {
            "key": "k",
            "sql": "select x.k from (select v.id as k from v) as x join marks using (person)",
            "fields": {"k": {}},
        },
        "c": {
            "key": "id",
            "sql": "with people as (select m.id from marks as m) select people.id from people",
            "fields": {"id": {}},
        },
    },
}


def test_a_view_is_a_table_with_the_engines_columns() -> None:
    contract = Contract.model_validate_json(_json(CONTRACT))
    with session() as connection:
        connection.execute("CREATE TABLE source.people AS SELECT 1 AS id, 'ANA' AS name UNION ALL SELECT 2, 'BO'")
        connection.execute("CREATE TABLE source.marks AS SELECT 1 AS id, 1 AS person, 'a' AS mark UNION ALL SELECT 2, 1, 'b'")
        connection.execute(view_sql(contract, "v", contract.entities["v"], "2025-01-01 00:00:00"))
        rows = connection.execute("SELECT id, name, n, _row, _fault, _bad FROM source.v ORDER BY id").fetchall()
        assert rows == [(1, "ana", 2, 1, None, None), (2, "bo", 1, 2, None, None)]
        connection.execute(view_sql(contract, "c", contract.entities["c"], "2025-01-01 00:00:00"))
        assert connection.execute("SELECT id FROM source.c ORDER BY 1").fetchall() == [("1",), ("2",)]


def test_it_is_known_what_a_view_reads() -> None:
    contract = Contract.model_validate_json(_json(CONTRACT))
    assert query_needs(contract, contract.entities["v"].sql or "") == {"people": {"id", "name"}, "marks": {"person"}}
    needs = query_needs(contract, contract.entities["w"].sql or "")
    assert needs["v"] >= {"id"}
    assert needs["marks"] >= {"person"}


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_view_cannot_read_a_file(tmp_path: Path, quote: str) -> None:
    file = tmp_path / "f.csv"
    file.write_text("x\n1\n")
    sql = f"select a.x as id from {quote}{file}{quote} as a"
    with pytest.raises((ExpressionError, RunFailed)), session() as connection:
        contract = Contract.model_validate_json(_json(CONTRACT))
        connection.execute(view_sql(contract, "v", entity({"id": {}}, sql=sql), "2025-01-01 00:00:00"))
