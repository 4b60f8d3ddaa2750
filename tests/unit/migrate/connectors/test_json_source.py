"""Files of JSON objects as a source: what an object holds and no field has, and what is no object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from migrate.connectors.json_source import JsonSource
from migrate.contracts.model import Contract
from migrate.errors import SourceRefused

FIELDS: dict[str, Any] = {"id": {}, "deep": {"path": "a.b.0.c"}, "part": {"path": "parts"}, "whole": {"path": []}}


def source(folder: Path, text: str | bytes, how: str = "lines", fields: dict[str, Any] | None = None) -> JsonSource:
    (folder / "things.json").write_bytes(text.encode() if isinstance(text, str) else text)
    described = {
        "system": "s", "label": "S", "source": {"kind": "files", "format": {"json": how}},
        "entities": {"things": {"file": "*.json", "key": "id", "fields": fields or FIELDS}},
    }  # fmt: skip
    return JsonSource(folder, Contract.model_validate_json(json.dumps(described)))


def cells(read: JsonSource, *fields: str) -> list[dict[str, Any]]:
    return [row for batch in read.rows("things", list(fields)) for row in batch.to_pylist()]


def test_values_stand_where_the_contract_says(tmp_path: Path) -> None:
    text = '{"id": 7, "a": {"b": [{"c": true}]}, "parts": {"x": [1, 2.50]}}'
    (row,) = cells(source(tmp_path, text), "id", "deep", "part", "whole")
    assert (row["id"], row["deep"], row["part"], row["whole"]) == ("7", "true", '{"x":[1,2.5]}', text)


def test_what_no_field_has_is_a_column_by_the_name_of_its_path(tmp_path: Path) -> None:
    lines = [
        {"id": "1", "a": {"b": [{"c": "x"}, {"c": "second"}]}, "extensions": {"https://example.org/x.y": 5}},
        {"id": "2", "a": {"b": [{"c": "x", "d": ""}, {"c": "other"}], "e": None}, "parts": {"inner": 1}},
    ]
    read = source(tmp_path, "\n".join(map(json.dumps, lines)))
    assert read.columns("things") == [*FIELDS, "a.b.*.c", "extensions.https://example.org/x.y"]
    assert read.holding_data("things", {"a.b.*.c": (), "extensions.https://example.org/x.y": (), "deep": ("x",), "id": ()}) == {
        "a.b.*.c": 2, "extensions.https://example.org/x.y": 1, "deep": 0, "id": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "says"),
    [("{", "no JSON"), ("[1]", "a list"), ('{"id": 1, "id": 2}', "twice"), ('{"id": NaN}', "NaN"), ('{"id": 1e999}', "too large"),
     ('{"id": 9007199254740993.5}', "has more digits"), ('"text"', "a text"), ("[" * 3000 + "]" * 3000, "deep"),
     ('{"a":' * 150 + "1" + "}" * 150, "deep")],
)  # fmt: skip
def test_a_line_that_is_no_object_is_passed_on_with_its_fault(tmp_path: Path, line: str, says: str) -> None:
    import re

    read = source(tmp_path, f'{{"id": "1"}}\n\n{line}\n{{"id": "3"}}\n')
    found = cells(read, "id")
    assert [row["id"] for row in found] == ["1", None, "3"]
    assert [row["_fault"] for row in found] == [None, "SRC-SHAPE", None]
    assert found[1]["_fault_value"].startswith("things.json:3: ")
    assert re.search(says, found[1]["_fault_value"])
    assert read.count("things") == 3


def test_a_line_with_secrets_is_not_shown(tmp_path: Path) -> None:
    read = source(tmp_path, '{"id": "s3cret"', fields={"id": {}, "key": {"pii": "secret"}})
    assert "s3cret" not in cells(read, "id")[0]["_fault_value"]


def test_a_list_is_read_item_by_item(tmp_path: Path) -> None:
    read = source(tmp_path, ' [ {"id": "1"},\n\n{"id": "2", "a": {}} ] \n', "array")
    assert [(row["id"], row["_row"]) for row in cells(read, "id")] == [("1", 1), ("2", 2)]
    assert cells(source(tmp_path, "[]", "array"), "id") == []


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [('{"id": 1}', 1, "no list"), ("[\n{}\n{}]", 3, "comma"), ('[{"id": 1},\n', 2, "does not end"),
     ("[{}]\n{}", 2, "after the end"),
     ("[\n{a}]", 2, "no JSON"), ("", 1, "does not end")],
)  # fmt: skip
def test_a_list_that_is_none_refuses_the_file_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(SourceRefused, match=rf"things.json:{line}: .*{says}"):
        cells(source(tmp_path, text, "array"), "id")


def test_a_folder_without_such_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="no folder"):
        source(tmp_path, "").__class__(tmp_path / "nowhere", source(tmp_path, "")._contract)
    read = source(tmp_path, "")
    (tmp_path / "things.json").unlink()
    with pytest.raises(SourceRefused, match="none of the files"):
        JsonSource(tmp_path, read._contract)
