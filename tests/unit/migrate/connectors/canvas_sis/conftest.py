"""The stand-in Canvas with its small world, and the connector on it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from migrate.connectors.canvas_sis import CanvasTarget
from migrate.contracts.load import LoadedContract, load_contract
from migrate.resources import contract_file

sys.path.insert(0, str(Path(__file__).parents[4] / "support"))

if TYPE_CHECKING:
    from canvas_server import CanvasServer

Opener = Callable[..., CanvasTarget]


@cache
def contract() -> LoadedContract:
    return load_contract(contract_file("canvas", "target"))


@pytest.fixture
def canvas() -> Iterator[CanvasServer]:
    from canvas_server import CanvasServer
    from canvas_world import seed

    with CanvasServer() as server:
        seed(server.state)
        yield server


@pytest.fixture
def open_target(canvas: CanvasServer) -> Iterator[Opener]:
    """Opens a connector on the stand-in; options may be given."""
    from canvas_server import TOKEN

    opened: list[CanvasTarget] = []

    def open_one(token: str = TOKEN, **options: Any) -> CanvasTarget:
        chosen = {"poll_ms": 1, "retry_seconds": 5, **options}
        opened.append(CanvasTarget.open(contract(), canvas.url, SecretStr(token), chosen))
        return opened[-1]

    yield open_one
    for target in opened:
        target.close()
