"""The numbers of a table in one scan: nulls, blanks, ranges, lengths, estimates of distinct values, and faults of its text."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import duckdb

from migrate.compiler.source import RAW
from migrate.compiler.text import literal, name
from migrate.profiling.columns import Column, shown_text
from migrate.profiling.model import Numbers, Texts

FAR = 3
"""How many times the distance between the quartiles a value may lie outside of them."""
_ENTITIES = "&(#[0-9]{1,6}|#x[0-9A-Fa-f]{1,5}|[a-z]{2,8});"
_MOJIBAKE = "Ã[\\x{80}-\\x{BF}ƒ„‰‹Œš©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿¡¢£¤¥¦§¨]|Â[\\x{80}-\\x{BF}]|â€|ï»¿|Ð[\\x{80}-\\x{BF}]Ð"
_CONTROL = "[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F]"
_INVISIBLE = "[\\x{AD}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{2064}\\x{FEFF}]"


@dataclass(frozen=True)
class Measured:
    """What one scan says of a column."""

    nulls: int
    blanks: int
    never: int
    unreadable: int
    ambiguous: int
    holding: int
    estimate: int
    """Distinct values, estimated."""
    shortest: int | None
    longest: int | None
    smallest: str | None
    largest: str | None
    mean: float | None
    quartiles: tuple[Any, ...]
    texts: Texts | None


def measure(connection: duckdb.DuckDBPyConnection, entity: str, columns: list[Column]) -> tuple[int, int, dict[str, Measured]]:
    """``(rows, rows with a fault, {field: numbers})`` in one query over the raw rows."""
    inner = ["r._fault AS fault"]
    outer = ["count(*)", "count(fault)"]
    places: dict[str, dict[str, int]] = {}
    for number, column in enumerate(columns):
        inner += [
            f"r.{name(column.field)} AS r{number}",
            f"{column.value} AS v{number}",
            f"coalesce({column.blank}, FALSE) AS b{number}",
            f"coalesce({column.unreadable}, FALSE) AS u{number}",
            f"coalesce({column.ambiguous}, FALSE) AS a{number}",
        ]
        places[column.field] = {}
        for word, sql in _aggregates(column, number).items():
            places[column.field][word] = len(outer)
            outer.append(sql)
    sql = f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM {name(RAW, entity)} AS r)"
    row = connection.execute(sql).fetchone()
    assert row is not None
    found = {field: _measured({word: row[at] for word, at in where.items()}, row[0]) for field, where in places.items()}
    return int(row[0]), int(row[1]), found


def _aggregates(column: Column, n: int) -> dict[str, str]:
    value = f"v{n}"
    wanted = {
        "present": f"count(r{n})",
        "blanks": f"count_if(b{n})",
        "unreadable": f"count_if(u{n})",
        "ambiguous": f"count_if(a{n})",
        "holding": f"count({value})",
        "estimate": f"approx_count_distinct({value})",
    }
    if column.rule.type == "string":
        lengths = f"length(trim({value}))"
        wanted |= {"shortest": f"min({lengths})", "longest": f"max({lengths})"}
        other = f"strlen({value}) > length({value})"
        wanted |= {
            "non_ascii": f"count_if({other})",
            "replaced": f"count_if({other} AND contains({value}, chr(65533)))",
            "mojibake": _where(other, f"regexp_matches({value}, {literal(_MOJIBAKE)})"),
            "invisible": _where(other, f"regexp_matches({value}, {literal(_INVISIBLE)})"),
            "decomposed": _where(other, f"nfc_normalize({value}) <> {value}"),
            "control": f"count_if(regexp_matches({value}, {literal(_CONTROL)}))",
            "entities": _where(
                f"contains({value}, '&')", f"NOT contains({value}, '</') AND regexp_matches({value}, {literal(_ENTITIES)})"
            ),
            "edges": f"count_if({value} <> trim({value}))",
        }
    elif column.rule.type != "flag":
        wanted |= {
            "smallest": shown_text(f"min({value})", column),
            "largest": shown_text(f"max({value})", column),
            "quartiles": f"approx_quantile({as_number(value, column)}, [0.25, 0.5, 0.75])",
        }
        if column.numeric:
            wanted["mean"] = f"avg({value})"
    return wanted


def _where(cheap: str, dear: str) -> str:
    """Counts rows; the second condition is looked at only where the first holds."""
    return f"count(CASE WHEN {cheap} THEN CASE WHEN {dear} THEN 1 END END)"


def as_number(sql: str, column: Column) -> str:
    """A value as a number: of dates the seconds since 1970."""
    return f"epoch(CAST({sql} AS TIMESTAMP))" if column.dated else f"CAST({sql} AS DOUBLE)"


def _measured(found: dict[str, Any], rows: int) -> Measured:
    ranges = ("shortest", "longest", "smallest", "largest", "mean", "quartiles")
    found = {word: value if word in ranges else value or 0 for word, value in found.items()}  # of no rows there is no sum
    words = ("non_ascii", "mojibake", "replaced", "control", "invisible", "decomposed", "entities", "edges")
    lengths = [len(found[word]) for word in ("smallest", "largest") if found.get(word)]
    nulls, told = rows - found["present"], found["blanks"] + found["unreadable"] + found["holding"]
    return Measured(
        nulls=nulls,
        blanks=found["blanks"],
        never=rows - nulls - told,
        unreadable=found["unreadable"],
        ambiguous=found["ambiguous"],
        holding=found["holding"],
        estimate=min(found["estimate"], found["holding"]),
        shortest=found.get("shortest"),
        longest=found["longest"] if "longest" in found else max(lengths, default=None),
        smallest=found.get("smallest"),
        largest=found.get("largest"),
        mean=found.get("mean"),
        quartiles=tuple(found.get("quartiles") or ()),
        texts=Texts(**{word: found[word] for word in words}) if "non_ascii" in found else None,
    )


def numbers(
    connection: duckdb.DuckDBPyConnection, values: str, columns: list[Column], measured: dict[str, Measured], judged: set[str]
) -> dict[str, Numbers]:
    """Ranges, quartiles and outliers. Outliers of the fields in ``judged`` are counted, in one query for all of them."""
    fences: dict[str, tuple[float, float]] = {}
    for column in columns:
        quartiles = measured[column.field].quartiles
        if column.field in judged and len(quartiles) == 3 and quartiles[2] > quartiles[0]:
            apart = quartiles[2] - quartiles[0]
            fences[column.field] = (quartiles[0] - FAR * apart, quartiles[2] + FAR * apart)
    outside: dict[str, int] = {}
    by_field = {column.field: column for column in columns}
    if fences:
        counts = [
            f"count_if({as_number(name(f), by_field[f])} NOT BETWEEN {literal(low)} AND {literal(high)})"
            for f, (low, high) in fences.items()
        ]
        row = connection.execute(f"SELECT {', '.join(counts)} FROM {values}").fetchone()
        assert row is not None
        outside = dict(zip(fences, map(int, row), strict=True))
    found = {}
    for column in columns:
        one = measured[column.field]
        if one.smallest is None or one.largest is None:
            continue
        low, high = fences.get(column.field, (None, None))
        quartiles = tuple(_shown(value, column) or "" for value in one.quartiles)
        found[column.field] = Numbers(
            one.smallest, one.largest, None if one.mean is None else round(one.mean, 6), quartiles,
            outside.get(column.field, 0), _shown(low, column), _shown(high, column),
        )  # fmt: skip
    return found


def _shown(value: float | None, column: Column) -> str | None:
    if value is None:
        return None
    if not column.dated:
        return f"{value:.6g}"
    try:
        instant = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=value)
    except OverflowError:
        return None
    return instant.strftime("%Y-%m-%d") if column.rule.type == "date" else instant.strftime("%Y-%m-%d %H:%M:%S")
