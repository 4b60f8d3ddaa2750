"""Choose what `make test` leaves to `make test-long`: of all tests, those that take longest each, until the rest fits.

    python tests/support/pick_long.py JUNIT.xml [--seconds 1000]

``JUNIT.xml`` is what pytest's ``--junitxml`` wrote of a run on a machine that did nothing else; ``--seconds`` is what the tests
that stay may take one after the other. Functions go with all their cases. Every file keeps the function that takes least, so
nothing is left out altogether. Writes tests/long_tests.txt, which conftest.py reads; what a file marks as long is not in it.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

from defusedxml.ElementTree import parse

ROOT = Path(__file__).parents[2]
LIST = ROOT / "tests" / "long_tests.txt"


def measured(file: Path) -> dict[str, list[float]]:
    """Seconds of each case by ``file::function``."""
    found: dict[str, list[float]] = defaultdict(list)
    for case in parse(file).iter("testcase"):
        if case.find("skipped") is None:
            path = case.get("classname", "").replace(".", "/") + ".py"
            found[f"{path}::{case.get('name', '').partition('[')[0]}"].append(float(case.get("time", "0")))
    return found


def picked(seconds: dict[str, list[float]], budget: float) -> list[str]:
    """Functions to leave out, the order of their names."""
    mean = {function: sum(times) / len(times) for function, times in seconds.items()}
    by_file: dict[str, list[str]] = defaultdict(list)
    for function in seconds:
        by_file[function.partition("::")[0]].append(function)
    kept = {min(functions, key=lambda one: (sum(seconds[one]), one)) for functions in by_file.values()}
    left = sum(map(sum, seconds.values()))
    chosen = []
    for function in sorted(seconds, key=lambda one: (-mean[one], one)):
        if left <= budget:
            break
        if function not in kept:
            chosen.append(function)
            left -= sum(seconds[function])
    return sorted(chosen)


def main() -> None:
    """Write the list, and say what it does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("junit", type=Path)
    parser.add_argument("--seconds", type=float, default=1000)
    given = parser.parse_args()
    seconds = measured(given.junit)
    already = set(LIST.read_text("utf-8").split()) if LIST.is_file() else set()
    chosen = sorted({*already, *picked(seconds, given.seconds)})
    LIST.write_text("".join(f"{line}\n" for line in chosen), "utf-8")
    left = sum(sum(times) for function, times in seconds.items() if function not in chosen)
    print(f"{len(chosen)} functions are long; the others took {left:,.0f} of {sum(map(sum, seconds.values())):,.0f} seconds")


if __name__ == "__main__":
    main()
