"""The stand-in Moodle, and targets that are opened on it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from migrate.connectors.moodle_service import MoodleTarget
from migrate.contracts.load import LoadedContract, load_contract
from migrate.resources import contract_file

sys.path.insert(0, str(Path(__file__).parents[4] / "support"))

if TYPE_CHECKING:
    from moodle_server import MoodleServer

    Opener = Callable[..., MoodleTarget]

HASTY = {"wait": 5, "timeout": 5, "first_pause": 0.002, "longest_pause": 0.02}
"""Pauses that a test can wait for."""


@pytest.fixture(scope="session")
def contract() -> LoadedContract:
    return load_contract(contract_file("moodle", "target"))


@pytest.fixture
def server() -> Iterator[MoodleServer]:
    from moodle_server import MoodleServer

    with MoodleServer() as running:
        yield running


@pytest.fixture
def open_on(contract: LoadedContract) -> Iterator[Opener]:
    """``open_on(server, wait=1)``: a target on this stand-in with these options."""
    targets = []

    def open_(server: MoodleServer, **options: Any) -> MoodleTarget:
        target = MoodleTarget.open(contract, server.url, SecretStr(server.token), {**HASTY, **options})
        targets.append(target)
        return target

    yield open_
    for target in targets:
        target.close()


@pytest.fixture
def opened(server: MoodleServer, open_on: Opener) -> Opener:
    """The same on the stand-in of the test."""
    return partial(open_on, server)


@pytest.fixture
def target(opened: Opener) -> MoodleTarget:
    return opened()
