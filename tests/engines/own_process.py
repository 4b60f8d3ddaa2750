"""``python own_process.py WORKSPACE FEW WITH_DRIVER``: a run on Spark in a process of its own, for a process has one Spark. The
numbers are those of ``migrate/spark/limits.py``."""

from __future__ import annotations

import sys
from pathlib import Path

from small_pair import NOW

from migrate import pipeline
from migrate.spark import limits


def main(workspace: Path, few: int, with_driver: int) -> int:
    """Run it; the exit code is the run's."""
    limits.FEW, limits.WITH_DRIVER = few, with_driver
    result = pipeline.run(workspace, engine="spark", now=lambda: NOW)
    if result.failure is not None:
        print(result.failure, file=sys.stderr)
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
