"""The suites that ship with each pair fit its target, and say what reviewers can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract
from migrate.engine import session
from migrate.resources import contract_file, known_pairs, mappings_folder
from migrate.scaffold import new_workspace
from migrate.workspace import open_workspace
from validators.expectations.load import FOLDER, load_suites
from validators.expectations.rows import register, select

PAIRS = [f"{source}_to_{target}" for source, target in known_pairs()]


@pytest.mark.parametrize("pair", PAIRS)
def test_every_pair_ships_suites_that_fit_its_target(pair: str) -> None:
    target = load_contract(contract_file(pair.partition("_to_")[2], "target"))
    suites = load_suites(mappings_folder() / pair / FOLDER, target)
    wanted = [one for suite in suites for one in suite.wanted]
    assert len(suites) >= 2
    assert len(wanted) >= 20
    assert all(suite.model.owner for suite in suites)
    with session() as connection:
        register(connection, target.model, {})
        for one in wanted:
            assert connection.execute(select(one, target.model, "2026-01-01 00:00:00")).fetchall() == [], one.code


@pytest.mark.parametrize("pair", PAIRS)
def test_the_suites_of_a_pair_are_about_what_it_fills(pair: str, tmp_path: Path) -> None:
    source, _, target = pair.partition("_to_")
    new_workspace(tmp_path / "w", source, target)
    workspace = open_workspace(tmp_path / "w")
    filled = {mapping.target_name for mapping in workspace.pair.mappings.values()}
    assert workspace.expectations
    for suite in workspace.expectations:
        for one in suite.wanted:
            assert {one.model.entity, *(column.entity for column in one.used)} <= filled, one.code


def hidden(contract: Contract) -> set[tuple[str, str]]:
    """Entities and fields that a live target does not show: Moodle lists them, Canvas those that its report has."""
    found = set()
    for name, entity in contract.entities.items():
        report = entity.write.get("report")
        shown = {*report["fields"], *report.get("columns", ()), *report.get("links", ())} if report else {*entity.fields}
        found |= {(name, field) for field in entity.fields if field not in shown}
        found |= {(name, field) for field in entity.write.get("unseen", ())}
    return found


@pytest.mark.parametrize("pair", ["moodle_to_canvas", "canvas_to_moodle", "moodle_to_moodle"])
def test_what_a_live_target_does_not_show_is_a_gate_of_rehearsals_alone(pair: str) -> None:
    target = load_contract(contract_file(pair.partition("_to_")[2], "target"))
    unseen = hidden(target.model)
    wanted = [one for suite in load_suites(mappings_folder() / pair / FOLDER, target) for one in suite.wanted]
    blind = {one.code: one.model.gate for one in wanted if any((column.entity, column.field) in unseen for column in one.used)}
    assert {"ACC-ENROL-DATES", "ACC-ENROL-PLAUSIBLE"} <= blind.keys()
    assert True not in blind.values()
