"""What the verdict of a live run says before anything else."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.build import build
from reports.html import page
from reports.model import Report

Change = Callable[[dict[str, Any], dict[str, Any]], None]
RUN = "20260301-120000"


@pytest.fixture
def live(make_run: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """A live run among the runs of a workspace, after a change; ``removed`` of its records are no more in the target."""

    def made(change: Change | None = None, *, removed: int = 0) -> Path:
        def as_live(summary: dict[str, Any], run: dict[str, Any]) -> None:
            summary["mode"] = "live"
            run["live"] = {
                "target": {"address": "https://lms.example\x07"},
                "entities": {"users": {"removed": removed}, "courses": {"unchanged": 3}},
            }
            if change:
                change(summary, run)

        return shutil.copytree(make_run(as_live), tmp_path / "acme" / "runs" / RUN)

    return made


def rolled_back(run: Path, name: str, of_run: str, **counts: dict[str, int]) -> None:
    folder = run.parent / name
    folder.mkdir()
    told = {"of_run": of_run, "ended": "2026-03-02T08:15:00+00:00", "counts": counts}
    (folder / "rollback.json").write_text(json.dumps(told), "utf-8")


def reasons(run: Path) -> tuple[str, ...]:
    return build(run, most_rows=0).verdict.reasons


def test_the_target_and_what_was_written_stand_first(live: Callable[..., Path]) -> None:
    report = build(live(removed=2), most_rows=0)
    created, updated = (report.total.dispositions[word].n for word in ("created", "updated"))
    done = f"{created} records created" + (f", {updated} updated" if updated else "") + " and 2 removed"
    assert report.verdict.reasons[0] == f"Written to https://lms.example[U+0007]: {done}."


def test_a_run_that_wrote_nothing_says_so(live: Callable[..., Path]) -> None:
    def nothing(summary: dict[str, Any], _: dict[str, Any]) -> None:
        for numbers in summary["entities"].values():
            ended = numbers["dispositions"]
            ended["unchanged"] = sum(ended.pop(word, 0) for word in ("created", "updated", "unchanged"))

    assert reasons(live(nothing))[0] == "Nothing was written to https://lms.example[U+0007]."


def test_a_rollback_of_the_run_is_said_before_all_else(live: Callable[..., Path]) -> None:
    run = live()
    rolled_back(run, "20260302-081400", RUN, users={"remove": 4, "restore": 1, "refused": 1}, courses={"forget": 2})
    rolled_back(run, "20260302-090000", "20260228-100000", users={"remove": 9})
    (run.parent / "20260303-090000").mkdir()
    (run.parent / "20260303-090000" / "rollback.json").write_text("{", "utf-8")
    report = build(run)
    assert report.verdict.reasons[0] == (
        "This run was taken back on 2026-03-02 08:15:00 UTC (rollback 20260302-081400: 7 records taken back, 1 left as it was). "
        "The target is no longer as this page says."
    )
    assert not any("20260302-090000" in reason or "20260303" in reason for reason in report.verdict.reasons)
    shown = words(report, "live")
    assert "Taken back by rollback 20260302-081400 , 2026-03-02 08:15:00 UTC : 7 records taken back, 1 left." in shown


def test_records_that_wait_for_files_wait_for_no_decision(live: Callable[..., Path]) -> None:
    def handed(summary: dict[str, Any], _: dict[str, Any]) -> None:
        summary["findings"]["LIVE-HANDED-OVER"] = 1
        held = sum(numbers["dispositions"].get("held", 0) for numbers in summary["entities"].values())
        assert held > 1

    said = next(reason for reason in reasons(live(handed)) if "did not reach" in reason)
    assert re.search(r"\d+ held for a decision, 1 held until a person gives files to the target", said)


@pytest.mark.parametrize(
    ("more", "since", "said"),
    [
        (0, (), "Every number came as rehearsal 20260228-100000 said."),
        (3, (), "1 number of 11 came otherwise than rehearsal 20260228-100000 said: see Live run."),
        (3, ("20260301-090000",), None),
    ],
)
def test_whether_it_came_as_rehearsed_is_in_the_verdict(
    live: Callable[..., Path], more: int, since: tuple[str, ...], said: str | None
) -> None:
    def predicted(summary: dict[str, Any], run: dict[str, Any]) -> None:
        before = {name: dict(numbers["dispositions"]) for name, numbers in summary["entities"].items()}
        before["users"]["created"] += more
        run["predicted"] = {"run": "20260228-100000", "entities": before, "changed_inputs": []}

    run = live(predicted)
    for name, mode in (("20260228-100000", "rehearsal"), *((each, "live") for each in since)):
        folder = run.parent / name
        folder.mkdir()
        (folder / "summary.json").write_text(json.dumps({"mode": mode}), "utf-8")
        (folder / "run.json").write_text("{}", "utf-8")
    report = build(run)
    found = [reason for reason in report.verdict.reasons if "rehears" in reason]
    assert [re.sub(r"of \d+ came", "of 11 came", reason) for reason in found] == ([said] if said else [])
    shown = words(report, "live")
    assert ("20260301-090000 wrote the target, and no rehearsal came after" in shown) is bool(since)
    assert "#view=dispositions&amp;entity=users&amp;disposition=created" in page(report)


def test_a_run_that_died_while_it_wrote_says_that_the_target_is_not_as_before(make_run: Callable[..., Path]) -> None:
    def dies(summary: dict[str, Any], run: dict[str, Any]) -> None:
        summary["mode"] = "live"
        run |= {"stopped_at": "load", "failure": "the ledger cannot be written", "trail": {"entries": 3}}

    assert any(reason.startswith("It stopped while it wrote the target.") for reason in reasons(make_run(dies)))


def words(report: Report, section: str) -> str:
    found = page(report).partition(f'<section id="{section}"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())
