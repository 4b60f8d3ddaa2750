"""What a person gives to the target: handed over once, in one call, held until it is found, whatever happens in between."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import memory_target
import pyarrow.parquet as pq
import pytest
from killed_handing_over import live_run_that_dies
from live_school import LiveSchool, different, findings, hub_contract, without
from live_school import dispositions as all_dispositions
from memory_target import FILE, Site
from small_pair import CLEAN_ROWS

from migrate.connectors import opening
from migrate.connectors.target import Outcome, Record
from migrate.errors import TargetLost
from migrate.ledger import Ledger, open_ledger
from migrate.pipeline import RunResult
from migrate.rollback import rollback

GROUP = ("courses", "enrolments")
COURSES = ["c-2", "c-3"]
ENROLMENTS = ["c-2|p-2", "c-2|p-3", "c-3|p-3", "c-3|p-5"]
ALL_HELD = {"people": {"created": 3}, "courses": {"held": 2}, "enrolments": {"held": 4}}
ALL_WAIT = {"people": {"unchanged": 3}, "courses": {"held": 2}, "enrolments": {"held": 4}}
ALL_THERE = {"people": {"unchanged": 3}, "courses": {"unchanged": 2}, "enrolments": {"unchanged": 4}}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site(by_hand=GROUP)
    monkeypatch.setattr(memory_target, "SITE", site)
    monkeypatch.setitem(opening.TARGETS, "memory", "memory_target:MemoryTarget")
    return site


@pytest.fixture
def school(tmp_path: Path, site: Site) -> LiveSchool:
    return by_hand(tmp_path)


def by_hand(folder: Path) -> LiveSchool:
    school = LiveSchool(folder / "school", f"sqlite:///{folder / 'unused.sqlite'}", CLEAN_ROWS)
    (school.folder / "systems/hub.yaml").write_text(hub_contract().replace("kind: database", "kind: memory"), "utf-8")
    school.set({"acknowledge": {"TARGET-NO-WAY-BACK": "there is a backup"}})
    return school


def dispositions(result: RunResult) -> dict[str, dict[str, int]]:
    """Without the enrolment that is folded into another."""
    return {name: {w: n for w, n in words.items() if w != "merged"} for name, words in all_dispositions(result).items()}


def handed(result: RunResult) -> dict[str, list[str]]:
    """Keys in the file of a run, by entity; nothing where it has none."""
    file = result.folder / "hand_over" / FILE
    return {e: sorted(r) for e, r in json.loads(file.read_text("utf-8")).items()} if file.exists() else {}


def restore(site: Site, result: RunResult) -> None:
    site.restore(result.folder / "hand_over")


def test_what_one_question_shows_is_asked_for_together(school: LiveSchool, site: Site) -> None:
    one = CLEAN_ROWS["enrol"][0]
    assert one["userid"] == 2
    school.rows({**CLEAN_ROWS, "enrol": [*CLEAN_ROWS["enrol"], {**one, "id": 99, "courseid": 3}]})
    site.near = "person_id"
    asked: list[list[str]] = []
    site.before = lambda action, entity, records: (
        asked.append([r.key for r in records]) if (action, entity) == ("find", "enrolments") else None
    )
    looked = [["c-2|p-2", "c-3|p-2"], ["c-2|p-3", "c-3|p-3"], ["c-3|p-5"]]
    restore(site, school.live())
    assert sorted(asked) == looked
    asked.clear()
    assert dispositions(school.live())["enrolments"] == {"unchanged": 5}
    read_back = [["c-2|p-2", "c-3|p-2", "c-2|p-3"], ["c-3|p-3", "c-3|p-5"]]
    assert sorted(asked) == sorted([*looked, *read_back])


def test_it_is_handed_over_in_one_call_after_all_others_and_held_until_it_is_there(school: LiveSchool, site: Site) -> None:
    first = school.live()
    assert dispositions(first) == ALL_HELD
    assert {code for code, *_ in findings(first)} == {"LIVE-HANDED-OVER"}
    assert handed(first) == {"courses": COURSES, "enrolments": ENROLMENTS}
    calls = [call for call in site.calls if call[0] != "find"]
    assert calls[-2:] == [("hand_over", "courses", 2), ("hand_over", "enrolments", 4)]
    assert {call[0] for call in calls[:-2]} == {"create"}

    waiting = school.live()
    assert dispositions(waiting) == ALL_WAIT
    assert handed(waiting) == {}
    assert not (waiting.folder / "hand_over").exists()

    restore(site, first)
    there = school.live()
    assert dispositions(there) == ALL_THERE
    assert findings(there) == []
    assert all(entity["compared"] == sum(entity["dispositions"].values()) - entity["dispositions"]["merged"]
               for entity in there.summary["entities"].values())  # fmt: skip
    assert [call for call in site.calls if call[0] == "hand_over"] == calls[-2:]


def test_what_waits_says_which_run_handed_it_over_and_how(school: LiveSchool, site: Site) -> None:
    first, again = school.live(), school.live()
    said = {row["message"] for row in pq.read_table(again.folder / "findings.parquet").to_pylist()}
    assert said == {f"run {first.folder.name} handed it over: give {FILE}"}


def test_something_new_brings_what_waits_with_it(school: LiveSchool, site: Site) -> None:
    school.live()
    more = {**CLEAN_ROWS, "enrol": [*CLEAN_ROWS["enrol"], {"id": 9, "userid": 5, "courseid": 2, "role": "student"}]}
    school.rows(more)
    second = school.live()
    assert handed(second) == {"courses": COURSES, "enrolments": sorted([*ENROLMENTS, "c-2|p-5"])}
    restore(site, second)
    there = dispositions(school.live())
    assert there["courses"] == {"unchanged": 2}
    assert there["enrolments"] == {"unchanged": 5}


def test_what_is_there_already_is_given_for_what_refers_to_it_and_not_handed_over_again(school: LiveSchool, site: Site) -> None:
    restore(site, school.live())
    school.live()
    site.calls.clear()
    school.rows({**CLEAN_ROWS, "enrol": [*CLEAN_ROWS["enrol"], {"id": 9, "userid": 5, "courseid": 2, "role": "student"}]})
    live = school.live()
    assert handed(live) == {"enrolments": ["c-2|p-5"]}
    assert [call for call in site.calls if call[0] == "hand_over"] == [
        ("hand_over", "courses", 1),
        ("hand_over", "enrolments", 1),
    ]
    assert dispositions(live)["enrolments"] == {"unchanged": 4, "held": 1}


def test_what_changed_before_it_was_given_is_handed_over_anew(school: LiveSchool, site: Site) -> None:
    school.live()
    school.rows(different(CLEAN_ROWS, "course", 3, title="Botany"))
    second = school.live()
    assert handed(second) == {"courses": COURSES, "enrolments": ENROLMENTS}
    restore(site, second)
    assert site.records["courses"]["c-3"]["title"] == "Botany"
    assert dispositions(school.live()) == ALL_THERE


def test_what_changed_after_it_was_given_is_held(school: LiveSchool, site: Site) -> None:
    restore(site, school.live())
    school.live()
    school.rows(different(CLEAN_ROWS, "course", 3, title="Botany"))
    for _ in range(2):
        live = school.live()
        assert dispositions(live)["courses"] == {"unchanged": 1, "held": 1}
        assert [one for one in findings(live) if one[1] == "courses"] == [("LIVE-UNCHANGEABLE", "courses", "3")]
        assert handed(live) == {}
        assert dispositions(live)["enrolments"] == {"unchanged": 4}
    school.rows(CLEAN_ROWS)
    assert dispositions(school.live()) == ALL_THERE


def test_an_earlier_file_that_was_given_in_place_of_the_newest_is_not_taken_for_it(school: LiveSchool, site: Site) -> None:
    first = school.live()
    school.rows(different(CLEAN_ROWS, "course", 3, title="Botany"))
    school.live()
    restore(site, first)
    live = school.live()
    assert live.exit_code == 1
    assert live.summary["entities"]["courses"]["differences"] == {"title": 1}


def test_what_the_connector_refuses_blocks_what_refers_to_it(school: LiveSchool, site: Site) -> None:
    def refuse(action: str, record: Record) -> Outcome | None:
        if action == "hand_over" and record.key.startswith("c-3"):
            return Outcome(record.key, "refused", message="no place for it")
        return None

    site.answer = refuse
    live = school.live()
    assert dispositions(live)["courses"] == {"held": 1, "failed": 1}
    assert dispositions(live)["enrolments"] == {"held": 2, "blocked": 2}
    assert {(code, entity) for code, entity, _ in findings(live)} == {
        ("LIVE-HANDED-OVER", "courses"), ("LIVE-REFUSED", "courses"), ("LIVE-HANDED-OVER", "enrolments"),
        ("LIVE-BLOCKED", "enrolments"),
    }  # fmt: skip
    site.answer = lambda *_: None
    again = school.live()
    assert handed(again) == {"courses": COURSES, "enrolments": ENROLMENTS}


def test_what_refers_to_something_that_did_not_get_in_is_blocked(school: LiveSchool, site: Site) -> None:
    site.answer = lambda action, r: Outcome(r.key, "refused", message="no") if (action, r.key) == ("create", "p-5") else None
    live = school.live()
    assert dispositions(live)["courses"] == {"held": 1, "blocked": 1}
    assert dispositions(live)["enrolments"] == {"held": 2, "blocked": 2}
    assert handed(live) == {"courses": ["c-2"], "enrolments": ["c-2|p-2", "c-2|p-3"]}


def test_a_target_that_goes_away_leaves_it_to_the_next_run(school: LiveSchool, site: Site) -> None:
    def away(action: str, entity: str, records: Sequence[Record]) -> None:
        if action == "hand_over":
            raise TargetLost("nobody answers")

    site.before = away
    lost = school.live()
    assert lost.exit_code == 3
    assert dispositions(lost) == {"people": {"created": 3}, "courses": {"failed": 2}, "enrolments": {"failed": 4}}
    site.before = lambda *_: None
    assert dispositions(school.live()) == ALL_WAIT


def test_what_somebody_removed_is_held_or_handed_over_again_as_asked(school: LiveSchool, site: Site) -> None:
    restore(site, school.live())
    school.live()
    del site.records["enrolments"]["c-2|p-2"]
    changed = [{**row, "timestart": 1710000000} if row["id"] == 2 else row for row in CLEAN_ROWS["enrol"]]
    school.rows({**CLEAN_ROWS, "enrol": changed})
    live = school.live()
    assert [one for one in findings(live) if one[0] == "LIVE-GONE"] == [("LIVE-GONE", "enrolments", "2")]
    assert handed(live) == {}
    school.set({"drift": "overwrite"})
    again = school.live()
    assert handed(again) == {"enrolments": ["c-2|p-2"]}
    restore(site, again)
    assert dispositions(school.live()) == ALL_THERE


def test_what_is_there_and_was_never_handed_over_is_treated_as_others_are(school: LiveSchool, site: Site) -> None:
    site.records["courses"] = {"c-3": {"course_id": "c-3", "title": "Another", "level": "basic", "teacher_id": "p-5"}}
    live = school.live()
    assert ("LIVE-EXISTS", "courses", "3") in findings(live)
    assert dispositions(live)["enrolments"] == {"held": 2, "blocked": 2}


def test_what_is_gone_from_the_source_while_it_waits_is_said(school: LiveSchool, site: Site) -> None:
    school.live()
    school.rows(without(CLEAN_ROWS, "enrol", 5))
    for options in ({}, {"apply_deletions": True}):
        live = school.live(**options)
        assert [one for one in findings(live) if one[0] == "LIVE-VANISHED"] == [("LIVE-VANISHED", "enrolments", "5")]
        assert not [call for call in site.calls if call[0] == "remove"]


def test_a_rollback_forgets_what_waits_and_refuses_what_is_there(school: LiveSchool, site: Site) -> None:
    first = school.live()
    done, _ = rollback(school.folder, first.folder.name, execute=True)
    assert {entity: dict(words) for entity, words in done.counts().items()} == {
        "people": {"remove": 3}, "courses": {"forget": 2}, "enrolments": {"forget": 4},
    }  # fmt: skip
    second = school.live()
    assert dispositions(second) == ALL_HELD
    assert handed(second) == handed(first)
    restore(site, second)
    preview, _ = rollback(school.folder, second.folder.name)
    assert {step.refused for step in preview.steps if step.entity in GROUP} == {"the target's interface has no way to remove it"}


def test_a_ledger_that_is_lost_while_it_is_written_down(school: LiveSchool, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Ledger.settle

    def failing(self: Ledger, run: str, entity: str, settled: Any) -> None:
        if entity == "enrolments":
            with self._transaction() as connection:
                connection.exec_driver_sql("SELECT * FROM gone")
        settle(self, run, entity, settled)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "settle", failing)
        lost = school.live()
    assert lost.exit_code == 3
    again = school.live()
    assert dispositions(again) == ALL_WAIT
    assert handed(again) == {"courses": COURSES, "enrolments": ENROLMENTS}
    assert open_receipts(school.folder) == 0


def open_receipts(folder: Path) -> int:
    ledger = open_ledger("sqlite:///ledger.sqlite", folder)
    assert ledger is not None
    try:
        return sum(len(ledger.open_receipts(entity)) for entity in ("people", *GROUP))
    finally:
        ledger.close()


def known(folder: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """What the ledger knows of each record: how it stands, and of which row."""
    ledger = open_ledger("sqlite:///ledger.sqlite", folder)
    assert ledger is not None
    try:
        return {e: {k: (i.state, i.fingerprint) for k, i in ledger.known(e).items()} for e in ("people", *GROUP)}
    finally:
        ledger.close()


# Killed ---------------------------------------------------------------------------------------------------------------

STEPS = 19
"""Calls of the ledger and of the connector in the run that is killed."""
TELLING = {14}
"""Within the writing of files, after the receipts; the others before, between and after that are left to the long tests."""


@pytest.mark.parametrize("step", [n if n in TELLING else pytest.param(n, marks=pytest.mark.long) for n in range(STEPS)])
def test_killed_at_any_step_the_next_run_ends_in_the_same_state(tmp_path: Path, site: Site, step: int) -> None:
    undisturbed = by_hand(tmp_path / "undisturbed")
    undisturbed.live()
    expected, people = known(undisturbed.folder), site.records["people"]
    site.records = {"people": dict(people)}
    school = by_hand(tmp_path / "killed")
    assert live_run_that_dies(school.folder, GROUP, site.records, step), "the run is not that long"
    again = school.live()
    assert again.exit_code == 1
    assert known(school.folder) == expected
    assert open_receipts(school.folder) == 0
    # A run that died after everything was written down leaves nothing to hand over a second time.
    newest = max(school.folder.glob(f"runs/*/hand_over/{FILE}"))
    handed_over = json.loads(newest.read_text("utf-8"))
    assert {entity: sorted(records) for entity, records in handed_over.items()} == {"courses": COURSES, "enrolments": ENROLMENTS}
    site.restore(newest.parent)
    assert dispositions(school.live()) == ALL_THERE


def test_a_file_of_a_run_that_died_counts_once_somebody_restored_it(tmp_path: Path, site: Site) -> None:
    by_hand(tmp_path / "undisturbed").live()
    site.records = {"people": dict(site.records["people"])}
    school = by_hand(tmp_path / "killed")
    assert live_run_that_dies(school.folder, GROUP, site.records, min(step for step in TELLING if step > 13))
    (folder,) = school.folder.glob("runs/*/hand_over")
    site.restore(folder)
    there = school.live()
    assert dispositions(there) == ALL_THERE
    assert findings(there) == []
    assert open_receipts(school.folder) == 0
