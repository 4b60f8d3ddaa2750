"""A rehearsal on both engines: the same rows in every file, and the same words about them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from both_sides_rules import add_rules
from every_word import write_every_word
from sample_runs import NOW, write_sample_workspace
from small_decisions import answered, decided
from small_pair import GOOD_ROWS, Bench, write_workspace

from migrate.pipeline import RunResult, run
from migrate.spark import limits

VARIES = ("run", "timings")
"""Of a summary: what no two runs share."""
ODD_ROWS = {
    "user": [
        *GOOD_ROWS["user"],
        {
            "id": 6,
            "login": " İß ",
            "name": "Ame\u0301lie 👩‍👩‍👧 \u202eabc",
            "email": "no address",
            "active": 1,
            "score": 1e7,
            "born": 0,
        },
        {
            "id": 7,
            "login": "${spark.master}",
            "name": "\\n ${env:HOME} 'x' \"y\"",
            "active": 2,
            "score": 0.1,
            "born": -1,
            "boss": 99,
        },
        {"id": 8, "login": "bo", "name": "ΣΑΣ\u00a0\u2003", "email": "BO@x.org", "active": 1, "score": "1,5", "born": 1711846800},
        {"id": 8, "login": "twice", "name": "the same key", "active": 1, "born": 1729990800},
        {"id": None, "login": "nobody", "name": "no key"},
    ],
    "course": [
        *GOOD_ROWS["course"],
        {"id": 4, "code": "C3", "title": "é" * 70, "level": "3", "teacher": 7},
        {"id": 5, "code": None, "title": " ", "level": "9", "teacher": 99},
    ],
    "enrol": [
        *GOOD_ROWS["enrol"],
        {"id": 7, "userid": 6, "courseid": 4, "role": "rector", "timestart": 1800000000, "timeend": 1700000000},
        {"id": 8, "userid": 99, "courseid": 5, "role": "student"},
        {"id": 9, "userid": 8, "courseid": 1, "role": "teacher", "timestart": "soon"},
    ],
}
"""Rows of which something has to be said, and values that the two engines read differently by themselves."""


@pytest.mark.long
@pytest.mark.parametrize(("few", "with_driver"), [(limits.FEW, 2), (-1, 0)], ids=["few rows", "as many rows"])
def test_both_engines_give_the_same_small_run(
    few: int, with_driver: int, spark_settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every word of mappings and rules over both sides, in a folder whose name has to be quoted; and as if the rows were
    too many for one task."""
    monkeypatch.setattr(limits, "FEW", few)
    monkeypatch.setattr(limits, "WITH_DRIVER", with_driver)
    write_every_word(folder := tmp_path / "50% é")
    add_rules(folder)
    use(spark_settings, folder)
    bench = Bench.of(folder)
    expected = bench.run(ODD_ROWS)
    kept = tmp_path / "duckdb"
    shutil.copytree(expected.folder, kept)
    got = bench.run(engine="spark")
    assert got.failure is None
    found = {code for (code,) in _columns(kept / "findings.parquet", "code")}
    assert {"USR-EMAIL", "CRS-TEACHER"} <= found, "these rows try what they are for"
    assert files_that_differ(kept, got.folder) == []
    assert _summary(got) == _summary(expected)
    assert got.exit_code == expected.exit_code


@pytest.mark.long
@pytest.mark.parametrize(("few", "with_driver"), [(limits.FEW, 2), (-1, 0)], ids=["few rows", "as many rows"])
@pytest.mark.parametrize("first", range(3))
def test_both_engines_apply_the_same_decisions(
    first: int, few: int, with_driver: int, spark_settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One about each item of the worklist, ``first`` of those that it takes and then the others in turn."""
    monkeypatch.setattr(limits, "FEW", few)
    monkeypatch.setattr(limits, "WITH_DRIVER", with_driver)
    write_workspace(tmp_path / "school")
    use(spark_settings, tmp_path / "school")
    bench = Bench.of(tmp_path / "school")
    decisions = answered(bench.run(ODD_ROWS), [(n, first + n // 2, ["NULL", "1", "x"][n % 3]) for n in range(40)])
    expected = decided(bench, decisions)
    kept = tmp_path / "duckdb"
    shutil.copytree(expected.folder, kept)
    got = decided(bench, decisions, engine="spark")
    assert got.failure is None
    assert len({decision.decision for decision in decisions.values()}) > 2, "these are of several kinds"
    assert files_that_differ(kept, got.folder) == []
    assert _summary(got) == _summary(expected)


@pytest.mark.long
@pytest.mark.parametrize("many", [False, True], ids=["few rows", "as many rows"])
@pytest.mark.parametrize("pair", ["csv_history_to_totara", "moodle_to_canvas", "canvas_to_moodle"])
def test_both_engines_give_the_same_run_of_a_sample(
    pair: str, many: bool, spark_settings: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    one, other = (write_sample_workspace(tmp_path / name / "workspace", pair) for name in ("duckdb", "spark"))
    for workspace in (one, other):  # of their own, for a worklist tells what the runs before had
        use(spark_settings, workspace)
    expected = run(one, now=lambda: NOW)
    if many:
        request.getfixturevalue("on_spark")
    got = run(other, engine="spark", now=lambda: NOW)
    assert got.failure is None
    assert files_that_differ(expected.folder, got.folder) == []
    assert _summary(got) == _summary(expected)
    assert got.exit_code == expected.exit_code


def test_a_value_that_differs_is_seen(tmp_path: Path) -> None:
    """The comparison itself: it names a file whose rows differ, and one that only one run has."""
    import pyarrow as pa

    for name, value in (("one", 1), ("other", 2)):
        (tmp_path / name).mkdir()
        pq.write_table(pa.table({"x": [value, None]}), tmp_path / name / "rows.parquet")
        pq.write_table(pa.table({"x": [None, 1] if value == 1 else [1, None]}), tmp_path / name / "order.parquet")
    (tmp_path / "one" / "more.json").touch()
    assert files_that_differ(tmp_path / "one", tmp_path / "other") == ["more.json: only in one of them", "rows.parquet"]


def use(settings: dict[str, str], workspace: Path) -> None:
    """Write the settings of Spark into a workspace."""
    file = workspace / "migration.yaml"
    written = yaml.safe_load(file.read_text("utf-8"))
    written["spark"] = {"settings": {name: value for name, value in settings.items() if name != "spark.master"}}
    file.write_text(yaml.safe_dump(written), "utf-8")


def files_that_differ(one: Path, other: Path) -> list[str]:
    """Parquet files whose columns or rows differ, and load files whose bytes do; the order of rows does not count."""
    names = {str(file.relative_to(run)) for run in (one, other) for file in run.rglob("*") if file.is_file()}
    differing = []
    for name in sorted(names):
        pair = (one / name, other / name)
        if not all(file.is_file() for file in pair):
            differing.append(f"{name}: only in one of them")
        elif (name.endswith(".parquet") and _rows(pair[0]) != _rows(pair[1])) or (
            name.startswith("4_load/")
            and not name.endswith((".parquet", ".json"))
            and pair[0].read_bytes() != pair[1].read_bytes()
        ):
            differing.append(name)
    return differing


def _rows(file: Path) -> tuple[list[str], list[str]]:
    table = pq.read_table(file)
    return [f"{field.name} {field.type}" for field in table.schema], sorted(repr(row) for row in table.to_pylist())


def _columns(file: Path, *names: str) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in pq.read_table(file, columns=list(names)).to_pylist()}


def _summary(result: RunResult) -> dict[str, Any]:
    return {word: value for word, value in result.summary.items() if word not in VARIES}
