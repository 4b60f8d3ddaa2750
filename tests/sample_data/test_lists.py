"""The lists of planted faults and what a rehearsal raises, held against each other both ways."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import unicodedata
from collections import Counter
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from run_reading import assert_balances, cells, dispositions, facts, findings, load_files
from sample_runs import LISTS, PAIRS, SAMPLES, sample_run

CODE = re.compile(r"`([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)`")
LEAST_KINDS = {
    "moodle_to_canvas": 25,
    "csv_history_to_totara": 15,
    "canvas_to_moodle": 60,
    "totara_to_successfactors": 30,
    "cornerstone_to_totara": 60,
    "successfactors_to_cornerstone": 45,
    "moodle_to_oneroster12": 40,
    "brightspace_to_canvas": 40,
    "moodle_to_totara": 28,
    "moodle_to_xapi": 38,
}
pair = pytest.mark.parametrize("pair", list(PAIRS))


def listed(pair: str) -> list[list[str]]:
    """The rows of the tables: number, fault, where, code."""
    rows: list[list[str]] = []
    for file in LISTS[pair]:
        lines = [line for line in file.read_text("utf-8").splitlines() if line.startswith("|")]
        rows += [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]
    return rows


def listed_codes(pair: str) -> set[str]:
    return {code for row in listed(pair) for code in CODE.findall(row[3])}


def raised_codes(pair: str) -> set[str]:
    run = sample_run(pair).folder
    return {row["code"] for row in [*findings(run), *dispositions(run)] if row["code"]}


@pair
def test_every_listed_code_is_raised(pair: str) -> None:
    assert sorted(listed_codes(pair) - raised_codes(pair)) == []


@pair
def test_every_raised_code_is_listed(pair: str) -> None:
    assert sorted(raised_codes(pair) - listed_codes(pair)) == []


@pair
def test_whatever_is_left_out_has_a_reason(pair: str) -> None:
    """The report shows it: excluded, merged and folded records are decisions of the mapping, not accidents."""
    run = sample_run(pair).folder
    reasons = {entity: about["left_out"] for entity, about in facts(run)["entities"].items()}
    ended = {(row["entity"], row["code"]) for row in dispositions(run) if row["disposition"] in ("excluded", "merged")}
    assert ended
    assert [(entity, code) for entity, code in ended if not reasons[entity].get(code)] == []


@pair
def test_there_are_as_many_kinds_as_promised(pair: str) -> None:
    rows = listed(pair)
    assert len(rows) >= LEAST_KINDS[pair]
    assert len(listed_codes(pair)) >= LEAST_KINDS[pair]
    assert len({(row[1], row[3]) for row in rows}) == len(rows)


@pair
def test_every_row_of_the_list_names_a_code_or_says_that_the_value_arrives(pair: str) -> None:
    assert [row for row in listed(pair) if len(row) != 4 or not (CODE.fullmatch(row[3]) or row[3] == "-")] == []


@pair
def test_the_rehearsal_balances_and_explains_itself(pair: str) -> None:
    run = sample_run(pair)
    assert run.result.failure is None
    assert run.result.exit_code == 1
    entities = run.result.summary["entities"]
    assert_balances(run.folder, {name: entity["source"] for name, entity in entities.items()})
    assert all(not (e["missing"] or e["extra"] or e["differences"]) for e in entities.values())


@pair
def test_every_planted_loss_is_in_the_register_and_in_the_archive(pair: str) -> None:
    run = sample_run(pair)
    register = run.result.summary["loss_register"]
    assert all(entry["rows"] > 0 for entry in register)
    for entry in register:
        assert entry["treatment"] in ("dropped", "archived", "undeclared")
        assert entry["reason"] or entry["treatment"] == "undeclared", entry
        if entry["treatment"] == "archived":
            assert entry["code"], entry
            assert (run.folder / entry["archive"]).is_file(), entry
            assert (run.folder / entry["archive"]).with_suffix(".csv").is_file(), entry


@pytest.mark.parametrize(
    ("table", "column", "mapping"),
    [
        ("completion", "transcript_no", "course_completions"),
        ("course_version", "record", "courses"),
        ("certification_award", "award_no", "certification_completions"),
    ],
)
def test_the_archive_tells_of_every_row_what_became_of_it(table: str, column: str, mapping: str) -> None:
    run = sample_run("csv_history_to_totara")
    rows = pq.read_table(run.folder / "archive" / f"{table}.parquet").to_pylist()
    told = run.result.summary["entities"][mapping]["dispositions"]
    assert Counter(row[f"{column}__disposition"] for row in rows) == {word: n for word, n in told.items() if n}


def test_running_jobs_are_written_before_ended_ones() -> None:
    header, *rows = cells(load_files(sample_run("csv_history_to_totara").folder / "4_load")["jobassignment.csv"])
    ended = [row[header.index("enddate")] for row in rows]
    assert ended == sorted(ended, key=lambda day: (day == "", day), reverse=True)
    assert {"", *ended} > {""}


def test_the_archive_holds_cells_that_no_column_takes() -> None:
    file = sample_run("csv_history_to_totara").folder / "archive" / "completion.parquet"
    as_read = {row["transcript_no"]: row["row__as_read"] for row in pq.read_table(file).to_pylist() if row["row__as_read"]}
    assert sorted(as_read) == ["M90001", "M90002"]
    assert "had to leave early" in as_read["M90001"]


def test_the_legacy_history_in_the_repository_is_what_its_generator_writes(tmp_path: Path) -> None:
    command = [sys.executable, str(SAMPLES / "generate_legacy_history.py"), str(tmp_path / "again")]
    subprocess.run(command, check=True, capture_output=True)
    committed = {file.name: file.read_bytes() for file in (SAMPLES / "legacy_history").iterdir()}
    assert {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()} == committed


ODD_PEOPLE = (925, 926, 927, 928, 929, 930, 931, 932, 933, 934, 936)
"""Names, numbers and logins that look odd and are right: the rows of the list with a dash."""


@pytest.fixture(scope="module")
def moodle_files() -> dict[str, list[list[str]]]:
    found = load_files(sample_run("moodle_to_canvas").folder / "4_load")
    return {name: cells(content) for name, content in found.items()}


@pytest.mark.parametrize("person", ODD_PEOPLE)
def test_people_who_only_look_odd_arrive_unharmed(moodle_files: dict[str, list[list[str]]], person: int) -> None:
    run = sample_run("moodle_to_canvas")
    with closing(sqlite3.connect(run.workspace / "source.sqlite")) as database:
        first, last, login, number = database.execute(
            "SELECT firstname, lastname, username, idnumber FROM mdl_user WHERE id = ?", [person]
        ).fetchone()
    header, *rows = moodle_files["users.csv"]
    written = [dict(zip(header, row, strict=True)) for row in rows]
    found = [row for row in written if row["user_id"] == (number or f"moodle-{person}")]
    assert len(found) == 1
    assert found[0]["full_name"] == unicodedata.normalize("NFC", " ".join(f"{first} {last}".split()))
    assert found[0]["login_id"] == login.strip().lower()
    assert not [row for row in findings(run.folder) if row["entity"] == "users" and row["key"] == str(person)
                and row["code"] != "XWALK-PROPOSED"]  # fmt: skip


def test_codes_that_look_like_nothing_arrive(moodle_files: dict[str, list[list[str]]]) -> None:
    header, *rows = moodle_files["courses.csv"]
    short_names = {row[header.index("short_name")] for row in rows}
    assert {"null", "0", "BOT-GARDEN"} <= short_names
