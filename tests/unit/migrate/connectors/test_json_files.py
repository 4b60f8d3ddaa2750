"""Load files of JSON objects: what a target that takes JSON would refuse or misread shows when they are read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from migrate.connectors.importer import SCHEMA, Importer
from migrate.connectors.package import file_names, write_file
from migrate.contracts.model import Contract, Entity, FileFormat
from migrate.engine import session

FIELDS: dict[str, Any] = {
    "id": {"required": True},
    "points": {"type": "decimal", "path": "result.score.raw", "max": 100},
    "done": {"type": "flag", "path": "result.done"},
    "tries": {"type": "int", "path": "result.tries"},
    "at": {"type": "datetime", "path": "when.0"},
    "day": {"type": "date", "path": "when.1", "formats": ["%d.%m.%Y"]},
    "name": {"path": ["names", "https://example.org/en"]},
}
FORMAT = {"json": "lines", "true": "true", "false": "false"}


class Imported:
    """What the importer makes of files."""

    def __init__(self, folder: Path, contract: Contract, files: dict[str, str]) -> None:
        for name, content in files.items():
            (folder / name).write_text(content, "utf-8", newline="")
        with session() as connection:
            importer = Importer(connection, contract)
            seen = importer.run([folder / name for name in files])
            self.problems = {file.name: file.problem for file in seen}
            fields = ", ".join(f'"{field}"' for field in FIELDS)
            rows = connection.execute(f"SELECT {fields} FROM {SCHEMA}.things ORDER BY ALL").fetchall()
            self.rows = [dict(zip(FIELDS, row, strict=True)) for row in rows]
            self.refused = connection.execute("SELECT entity, key, reason FROM refused ORDER BY ALL").fetchall()

    def column(self, field: str) -> list[Any]:
        return [row[field] for row in self.rows]


def contract(how: str = "lines", **target: Any) -> Contract:
    described = {
        "system": "s",
        "label": "S",
        "target": {"kind": "files", "format": {**FORMAT, "json": how}, **target},
        "entities": {"things": {"key": "id", "fields": FIELDS}},
    }
    return Contract.model_validate_json(json.dumps(described))


ROW = (
    "SELECT 'a' AS id, 1.50::DOUBLE AS points, true AS done, 3 AS tries, TIMESTAMP '2024-01-02 03:04:05' AS at, "
    "DATE '2024-01-02' AS \"day\", 'Zoë \"x\" ' || chr(10) || chr(8232) AS name "
    "UNION ALL SELECT 'b', 0, false, NULL, NULL, DATE '2024-01-03', '' UNION ALL SELECT 'c', 1e300, NULL, 0, NULL, NULL, NULL"
)
WHOLE = [
    {
        "id": "a",
        "result": {"score": {"raw": 1.5}, "done": True, "tries": 3},
        "when": ["2024-01-02T03:04:05Z", "02.01.2024"],
        "names": {"https://example.org/en": 'Zoë "x" \n\u2028'},
    },
    {"id": "b", "result": {"score": {"raw": 0}, "done": False}, "when": ["03.01.2024"]},
    {"id": "c", "result": {"score": {"raw": 1e300}, "tries": 0}},
]


def written(folder: Path, how: str, rows: str = ROW, most: int | None = None) -> list[tuple[Path, int]]:
    entity = Entity.model_validate_json(json.dumps({"key": "id", "fields": FIELDS}))
    format_ = FileFormat.model_validate_json(json.dumps({**FORMAT, "json": how}))
    with duckdb.connect() as connection:
        names = file_names(folder, f"things.{'jsonl' if how == 'lines' else 'json'}")
        return write_file(connection, entity, list(FIELDS), rows, "t.id", format_, names, most)


def test_a_row_is_an_object_of_what_it_holds(tmp_path: Path) -> None:
    ((file, count),) = written(tmp_path, "lines")
    assert (file.name, count) == ("things.jsonl", 3)
    assert [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]] == WHOLE
    assert written(tmp_path, "array", most=2)[1][0].name == "things_2.json"
    assert json.loads((tmp_path / "things.json").read_text("utf-8")) == WHOLE[:2]
    assert written(tmp_path, "array", rows=ROW + " LIMIT 0") == [(tmp_path / "things.json", 0)]
    assert json.loads((tmp_path / "things.json").read_text("utf-8")) == []
    assert written(tmp_path, "lines", rows=ROW + " LIMIT 0")[0][0].read_text("utf-8") == ""


@pytest.mark.parametrize("how", ["lines", "array"])
def test_what_was_written_is_read_back(tmp_path: Path, how: str) -> None:
    whole = [WHOLE[0], WHOLE[2]]  # what stands first in a list is taken for its first place, which the second row does not mean
    text = "\n".join(map(json.dumps, whole)) if how == "lines" else json.dumps(whole)
    (tmp_path / "in").mkdir()
    read = Imported(tmp_path / "in", contract(how), {contract(how).load_file("things"): text})
    assert read.problems == {contract(how).load_file("things"): None}
    assert read.column("points") == [1.5, 1e300]
    assert str(read.column("at")[0]) == "2024-01-02 03:04:05"
    assert str(read.column("day")[0]) == "2024-01-02"
    assert read.column("name") == [WHOLE[0]["names"]["https://example.org/en"], None]
    assert read.refused == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"id": "b", "result": {"score": {"raw": "1"}}}', "points: 1 is of the wrong kind"),
        ('{"id": "b", "result": {"done": 1}}', "done: 1 is of the wrong kind"),
        ('{"id": "b", "result": {"tries": 1.5}}', "tries: 1.5 is of the wrong kind"),
        ('{"id": "b", "result": {"tries": true}}', "tries: true is of the wrong kind"),
        ('{"id": 7}', "id: 7 is of the wrong kind"),
        ('{"id": "b", "result": {"other": 1}}', "result.other is no field"),
        ('{"id": "b", "id": "c"}', "stands twice"),
        ('{"id": "b", "result": {"score": {"raw": NaN}}}', "NaN"),
        ("[]", "a list"),
        ('{"id": "b"', "no JSON"),
    ],
)
def test_a_file_that_the_target_would_refuse_is_refused_whole(tmp_path: Path, line: str, says: str) -> None:
    read = Imported(tmp_path, contract(), {"things.jsonl": '{"id": "a"}\n' + line + "\n"})
    assert says in str(read.problems["things.jsonl"])
    assert read.rows == []


def test_a_statement_without_an_id_is_refused_by_itself(tmp_path: Path) -> None:
    read = Imported(tmp_path, contract(), {"things.jsonl": '{"id": "a"}\n{}\n{"id": "a"}\n'})
    assert read.column("id") == ["a"]
    assert {reason for _, _, reason in read.refused} == {"id: a value is required", "another row of the file has the same key"}


def test_a_package_of_objects_is_read(tmp_path: Path) -> None:
    from migrate.connectors.package import pack

    ((file, _),) = written(tmp_path, "lines")
    package = pack(tmp_path, [file], "things.zip")
    with session() as connection:
        (seen,) = Importer(connection, contract()).run([package])
    assert (seen.name, seen.entity, seen.rows) == ("things.jsonl", "things", 3)


def test_entities_without_rows_may_be_left_out(tmp_path: Path) -> None:
    from migrate.connectors.manifest import complete

    for rows, left in ((ROW, 1), (ROW + " LIMIT 0", 0)):
        files = [file for file, _ in written(tmp_path, "lines", rows)]
        assert len(complete(contract(empty_files="leave_out"), tmp_path, files)) == left
