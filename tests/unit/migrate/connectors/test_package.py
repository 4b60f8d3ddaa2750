"""Load files: what is written reads back as it was, in as many files as asked for, byte for byte the same each time."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrate.compiler.source import decimal_text
from migrate.connectors.package import file_names, pack, text_column, write_file
from migrate.contracts.model import Entity, FileFormat
from migrate.errors import MigrateError

TYPES = {
    "s": {},
    "i": {"type": "int"},
    "d": {"type": "decimal"},
    "f": {"type": "flag"},
    "t": {"type": "datetime"},
    "x": {"type": "date"},
}
ENTITY = Entity.model_validate_json(
    json.dumps({"key": "s", "fields": {**TYPES, "own": {"type": "date", "formats": ["%d.%m.%Y"]}}})
)


def write(
    folder: Path,
    rows: str,
    fields: str = "s",
    format_: dict[str, Any] | None = None,
    order: str = "1",
    max_rows: int | None = None,
) -> list[tuple[Path, int]]:
    with duckdb.connect() as connection:
        chosen = FileFormat.model_validate(format_ or {})
        return write_file(connection, ENTITY, fields.split(), rows, order, chosen, file_names(folder, "f.csv"), max_rows)


def text(folder: Path, *arguments: Any, **words: Any) -> str:
    ((file, _),) = write(folder, *arguments, **words)
    return file.read_bytes().decode()


HOSTILE = [
    "a",
    "a,b",
    'a"b',
    "a\nb",
    "a\r\nb",
    "a\rb",
    " a ",
    "'",
    ";",
    "",
    "=1+1",
    "a#",
    "\ufeffa",
    "\u2028",
    "名👍",
    "\\",
    "\t",
]


@pytest.mark.parametrize(
    "format_", [{}, {"line_end": "\r\n"}, {"delimiter": ";"}, {"delimiter": "\t", "quote": "'"}, {"encoding": "utf-16"}]
)
def test_text_reads_back(tmp_path: Path, format_: dict[str, Any]) -> None:
    values = ", ".join("({}, '{}')".format(n, v.replace("'", "''")) for n, v in enumerate(HOSTILE))
    ((file, count),) = write(tmp_path, f"SELECT i, s FROM (VALUES {values}) AS v(i, s)", "s i", format_, order="t.i")
    chosen = FileFormat.model_validate(format_)
    content = file.read_bytes().decode(chosen.encoding)
    found = list(csv.reader(io.StringIO(content, newline=""), delimiter=chosen.delimiter, quotechar=chosen.quote))
    assert found == [["s", "i"], *[[v, str(n)] for n, v in enumerate(HOSTILE)]]
    assert count == len(HOSTILE)
    assert content.endswith(chosen.line_end)


def test_line_ends(tmp_path: Path) -> None:
    rows = "SELECT 'a' AS s, 1 AS i"
    assert text(tmp_path, rows, "s i") == "s,i\na,1\n"
    assert text(tmp_path, rows, "s i", {"line_end": "\r\n"}) == "s,i\r\na,1\r\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1.0", "1"),
        ("0.5", "0.5"),
        ("100.0", "100"),
        ("1.10", "1.1"),
        ("NULL", ""),
        ("0.1::DOUBLE + 0.2::DOUBLE", "0.30000000000000004"),
        ("-2.0", "-2"),
        ("1234567.25", "1234567.25"),
        ("10", "10"),
        ("33.333333333333336", "33.333333333333336"),
        ("1000000000000000000000.0", "1000000000000000000000"),
        ("0.0000001", "0.0000001"),
        ("-0.0", "0"),
    ],
)
def test_decimals(tmp_path: Path, value: str, written: str) -> None:
    assert text(tmp_path, f"SELECT CAST({value} AS DOUBLE) AS d, 'k' AS s", "s d").splitlines()[1] == f"k,{written}"


@given(value=st.floats(allow_nan=False, allow_infinity=False))
@example(value=1.2345678901234568e18)
def test_a_decimal_reads_back_as_the_number_that_it_was(value: float) -> None:
    """Of a number of nineteen digits those are written by which a DOUBLE is told, and not its binary value."""
    written = text_column(ENTITY, "d", FileFormat())
    with duckdb.connect() as engine:
        rows = engine.execute(f"SELECT {decimal_text(f'({written})', '.')} FROM (SELECT CAST(? AS DOUBLE) AS d) AS t", [value])
        assert rows.fetchall() == [(value,)]


def test_decimal_comma(tmp_path: Path) -> None:
    assert text(tmp_path, "SELECT CAST(1.5 AS DOUBLE) AS d, 'k' AS s", "s d", {"decimal": ","}) == 's,d\nk,"1,5"\n'


def test_flags_dates_and_instants(tmp_path: Path) -> None:
    rows = "SELECT 'k' AS s, TRUE AS f, DATE '2024-02-29' AS x, DATE '2024-02-29' AS own, "
    rows += "TIMESTAMP '2024-02-29 10:05:00' AS t"
    assert text(tmp_path, rows, "s f x own t").splitlines()[1] == "k,1,2024-02-29,29.02.2024,2024-02-29T10:05:00Z"
    own = {"true": "true", "false": "false", "date": "%d/%m/%y", "datetime": "%H:%M"}
    assert text(tmp_path, rows, "s f x own t", own).splitlines()[1] == "k,true,29/02/24,29.02.2024,10:05"
    nothing = "SELECT 'k' AS s, NULL::BOOLEAN AS f, NULL::DATE AS x, NULL::DATE AS own, NULL::TIMESTAMP AS t"
    assert text(tmp_path, nothing, "s f x own t").splitlines()[1] == "k,,,,"


def test_no_rows_are_a_file_with_a_header(tmp_path: Path) -> None:
    assert text(tmp_path, "SELECT 'a' AS s WHERE FALSE") == "s\n"


@pytest.mark.parametrize(
    ("rows", "max_rows", "sizes"),
    [(5, 2, [2, 2, 1]), (4, 2, [2, 2]), (2, 2, [2]), (0, 2, [0]), (3, None, [3]), (1, 1, [1])],
)
def test_rows_per_file(tmp_path: Path, rows: int, max_rows: int | None, sizes: list[int]) -> None:
    written = write(tmp_path, f"SELECT CAST(range AS VARCHAR) AS s FROM range({rows})", order="t.s", max_rows=max_rows)
    assert [count for _, count in written] == sizes
    assert [file.name for file, _ in written] == ["f.csv", "f_2.csv", "f_3.csv"][: len(sizes)]
    lines = [file.read_text().splitlines() for file, _ in written]
    assert all(part[0] == "s" for part in lines)
    assert [line for part in lines for line in part[1:]] == [str(n) for n in range(rows)]


def test_many_rows_across_fetches_and_files(tmp_path: Path) -> None:
    written = write(tmp_path, "SELECT CAST(range AS VARCHAR) AS s FROM range(120000)", order="CAST(t.s AS INT)", max_rows=70_000)
    assert [count for _, count in written] == [70_000, 50_000]
    assert written[1][0].read_text().splitlines()[1] == "70000"


@pytest.mark.parametrize(
    ("value", "format_"),
    [("名", {"encoding": "cp1252"}), ("a,b", {"quote": ""}), ("a\nb", {"quote": ""}), ("é", {"encoding": "ascii"})],
)
def test_what_the_format_cannot_hold_is_said_and_not_lost(tmp_path: Path, value: str, format_: dict[str, Any]) -> None:
    with pytest.raises(MigrateError):
        write(tmp_path, f"SELECT '{value}' AS s, 1 AS i", "s i", format_)


def test_of_a_value_that_an_encoding_cannot_hold_only_the_sign_is_said(tmp_path: Path) -> None:
    with pytest.raises(MigrateError) as caught:
        write(tmp_path, "SELECT 'Ana Łucja' AS s UNION ALL SELECT 'Bo Berg'", "s", {"encoding": "cp1252"})
    assert "'Ł' (U+0141)" in str(caught.value)
    assert not [part for part in ("Ana", "ucja", "Berg") if part in str(caught.value)]


def test_packages_depend_on_the_rows_only(tmp_path: Path) -> None:
    packed = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in ("b.csv", "a.csv"):
            (folder / name).write_text(f"{name}\n")
        (folder / "a.csv").touch()
        packed.append(pack(folder, [folder / "b.csv", folder / "a.csv"], "p.zip").read_bytes())
    assert packed[0] == packed[1]
    with zipfile.ZipFile(io.BytesIO(packed[0])) as archive:
        assert archive.namelist() == ["b.csv", "a.csv"]
        assert archive.read("a.csv") == b"a.csv\n"


TREE = """
system: new
label: n
target: {kind: files, package: p.zip}
entities:
  orgs: {key: id, file: orgs.csv, fields: {id: {required: true}, parent: {references: {entity: orgs}}}}
