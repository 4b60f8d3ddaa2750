"""Loading a PostgreSQL table through the connector, against COPY of the same rows by the driver alone.

    python benchmarks/database_load.py --rows 500000 [--url postgresql://...]

Both write the same Python values into tables of the same shape, turn about, in one process; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import sqlalchemy as sa
from pydantic import SecretStr

from migrate.connectors.database_target import DatabaseTarget
from migrate.connectors.target import Record
from migrate.contracts.load import load_contract

CONTRACT = """\
system: house
label: A database
target: {kind: database}
entities:
  person:
    key: number
    fields:
      number: {required: true}
      name: {}
      email: {}
      score: {type: decimal}
      active: {type: flag}
      joined: {type: epoch}
"""
BATCH, EPOCH = 10_000, dt.datetime(1970, 1, 1)
COLUMNS = "number text primary key, name text, email text, score double precision, active boolean, joined bigint"


def batches(number: int) -> Iterator[list[Record]]:
    """Records as the live stage hands them over, a batch at a time."""
    start = dt.datetime(2020, 1, 1)
    for at in range(0, number, BATCH):
        yield [
            Record(f"p-{n:08}", {
                "number": f"p-{n:08}", "name": f"Name {n}", "email": f"person.{n}@example.org", "score": n / 7,
                "active": n % 3 > 0, "joined": start + dt.timedelta(seconds=n),
            })
            for n in range(at, min(at + BATCH, number))
        ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--url", default="postgresql://postgres@127.0.0.1:5432/test")
    options = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(options.url, autocommit=True) as connection:
        contract = Path(folder) / "house.yaml"
        contract.write_text(CONTRACT, "utf-8")
        for number in range(options.rounds):
            connection.execute(f"DROP TABLE IF EXISTS person; CREATE TABLE person ({COLUMNS})")
            copied = _copy(connection, options.rows)
            connection.execute("TRUNCATE person")
            loaded = _connector(contract, options.url, options.rows)
            ratios.append(copied / loaded)
            rates = f"{options.rows / copied:>10,.0f} rows/s COPY {options.rows / loaded:>10,.0f} rows/s connector"
            print(f"round {number + 1}: {rates}   ratio {copied / loaded:.2f}")
        connection.execute("DROP TABLE person")
    print(f"median ratio {statistics.median(ratios):.2f} (sqlalchemy {sa.__version__}, psycopg {psycopg.__version__})")


def _copy(connection: psycopg.Connection[tuple[object, ...]], number: int) -> float:
    """Seconds for the rows as tuples, in one COPY for each batch; making the tuples is not counted."""
    seconds = 0.0
    for records in batches(number):
        tuples = [(*list(r.values.values())[:-1], int((r.values["joined"] - EPOCH).total_seconds())) for r in records]
        start = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy("COPY person FROM STDIN") as copy:
            for row in tuples:
                copy.write_row(row)
        seconds += time.perf_counter() - start
    return seconds


def _connector(contract: Path, url: str, number: int) -> float:
    """Seconds for the records, outcomes included; making the records is not counted."""
    target = DatabaseTarget.open(load_contract(contract), url, SecretStr(""), {"batch": BATCH})
    target.write("person", "create", [])
    seconds = 0.0
    for records in batches(number):
        start = time.perf_counter()
        outcomes = target.write("person", "create", records)
        seconds += time.perf_counter() - start
        assert all(outcome.result == "done" for outcome in outcomes)
    target.close()
    return seconds


if __name__ == "__main__":
    main()
