"""One record from source to target: how values compare, what is masked, what the page chooses, and what a terminal prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from migrate.cli.record import command
from migrate.errors import ConfigurationError
from reports import record_tables
from reports.build import build
from reports.record_view import read_record

FIELDS = ("full_name", "login_id", "email", "password", "credit")
MAPPED = {
    "7": ("Ana Lúcia Ferreira", "ana.ferreira", "ana@school.example.org", "hunter2", "0.1"),
    "8": ("Jürgen Schäfer", "jschaefer", None, "hunter2", "0.1"),
    "20": ("Max Muster", "max", "max@school.example.org", "hunter2", "0.1"),
}


@pytest.fixture
def staged(run_folder: Path) -> Path:
    """A run folder with what the stages leave of the mapping ``users``: record 7 was changed in three ways."""
    (run_folder / "1_extract").mkdir()
    (run_folder / "2_map").mkdir()
    (run_folder / "5_read_back").mkdir()
    rows = [{"id": key, "name": f" {given[0]} ", "token": "s3cret"} for key, given in MAPPED.items()]
    pq.write_table(pa.Table.from_pylist(rows), run_folder / "1_extract" / "person.parquet")
    rows = [
        {"_key": key, "_row": 1, **{f"to:{f}": v for f, v in zip(FIELDS, given, strict=True)}} for key, given in MAPPED.items()
    ]
    pq.write_table(pa.Table.from_pylist(rows), run_folder / "2_map" / "users.parquet")
    held = {"full_name": "aierreF aicúL anA", "login_id": "ana.ferreira", "email": "ANA@school.example.org", "credit": "0.1"}
    rows = [{"_target_key": "E-100007", **held, "password": "hunter2"}]
    pq.write_table(pa.Table.from_pylist(rows), run_folder / "5_read_back" / "users.parquet")

    excused = {"entity": "users", "key": "7", "target_key": "E-100007", "field": "email", "rule": "case"}
    pq.write_table(pa.Table.from_pylist([excused]), run_folder / "6_reconcile" / "excused.parquet")

    def made(line: int, reads: list[int]) -> dict[str, Any]:
        return {
            "line": line,
            "text": f"line{line}:\n  do: [trim]",
            "reads": reads,
            "ref": None,
            "names": line < 3,
        }

    fields = {"full_name": made(1, [0]), "login_id": made(2, []), "email": made(3, []), "password": made(4, [1])}
    about = {
        "file": "mapping/users.yaml", "target": "users", "sources": ["person"], "fields": fields | {"credit": made(5, [])},
        "select": 'SELECT s._key, s.name, s.token FROM (SELECT id AS _key, name, token FROM "source"."person") AS s',
        "columns": [{"label": "person.name", "pii": "name"}, {"label": "person.token", "pii": "secret"}],
    }  # fmt: skip
    statements = {"person": 'CREATE VIEW "source"."person" AS SELECT * FROM "raw"."person"'}
    (run_folder / "2_map" / "reading.json").write_text(json.dumps({"statements": statements, "mappings": {"users": about}}))
    return run_folder


def test_a_value_is_equal_equal_under_a_rule_or_different(staged: Path) -> None:
    found = read_record(staged, entity="users", key="7")
    assert found is not None
    answers = {cell.field: cell.answer for cell in found.fields.cells}
    # login_id has a difference noted for it, whatever the file holds now.
    assert answers == {
        "full_name": "different", "login_id": "different", "email": "equal under case", "password": "equal", "credit": "equal",
    }  # fmt: skip
    assert [told.code for told in found.findings] == ["USR-004"]


def test_a_run_that_notes_no_pairs_counts_them_by_rule(staged: Path) -> None:
    (staged / "6_reconcile" / "excused.parquet").unlink()
    facts = json.loads((staged / "run.json").read_text("utf-8"))
    facts["entities"]["users"]["excused"] = {"email": {"case": 1, "trim": 0}}
    (staged / "run.json").write_text(json.dumps(facts))
    found = read_record(staged, entity="users", key="7")
    assert found is not None
    assert {cell.field: cell.answer for cell in found.fields.cells}["email"] == "equal under case"


def test_a_record_that_did_not_arrive_was_not_written(staged: Path) -> None:
    found = read_record(staged, entity="users", key="20")
    assert found is not None
    assert (found.disposition, found.code) == ("quarantined", "USR-001")
    assert {(cell.answer, cell.back) for cell in found.fields.cells} == {("not written", None)}
    unread = read_record(staged, entity="users", key="8")
    assert unread is not None
    assert {cell.answer for cell in unread.fields.cells} == {"not read back"}


def test_source_and_target_values_are_masked_by_their_class(staged: Path) -> None:
    found = read_record(staged, entity="users", key="7")
    assert found is not None
    assert dict(found.fields.sources) == {"person.name": "A. L. F.", "person.token": "•••"}
    cells = {cell.field: (cell.mapped, cell.back) for cell in found.fields.cells}
    assert cells["full_name"] == ("A. L. F.", "a. a. a.")
    assert cells["password"] == ("•••", "•••")
    assert cells["credit"] == ("0.1", "0.1")
    clear = read_record(staged, entity="users", key="7", roles={"roles": None, "steward": ["name", "email"]}, role="steward")
    assert clear is not None
    assert dict(clear.fields.sources) == {"person.name": " Ana Lúcia Ferreira ", "person.token": "•••"}
    assert clear.key == "7"


def test_the_page_has_records_with_findings_and_some_without(staged: Path) -> None:
    report = build(staged)
    tables = {table.name: table for table in report.about_records}
    fields = tables["fields"]
    ended = pq.read_table(staged / "dispositions.parquet").to_pylist()
    rows = [at + 1 for at, row in enumerate(ended) if row["entity"] == "users" and row["key"] in MAPPED]
    assert list(dict.fromkeys(fields.columns["record"])) == rows
    assert fields.total == len(ended)
    assert "hunter2" not in str(tables)
    assert "Ferreira" not in str(tables)
    assert set(tables["names"].columns["value"]) >= {"A. L. F.", "M. M."}
    assert tables["making"].columns["line"] == [1, 2, 3, 4, 5]
    told = pq.read_table(staged / "findings.parquet").num_rows
    assert sum(int(str(n)) for n in tables["rules"].columns["findings"]) == told
    assert not build(staged, most_rows=0).about_records


def test_the_page_stays_within_its_limit_of_text(staged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_tables, "MOST_TEXT", 300)
    fields = build(staged).about_records[0]
    assert 0 < len(set(fields.columns["record"])) < len(MAPPED)


def test_a_run_without_stages_has_rules_and_nothing_else(run_folder: Path) -> None:
    tables = {table.name: table.rows for table in build(run_folder).about_records}
    assert tables.pop("rules") > 0
    assert set(tables.values()) == {0}


@pytest.fixture
def workspace(staged: Path, tmp_path: Path) -> Path:
    (tmp_path / "acme" / "runs").mkdir(parents=True)
    staged.rename(tmp_path / "acme" / "runs" / "20310504-091000")
    return tmp_path / "acme"


def invoke(*arguments: object) -> str:
    result = CliRunner().invoke(command, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_terminal_shows_a_record_by_its_keys_and_by_its_row(workspace: Path) -> None:
    printed = invoke(workspace, "users", "7")
    for line in (
        "full_name: different  [mapping/users.yaml:1]",
        "    source   person.name = A. L. F.",
        "    mapped   A. L. F.",
        "    target   a. a. a.",
        "    |   do: [trim]",
        "email: equal under case  [mapping/users.yaml:3]",
    ):
        assert line in printed.split("\n"), printed
    assert "warn  USR-004 email a***@***.org" in printed
    assert invoke(workspace, "users", "E-100007") == printed
    assert invoke(workspace, "--row", 3, "--run", "20310504-091000") == printed
    assert "Ferreira" not in printed


def test_nothing_printed_moves_the_cursor(workspace: Path) -> None:
    file = workspace / "runs" / "20310504-091000" / "2_map" / "users.parquet"
    rows = pq.read_table(file).to_pylist()
    rows[0]["to:credit"] = "\x1b[2J\u202ered"
    pq.write_table(pa.Table.from_pylist(rows), file)
    printed = invoke(workspace, "users", "7")
    assert "[U+001B][2J[U+202E]red" in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "name the record by ENTITY and KEY"),
        (("users",), "name the record by ENTITY and KEY"),
        (("users", "7", "--row", "1"), "name the record by ENTITY and KEY"),
        (("people", "7"), "allowed: courses, enrolments, users"),
        (("users", "nobody"), "has this key in the source or in the target"),
        (("--row", "9999"), "1 to "),
        (("users", "7", "--run", "2030"), "there is no such run"),
    ],
)
def test_what_cannot_be_shown_is_said(workspace: Path, given: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        CliRunner().invoke(command, [str(workspace), *given], catch_exceptions=False)
    assert said in str(refused.value)
