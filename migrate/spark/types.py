"""DuckDB's types, and Spark's for the same values."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb

from migrate.errors import RunFailed

_PLAIN = {  # TIMESTAMP_NS is not here: Spark would cut it
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INT",
    "bigint": "BIGINT",
    "utinyint": "SMALLINT",
    "usmallint": "INT",
    "uinteger": "BIGINT",
    "ubigint": "DECIMAL(20, 0)",
    "hugeint": "DECIMAL(38, 0)",
    "float": "FLOAT",
    "double": "DOUBLE",
    "varchar": "STRING",
    "blob": "BINARY",
    "date": "DATE",
    "timestamp": "TIMESTAMP_NTZ",
    "timestamp_s": "TIMESTAMP_NTZ",
    "timestamp_ms": "TIMESTAMP_NTZ",
    "timestamp with time zone": "TIMESTAMP_NTZ",
    "time": "STRING",
    "null": "INT",
    '"null"': "INT",
    "sqlnull": "INT",
}
NOTHING = '"NULL"'
"""The type of a column of nothing but nulls, which fits every other."""
SAME = frozenset(
    {"boolean", "tinyint", "smallint", "integer", "bigint", "float", "double", "varchar", "blob", "date", "timestamp"}
)
"""Types whose values come out of Arrow as the type that went in."""
INTEGERS = frozenset({"tinyint", "smallint", "integer", "bigint"})


@cache
def spark_type(text: str) -> str:
    """Spark's name of a type of DuckDB, such as ``VARCHAR[]``. Raises RunFailed where Spark has none."""
    return _spark(duckdb.sqltype(text))


def _spark(kind: Any) -> str:
    match kind.id:
        case "list" | "array":
            return f"ARRAY<{_spark(dict(kind.children)['child'])}>"
        case "struct":
            return "STRUCT<" + ", ".join(f"{quoted(name)}: {_spark(child)}" for name, child in kind.children) + ">"
        case "decimal":
            parts = dict(kind.children)
            return f"DECIMAL({parts['precision']}, {parts['scale']})"
    if kind.id not in _PLAIN:
        raise RunFailed(f"--engine spark has no type for {kind}", hint="run without --engine spark")
    return _PLAIN[kind.id]


@cache
def plain(text: str) -> str:
    """A short word of a type of DuckDB: ``varchar``, ``list``, ``decimal``."""
    return str(duckdb.sqltype(text).id)


@cache
def comes_back(text: str) -> bool:
    """Does a value of this type pass through Spark and Arrow as the very type?"""
    return _comes_back(duckdb.sqltype(text))


def _comes_back(kind: Any) -> bool:
    if kind.id == "list":
        return _comes_back(dict(kind.children)["child"])
    if kind.id == "struct":
        return all(_comes_back(child) for _, child in kind.children)
    return kind.id in SAME or kind.id == "decimal"


def quoted(name: str) -> str:
    """An identifier as Spark reads it."""
    return "`" + name.replace("`", "``") + "`"


def spark_text(value: str) -> str:
    """A string literal as Spark reads it: a backslash escapes. ``\\0`` would take up to two digits that follow."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\u0000")
    return f"'{escaped}'"


def written_out(text: str) -> bool:
    """May values of this type be written into a statement?"""
    return text == NOTHING or plain(text) in INTEGERS | {"boolean", "varchar"}


def spark_value(value: str | int | bool | None) -> str:
    """A literal of Spark."""
    if isinstance(value, str):
        return spark_text(value)
    return "NULL" if value is None else str(value).upper()


def typed(value: str, kind: str) -> str:
    """DuckDB's SQL of a value as a column of this type."""
    return "NULL" if kind == NOTHING else f"CAST({value} AS {kind})"


def carried(value: str, kind: str) -> str:
    """DuckDB's SQL of a value as the type in which Spark hands it on."""
    return value if comes_back(kind) and kind != NOTHING else f"CAST({value} AS {_carrier(duckdb.sqltype(kind))})"


def _carrier(kind: Any) -> str:
    match kind.id:
        case "list" | "array":
            return f"{_carrier(dict(kind.children)['child'])}[]"
        case "struct":
            return "STRUCT(" + ", ".join(f'"{name}" {_carrier(child)}' for name, child in kind.children) + ")"
    return "TIMESTAMP" if kind.id.startswith("timestamp") else _spark(kind)
