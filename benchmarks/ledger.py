"""What the ledger costs: records entered before and settled after they are written, and recalled to be joined.

    python benchmarks/ledger.py --rows 5000000 [--url postgresql://...]

Beside it the least that any ledger can do: the same values put into one table with one index by the driver's own statement,
in transactions of the same size. CPU of this process; with a server, that of the server is not in it, and wall time says more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from migrate.ledger import Ledger, open_ledger

BATCH = 50_000
OWN = ("_key", "_mapping", "_source", "_fingerprint", "_meant")


def tables(number: int, first: int = 0) -> Iterator[pa.Table]:
    """What the live stage gives to the ledger, a batch at a time; keys in no order."""
    for at in range(first, first + number, BATCH):
        numbers = range(at, min(at + BATCH, first + number))
        keys = [f"p-{n * 7_919_117 % 100_000_000:08}" for n in numbers]
        columns = [
            keys, ["people"] * len(keys), [str(n) for n in numbers],
            [hashlib.sha256(key.encode()).hexdigest() for key in keys],
            [json.dumps({"active": True, "email": f"{key}@example.org", "name": f"Name {key}", "number": key}) for key in keys],
        ]  # fmt: skip
        yield pa.table(dict(zip(OWN, (pa.array(one) for one in columns), strict=True)))


class Clock:
    """CPU and wall seconds of what is done within it."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def __enter__(self) -> None:
        self._from = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time() - self._from[0]
        self.wall += time.perf_counter() - self._from[1]

    def rates(self, rows: int) -> str:
        """Rows a second of CPU, and of wall time."""
        return f"{rows / self.cpu:>9,.0f} rows/s of CPU, {rows / self.wall:>9,.0f} of wall time"


def by_hand(folder: Path, rows: int) -> Clock:
    """The values of each record once, in one table."""
    clock = Clock()
    with sqlite3.connect(folder / "hand.sqlite", isolation_level=None) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE t (key TEXT PRIMARY KEY, mapping TEXT, source TEXT, fingerprint TEXT, meant TEXT)")
        for table in tables(rows):
            with clock:
                cells = list(zip(*(table[one].to_pylist() for one in OWN), strict=True))
                connection.execute("BEGIN")
                connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", cells)
                connection.execute("COMMIT")
    return clock


def entered(ledger: Ledger, rows: int, *, natives: bool) -> Clock:
    """Receipts before and identities after, in the ledger. With ``natives`` the target gave ids of its own."""
    clock, entity = Clock(), f"natives {natives}"
    for table in tables(rows):
        own = {key: key[2:] for key in table["_key"].to_pylist()} if natives else {}
        with clock:
            together = ledger.intend_table("run-1", entity, table)
            ledger.settle_table(together, "done", own)
    return clock


def recalled(ledger: Ledger, rows: int) -> Clock:
    """What is known, read and joined with what is meant by key."""
    clock, connection = Clock(), duckdb.connect()
    connection.execute("CREATE TABLE known (key VARCHAR, fingerprint VARCHAR)")
    with clock:
        for batch in ledger.identities("natives False"):
            connection.register("part", pa.Table.from_batches([batch]))
            connection.execute("INSERT INTO known SELECT key, fingerprint FROM part")
            connection.unregister("part")
    for table in tables(rows):
        same = table.select(["_key", "_fingerprint"])
        with clock:
            connection.register("meant", same)
            query = "SELECT count(*) FROM meant JOIN known ON known.key = meant._key AND known.fingerprint = meant._fingerprint"
            found = connection.execute(query).fetchone()
            connection.unregister("meant")
        assert found == (pc.count(table["_key"]).as_py(),)
    return clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--url", default="sqlite:///ledger.sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hand = by_hand(folder, options.rows)
        ledger = open_ledger(options.url, folder)
        assert ledger is not None
        ledger.begin("run-1", "live", "benchmark")
        print(f"{options.rows:,} records, {options.url.partition(':')[0]}")
        print(f"by hand                    {hand.rates(options.rows)}")
        for natives in (False, True):
            clock = entered(ledger, options.rows, natives=natives)
            label = "entered, target's ids too" if natives else "entered"
            print(f"{label:<26} {clock.rates(options.rows)}  {clock.cpu / hand.cpu:.2f} of the CPU by hand")
        clock = recalled(ledger, options.rows)
        print(f"{'recalled and joined':<26} {clock.rates(options.rows)}  {clock.cpu / hand.cpu:.2f}")
        ledger.close()


if __name__ == "__main__":
    main()
