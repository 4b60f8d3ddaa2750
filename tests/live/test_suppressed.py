"""Erased people and a live target: neither a run nor a rollback writes them."""

from __future__ import annotations

import datetime as dt

import pytest
from live_school import LiveSchool, dispositions, findings

from migrate.privacy.barrier import Barrier
from migrate.privacy.erasing import Erasing
from migrate.privacy.prepare import suppression_list
from migrate.privacy.suppression import added, write
from migrate.rollback import rollback
from migrate.workspace import open_workspace

PRIVACY = "suppression:\n  key: ${SUPPRESSION_KEY}\n  kinds: {email: {user: email}}\n"


@pytest.fixture
def hall(small: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> LiveSchool:
    monkeypatch.setenv("SUPPRESSION_KEY", "k" * 32)
    (small.folder / "privacy.yaml").write_text(PRIVACY, "utf-8")
    return small


def erase(school: LiveSchool, *addresses: str) -> None:
    suppressed = suppression_list(open_workspace(school.folder), to_write=True)
    assert suppressed is not None
    write(school.folder, added(suppressed, "email", addresses, "request", "officer", dt.datetime.now(dt.UTC)))


def people(school: LiveSchool) -> set[str]:
    return {row["person_id"] for row in school.held()["people"]}


def test_a_live_run_leaves_erased_people_out(hall: LiveSchool) -> None:
    erase(hall, "CY@x.org")
    result = hall.live()
    assert people(hall) == {"p-3", "p-4"}
    assert dispositions(result)["people"]["excluded"] == 2


def test_the_last_barrier_holds_where_all_others_are_gone(hall: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    erase(hall, "cy@x.org")
    monkeypatch.setattr(Erasing, "rows", lambda self, entity, batches, keep: batches)
    stopped = hall.live()
    assert (stopped.exit_code, people(hall)) == (3, set())
    monkeypatch.setattr(Barrier, "check", lambda *_: None)
    result = hall.live()
    assert people(hall) == {"p-3", "p-4"}
    assert [f for f in findings(result, "LIVE") if f[0] == "LIVE-REFUSED"] == [("LIVE-REFUSED", "people", "5")]


def test_a_rollback_does_not_bring_an_erased_person_back(hall: LiveSchool) -> None:
    rows = _nothing_refers_to_five()
    hall.rows(rows)
    hall.live()
    hall.rows({**rows, "user": [row for row in rows["user"] if row["id"] != 5]})
    hall.set({"max_deletions": 100})
    removed = hall.live(apply_deletions=True)
    assert "p-5" not in people(hall)
    erase(hall, "cy@x.org")
    done, _ = rollback(hall.folder, removed.folder.name, execute=True)
    assert "p-5" not in people(hall)
    assert any("PRV-SUPPRESSED" in why for _, why in done.failed)


def _nothing_refers_to_five() -> dict[str, list[dict[str, object]]]:
    from small_pair import GOOD_ROWS

    rows = {table: [dict(row) for row in given] for table, given in GOOD_ROWS.items()}
    rows["course"] = [{**row, "teacher": None} if row.get("teacher") == 5 else row for row in rows["course"]]
    rows["enrol"] = [row for row in rows["enrol"] if row["userid"] != 5]
    return rows
