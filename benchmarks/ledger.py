"""What the ledger costs: records entered before and settled after they are written, and recalled to be joined.

    PYTHONPATH=. python benchmarks/ledger.py --rows 5000000 [--order random] [--url postgresql://...]

The records are those of one entity as the live stage gives them, through its own query: by their keys, whatever the order of the
source (`--order grows`). No stage gives them in another order; `--order random` shows what that would cost.
Beside it the least that any ledger can do: the same values put into one table with one index by the driver's own statement,
in transactions of the same size. CPU of this process; with a server, that of the server is not in it, and wall time says more.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import dataset

from benchmarks.validated import lay
from migrate.check import check
from migrate.engine import session
from migrate.ledger import Ledger, open_ledger
from migrate.live.changes import Changes
from migrate.live.works import Works
from migrate.run_folder import RunFolder

BATCH, MEMORY = 50_000, "800MB"
OWN = ("_key", "_mapping", "_source", "_fingerprint", "_meant")
WORKSPACE = {
    "migration.yaml": "label: House\nsource: {system: desk, folder: source}\ntarget: {system: hall}\n",
    "systems/desk.yaml": """\
system: desk
label: Desk
source: {kind: files}
entities:
  user: {file: user.csv, key: id, fields: {id: {}, number: {}, name: {}, email: {}, active: {type: flag}}}
""",
    "systems/hall.yaml": """\
system: hall
label: Hall
target: {kind: files}
entities:
  people: {key: number, fields: {number: {required: true, unique: true}, name: {}, email: {}, active: {type: flag}}}
""",
    "mapping/pair.yaml": "from: desk\nto: hall\nlabel: Desk to hall\n",
    "mapping/people.yaml": """\
from: desk.user
to: hall.people
fields: {number: {from: number}, name: {from: name}, email: {from: email}, active: {from: active}}
""",
}  # fmt: skip
# Keys grow with their source in no way: a prime apart in a hundred million.
VALIDATED = """\
SELECT CAST(n AS VARCHAR) AS _key, number, 'Name ' || number AS name, number || '@example.org' AS email,
n % 3 > 0 AS active FROM (SELECT n, format('p-{{:08}}', n * 7919117 % 100000000) AS number FROM range({rows}) AS r (n))"""


def given(folder: Path, rows: int, order: Literal["grows", "random"]) -> Path:
    """A file of the tables that the live stage gives to the ledger of an empty target."""
    for name, text in WORKSPACE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "source").mkdir()
    file, clock = folder / "given.arrow", Clock()
    with session(folder / "spilled", MEMORY) as connection:
        fields, made = ["number", "name", "email", "active"], f"({VALIDATED.format(rows=rows)})"
        validated = lay(connection, RunFolder(folder / "run"), "people", fields, made, "number")
        changes = Changes(connection, check(folder).plan, validated, None, whole=True)
        with clock:
            for step in (changes.mean, changes.recall, changes.compare):
                step("people")
            tables = Works(changes).columns("people", 0, "people", BATCH)
            _keep(file, (batch.select(OWN) for table in tables for batch in table.to_batches()))
        print(f"{'given by the live stage':<26} {clock.rates(rows)}")
    if order == "grows":
        return file
    with session(folder / "spilled", MEMORY) as connection:
        connection.register("_given", dataset.dataset(file, format="ipc"))
        _keep(folder / "shuffled.arrow", connection.execute("SELECT * FROM _given ORDER BY hash(_key)").to_arrow_reader(BATCH))
    return folder / "shuffled.arrow"


def _keep(file: Path, batches: Iterator[pa.RecordBatch]) -> None:
    schema = pa.schema([(column, pa.string()) for column in OWN])
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch.cast(schema))


def tables(file: Path) -> Iterator[pa.Table]:
    """What lies in the file, a batch at a time."""
    with pa.memory_map(str(file)) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            yield pa.Table.from_batches([reader.get_batch(number)])


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


def by_hand(folder: Path, file: Path) -> Clock:
    """The values of each record once, in one table."""
    clock = Clock()
    with sqlite3.connect(folder / "hand.sqlite", isolation_level=None) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE t (key TEXT PRIMARY KEY, mapping TEXT, source TEXT, fingerprint TEXT, meant TEXT)")
        for table in tables(file):
            with clock:
                cells = list(zip(*(table[one].to_pylist() for one in OWN), strict=True))
                connection.execute("BEGIN")
                connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", cells)
                connection.execute("COMMIT")
    return clock


def entered(ledger: Ledger, file: Path, *, natives: bool) -> Clock:
    """Receipts before and identities after, in the ledger. With ``natives`` the target gave ids of its own."""
    clock, entity = Clock(), f"natives {natives}"
    for table in tables(file):
        own = {key: key[2:] for key in table["_key"].to_pylist()} if natives else {}
        with clock:
            together = ledger.intend_table("run-1", entity, table)
            ledger.settle_table(together, "done", own)
    return clock


def recalled(ledger: Ledger, file: Path) -> Clock:
    """What is known, read and joined with what is meant by key."""
    clock, connection = Clock(), duckdb.connect()
    connection.execute("CREATE TABLE known (key VARCHAR, fingerprint VARCHAR)")
    with clock:
        for batch in ledger.identities("natives False"):
            connection.register("part", pa.Table.from_batches([batch]))
            connection.execute("INSERT INTO known SELECT key, fingerprint FROM part")
            connection.unregister("part")
    for table in tables(file):
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
    parser.add_argument("--order", choices=["grows", "random"], default="grows")
    parser.add_argument("--url", default="sqlite:///ledger.sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{options.rows:,} records, order {options.order}, {options.url.partition(':')[0]}")
        file = given(folder, options.rows, options.order)
        hand = by_hand(folder, file)
        print(f"{'by hand':<26} {hand.rates(options.rows)}")
        ledger = open_ledger(options.url, folder)
        assert ledger is not None
        ledger.begin("run-1", "live", "benchmark")
        for natives in (False, True):
            clock = entered(ledger, file, natives=natives)
            label = "entered, target's ids too" if natives else "entered"
            print(f"{label:<26} {clock.rates(options.rows)}  {clock.cpu / hand.cpu:.2f} of the CPU by hand")
        clock = recalled(ledger, file)
        print(f"{'recalled and joined':<26} {clock.rates(options.rows)}  {clock.cpu / hand.cpu:.2f}")
        ledger.close()


if __name__ == "__main__":
    main()
