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
COLUMNS = "number text primary key, name text, email text, score double precision, active boolean, joined bigint"


def rows(number: int) -> list[Record]:
    """Records as the live stage hands them over."""
    start = dt.datetime(2020, 1, 1)
    return [
        Record(f"p-{n:08}", {
            "number": f"p-{n:08}", "name": f"Name {n}", "email": f"person.{n}@example.org", "score": n / 7,
            "active": n % 3 > 0, "joined": start + dt.timedelta(seconds=n),
        })
        for n in range(number)
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--url", default="postgresql://postgres@127.0.0.1:5432/test")
    options = parser.parse_args()
    records = rows(options.rows)
    epoch = dt.datetime(1970, 1, 1)
    tuples = [
        (v["number"], v["name"], v["email"], v["score"], v["active"], int((v["joined"] - epoch).total_seconds()))
        for v in (record.values for record in records)
    ]
    ratios = []
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(options.url, autocommit=True) as connection:
        contract = Path(folder) / "house.yaml"
        contract.write_text(CONTRACT, "utf-8")
        for number in range(options.rounds):
            connection.execute(f"DROP TABLE IF EXISTS person; CREATE TABLE person ({COLUMNS})")
            copied = _copy(connection, tuples)
            connection.execute("TRUNCATE person")
            target = DatabaseTarget.open(load_contract(contract), options.url, SecretStr(""), {"batch": 50_000})
            start = time.perf_counter()
            for at in range(0, len(records), 50_000):
                target.write("person", "create", records[at : at + 50_000])
            loaded = time.perf_counter() - start
            target.close()
            ratios.append(copied / loaded)
            rates = f"{options.rows / copied:>10,.0f} rows/s COPY {options.rows / loaded:>10,.0f} rows/s connector"
            print(f"round {number + 1}: {rates}   ratio {copied / loaded:.2f}")
        connection.execute("DROP TABLE person")
    print(f"median ratio {statistics.median(ratios):.2f} ({sa.__name__} {sa.__version__}, psycopg {psycopg.__version__})")


def _copy(connection: psycopg.Connection[tuple[object, ...]], tuples: list[tuple[object, ...]]) -> float:
    start = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy("COPY person FROM STDIN") as copy:
        for row in tuples:
            copy.write_row(row)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
