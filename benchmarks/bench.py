"""Whole processes of lms-migrate against what an engineer would take instead: the same data, one machine, one run.

    python benchmarks/bench.py [--users 20000] [--compare ROWS] [--server postgresql://postgres@127.0.0.1:5432] [--write]

Prints tables of seconds and ratios, and with ``--write`` puts them into docs/performance.md. The ratios are the result: seconds
tell of the machine. Libraries of requirements/bench.lock that are not installed are left out, and named.
"""

from __future__ import annotations

import argparse
import compileall
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.campus.generate import Size, as_parquet, into_postgresql
from benchmarks.measure import Cost, run

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
DATABASE = "lms_migrate_bench"
BEGIN, END = "<!-- what make bench wrote -->\n", "<!-- until here -->\n"


@dataclass(frozen=True)
class Table:
    """Some ways of doing one thing; the first is what the others are held against."""

    title: str
    rows: list[tuple[str, Cost]]

    def lines(self) -> Iterator[str]:
        yield f"**{self.title}**"
        yield ""
        yield "| way | wall s | CPU s | peak MB | CPU ratio | wall ratio |"
        yield "|---|---|---|---|---|---|"
        base = self.rows[0][1]
        for way, cost in self.rows:
            ratios = f"{cost.cpu / base.cpu:.2f} | {cost.wall / base.wall:.2f}"
            yield f"| {way} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.peak / 1e6:,.0f} | {ratios} |"
        yield ""


class Campus:
    """A campus of some size in a database, and workspaces that read it."""

    def __init__(self, size: Size, server: str, folder: Path, database: str = DATABASE) -> None:
        self.size, self.folder = size, folder
        self.server, self.database = server.rstrip("/"), database
        self.url = f"{self.server}/{database}"
        self.environment = {"CAMPUS_URL": self.url, "PYTHONPATH": str(HERE.parent)}

    def fill(self) -> None:
        """Make the database anew."""
        with psycopg.connect(f"{self.server}/postgres", autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self.database)))
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
        into_postgresql(as_parquet(self.size, self.folder / "made"), self.url)

    def workspace(self) -> Path:
        """An empty one."""
        workspace = self.folder / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        for part in ("mapping", "systems"):
            shutil.copytree(HERE / "campus" / part, workspace / part)
        shutil.copy(HERE / "campus" / "migration.yaml", workspace)
        return workspace

    def migrate(self, workspace: Path, *options: str) -> Cost:
        """A run. Findings that need a person are part of the data, and no failure."""
        command = [sys.executable, "-m", "migrate", "run", str(workspace), *options]
        return run(command, self.environment, passing=(0, 1))


def compiled() -> None:
    """Compile the modules, as those of an installation are."""
    for package in ("migrate", "reports", "validators", "benchmarks"):
        compileall.compile_dir(HERE.parent / package, quiet=1)


class Bench:
    """One run of all measurements, in a folder of its own."""

    def __init__(self, size: Size, compared: int, server: str, folder: Path) -> None:
        self.campus = Campus(size, server, folder)
        self.size, self.compared, self.folder = size, compared, folder
        self.missing = [name for name in ("datacompy", "dlt") if find_spec(name) is None]

    def tables(self) -> Iterator[Table]:
        """Each table as soon as it is measured."""
        compiled()
        self.campus.fill()
        workspace = self.campus.workspace()
        yield self._reading(workspace)
        yield self._mapping(workspace)
        yield Table(f"A whole rehearsal of {self.size.rows:,} rows", [("source to report", self.campus.migrate(workspace))])
        yield self._comparing()

    def _reading(self, workspace: Path) -> Table:
        ways = ["connectorx", "copy", *(["dlt"] if "dlt" not in self.missing else [])]
        names = {"connectorx": "ConnectorX by itself", "copy": "COPY, then DuckDB", "dlt": "a dlt pipeline"}
        rows = [(names[way], self._python("reading.py", way, self.campus.url, self.folder / way)) for way in ways]
        rows.insert(1, ("`extract`", self.campus.migrate(workspace, "--stop-after", "extract")))
        return Table(f"Reading {self.size.rows:,} rows of five tables of PostgreSQL into Parquet", rows)

    def _mapping(self, workspace: Path) -> Table:
        (extracted,) = (workspace / "runs").iterdir()
        rows = [
            ("SQL written by hand for DuckDB", self._python("by_hand.py", extracted / "1_extract", self.folder / "by_hand")),
            ("`map`, `validate` and `load`", self._python("stages.py", workspace, extracted, self.folder / "stages")),
            ("pandas, by hand", self._python("in_pandas.py", extracted / "1_extract", self.folder / "pandas")),
        ]
        return Table(f"Map, check, set aside and write {self.size.rows:,} rows", rows)

    def _comparing(self) -> Table:
        both = self.folder / "compared"
        self._python("comparing.py", "make", self.compared, both)
        ways = ["join", "ends", "reconcile", *(["datacompy"] if "datacompy" not in self.missing else [])]
        names = {
            "join": "a full outer join by hand",
            "ends": "the same, with the end of each record in a file by key",
            "reconcile": "`reconcile`",
            "datacompy": "datacompy on pandas",
        }
        return Table(
            f"Comparing {self.compared:,} rows of twelve fields",
            [(names[w], self._python("comparing.py", w, both)) for w in ways],
        )

    def _python(self, script: str, *arguments: object) -> Cost:
        return run([sys.executable, str(HERE / script), *map(str, arguments)], self.campus.environment)


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=20_000, help="25 enrolments, 25 grades and 5 completions come with each")
    parser.add_argument("--compare", type=int, default=500_000, help="rows of the comparison")
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    given = parser.parse_args()
    text = ""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Size(given.users), given.compare, given.server, Path(folder))
        for table in bench.tables():
            part = "\n".join(table.lines()) + "\n"
            print(part, flush=True)
            text += part
    if bench.missing:
        print(f"left out, because not installed: {', '.join(bench.missing)} (pip install -r requirements/bench.lock)")
    if given.write:
        page = PAGE.read_text("utf-8")
        written = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: f"{BEGIN}\n{text}{END}", page, flags=re.DOTALL)
        PAGE.write_text(written, "utf-8")


if __name__ == "__main__":
    main()
