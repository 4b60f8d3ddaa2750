"""Properties of single layers, with many more examples than whole runs can have."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_up_rows import TEXT

from migrate.compiler.checks import CHECKS
from migrate.compiler.text import key_text, literal
from migrate.connectors.delimited import field_name
from migrate.connectors.package import file_names, write_file
from migrate.contracts.model import Entity, Field, FileFormat
from migrate.engine import session
from migrate.expressions import ExpressionError, operators, parse_expression, parse_order, parse_query
from migrate.expressions.operators import apply

MANY = settings(max_examples=100)
FORMATS = st.builds(
    FileFormat,
    delimiter=st.sampled_from((",", ";", "\t", "|")),
    line_end=st.sampled_from(("\n", "\r\n")),
    encoding=st.sampled_from(("utf-8", "utf-16")),
)
CLEANERS = ("trim", "nfc", "squeeze", "blank_to_null", "remove_control")
STEPS = [
    *("trim", "lower", "upper", "nfc", "squeeze", "blank_to_null", "remove_control", "strip_html", "unescape_html"),
    *({"multilang": "en"}, {"truncate": 3}, {"default": "x"}, {"prefix": "a'b"}, {"suffix": "'"}, {"pad": 5}),
    *({"replace": {"find": "a", "with": "b"}}, {"regex": {"find": "[^0-9]", "with": ""}}),
]


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    with session() as connection:
        yield connection


@MANY
@given(rows=st.lists(st.tuples(TEXT, TEXT), max_size=5), format_=FORMATS, most=st.sampled_from((None, 1, 2)))
@example(rows=[("a\rb", '"'), ("", "x")], format_=FileFormat(), most=None)
def test_cells_that_are_written_are_read_back(
    engine: duckdb.DuckDBPyConnection, rows: list[tuple[str, str]], format_: FileFormat, most: int | None
) -> None:
    entity = Entity(key=("a",), fields={"a": Field(), "b": Field()})
    engine.execute("CREATE OR REPLACE TABLE given (n INTEGER, a VARCHAR, b VARCHAR)")
    for number, row in enumerate(rows):
        engine.execute("INSERT INTO given VALUES (?, ?, ?)", [number, *row])
    with tempfile.TemporaryDirectory() as folder:
        names = file_names(Path(folder), "rows.csv")
        written = write_file(engine, entity, ["a", "b"], "SELECT * FROM given", "t.n", format_, names, most)
        found = []
        for file, count in written:
            text = file.read_bytes().decode(format_.encoding)
            header, *cells = csv.reader(io.StringIO(text, newline=""), delimiter=format_.delimiter)
            assert header == ["a", "b"]
            assert len(cells) == count <= (most or len(rows))
            found += cells
    assert found == [list(row) for row in rows]


@MANY
@given(one=st.tuples(TEXT, TEXT, TEXT), other=st.tuples(TEXT, TEXT, TEXT))
@example(one=("a|b", "", ""), other=("a", "b", ""))
@example(one=("a\\", "b", ""), other=("a", "\\|b", ""))
@example(one=("a\\|", "b", ""), other=("a\\", "|b", ""))
def test_different_composite_keys_have_different_texts(
    engine: duckdb.DuckDBPyConnection, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    sql = f"SELECT {key_text(['$1', '$2', '$3'])}"
    texts = [engine.execute(sql, list(parts)).fetchone() for parts in (one, other)]
    assert (texts[0] == texts[1]) == (one == other)


@MANY
@given(text=TEXT.filter(lambda text: "\x00" not in text))
def test_a_literal_means_the_text_it_was_made_of(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    assert engine.execute(f"SELECT {literal(text)}").fetchone() == (text,)


@MANY
@given(text=TEXT, steps=st.lists(st.sampled_from(STEPS), max_size=4))
def test_operators_are_total(engine: duckdb.DuckDBPyConnection, text: str, steps: list[object]) -> None:
    sql = apply(tuple(steps), "$1")  # type: ignore[arg-type]
    engine.execute(f"SELECT {sql}, {apply(tuple(steps), 'CAST(NULL AS VARCHAR)')}", [text])  # type: ignore[arg-type]


@MANY
@given(text=TEXT)
@pytest.mark.parametrize("step", CLEANERS)
def test_cleaning_twice_changes_nothing_more(engine: duckdb.DuckDBPyConnection, step: str, text: str) -> None:
    once = engine.execute(f"SELECT {apply((step,), 'CAST($1 AS VARCHAR)')}", [text]).fetchone()
    twice = engine.execute(f"SELECT {apply((step, step), 'CAST($1 AS VARCHAR)')}", [text]).fetchone()
    assert once == twice


@MANY
@given(text=TEXT)
def test_checks_are_total(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    arguments: dict[str, object] = {
        "email": None,
        "not_blank": None,
        "matches": "a+",
        "max_length": 3,
        "in": ["a", "'"],
        "between": ["a", "b"],
    }
    assert set(arguments) <= set(CHECKS)
    for name, argument in arguments.items():
        found = engine.execute(f"SELECT {CHECKS[name]('CAST($1 AS VARCHAR)', argument)}", [text]).fetchone()
        assert found in ((True,), (False,)), name


@MANY
@given(text=st.one_of(TEXT, st.text("abc()'\"|+-*/=<>,. \n;1%$[]{}", max_size=30)))
def test_any_text_is_an_expression_or_an_expression_error(text: str) -> None:
    for parse in (parse_expression, parse_order, parse_query):
        try:
            parse(text)
        except ExpressionError:
            continue


@MANY
@given(header=TEXT)
def test_field_names_are_stable(header: str) -> None:
    assert field_name(field_name(header)) == field_name(header)
    assert field_name(f"  {header.upper()} ") == field_name(header.upper())


def test_the_operators_tried_here_are_nearly_all() -> None:
    tried = {step if isinstance(step, str) else next(iter(step)) for step in STEPS}
    assert set(operators.operators()) - tried == {"number", "date", "instant", "scale"}
