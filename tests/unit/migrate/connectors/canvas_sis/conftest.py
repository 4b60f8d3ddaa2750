"""The stand-in Canvas with its small world, and the connector on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from migrate.connectors.canvas_sis import CanvasTarget

sys.path.insert(0, str(Path(__file__).parents[4] / "support"))

if TYPE_CHECKING:
    from canvas_server import CanvasServer
    from canvas_world import Opener


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
    from canvas_world import contract

    opened: list[CanvasTarget] = []

    def open_one(token: str = TOKEN, **options: Any) -> CanvasTarget:
        chosen = {"poll_ms": 1, "retry_seconds": 5, **options}
        opened.append(CanvasTarget.open(contract(), canvas.url, SecretStr(token), chosen))
        return opened[-1]

    yield open_one
    for target in opened:
        target.close()
