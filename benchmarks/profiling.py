"""How long a profile of five million rows takes: grades, people and courses as an extract leaves them.

    python benchmarks/profiling.py [--rows 5000000] [--memory 1GB]

Rows are made by DuckDB and profiled from Parquet by the code of ``lms-migrate profile``, in a process of its own. Reading the
source is not part of it; benchmarks/reading.py measures that.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import measure

SYSTEM = """
system: campus
label: Campus
source: {kind: database}
entities:
  person:
    key: id
    fields:
      id: {type: int}
      login: {}
      name: {}
      email: {}
      phone: {}
      city: {}
      created: {type: epoch, never: [0]}
      active: {type: flag}
  course:
    key: id
    fields: {id: {type: int}, code: {}, title: {}, start: {type: date, formats: ["%Y-%m-%d"]}}
  grade:
    key: id
    fields:
      id: {type: int}
      person: {type: int, references: {entity: person}}
      course: {type: int, references: {entity: course}}
      item: {type: int}
      score: {type: decimal}
      status: {}
      attempt: {type: int}
      comment: {}
      reference: {}
      graded: {type: epoch, never: [0]}
      modified: {type: datetime}
      origin: {}
scope:
  unused:
    label: Courses without grades for three years
    entity: course
    activity: select course as record, graded as at from grade
    years: 3
"""
_FAULTS = "CAST(NULL AS VARCHAR) AS _fault, CAST(NULL AS VARCHAR) AS _fault_value"


def generate(folder: Path, rows: int) -> None:
    """Write the three tables. One grade in a thousand refers to nobody; some hold sentinels and words for nothing."""
    people, courses = max(rows // 25, 10), max(rows // 2500, 10)
    tables = {
        "person": f"SELECT i AS id, 'u' || i AS login, 'Name ' || (i % 5000) || ' Family' || (i % 777) AS name, "
        "'user' || i || '@example.org' AS email, '+34 91 ' || (1000000 + i) AS phone, 'City ' || (i % 300) AS city, "
        f"1500000000 + i * 37 AS created, i % 9 <> 0 AS active, i AS _row, {_FAULTS} FROM range(1, {people + 1}) AS t(i)",
        "course": "SELECT i AS id, 'C-' || lpad(CAST(i AS VARCHAR), 6, '0') AS code, 'Course ' || i AS title, "
        f"DATE '2015-01-01' + CAST(i % 3000 AS INTEGER) AS start, i AS _row, {_FAULTS} FROM range(1, {courses + 1}) AS t(i)",
        "grade": f"SELECT i AS id, CASE WHEN i % 1000 = 0 THEN {people * 2} ELSE 1 + hash(i) % {people} END AS person, "
        f"1 + hash(i + 7) % {courses} AS course, 1 + hash(i + 8) % 40000 AS item, "
        "CASE WHEN i % 5000 = 0 THEN 9999 ELSE (hash(i + 1) % 10000) / 100 END AS score, "
        "CASE i % 7 WHEN 0 THEN 'passed' WHEN 1 THEN 'failed' WHEN 2 THEN 'N/A' ELSE 'open' END AS status, i % 4 AS attempt, "
        "CASE WHEN i % 3 = 0 THEN 'Comment number ' || hash(i + 2) % 100000 || ', é' ELSE '' END AS comment, "
        "'REF-' || hash(i + 3) AS reference, "
        "CASE WHEN i % 20 = 0 THEN 0 ELSE 1400000000 + hash(i + 4) % 300000000 END AS graded, "
        "TIMESTAMP '2020-01-01' + INTERVAL (hash(i + 5) % 100000000) SECOND AS modified, 'manual' AS origin, "
        f"i AS _row, {_FAULTS} FROM range(1, {rows + 1}) AS t(i)",
    }
    with duckdb.connect() as engine:
        for table, sql in tables.items():
            engine.execute(f"COPY ({sql}) TO '{folder / table}.parquet' (FORMAT parquet, COMPRESSION zstd)")


def profile(folder: Path, memory: str) -> None:
    """Profile the tables, and say what was found so that a reader sees that it was done."""
    from migrate.contracts.load import load_contract
    from migrate.engine import session
    from migrate.profiling.make import Making
    from migrate.profiling.reading import Extract
    from migrate.progress import Lines

    (folder / "campus.yaml").write_text(SYSTEM, "utf-8")
    contract = load_contract(folder / "campus.yaml").model
    with session(folder / "spill", memory) as connection:
        making = Making(
            connection, contract, Extract(folder, frozenset(contract.entities), {}, {}), "2026-01-01 00:00:00", Lines(sys.stderr)
        )
        entities = making.entities()
        orphans, _ = making.orphans()
        scope = making.scope()
    assert sum(entity.rows for entity in entities) > 0
    assert any(one.orphans for one in orphans)
    assert scope[0].skipped == ""


def main() -> None:
    """Generate in this process, profile in another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--memory", default="1GB")
    parser.add_argument("--of", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.of is not None:
        profile(given.of, given.memory)
        return
    with tempfile.TemporaryDirectory(prefix="profiling-") as folder:
        generate(Path(folder), given.rows)
        command = [sys.executable, __file__, "--of", folder, "--memory", given.memory]
        cost = measure.run(command, {"PYTHONPATH": os.environ.get("PYTHONPATH", str(Path(__file__).parents[1]))})
    rate = given.rows / cost.wall
    print(f"{given.rows:,} grades: {cost.wall:.1f} s, {cost.cpu:.1f} s of CPU, {cost.peak / 1e9:.2f} GB, {rate:,.0f} rows/s")


if __name__ == "__main__":
    main()
