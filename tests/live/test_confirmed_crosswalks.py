"""A live run writes nothing while rows use crosswalk entries that nobody stands for."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from live_school import CROSSWALK, LiveSchool, dispositions
from small_pair import GOOD_ROWS, Rows

from migrate.cli import cli
from migrate.crosswalks.decisions import CrosswalkAnswer, decide
from migrate.crosswalks.file import write_texts
from migrate.errors import EXIT_ATTENTION
from migrate.pipeline import RunResult
from migrate.workspace import open_workspace

NOTHING: dict[str, list[dict[str, object]]] = {"people": [], "courses": [], "places": []}
PROPOSED = "2,,,advanced,equal,0.8,proposed,lms-migrate,2026-01-01,like\n"


def with_levels(*levels: str) -> Rows:
    courses = [{"id": n, "code": f"C{n}", "title": f"Course {n}", "level": level} for n, level in enumerate(levels, 2)]
    return {"user": GOOD_ROWS["user"], "course": courses, "enrol": []}


def lines(school: LiveSchool, *entries: str) -> None:
    (school.folder / "crosswalks/levels.csv").write_text(CROSSWALK + "".join(entries), "utf-8")


def answer(school: LiveSchool, verb: str, value: str = "2") -> None:
    workspace = open_workspace(school.folder)
    given = CrosswalkAnswer("levels", value, verb, "", "as the school says", "registrar", "2026-02-01T08:00:00+00:00")
    write_texts(decide(workspace, [given]))


def item(result: RunResult) -> dict[str, object]:
    (found,) = [i for i in pq.read_table(result.folder / "worklist.parquet").to_pylist() if i["kind"] == "crosswalk"]
    return dict(found)


def test_from_a_proposal_to_a_live_run_and_what_makes_it_expire(small: LiveSchool) -> None:
    lines(small, PROPOSED)
    small.rows(with_levels("1", "2"))
    refused = small.live()
    assert (refused.exit_code, refused.summary["balanced"]) == (EXIT_ATTENTION, False)
    assert refused.failure is not None
    assert "levels: '2' -> 'advanced' is proposed, 1 row" in refused.failure
    assert "lms-migrate crosswalk show" in refused.failure
    assert small.held() == NOTHING
    assert not (refused.folder / "4_load").exists()
    assert (item(refused)["value"], item(refused)["state"]) == ("2", "open")

    answer(small, "confirm")
    live = small.live()
    assert live.failure is None
    assert [row["level"] for row in small.held()["courses"]] == ["basic", "advanced"]
    assert (item(live)["item"], item(live)["state"], item(live)["by"]) == (item(refused)["item"], "decided", "registrar")

    small.rows(with_levels("1", "2", "2"))
    expired = small.live()
    assert expired.failure is not None
    assert "is expired, 2 rows; it was confirmed for 1 row, and there are 2 now" in expired.failure
    assert len(small.held()["courses"]) == 2
    assert item(expired)["state"] == "expired"

    file = small.folder / "migration.yaml"
    file.write_text(file.read_text("utf-8") + "decisions: {unconfirmed: hold}\n", "utf-8")
    held = small.live()
    assert held.failure is None
    assert dispositions(held)["courses"] == {"unchanged": 1, "held": 2}


def test_entries_that_no_row_uses_are_not_asked_about(small: LiveSchool) -> None:
    lines(small, PROPOSED)
    small.rows(with_levels("1"))
    assert small.live().failure is None


@pytest.mark.parametrize(("verb", "state"), [("waive", "waived"), ("reject", "open")])
def test_what_people_gave_no_target_is_held_and_the_others_go(small: LiveSchool, verb: str, state: str) -> None:
    lines(small, PROPOSED)
    small.rows(with_levels("1", "2"))
    answer(small, verb)
    live = small.live()
    assert live.failure is None
    assert dispositions(live)["courses"] == {"created": 1, "held": 1}
    assert (item(live)["state"], item(live)["decision"]) == (state, verb)


def test_a_value_that_is_not_listed_opens_an_item_and_holds_its_row(small: LiveSchool) -> None:
    small.rows(with_levels("1", "new"))
    live = small.live()
    assert dispositions(live)["courses"] == {"created": 1, "held": 1}
    assert (item(live)["value"], item(live)["state"]) == ("new", "open")


def test_show_and_suggest(small: LiveSchool) -> None:
    small.rows(with_levels("1", "Advanced level", "2"))
    folder = str(small.folder)

    def command(*words: str) -> str:
        ended = CliRunner().invoke(cli, ["crosswalk", *words], standalone_mode=False)
        if ended.exception is not None:
            return f"{type(ended.exception).__name__}: {ended.exception}"
        return ended.output

    assert "no run has counted rows yet" in command("show", folder)
    assert "ConfigurationError" in command("suggest", folder)
    small.rehearse()
    file = small.folder / "crosswalks/levels.csv"
    before = file.read_bytes()
    assert "1 proposal would be added" in command("suggest", folder, "--dry-run")
    assert file.read_bytes() == before
    told = command("suggest", folder)
    assert "levels: 'Advanced level' -> 'advanced' (0.90), 1 row" in told
    assert "levels: '2', 1 row: nothing proposed" in told
    assert b"Advanced level,,1,advanced,inexact,0.90,proposed,lms-migrate," in file.read_bytes()
    assert "0 proposals were added, label or rows of 0 others" in command("suggest", folder, "--only", "levels")
    shown = command("show", folder, "--only", "levels")
    assert [line.split()[0] for line in shown.splitlines()[3:]] == ["value", "1", "Advanced", "2"]
    assert "not listed" in shown.splitlines()[-1]
    assert "ConfigurationError" in command("show", folder, "--only", "nothing")
    assert "ConfigurationError" in command("show", folder, "--run", "nothing")
