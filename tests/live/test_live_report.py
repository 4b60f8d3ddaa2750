"""What the report says of a live run, and that it says it safely."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest
from live_school import LiveSchool, different, without
from small_pair import GOOD_ROWS

from migrate.connectors.database_target import DatabaseTarget
from migrate.connectors.target import Taken
from migrate.rollback import rollback
from reports.build import build
from reports.html import render
from reports.text import render_text

EFFECT = 'side_effects: [{code: HUB-MAIL, message: "<b>mail</b>", avoid: switch it off}]'


def page(school: LiveSchool, run: object) -> str:
    return render(run).read_text("utf-8")  # type: ignore[arg-type]


def words(html: str) -> str:
    section = html[html.index('<section id="live"') : html.index("</section>", html.index('<section id="live"'))]
    return " ".join(re.sub(r"<[^>]+>", " ", section).split())


def test_a_run_that_went_as_rehearsed(small: LiveSchool) -> None:
    rehearsal = small.rehearse()
    live = small.live()
    said = words(page(small, live.folder))
    assert f"Every number came as rehearsal {rehearsal.folder.name} said" in said.replace(" .", "")
    assert "All inputs are those of the rehearsal" in said
    assert 'id="live"' not in page(small, rehearsal.folder)


def test_what_came_otherwise_is_told_first(small: LiveSchool) -> None:
    small.rehearse()
    small.change("INSERT INTO people (person_id, login, status) VALUES ('p-4', 'somebody', 'active')")
    file = small.folder / "mapping/courses.yaml"
    file.write_text(file.read_text("utf-8") + "\n", "utf-8")
    live = small.live()
    report = build(live.folder)
    assert report.live is not None
    assert report.live.changed_inputs == ("courses.yaml",)
    assert {(row.entity, row.disposition, row.predicted, row.actual) for row in report.live.surprises} >= {
        ("people", "created", 3, 0), ("people", "held", 0, 1),
    }  # fmt: skip
    said = words(page(small, live.folder))
    everything = re.search(r"All \d+ numbers", said)
    assert everything is not None
    assert "+1" in said[: everything.start()]


def surprises(run: Path) -> set[tuple[str, str, int, int]]:
    live = build(run).live
    assert live is not None
    return {(row.entity, row.disposition, row.expected, row.actual) for row in live.surprises}


def cut_off(small: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A live run whose target goes away after the people were written."""
    create_table = DatabaseTarget.create_table

    def goes_away(self: DatabaseTarget, entity: str, rows: pa.Table) -> Taken:
        return create_table(self, entity, rows) if entity == "people" else Taken("unknown", message="it went away")

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseTarget, "create_table", goes_away)
        lost = small.live()
    assert lost.exit_code == 3
    return lost.folder


def test_what_a_run_wrote_before_it_was_cut_off_surprises_nobody(small: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsal = small.rehearse().folder.name
    first = cut_off(small, monkeypatch)
    resumed = small.live()
    assert json.loads((resumed.folder / "run.json").read_text("utf-8"))["live"]["already"] == {
        "people": {"created": {"unchanged": 3}}
    }
    assert surprises(resumed.folder) == set()
    shown = page(small, resumed.folder)
    assert f"Every number came as rehearsal {rehearsal} said." in shown
    said = words(shown)
    assert f"Since that rehearsal {first.name} wrote the target, and no rehearsal came after" in said
    assert "people created 3 −3 0 0" in said
    assert "people unchanged 0 +3 3 0" in said
    assert "0 surprises against rehearsal" in render_text(resumed.folder)


def test_what_comes_otherwise_after_a_run_that_was_cut_off_is_told_alone(
    small: LiveSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.rehearse()
    cut_off(small, monkeypatch)
    small.rows(different(GOOD_ROWS, "user", 5, name="Cyrus"))
    resumed = small.live()
    assert surprises(resumed.folder) == {("people", "created", 1, 0), ("people", "updated", 0, 1)}
    assert "2 numbers of " in " ".join(build(resumed.folder).verdict.reasons)


def test_what_was_taken_back_since_is_predicted_as_before(small: LiveSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    small.rehearse()
    first = cut_off(small, monkeypatch)
    rollback(small.folder, first.name, execute=True, unverified=True)
    assert surprises(small.live().folder) == set()


def test_no_rehearsal_is_something_to_know(small: LiveSchool) -> None:
    assert "There was no rehearsal of this workspace before this run" in words(page(small, small.live().folder))


def test_what_a_delta_did_not_read_back_is_counted(small: LiveSchool) -> None:
    small.live()
    small.rows(different(GOOD_ROWS, "user", 5, name="Cyrus"))
    delta = small.live(delta=True)
    assert "8 records that stand in the target as an earlier run wrote them were not read back" in render_text(delta.folder)
    assert "read back only what it wrote" in words(page(small, delta.folder))


def test_side_effects_and_who_saw_them_are_escaped(small: LiveSchool) -> None:
    file = small.folder / "systems/hub.yaml"
    file.write_text(file.read_text("utf-8").replace("kind: database\n", f"kind: database\n  {EFFECT}\n"), "utf-8")
    small.set({"acknowledge": {"HUB-MAIL": "<script>alert(1)</script> saw it"}})
    html = page(small, small.live().folder)
    assert "<script>alert(1)" not in html
    assert "<b>mail</b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; saw it" in html


def test_deletions_are_proposed_in_the_report(small: LiveSchool) -> None:
    small.live()
    small.rows(without(GOOD_ROWS, "enrol", 5))
    live = small.live()
    needs = {need.code for need in build(live.folder).needs}
    assert "LIVE-VANISHED" in needs
