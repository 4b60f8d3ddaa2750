"""Taking live runs back: nothing of the run is left, and nothing of anybody else's is touched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from click.testing import CliRunner
from live_school import LiveSchool, different, dispositions, without
from small_pair import GOOD_ROWS

from migrate.cli.rollback import command
from migrate.connectors.database_target import DatabaseTarget
from migrate.connectors.target import Held, Record
from migrate.errors import ConfigurationError
from migrate.rollback import rollback
from migrate.runbook.runs import past_runs

EMPTY: dict[str, list[dict[str, object]]] = {"people": [], "courses": [], "places": []}


def test_what_a_run_created_is_removed(school: LiveSchool) -> None:
    run = school.live().folder.name
    before = school.held()
    preview, folder = rollback(school.folder, run)
    assert {entity: dict(words) for entity, words in preview.counts().items()} == {
        "enrolments": {"remove": 4}, "courses": {"remove": 2}, "people": {"remove": 3},
    }  # fmt: skip
    assert folder is None
    assert school.held() == before
    done, folder = rollback(school.folder, run, execute=True)
    assert done.failed == ()
    assert school.held() == EMPTY
    assert folder is not None
    assert json.loads((folder / "rollback.json").read_text("utf-8"))["of_run"] == run
    timed = {past.id: (past.kind, past.whole, past.writes) for past in past_runs(folder.parent)}  # what a runbook plans with
    assert (timed[run], timed[folder.name]) == (("live", True, 9), ("rollback", True, 9))
    again, _ = rollback(school.folder, run, execute=True)
    assert again.steps == ()
    # And the way is free for another run.
    assert dispositions(school.live())["people"] == {"created": 3, "merged": 1, "excluded": 1}
    assert school.held() == before


def test_what_a_run_changed_is_put_back_and_what_it_created_goes(school: LiveSchool) -> None:
    few = without(different(GOOD_ROWS, "user", 3, boss=None), "enrol", 6)
    school.rows(few)
    school.live()
    before = school.held()
    school.rows(different(different(GOOD_ROWS, "user", 5, name=None, born=86400, score=3.25), "course", 2, teacher=None))
    run = school.live(delta=True).folder.name
    assert school.held() != before
    done, _ = rollback(school.folder, run, execute=True)
    assert {entity: dict(words) for entity, words in done.counts().items()} == {
        "enrolments": {"remove": 1}, "courses": {"restore": 1}, "people": {"restore": 2},
    }  # fmt: skip
    assert school.held() == before
    school.rows(few)
    school.live()
    assert school.held() == before


def test_what_a_run_deleted_is_brought_back(school: LiveSchool) -> None:
    school.live()
    before = school.held()
    school.rows(without(GOOD_ROWS, "enrol", 5))
    school.set({"max_deletions": 50.0})
    run = school.live(apply_deletions=True).folder.name
    assert school.held() != before
    done, _ = rollback(school.folder, run, execute=True)
    assert dict(done.counts()["enrolments"]) == {"recreate": 1}
    assert school.held() == before


def test_a_person_that_was_deleted_with_what_refers_to_it_is_brought_back_with_it(school: LiveSchool) -> None:
    school.live()
    before = school.held()
    school.rows(without(without(GOOD_ROWS, "enrol", 5), "user", 5))
    school.set({"max_deletions": 50.0})
    run = school.live(apply_deletions=True).folder.name
    assert [row["person_id"] for row in school.held()["people"]] == ["p-3", "p-4"]
    assert {entity: dict(words) for entity, words in rollback(school.folder, run)[0].counts().items()} == {
        "enrolments": {"recreate": 1}, "courses": {"restore": 1}, "people": {"recreate": 1},
    }  # fmt: skip
    done, _ = rollback(school.folder, run, execute=True)
    assert done.failed == ()
    assert school.held() == before


def test_what_somebody_changed_since_is_left_and_listed(school: LiveSchool) -> None:
    run = school.live().folder.name
    school.change("UPDATE people SET name = 'By hand' WHERE person_id = 'p-5'")
    school.change("DELETE FROM places WHERE role = 'teacher'")
    outcome = CliRunner().invoke(command, [str(school.folder), "--run", run, "--execute"], standalone_mode=False)
    assert outcome.return_value == 1
    assert "left: people p-5: somebody changed it in the target since" in outcome.output
    held = school.held()
    assert held["places"] == held["courses"] == []
    left = [row["person_id"] for row in held["people"]]
    # It keeps those it refers to, and they are listed too.
    assert left == ["p-3", "p-4", "p-5"]
    assert all(f"left: people {key}: " in outcome.output for key in left)
    page = school.folder / "runs" / run / "report.html"
    assert f"Report of the run: {page}" in outcome.output
    assert "This run was taken back" in page.read_text("utf-8"), "nobody reads of a target that is no more"


def test_what_a_later_run_changed_is_left_until_that_run_is_taken_back(small: LiveSchool) -> None:
    first = small.live().folder.name
    small.rows(different(GOOD_ROWS, "user", 5, name="Cyrus"))
    second = small.live().folder.name
    refused, _ = rollback(small.folder, first)
    assert [(step.key, step.refused) for step in refused.steps if step.refused] == [
        ("p-5", f"a later run changed it: {second}"),
        ("p-3", f"a record that stays refers to it: people p-5 (of run {second})"),
        ("p-4", "a record that stays refers to it: people p-3"),
    ]
    rollback(small.folder, second, execute=True)
    done, _ = rollback(small.folder, first, execute=True)
    assert done.failed == ()
    assert small.held() == EMPTY


def test_whom_a_later_run_deleted_nobody_refers_to_again(small: LiveSchool) -> None:
    small.live()
    small.set({"max_deletions": 100.0})
    rows = different(GOOD_ROWS, "course", 3, teacher=2)
    small.rows(rows)
    moved = small.live().folder.name
    small.rows(without(without(rows, "enrol", 5), "user", 5))
    deleted = small.live(apply_deletions=True).folder.name
    preview, _ = rollback(small.folder, moved)
    assert [(step.key, step.refused) for step in preview.steps] == [
        ("c-3", f"a later run removed what its teacher_id named: {deleted}")
    ]
    before = small.held()
    rollback(small.folder, moved, execute=True)
    assert small.held() == before


def test_what_was_there_before_is_left_as_it_was(small: LiveSchool) -> None:
    small.change("INSERT INTO people (person_id, login, status) VALUES ('p-4', 'somebody', 'active')")
    before = small.held()
    small.set({"existing": {"people": "update"}})
    run = small.live().folder.name
    assert small.held() != before
    rollback(small.folder, run, execute=True)
    assert small.held() == before
    # It is nobody's again, so no later run takes it for one of ours.
    small.rows({})
    small.set({"max_deletions": 100.0})
    small.live(apply_deletions=True)
    assert small.held() == before


def test_a_run_that_was_never_read_back_asks_for_a_word(small: LiveSchool) -> None:
    run = small.live(stop_after="load").folder.name
    refused, _ = rollback(small.folder, run)
    assert all(step.refused for step in refused.steps)
    done, _ = rollback(small.folder, run, execute=True, unverified=True)
    assert done.failed == ()
    assert small.held() == EMPTY


def test_a_run_that_is_not_there_is_named_with_those_that_are(small: LiveSchool) -> None:
    with pytest.raises(ConfigurationError, match="no ledger") as caught:
        rollback(small.folder, "20200101-000000")
    assert caught.value.hint == f"lms-migrate run {small.folder} --live"
    run = small.live().folder.name
    with pytest.raises(ConfigurationError) as caught:
        rollback(small.folder, "20200101-000000")
    assert caught.value.problems[0].allowed == (run,)


def test_what_the_target_does_not_show_is_put_back_as_it_was_written(school: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dates that are hidden, and a record that is found only with what was written."""
    find = DatabaseTarget.find

    def hiding(self: DatabaseTarget, entity: str, records: Sequence[Record]) -> list[Held]:
        held = [one for one in find(self, entity, records) if entity != "enrolments" or _asks(records, one.key)]
        return [replace(one, values={f: v for f, v in one.values.items() if f not in ("start", "score")}) for one in held]

    monkeypatch.setattr(DatabaseTarget, "find", hiding)
    school.live()
    before = school.held()
    rows = different(different(GOOD_ROWS, "enrol", 2, timestart=1600000000), "user", 5, score=9)
    school.rows(without(rows, "enrol", 6))
    school.set({"max_deletions": 50.0})
    run = school.live(apply_deletions=True).folder.name
    assert school.held() != before
    done, _ = rollback(school.folder, run, execute=True)
    assert {entity: dict(words) for entity, words in done.counts().items()} == {
        "enrolments": {"restore": 1, "recreate": 1}, "people": {"restore": 1},
    }  # fmt: skip
    assert school.held() == before


def _asks(records: Sequence[Record], key: str) -> bool:
    return any(record.key == key and record.values.get("role") for record in records)
