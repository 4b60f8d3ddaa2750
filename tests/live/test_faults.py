"""What goes wrong during a live run ends in a disposition with its cause, and a later run picks it up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import memory_target
import pytest
import sqlalchemy as sa
from live_school import LiveSchool, findings, hub_contract
from live_school import dispositions as all_dispositions
from memory_target import Site
from small_pair import CLEAN_ROWS

from migrate.connectors import opening
from migrate.connectors.target import Held, Outcome, Record
from migrate.errors import TargetLost
from migrate.ledger import Ledger
from migrate.pipeline import RunResult
from migrate.rollback import rollback


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site()
    monkeypatch.setattr(memory_target, "SITE", site)
    monkeypatch.setitem(opening.TARGETS, "memory", "memory_target:MemoryTarget")
    return site


@pytest.fixture
def school(tmp_path: Path, site: Site) -> LiveSchool:
    school = LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'unused.sqlite'}", CLEAN_ROWS)
    file = school.folder / "systems/hub.yaml"
    file.write_text(hub_contract().replace("kind: database", "kind: memory"), "utf-8")
    return school


ALL = {"people": {"created": 3}, "courses": {"created": 2}, "enrolments": {"created": 4}}


def dispositions(result: RunResult) -> dict[str, dict[str, int]]:
    """Without the enrolment that is folded into another."""
    return {name: {w: n for w, n in words.items() if w != "merged"} for name, words in all_dispositions(result).items()}


def keys(site: Site) -> dict[str, list[str]]:
    return {entity: sorted(records) for entity, records in site.records.items()}


EVERYTHING = {
    "people": ["p-2", "p-3", "p-5"], "courses": ["c-2", "c-3"],
    "enrolments": ["c-2|p-2", "c-2|p-3", "c-3|p-3", "c-3|p-5"],
}  # fmt: skip


def test_a_reply_that_is_lost_after_the_effect_is_settled_by_looking(school: LiveSchool, site: Site) -> None:
    site.answer = lambda action, record: None

    def lose(action: str, entity: str, records: Sequence[Record]) -> None:
        if entity == "courses":
            raise TargetLost("connection reset")

    site.after = lose
    lost = school.live()
    assert lost.exit_code == 3
    assert dispositions(lost) == {"people": {"created": 3}, "courses": {"failed": 2}, "enrolments": {"failed": 4}}
    assert [code for code, *_ in findings(lost)].count("LIVE-UNKNOWN") == 2
    assert keys(site)["courses"] == ["c-2", "c-3"]
    site.after = lambda *_: None
    again = school.live()
    assert dispositions(again) == {"people": {"unchanged": 3}, "courses": {"created": 2}, "enrolments": {"created": 4}}
    assert keys(site) == EVERYTHING
    assert [call for call in site.calls if call[:2] == ("create", "courses")] == [("create", "courses", 2)]


@pytest.mark.parametrize("effect", [True, False])
def test_an_honest_unknown_is_settled_in_the_same_run(school: LiveSchool, site: Site, effect: bool) -> None:
    def unknown(action: str, record: Record) -> Outcome | None:
        if record.key != "p-3":
            return None
        if effect:
            site.records.setdefault("people", {})["p-3"] = dict(record.values)
        return Outcome("p-3", "unknown", None, "no answer")

    site.answer = unknown
    live = school.live()
    assert dispositions(live)["people"] == ({"created": 3} if effect else {"created": 1, "failed": 1, "blocked": 1})
    site.answer = lambda *_: None
    again = school.live()
    assert dispositions(again)["people"] == ({"unchanged": 3} if effect else {"created": 2, "unchanged": 1})
    assert keys(site) == EVERYTHING


def test_a_target_that_goes_away_is_not_asked_again_and_again(school: LiveSchool, site: Site) -> None:
    def away(action: str, entity: str, records: Sequence[Record]) -> None:
        if entity == "enrolments":
            raise TargetLost("nobody answers at hub")

    site.before = away
    lost = school.live()
    assert lost.exit_code == 3
    assert "nobody answers at hub" in (lost.failure or "")
    assert dispositions(lost) == {"people": {"created": 3}, "courses": {"created": 2}, "enrolments": {"failed": 4}}
    assert len([call for call in site.calls if call[1] == "enrolments"]) <= 2
    assert lost.summary["entities"]["people"]["compared"] == 0
    assert (
        "was read back" not in (lost.folder / "report.html").read_text("utf-8")
        if (lost.folder / "report.html").exists()
        else True
    )
    site.before = lambda *_: None
    assert dispositions(school.live())["enrolments"] == {"created": 4}
    assert keys(site) == EVERYTHING


def test_a_ledger_that_is_lost_stops_the_run_before_anything_more_is_written(
    school: LiveSchool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, number = Ledger.settle, iter(range(100))

    def failing(self: Ledger, *arguments: Any) -> None:
        if next(number) < 1:
            settle(self, *arguments)
            return
        with self._transaction() as connection:
            connection.execute(sa.text("SELECT * FROM gone"))

    monkeypatch.setattr(Ledger, "settle", failing)
    lost = school.live()
    assert lost.exit_code == 3
    assert "ledger" in (lost.failure or "")
    written = sum(number for action, _, number in site.calls if action == "create")
    assert 0 < written < 9
    monkeypatch.undo()
    monkeypatch.setattr(memory_target, "SITE", site)
    monkeypatch.setitem(opening.TARGETS, "memory", "memory_target:MemoryTarget")
    again = school.live()
    assert dispositions(again)["enrolments"] == {"created": 4}
    assert keys(site) == EVERYTHING
    assert sum(number for action, _, number in site.calls if action == "create") == 9
    assert {w for entity in dispositions(school.live()).values() for w in entity} == {"unchanged"}


def test_what_cannot_be_removed_was_told_before_and_is_left_by_a_rollback(school: LiveSchool, site: Site) -> None:
    from migrate.errors import ConfigurationError

    site.ability = {"remove": False}
    with pytest.raises(ConfigurationError, match="TARGET-NO-WAY-BACK"):
        school.live()
    school.set({"acknowledge": {"TARGET-NO-WAY-BACK": "there is a backup"}})
    live = school.live()
    assert dispositions(live) == ALL
    preview, _ = rollback(school.folder, live.folder.name)
    assert {step.refused for step in preview.steps} == {"the target's interface has no way to remove it"}


def test_what_cannot_be_changed_is_held(school: LiveSchool, site: Site) -> None:
    school.live()
    site.ability = {"update": False}
    school.rows({**CLEAN_ROWS, "user": [{**row, "name": "New"} for row in CLEAN_ROWS["user"]]})
    live = school.live()
    assert dispositions(live)["people"] == {"held": 3}
    assert {code for code, *_ in findings(live)} == {"LIVE-UNCHANGEABLE"}
    assert dispositions(live)["courses"] == {"unchanged": 2}


def test_what_a_person_hands_over_is_held_until_it_is_there(school: LiveSchool, site: Site) -> None:
    def hand_over(action: str, record: Record) -> Outcome | None:
        return Outcome(record.key, "handed_over", None, "restore file.mbz") if record.key.startswith("c-2|") else None

    site.answer = hand_over
    live = school.live()
    assert dispositions(live)["enrolments"] == {"created": 2, "held": 2}
    assert [one for one in findings(live) if one[0] == "LIVE-HANDED-OVER"] == [
        ("LIVE-HANDED-OVER", "enrolments", "2"), ("LIVE-HANDED-OVER", "enrolments", "4"),
    ]  # fmt: skip
    for key, role in (("c-2|p-2", "teacher"), ("c-2|p-3", "student")):
        site.records["enrolments"][key] = {"course_id": "c-2", "person_id": key[4:], "role": role}
    site.answer = lambda *_: None
    again = school.live()
    assert dispositions(again)["enrolments"] == {"unchanged": 4}


def test_a_value_for_the_time_being_is_replaced_when_everything_is_loaded(school: LiveSchool, site: Site) -> None:
    file = school.folder / "systems/hub.yaml"
    text = file.read_text("utf-8")
    status = "status: {required: true, enum: [active, suspended]}"
    assert status in text
    file.write_text(text.replace(status, status.replace("]}", "], at_first: {suspended: active}}")), "utf-8")
    order: list[tuple[str, str, list[str]]] = []
    site.after = lambda action, entity, records: order.append((action, entity, [str(r.values.get("status")) for r in records]))
    live = school.live()
    assert {status for action, entity, states in order if (action, entity) == ("create", "people") for status in states} == {
        "active"
    }
    assert order[-1] == ("update", "people", ["suspended"])
    assert [site.records["people"][key]["status"] for key in EVERYTHING["people"]] == ["active", "active", "suspended"]
    assert live.summary["findings"] == {}
    again = school.live()
    assert dispositions(again)["people"] == {"unchanged": 3}
    assert len(order) == len([call for call in site.calls if call[0] in ("create", "update")])


def test_a_run_that_died_before_the_end_finishes_what_it_put_off(school: LiveSchool, site: Site) -> None:
    file = school.folder / "systems/hub.yaml"
    status = "status: {required: true, enum: [active, suspended]}"
    file.write_text(file.read_text("utf-8").replace(status, status.replace("]}", "], at_first: {suspended: active}}")), "utf-8")

    def die(action: str, entity: str, records: Sequence[Record]) -> None:
        if action == "update":
            raise TargetLost("away")

    site.before = die
    assert school.live().exit_code == 3
    assert site.records["people"]["p-5"]["status"] == "active"
    site.before = lambda *_: None
    assert school.live().exit_code == 0
    assert site.records["people"]["p-5"]["status"] == "suspended"


def test_no_secret_is_anywhere(
    school: LiveSchool, site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from click.testing import CliRunner

    from migrate.cli import cli

    secret = "-".join(("s3cr3t", "Tok3n", "xyz"))
    monkeypatch.setenv("HUB_TOKEN", secret)
    monkeypatch.setenv("HUB_PASSWORD", secret)
    school.set({"token": "${HUB_TOKEN}"})
    file = school.folder / "migration.yaml"
    file.write_text(
        file.read_text("utf-8").replace("url: sqlite:////", "url: x://u:${HUB_PASSWORD}@h/").replace("unused", "u"), "utf-8"
    )

    def away(action: str, entity: str, records: Sequence[Record]) -> None:
        if entity == "courses":
            raise RuntimeError("a defect, planted")

    site.before = away
    outcome = CliRunner().invoke(cli, ["run", str(school.folder), "--live"], standalone_mode=False)
    said = outcome.output + "".join(capfd.readouterr())
    assert secret not in said
    looked = 0
    for path in school.folder.rglob("*"):
        if path.is_file():
            looked += 1
            assert secret.encode() not in path.read_bytes(), path
    assert looked > 20
    assert json.loads(max((school.folder / "runs").glob("*/run.json")).read_text("utf-8"))["failure"]


def test_what_the_target_does_not_show_is_counted_and_is_no_difference(
    school: LiveSchool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = memory_target.MemoryTarget.find

    def hiding(self: memory_target.MemoryTarget, entity: str, records: Sequence[Record]) -> list[Held]:
        hidden = {"p-3": "note", "p-5": "score"}
        return [
            replace(one, values={f: v for f, v in one.values.items() if f != hidden.get(one.key)})
            for one in find(self, entity, records)
        ]

    monkeypatch.setattr(memory_target.MemoryTarget, "find", hiding)
    live = school.live()
    assert live.summary["findings"] == {}
    facts = json.loads((live.folder / "run.json").read_text("utf-8"))["live"]
    assert facts["unshown"] == {"people.note": 1, "people.score": 1}
    site.records["people"]["p-3"]["note"] = "by hand, and hidden"
    site.records["people"]["p-2"]["note"] = "by hand, and shown"
    assert findings(school.live()) == [("REC-DIFFERENT", "people", "2")]
