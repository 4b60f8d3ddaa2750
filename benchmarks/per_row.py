"""What a row costs in whole runs of several sizes, source to report, in rounds in turn.

    PYTHONPATH=. python benchmarks/per_row.py [--users 20000 200000] [--rounds 3] [--filled] [--server URL]

A campus has 56 rows for each user, and a database of its own on the server. What a run takes that has hardly any rows is
told apart: it does not grow.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.bench import Campus, compiled
from benchmarks.campus.generate import Size
from benchmarks.measure import Cost

FEW = 20
"""Users of a run that is all start."""


def main() -> None:
    """Measure, and print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432")
    parser.add_argument("--filled", action="store_true", help="the databases are there from an earlier call")
    given = parser.parse_args()
    compiled()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        sizes = [FEW, *given.users]
        campuses = [Campus(Size(n), given.server, Path(folder) / str(n), f"lms_migrate_bench_{n}") for n in sizes]
        for campus in () if given.filled else campuses:
            campus.fill()
        costs: list[list[Cost]] = [[] for _ in campuses]
        for _ in range(given.rounds):
            for campus, found in zip(campuses, costs, strict=True):
                found.append(campus.migrate(campus.workspace()))
    start = median(cost.cpu for cost in costs[0])
    print("| rows | wall s | CPU s | peak MB | CPU s a million rows | the same without the start |")
    print("|---|---|---|---|---|---|")
    for campus, found in zip(campuses, costs, strict=True):
        cpu, millions = median(cost.cpu for cost in found), campus.size.rows / 1e6
        each = f"{cpu / millions:.1f} | {(cpu - start) / millions:.1f}" if found is not costs[0] else "|"
        peak = max(cost.peak for cost in found) / 1e6
        print(f"| {campus.size.rows:,} | {median(cost.wall for cost in found):.1f} | {cpu:.1f} | {peak:,.0f} | {each} |")


if __name__ == "__main__":
    main()
