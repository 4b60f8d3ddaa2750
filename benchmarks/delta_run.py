"""A delta with 0.1 % of the people changed, against the full live run before it.

    python benchmarks/delta_run.py --people 5000 [--target moodle | URL]

The target is a stand-in Moodle in a process of its own (what a web service costs without its PHP), a database, or a real Moodle
that holds none of the people (http://..., its token in the environment).
Both runs are whole runs: extract, map, validate, load, read back, reconcile.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.extend(
    str(Path(__file__).resolve().parents[1] / "tests" / folder) for folder in ("live", "support", "e2e/support", "databases")
)

from live_school import LiveSchool
from moodle_school import TOKEN, stand_in, write_moodle_school
from small_pair import write_rows

from migrate.pipeline import run


def rows(people: int) -> dict[str, list[dict[str, Any]]]:
    """A school of so many people, each in four courses."""
    courses = max(people // 50, 5)
    return {
        "user": [
            {"id": n, "login": f"user{n}", "name": f"Name {n}", "email": f"u{n}@example.org", "active": n % 20 > 0}
            for n in range(1, people + 1)
        ],
        "course": [{"id": n, "code": f"C{n}", "title": f"Course {n}", "level": "1"} for n in range(2, courses + 2)],
        "enrol": [
            {"id": 4 * n + k, "userid": n, "courseid": 2 + (n + k) % courses, "role": "student", "timestart": 1700000000}
            for n in range(1, people + 1)
            for k in range(4)
        ],
    }


@contextmanager
def workspace(target: str, folder: Path, content: dict[str, list[dict[str, Any]]]) -> Iterator[Path]:
    """A workspace with an empty live target."""
    if target != "moodle" and not target.startswith("http"):
        school = LiveSchool(folder, target, content)
        try:
            yield school.folder
        finally:
            school.metadata.drop_all(school.engine)
        return
    if target.startswith("http"):
        yield write_moodle_school(folder, target, content, {})
        return
    with stand_in() as site:
        os.environ[TOKEN] = site.token
        yield write_moodle_school(folder, site.url, content, {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--target", default="moodle")
    options = parser.parse_args()
    content = rows(options.people)
    changed = {n * 1000 for n in range(1, options.people // 1000 + 1)}
    with tempfile.TemporaryDirectory() as folder, workspace(options.target, Path(folder) / "school", content) as place:
        full = _timed(place, "full")
        content["user"] = [{**row, "name": "Changed"} if row["id"] in changed else row for row in content["user"]]
        write_rows(place, content)
        delta = _timed(place, "delta", delta=True)
    print(f"delta / full = {delta / full:.3f} ({len(changed)} of {options.people} people changed)")


def _timed(place: Path, what: str, **options: Any) -> float:
    start = time.perf_counter()
    result = run(place, live=True, **options)
    seconds = time.perf_counter() - start
    assert result.failure is None, result.failure
    stages = ", ".join(f"{stage} {spent:.1f}" for stage, spent in result.summary["timings"].items())
    print(f"{what:<6}{seconds:8.1f} s ({stages})")
    return seconds


if __name__ == "__main__":
    main()
