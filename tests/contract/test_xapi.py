"""The suite of target connectors on the strict stand-in store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lrs_server import LrsServer
from xapi_records import opened, record

from migrate.connectors.xapi import XapiTarget
from migrate.testing.targets import Case, TargetContract


class TestStatements(TargetContract):
    """Ten records, so that they are read back as a list."""

    @pytest.fixture(params=["list", "lag", "409", "silent"])
    def lrs(self, request: pytest.FixtureRequest) -> Iterator[LrsServer]:
        with LrsServer() as server:
            server.state.most = 3
            server.state.identical = 409 if request.param == "409" else 200
            server.state.lag = 0.3 if request.param == "lag" else 0.0
            server.state.tells = request.param != "silent"
            yield server

    @pytest.fixture
    def connector(self, lrs: LrsServer) -> Iterator[XapiTarget]:
        target = opened(lrs.url)
        yield target
        target.close()

    @pytest.fixture
    def case(self) -> Case:
        good = [record(n) for n in range(1, 10)] + [
            record(10, actor_account=None, actor_home=None, actor_mbox="mailto:a@example.org")
        ]
        return Case("statements", good, {}, record(99, score_scaled=1.5))
