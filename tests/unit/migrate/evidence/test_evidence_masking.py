"""Masked copies show what the masked report shows, keep what can be counted, and hide what nobody described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.decisions.model import COLUMNS as DECISIONS
from migrate.evidence import masking
from migrate.evidence.contents import contents
from migrate.findings import SCHEMA as FINDINGS
from migrate.worklist.build import SCHEMA as WORKLIST
from reports.masking import HIDDEN, Masker
from reports.queries import COLUMNS

FACTS: dict[str, Any] = {
    "mask": True,
    "pii": {"users": {"login": "login", "name": "name", "email": "email"}, "courses": {}},
    "entities": {
        "users": {"from": "a.user", "to": "b.users", "key": ["login"], "target_key": ["email"]},
        "courses": {"from": "a.course", "to": "b.courses", "key": ["id"], "target_key": ["id"]},
    },
}
PERSONAL = ("ana.ferreira", "ana.fernando", "ana@school.example.org", "Ana Ferreira")


@pytest.fixture
def masker() -> Masker:
    return Masker(FACTS)


def dispositions(folder: Path) -> Path:
    rows = [
        ("courses", "1", "created", "c-1", None),
        ("users", "ana.fernando", "created", "other@school.example.org", None),
        ("users", "ana.ferreira", "created", "ana@school.example.org", None),
        ("users", "ana.ferreira", "merged", "ana@school.example.org", "USR-MERGE"),
    ]
    return write(folder / "dispositions.parquet", COLUMNS["dispositions"], rows)


def write(file: Path, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Path:
    pq.write_table(pa.table({c: pa.array([row[n] for row in rows]) for n, c in enumerate(columns)}), file)
    return file


def masked(raw: Path, masker: Masker, records: Path | None = None) -> list[dict[str, Any]]:
    copy = raw.with_name(f"masked-{raw.name}")
    masking.masked_table(raw, copy, masker, records)
    content = copy.read_bytes()
    assert not [text for text in PERSONAL if text.encode() in content]
    found: list[dict[str, Any]] = pq.read_table(copy).to_pylist()
    return found


def test_records_stay_countable_when_their_keys_look_alike(tmp_path: Path, masker: Masker) -> None:
    raw = dispositions(tmp_path)
    rows = masked(raw, masker, raw)
    assert [row["key"] for row in rows] == ["1", "a•••o", "a•••a", "a•••a"]
    assert [(row["entity"], row["record"]) for row in rows] == [("courses", 1), ("users", 1), ("users", 2), ("users", 2)]
    assert [row["disposition"] for row in rows] == ["created", "created", "created", "merged"]


def test_findings_are_masked_as_in_the_report_and_lead_to_their_record(tmp_path: Path, masker: Masker) -> None:
    rows = [
        ("A-1", "warn", "users", "ana.ferreira", "email", "ana@school.example.org", "'ana@school.example.org' is odd", None),
        ("A-2", "hold", "users", "nobody", None, "Ana Ferreira", "Ana Ferreira of nobody", "users/ana.ferreira"),
        ("A-3", "hold", "courses", "1", "title", "Algebra", "'Algebra' is taken", None),
    ]
    found = masked(write(tmp_path / "findings.parquet", COLUMNS["findings"], rows), masker, dispositions(tmp_path))
    assert [row["record"] for row in found] == [2, None, 1]
    assert [row["value"] for row in found] == ["a***@***.org", HIDDEN, "Algebra"]
    assert found[1]["message"] == f"{HIDDEN} of n•••y"
    assert found[1]["root_cause"] == "users/a•••a"
    assert found[2]["message"] == "'Algebra' is taken"


def test_a_text_column_that_nobody_described_is_hidden_and_numbers_are_not(tmp_path: Path, masker: Masker) -> None:
    rows = [("users", "ana.ferreira", "Ana Ferreira", ["Ana Ferreira"], 7, True)]
    raw = write(tmp_path / "worklist.parquet", ("entity", "key", "surprise", "list", "rows", "flag"), rows)
    (row,) = masked(raw, masker)
    assert (row["surprise"], row["list"], row["rows"], row["flag"]) == (HIDDEN, None, 7, True)


def test_an_empty_table_stays_one(tmp_path: Path, masker: Masker) -> None:
    pq.write_table(FINDINGS.empty_table(), tmp_path / "findings.parquet")
    assert masked(tmp_path / "findings.parquet", masker, dispositions(tmp_path)) == []


def test_decisions_keep_who_and_why_and_lose_the_values(masker: Masker) -> None:
    raw = (
        "item,decision,new_value,reason,by,at,entity,field\r\n"
        'W-1,override,ana@school.example.org,"asked ana@school.example.org, twice",Bo Chen,2026-01-01,users,email\r\n'
        "W-2,override,Algebra 1,typing error,Bo Chen,2026-01-01,courses,title\r\n"
        '"W\r4",accept,,"a\rb",Bo Chen,,,\r\n'
        "W-3,accept\r\n"
    )
    text = masking.masked_csv(raw.encode(), masker).decode()
    assert "ana@school" not in text
    assert text.split("\n") == [
        "item,decision,new_value,reason,by,at,entity,field",
        'W-1,override,a***@***.org,"asked a***@***.org, twice",Bo Chen,2026-01-01,users,email',
        "W-2,override,Algebra 1,typing error,Bo Chen,2026-01-01,courses,title",
        '"W\r4",accept,,"a\rb",Bo Chen,,,',
        "W-3,accept,,,,,,",
        "",
    ]


def test_a_table_with_nothing_to_hide_stays_as_it_is(masker: Masker) -> None:
    raw = b"\xef\xbb\xbfitem,reason,by\r\nW-1,'asked',Bo Chen\r\n"
    assert masking.masked_csv(raw, masker) == raw
    assert masking.masked_csv(b"item\nW-1,Ana Ferreira\n", masker) == b"item\nW-1\n"
    assert masking.masked_csv(b"", masker) == b""


def test_run_json_quotes_nobody_and_stays_as_it_is_where_it_does_not(masker: Masker) -> None:
    clean = json.dumps({"failure": None, "codes": {"A-1": {"title": "odd"}}}, indent=4).encode()
    assert masking.masked_run(clean, masker, {"A-1": "odd"}) == clean
    told = {
        "failure": "login ana@school.example.org",
        "codes": {"A-1": {"title": "'Ana Ferreira' is odd"}},
        "live": {"lost": "x@y.org"},
    }
    found = json.loads(masking.masked_run(json.dumps(told).encode(), masker, {"A-1": "'A. F.' is odd"}))
    assert found == {
        "failure": "login a***@***.org",
        "codes": {"A-1": {"title": "'A. F.' is odd"}},
        "live": {"lost": "x***@***.org"},
    }


def test_a_rollback_says_what_was_done_and_not_what_records_held(masker: Masker) -> None:
    step = {
        "receipt": 4, "entity": "people", "mapping": "users", "what": "remove", "met": False, "done": False, "cut_off": None,
        "key": "ana@school.example.org", "source_key": "ana.ferreira", "refused": "ana.ferreira was changed",
        "at_first": {"values": {"name": "Ana Ferreira"}},
    }  # fmt: skip
    raw = {"of_run": "r", "counts": {"people": {"remove": 1}}, "failed": [{"receipt": 4, "why": "Ana Ferreira"}], "steps": [step]}
    text = masking.masked_rollback(json.dumps(raw).encode(), masker).decode()
    assert not [word for word in PERSONAL if word in text]
    found = json.loads(text)
    assert found["counts"] == raw["counts"]
    assert found["steps"][0]["receipt"] == 4
    assert found["steps"][0]["refused"] == "a•••a was changed"


def test_every_text_column_of_a_run_has_a_rule() -> None:
    texts = {field.name for field in WORKLIST if field.type == pa.string()}
    columns = {column for columns in COLUMNS.values() for column in columns} | texts | set(DECISIONS) - {"rows"}
    assert not {column for column in columns if contents().rule(column) is None}
