"""Killed runs into a Moodle that also loses replies: where they end is where an undisturbed run ends."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from killed_runs import kill_until_done, live_run
from live_school import dispositions
from moodle_school import HISTORY, TOKEN, add_history, stand_in, write_moodle_school
from small_pair import write_rows
from test_killed import CHANGED, MANY, load_seconds_of

from migrate.ledger import open_ledger
from migrate.pipeline import run

OPTIONS = {"batch": 7, "find_batch": 20, "first_pause": 0.01, "longest_pause": 0.05, "wait": 20}
FAULTS = [
    {"kind": "drop", "rate": 0.05}, {"kind": "half", "rate": 0.03}, {"kind": "gateway", "rate": 0.03},
    {"kind": "refused", "rate": 0.03}, {"kind": "html", "rate": 0.02}, {"kind": "lost", "rate": 0.03},
]  # fmt: skip


def open_receipts(folder: Path) -> int:
    ledger = open_ledger("sqlite:///ledger.sqlite", folder)
    assert ledger is not None
    try:
        return sum(len(ledger.open_receipts(entity)) for entity in ("categories", "users", "courses", "enrolments", *HISTORY))
    finally:
        ledger.close()


def kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: int, seed: int) -> None:
    chance = random.Random(seed)
    with stand_in() as undisturbed:
        monkeypatch.setenv(TOKEN, undisturbed.token)
        folder = write_moodle_school(tmp_path / "undisturbed", undisturbed.url, MANY, OPTIONS)
        assert live_run(folder) == 0
        loaded, longest = undisturbed.state(), load_seconds_of(folder)
        write_rows(folder, CHANGED)
        assert live_run(folder) == 0
        changed = undisturbed.state()
    assert loaded != changed
    kills = number = 0
    while kills < wanted:
        number += 1
        with stand_in() as site:
            monkeypatch.setenv(TOKEN, site.token)
            folder = write_moodle_school(tmp_path / f"school-{number}", site.url, MANY, OPTIONS)
            for rows, expected in ((MANY, loaded), (CHANGED, changed)):
                write_rows(folder, rows)
                site.faults(FAULTS)
                kills += kill_until_done(folder, longest * 1.5, chance, min(wanted, 6), last=lambda: site.faults([]))
                assert site.state() == expected
                assert open_receipts(folder) == 0
            again = run(folder, live=True)
            assert {word for entity in dispositions(again).values() for word in entity} <= {"unchanged", "merged"}


@pytest.mark.long
def test_killed_runs_into_a_moodle_end_where_undisturbed_runs_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill(tmp_path, monkeypatch, 3, seed=3)


@pytest.mark.long
def test_two_hundred_killed_runs_into_a_moodle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill(tmp_path, monkeypatch, 210, seed=4)


def kill_with_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, seed: int) -> None:
    """Kill runs that hand history over, restore what they left, kill runs that look for it."""
    chance = random.Random(seed)
    with stand_in() as undisturbed:
        monkeypatch.setenv(TOKEN, undisturbed.token)
        folder = add_history(write_moodle_school(tmp_path / "undisturbed", undisturbed.url, MANY, OPTIONS))
        assert live_run(folder) == 0
        longest = load_seconds_of(folder)
    with stand_in() as site:
        monkeypatch.setenv(TOKEN, site.token)
        folder = add_history(write_moodle_school(tmp_path / "school", site.url, MANY, OPTIONS))
        kills = 0
        for restored in (False, True):
            if restored:
                site.restore(newest_files(folder, tmp_path / "copied"))
            site.faults(FAULTS)
            kills += kill_until_done(folder, longest, chance, most, last=lambda: site.faults([]))
            assert open_receipts(folder) == 0
        assert kills >= (most + 1) // 2  # one that is quicker than the undisturbed run is not killed
        again = run(folder, live=True)
        found = {name: dispositions(again)[name] for name in HISTORY}
        assert {word for words in found.values() for word in words} <= {"unchanged", "merged"}
        assert sum(again.summary["entities"][name]["compared"] for name in HISTORY) == sum(w["unchanged"] for w in found.values())
        state = site.state()
        assert {name: len(state[name]) for name in HISTORY} == {name: words["unchanged"] for name, words in found.items()}
        assert len({tuple(one[:2]) for one in state["activities"]}) == len(state["activities"])


def newest_files(school: Path, folder: Path) -> Path:
    """What a person copies to one place: of each course the newest file."""
    folder.mkdir()
    courses: dict[str, str] = {}
    for run_folder in sorted(school.glob("runs/*/hand_over")):
        if not (run_folder / "README.txt").exists():
            continue  # it was killed before its end
        for line in (run_folder / "restore.csv").read_text("utf-8").splitlines():
            course, file = line.split(",")
            courses[file] = course
            shutil.copy(run_folder / file, folder / file)
    (folder / "restore.csv").write_text("".join(f"{course},{file}\n" for file, course in courses.items()), "utf-8")
    return folder


@pytest.mark.long
def test_history_survives_killed_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill_with_history(tmp_path, monkeypatch, 1, seed=5)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_history_survives_many_killed_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    kill_with_history(tmp_path, monkeypatch, 8, seed)
