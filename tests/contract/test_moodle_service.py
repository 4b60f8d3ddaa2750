"""The Moodle connector passes the suite of targets: on the stand-in, and on a real site where one is given.

``LMS_MIGRATE_MOODLE_URL`` and ``LMS_MIGRATE_MOODLE_TOKEN`` name the site. Its service needs every function of the contract; the
site needs profile fields ``staffno`` (text) and ``office`` (menu: North, South). What is written there is removed again.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from functools import cache

import pytest
from moodle_cases import ENTITIES, Base, make_case
from moodle_server import MoodleServer
from pydantic import SecretStr

from migrate.connectors.moodle_service import MoodleTarget
from migrate.contracts.load import LoadedContract, load_contract
from migrate.resources import contract_file
from migrate.testing.targets import Case, TargetContract

URL, TOKEN = os.environ.get("LMS_MIGRATE_MOODLE_URL"), os.environ.get("LMS_MIGRATE_MOODLE_TOKEN")


@cache
def contract() -> LoadedContract:
    return load_contract(contract_file("moodle", "target"))


def opened(url: str, token: str) -> MoodleTarget:
    return MoodleTarget.open(contract(), url, SecretStr(token), {"wait": 20})


class _Cases(TargetContract):
    @pytest.fixture
    def base(self, connector: MoodleTarget) -> Base:
        return Base(connector, f"t{secrets.token_hex(4)}")

    @pytest.fixture(params=ENTITIES)
    def case(self, base: Base, request: pytest.FixtureRequest) -> Iterator[Case]:
        made: Case | None = None
        try:
            made = make_case(base, request.param)
            yield made
        finally:
            base.clean(made)


class TestStandIn(_Cases):
    @pytest.fixture
    def connector(self) -> Iterator[MoodleTarget]:
        with MoodleServer() as server:
            target = opened(server.url, server.token)
            yield target
            target.close()


@pytest.mark.skipif(not (URL and TOKEN), reason="LMS_MIGRATE_MOODLE_URL and LMS_MIGRATE_MOODLE_TOKEN name no site")
class TestRealSite(_Cases):
    @pytest.fixture
    def connector(self) -> Iterator[MoodleTarget]:
        target = opened(str(URL), str(TOKEN))
        yield target
        target.close()