"""


def test_parents_stand_before_their_children(bench: Any) -> None:
    from migrate.progress import Silent
    from migrate.stages.load import load

    text = "from: old.person\nto: new.orgs\nfields: {id: {from: id}, parent: {ref: orgs, by: boss}}\n"
    people = [
        {"id": 1, "boss": 3},
        {"id": 2, "boss": 1},
        {"id": 3},
        {"id": 4, "boss": 2},
        {"id": 5, "boss": 3},
        {"id": 6},
    ]
    settled = bench.settle(bench.pair(target=TREE, orgs=text), {"person": people})
    loaded = load(settled.artefact, settled.plan, settled.run, Silent(), "500MB")
    with zipfile.ZipFile(loaded.folder / "p.zip") as archive:
        lines = archive.read("orgs.csv").decode().splitlines()
    seen = {""}
    for line in lines[1:]:
        key, parent = line.split(",")
        assert parent in seen
        seen.add(key)
    assert len(seen) == 7


HARD = st.sampled_from(",;\t\"'\n\r\\=- ")
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0#") | HARD, max_size=6)


@given(
    st.lists(st.tuples(TEXT | st.none(), TEXT), max_size=8),
    st.sampled_from(["s", "s own"]),
    st.sampled_from([{}, {"delimiter": ";"}, {"delimiter": "\t", "quote": "'"}]),
)
@settings(max_examples=100)
def test_the_engine_writes_what_is_written_without_it(
    rows: list[tuple[str | None, str]], fields: str, format_: dict[str, str]
) -> None:
    """Part by part, files are written here; as one, by the engine, which quotes ``#`` as well."""
    entity = Entity.model_validate_json(json.dumps({"key": "s", "fields": {"s": {}, "own": {}}}))
    chosen = FileFormat.model_validate(format_)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute("CREATE TABLE given (n INTEGER, s VARCHAR, own VARCHAR)")
        for number, cells in enumerate(rows):
            connection.execute("INSERT INTO given VALUES (?, ?, ?)", [number, *cells])
        written = []
        for part, most in enumerate((None, 1000)):
            names = file_names(Path(folder), f"{part}.csv")
            ((file, count),) = write_file(connection, entity, fields.split(), "SELECT * FROM given", "t.n", chosen, names, most)
            written.append((count, file.read_bytes()))
    assert written[0] == written[1]
