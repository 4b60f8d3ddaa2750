"""The history of a workspace that rehearses, goes live and rehearses again, as the report tells it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from live_school import LiveSchool, different
from small_pair import GOOD_ROWS

from migrate.pipeline import run
from reports.build import build
from reports.overview.model import Overview


def view(ended: Any) -> Overview:
    found = build(ended.folder).overview
    assert found is not None
    return found


@pytest.mark.long
def test_like_is_compared_with_like(small: LiveSchool) -> None:
    first = small.rehearse()
    live = small.live()
    small.rows(different(GOOD_ROWS, "user", 5, login=""))
    again = small.rehearse()
    assert view(first).changes.previous is None
    of_live, of_again = view(live), view(again)
    assert of_live.changes.total is None
    assert [each.why for each in of_live.changes.passed_over] == ["it is a rehearsal"]
    assert of_again.changes.previous is not None
    assert of_again.changes.previous.run == first.folder.name
    assert [(each.run, each.why) for each in of_again.changes.passed_over] == [
        (live.folder.name, "it is a live run, and this is a rehearsal run")
    ]
    total = of_again.changes.total
    assert total is not None
    assert total.now == sum(again.summary["findings"].values()) > total.before == sum(first.summary["findings"].values())
    assert sum(each.fell_back.n for each in of_again.changes.moved) > 0
    assert [each.run for each in of_again.trend.runs] == [each.folder.name for each in (first, live, again)]


def test_a_run_records_who_ran_it_where_and_when(small: LiveSchool) -> None:
    ended = run(small.folder, operator="R. Okafor")
    facts = json.loads((ended.folder / "run.json").read_text("utf-8"))
    assert facts["operator"]["name"] == "R. Okafor"
    assert facts["operator"]["account"]
    assert facts["started"] <= facts["extracted"]["first"] <= facts["extracted"]["last"] <= facts["ended"]
    assert re.match(r"sqlite 3\.", facts["source"]["server"])
    assert facts["environment"]["processors"] >= 1
    assert facts["gates_declared"] is False
    header = {fact.label: fact.value for fact in view(ended).header}
    assert header["Operator"] == f"R. Okafor, account {facts['operator']['account']}"
