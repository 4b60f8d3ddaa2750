"""Records that end with a text of their own: what is written is read, whatever stands in the values."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.connectors import package, records
from migrate.connectors.delimited import DelimitedSource
from migrate.connectors.package import file_names, write_file
from migrate.contracts.load import load_contract
from migrate.contracts.model import Entity, FileFormat
from migrate.errors import ConfigurationError, RunFailed, SourceRefused

ENDED = FileFormat(delimiter="|", quote="", record_end="!##!", datetime="%b-%d-%Y %H:%M:%S UTC", capital_months=True)
CELLS = st.text(st.sampled_from('ab|!#"\n\r,;é ') | st.characters(exclude_categories=["Cs"]), max_size=6)


def taken_apart(text: str, format_: FileFormat = ENDED) -> list[list[str]]:
    return [cells for _, cells in records.records(io.StringIO(text, newline=""), format_, strict=True)]


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=4), st.sampled_from(["\n", "\r\n"]), st.integers(1, 7))
def test_what_is_written_is_read_or_refused(rows: list[list[str]], line_end: str, chunk: int) -> None:
    format_ = ENDED.model_copy(update={"line_end": line_end})
    frame = pl.DataFrame(rows or None, schema={"a": pl.String, "b": pl.String}, orient="row")
    before, records.CHUNK = records.CHUNK, chunk
    try:
        written = package._ended(frame, format_)
    except csv.Error:
        assert any("|" in cell or "!" in cell for row in rows for cell in row)
        return
    else:
        assert taken_apart(written, format_) == rows
    finally:
        records.CHUNK = before


@given(st.lists(CELLS, min_size=2, max_size=2))
def test_only_what_would_be_misread_is_refused(row: list[str]) -> None:
    frame = pl.DataFrame([row], schema={"a": pl.String, "b": pl.String}, orient="row")
    if not any("|" in cell or "!##!" in cell for cell in row) and not row[-1].endswith(("!", "!#", "!##")):
        package._ended(frame, ENDED)


def test_lines_are_counted_through_values_of_several_lines() -> None:
    text = "A|B!##!\nx|one\ntwo!##!\ny|three!##!\n"
    assert list(records.records(io.StringIO(text, newline=""), ENDED, strict=True)) == [
        (1, ["A", "B"]),
        (2, ["x", "one\ntwo"]),
        (4, ["y", "three"]),
    ]


def test_a_file_that_was_cut_off_is_no_file() -> None:
    with pytest.raises(records.Unreadable, match="cut off") as caught:
        taken_apart("A|B!##!\nx|on")
    assert caught.value.line == 1


def test_a_value_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FIELD_LIMIT", 10)
    monkeypatch.setattr(records, "CHUNK", 4)
    with pytest.raises(records.Unreadable, match="within 10 characters"):
        taken_apart("A|B!##!\n" + "x" * 50)


ENTITY = Entity.model_validate_json(json.dumps({"key": "A", "fields": {"A": {}, "T": {"type": "datetime"}}}))


def written(folder: Path, rows: str, format_: FileFormat = ENDED) -> str:
    with duckdb.connect() as connection:
        ((file, _),) = write_file(connection, ENTITY, ["A", "T"], rows, "1", format_, file_names(folder, "f.txt"), None)
    return file.read_bytes().decode()


def test_months_are_in_capitals_where_the_target_wants_them(tmp_path: Path) -> None:
    rows = "SELECT 'é' || chr(10) || 'x' AS A, TIMESTAMP '2020-04-06 15:00:00' AS T"
    assert written(tmp_path, rows) == "A|T!##!\né\nx|APR-06-2020 15:00:00 UTC!##!\n"
    plain = ENDED.model_copy(update={"capital_months": False})
    assert "Apr-06-2020" in written(tmp_path, rows, plain)


def test_a_value_that_would_end_its_record_ends_the_run_and_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match=r"f\.txt cannot hold a value"):
        written(tmp_path, "SELECT 'a!##!b' AS A, NULL::TIMESTAMP AS T")


CONTRACT: dict[str, Any] = {
    "system": "x", "label": "X",
    "source": {"kind": "files", "format": {"delimiter": "|", "quote": "", "record_end": "!##!"}},
    "target": {"kind": "files", "format": {"delimiter": "|", "quote": "", "record_end": "!##!"}},
    "entities": {"people": {"file": "people.txt", "key": "ID", "fields": {"ID": {"type": "int"}, "NOTE": {}}}},
}  # fmt: skip


def contract(tmp_path: Path, **format_: object) -> Any:
    given = json.loads(json.dumps(CONTRACT))
    given["target"]["format"].update(format_)
    (tmp_path / "x.yaml").write_text(json.dumps(given), "utf-8")
    return load_contract(tmp_path / "x.yaml").model


def test_a_source_of_such_files_is_read_with_its_line_breaks(tmp_path: Path) -> None:
    model = contract(tmp_path)
    (tmp_path / "people.txt").write_bytes(b"ID|NOTE!##!\r\n1|one\r\ntwo!##!\r\n2|!##!\r\n3!##!\r\n")
    source = DelimitedSource(tmp_path, model)
    (batch,) = source.rows("people", ["ID", "NOTE"])
    assert batch.column("NOTE").to_pylist() == ["one\r\ntwo", "", None]
    assert batch.column("_fault").to_pylist() == [None, None, "SRC-SHAPE"]
    assert batch.column("_fault_value").to_pylist()[2] == "people.txt:5: 1 cells, 2 columns: ['3']"
    (tmp_path / "people.txt").write_bytes(b"ID|NOTE!##!\r\n1|on")
    with pytest.raises(SourceRefused, match=r"people\.txt:1: .*cut off"):
        list(DelimitedSource(tmp_path, model).rows("people", ["ID", "NOTE"]))


def test_text_fields_may_not_hold_what_the_format_cannot(tmp_path: Path) -> None:
    fields = contract(tmp_path).entities["people"].fields
    assert fields["NOTE"].without == ("|", "!##!")
    assert fields["ID"].without == ()
    assert contract(tmp_path, record_end="").entities["people"].fields["NOTE"].without == ("|", "\n", "\r")
    assert contract(tmp_path, record_end="", quote='"', without=["\n"]).entities["people"].fields["NOTE"].without == ("\n",)


@pytest.mark.parametrize(
    ("format_", "message"),
    [
        ({"quote": '"'}, "either in quotes or end"),
        ({"record_end": "|!"}, "the delimiter stands in record_end"),
        ({"line_end": ""}, "a line ends as lines do"),
    ],
)
def test_formats_that_cannot_work_are_refused(tmp_path: Path, format_: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        contract(tmp_path, **format_)
    assert [message in problem.message for problem in caught.value.problems] == [True]
