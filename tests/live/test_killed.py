"""A run that is killed at any moment and run again ends where an undisturbed run ends: nothing twice, nothing missing."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import database_servers as servers
import pytest
import sqlalchemy as sa
from killed_runs import kill_until_done, live_run
from live_school import LiveSchool, dispositions

from migrate.ledger import open_ledger

MANY: dict[str, list[dict[str, Any]]] = {
    "user": [
        {"id": n, "login": f"user{n}", "name": f"Näme {n}", "email": f"u{n}@x.org", "active": n % 5 > 0, "boss": n // 2 or None}
        for n in range(1, 61)
    ],
    "course": [{"id": n, "code": f"C{n}", "title": f"Course {n}", "level": "1", "teacher": n} for n in range(2, 20)],
    "enrol": [
        {"id": n, "userid": n % 60 + 1, "courseid": n % 18 + 2, "role": "student", "timestart": 1700000000 + n}
        for n in range(1, 180)
    ],
}  # fmt: skip
CHANGED = {
    **MANY,
    "user": [{**row, "name": f"{row['name']}!"} if int(row["id"]) % 3 == 0 else row for row in MANY["user"]],
}


def open_receipts(folder: Path) -> int:
    ledger = open_ledger("sqlite:///ledger.sqlite", folder)
    assert ledger is not None
    try:
        return sum(len(ledger.open_receipts(entity)) for entity in ("people", "courses", "enrolments"))
    finally:
        ledger.close()


def school_on(database: servers.Database, folder: Path) -> LiveSchool:
    url = database.server.engine(database.name).url.render_as_string(hide_password=False)
    school = LiveSchool(folder, url, MANY)
    school.set({"options": {"batch": 7, "parallel": 2}})
    return school


def empty(school: LiveSchool) -> None:
    """Nothing was ever written."""
    for file in school.folder.glob("ledger.sqlite*"):
        file.unlink()
    with school.engine.begin() as connection:
        connection.execute(sa.text("UPDATE people SET boss_id = NULL"))
        for table in reversed(school.metadata.sorted_tables):
            connection.execute(sa.delete(table))


def load_seconds_of(folder: Path) -> float:
    newest = max((folder / "runs").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    return float(json.loads((newest / "summary.json").read_text("utf-8"))["timings"]["load"])


def kill(school: LiveSchool, wanted: int, seed: int) -> None:
    """Kill ``wanted`` runs, in rounds of a first load and a change, and compare the end of each with an undisturbed one."""
    chance = random.Random(seed)
    assert live_run(school.folder) == 0
    loaded, longest = school.held(), load_seconds_of(school.folder)
    school.rows(CHANGED)
    assert live_run(school.folder) == 0
    changed = school.held()
    kills = 0
    while kills < wanted:
        empty(school)
        for rows, expected in ((MANY, loaded), (CHANGED, changed)):
            school.rows(rows)
            kills += kill_until_done(school.folder, longest, chance, min(wanted, 6), last=lambda: None)
            assert school.held() == expected
            assert open_receipts(school.folder) == 0
    again = school.live()
    assert {word for entity in dispositions(again).values() for word in entity} == {"unchanged"}
    assert again.summary["findings"] == {}


@pytest.mark.database
def test_killed_runs_end_where_undisturbed_runs_end(tmp_path: Path) -> None:
    with servers.server("postgresql").database() as database:
        kill(school_on(database, tmp_path / "school"), 3, seed=1)


@pytest.mark.long
@pytest.mark.database
@pytest.mark.parametrize("kind", servers.KINDS)
def test_two_hundred_killed_runs(tmp_path: Path, kind: str) -> None:
    with servers.server(kind).database() as database:
        kill(school_on(database, tmp_path / "school"), 210, seed=2)
