"""Loading a PostgreSQL table through the connector, against COPY of the same rows by the driver alone.

    python benchmarks/database_load.py --rows 500000 [--url postgresql://...]

All write the same values into a table of the same shape, turn about, in one process; the ratio is what counts. COPY gets
ready-made tuples; the connector gets what the live stage gives it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
import sqlalchemy as sa
from pydantic import SecretStr

from migrate.connectors.database_target import DatabaseTarget
from migrate.connectors.target import Record
from migrate.contracts.load import load_contract
from migrate.ledger import Ledger, open_ledger
from migrate.ledger.tables import IDENTITIES
from migrate.live.columns import OWN, Columns

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
BATCH, EPOCH = 50_000, dt.datetime(1970, 1, 1)
COLUMNS = "number text primary key, name text, email text, score double precision, active boolean, joined bigint"


def batches(number: int) -> Iterator[list[Record]]:
    """Records, a batch at a time."""
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
    ways = {"columns": in_columns, "columns and ledger": with_ledger, "records": one_by_one}
    ratios: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(options.url, autocommit=True) as connection:
        contract = Path(folder) / "house.yaml"
        contract.write_text(CONTRACT, "utf-8")
        connection.execute(f"DROP TABLE IF EXISTS person; CREATE TABLE person ({COLUMNS})")
        target = DatabaseTarget.open(load_contract(contract), options.url, SecretStr(""), {"batch": BATCH})
        ledger = open_ledger(f"sqlite:///{folder}/ledger.sqlite", Path(folder))
        assert ledger is not None
        for number in range(options.rounds):
            connection.execute("TRUNCATE person")
            copied = copy(connection, options.rows)
            line = f"round {number + 1}: COPY {options.rows / copied:>9,.0f} rows/s"
            ledger.begin(str(number), "live", "benchmark")
            for way, load in ways.items():
                connection.execute("TRUNCATE person")
                loaded = load(target, ledger, str(number), options.rows)
                ratios[way].append(copied / loaded)
                line += f"   {way} {options.rows / loaded:>9,.0f} ({copied / loaded:.2f})"
                assert connection.execute("SELECT count(*) FROM person").fetchone() == (options.rows,)
            print(line)
            with ledger.engine.begin() as own:
                own.execute(IDENTITIES.delete())
        connection.execute("DROP TABLE person")
        target.close()
        ledger.close()
    for way, found in ratios.items():
        print(f"{way}: median ratio {statistics.median(found):.2f}")
    print(f"sqlalchemy {sa.__version__}, psycopg {psycopg.__version__}")


def copy(connection: psycopg.Connection[tuple[object, ...]], number: int) -> float:
    """Seconds for the rows as tuples, in one COPY for each batch; making the tuples is not counted."""
    seconds = 0.0
    for records in batches(number):
        tuples = [(*list(r.values.values())[:-1], int((r.values["joined"] - EPOCH).total_seconds())) for r in records]
        start = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy("COPY person FROM STDIN") as writer:
            for row in tuples:
                writer.write_row(row)
        seconds += time.perf_counter() - start
    return seconds


def in_columns(target: DatabaseTarget, _: Ledger, run: str, number: int) -> float:
    """Seconds for the tables that the engine gives to the live stage."""
    seconds = 0.0
    for records in batches(number):
        rows = table(records).drop_columns(list(OWN))
        start = time.perf_counter()
        taken = target.create_table("person", rows)
        seconds += time.perf_counter() - start
        assert taken.result == "done", taken.message
    return seconds


def with_ledger(target: DatabaseTarget, ledger: Ledger, run: str, number: int) -> float:
    """Seconds for the tables with receipts before them and identities after them, in a SQLite file."""
    seconds, columns = 0.0, Columns("person", target, ledger, run)
    for records in batches(number):
        rows = table(records)
        start = time.perf_counter()
        results = columns.write(rows)
        seconds += time.perf_counter() - start
        assert results.num_rows == rows.num_rows
    return seconds


def one_by_one(target: DatabaseTarget, _: Ledger, run: str, number: int) -> float:
    """Seconds for records with their outcomes: what a target that is not empty gets."""
    seconds = 0.0
    for records in batches(number):
        start = time.perf_counter()
        outcomes = target.write("person", "create", records)
        seconds += time.perf_counter() - start
        assert all(outcome.result == "done" for outcome in outcomes)
    return seconds


def table(records: list[Record]) -> pa.Table:
    """Records in the columns of :meth:`migrate.live.works.Works.columns`."""
    rows = pa.Table.from_pylist([dict(record.values) for record in records])
    keys = pa.array([record.key for record in records])
    meant = pa.array([json.dumps(record.values, default=str) for record in records])
    same = pa.repeat(pa.scalar("people"), len(records))
    own = {"_key": keys, "_mapping": same, "_source": keys, "_fingerprint": pa.repeat(pa.scalar("f" * 32), len(records))}
    for name, column in (own | {"_meant": meant}).items():
        rows = rows.append_column(name, column)
    return rows


if __name__ == "__main__":
    main()
