"""The suites that ship with each pair fit its target, and say what reviewers can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.contracts.load import load_contract
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
