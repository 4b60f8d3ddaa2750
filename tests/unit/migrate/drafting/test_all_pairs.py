"""Every pair of systems can be drafted, and what is left is for people."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from migrate import losses
from migrate.check import _fit
from migrate.compiler.plan import Plan, make_plan
from migrate.crosswalks.file import COLUMNS
from migrate.drafting import draft, written
from migrate.inline_tests.run import AS_OF
from migrate.mapping.load import LoadedPair, load_pair
from migrate.undecided import filled, undecided
from tests.unit.migrate.drafting.conftest import SOURCES, TARGETS, contract

WITHOUT_PEOPLE = {"xapi"}
"""A record store keeps what people did, and no people."""
PAIRS = [(source, target) for source in SOURCES for target in TARGETS]


def load(folder: Path, source: str, target: str) -> LoadedPair:
    files = written(draft(contract(source, "source").model, contract(target, "target").model))
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return load_pair(folder / "mapping", contract(source, "source"), contract(target, "target"))


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=lambda one: str(one))
def test_a_draft_loads_and_leaves_decisions_only(tmp_path: Path, source: str, target: str) -> None:
    pair = load(tmp_path, source, target)
    completions = any(entity.concept == "completion" for entity in contract(source, "source").model.entities.values())
    if target in WITHOUT_PEOPLE and not completions:
        assert not pair.mappings
        return
    assert pair.mappings, "nothing in common"
    assert target in WITHOUT_PEOPLE or "users" in {name.lower() for name in pair.mappings}
    plan = make_plan(filled(pair), AS_OF)  # raises where a rule that was filled in or proposed does not fit
    waiting = undecided(pair)
    assert all(problem.place is not None and problem.place.line > 1 and problem.hint for problem in waiting)
    assert {str(problem) for problem in waiting} == {
        str(problem) for problem in undecided(pair) if "is not decided" in problem.message
    }
    _nothing_is_forgotten(pair, plan)
    for name in pair.model.crosswalks:
        with (tmp_path / "crosswalks" / f"{name}.csv").open(newline="") as stream:
            assert [tuple(row) for row in csv.reader(stream)] == [COLUMNS]


def _nothing_is_forgotten(pair: LoadedPair, plan: Plan) -> None:
    """Each required field is mapped or waits; each source field is carried, or check names it."""
    for mapping in pair.mappings.values():
        for field, rule in mapping.target.fields.items():
            if rule.required or field in mapping.target.key:
                assert field in {*mapping.model.fields, *mapping.model.undecided}, f"{mapping.name}.{field}"
        told = {loss.field for loss in losses.register(plan) if loss.entity == mapping.source_name}
        carried = set().union(*(c.carried for c in plan.rows.values() if c.mapping.source_name == mapping.source_name))
        read_beside = losses.read_beside_mappings(plan).get(mapping.source_name, set())
        assert set(mapping.source.fields) <= {*told, *carried, *read_beside, *mapping.source.key}


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("totara", "successfactors"),
        ("oneroster12", "brightspace"),
        *(pytest.param(*pair, marks=pytest.mark.long) for pair in PAIRS),
    ],
    ids=lambda one: str(one),
)
def test_the_engine_takes_every_statement_of_a_draft(tmp_path: Path, source: str, target: str) -> None:
    pair = filled(load(tmp_path, source, target))
    assert _fit(pair, make_plan(pair, AS_OF)) == []
