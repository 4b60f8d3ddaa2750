"""``python many_rows.py WORKSPACE``: a run on Spark in a process of its own, which has one Spark, as if its rows were many."""

from __future__ import annotations

import sys
from pathlib import Path

from small_pair import NOW

from migrate import pipeline
from migrate.spark import limits


def main(workspace: Path) -> int:
    """Run it; the exit code is the run's."""
    limits.FEW, limits.WITH_DRIVER = -1, 0
    result = pipeline.run(workspace, engine="spark", now=lambda: NOW)
    if result.failure is not None:
        print(result.failure, file=sys.stderr)
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
