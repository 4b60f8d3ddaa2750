"""The Moodle connector passes the suite of targets: on the stand-in, and on a real site where one is given.

``LMS_MIGRATE_MOODLE_URL`` and ``LMS_MIGRATE_MOODLE_TOKEN`` name the site. Its service needs every function of the contract; the
site needs profile fields ``staffno`` (text) and ``office`` (menu: North, South), both without default. What is written there is
removed again. Files are given to it where ``LMS_MIGRATE_MOODLE_CLI`` names the folder of its code, with its ``config.php``: from
5.1 on ``public`` in it. The command of 4.1 takes no file while a menu has no default.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import moodle_upload
import pytest
from moodle_cases import BY_FILE, ENTITIES, Base, make_case, make_file_case
from moodle_server import MoodleServer
from pydantic import SecretStr

from migrate.connectors.moodle_service import MoodleTarget
from migrate.contracts.load import LoadedContract, load_contract
from migrate.resources import contract_file
from migrate.testing.targets import Case, HandsOverContract, TargetContract

URL, TOKEN = os.environ.get("LMS_MIGRATE_MOODLE_URL"), os.environ.get("LMS_MIGRATE_MOODLE_TOKEN")
CLI = os.environ.get("LMS_MIGRATE_MOODLE_CLI")
SUPPORT = Path(__file__).parents[1] / "support" / "moodle_site.php"
Give = Callable[[Path], None]


@cache
def contract() -> LoadedContract:
    return load_contract(contract_file("moodle", "target"))


def opened(url: str, token: str, by_file: tuple[str, ...] = ()) -> MoodleTarget:
    return MoodleTarget.open(contract(), url, SecretStr(token), {"wait": 20, "by_file": by_file})


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


class _FileCases(HandsOverContract):
    """What the records refer to is written through functions, and all is removed through them."""

    @pytest.fixture
    def base(self, place: tuple[str, str]) -> Iterator[Base]:
        service = opened(*place)
        yield Base(service, f"t{secrets.token_hex(4)}")
        service.close()

    @pytest.fixture(params=BY_FILE)
    def case(self, base: Base, request: pytest.FixtureRequest) -> Iterator[Case]:
        made: Case | None = None
        try:
            made = make_file_case(base, request.param)
            yield made
        finally:
            base.clean(made)

    @pytest.fixture
    def connector(self, place: tuple[str, str]) -> Iterator[MoodleTarget]:
        target = opened(*place, BY_FILE)
        yield target
        target.close()


class TestFilesForStandIn(_FileCases):
    @pytest.fixture
    def server(self) -> Iterator[MoodleServer]:
        with MoodleServer() as server:
            yield server

    @pytest.fixture
    def place(self, server: MoodleServer) -> tuple[str, str]:
        return server.url, server.token

    @pytest.fixture
    def give(self, server: MoodleServer) -> Give:
        return lambda folder: list_said(moodle_upload.upload(server.site, folder / "upload"))


@pytest.mark.skipif(not (URL and TOKEN and CLI), reason="LMS_MIGRATE_MOODLE_URL, _TOKEN and _CLI name no site")
class TestFilesForRealSite(_FileCases):
    @pytest.fixture
    def place(self) -> tuple[str, str]:
        return str(URL), str(TOKEN)

    @pytest.fixture
    def give(self) -> Give:
        def run_commands(folder: Path) -> None:
            for name, way, options in moodle_upload.files(folder / "upload"):
                file = str(folder / "upload" / name)
                command = ["php", f"{CLI}/{way}", f"--file={file}", *options.split()]
                if not way.endswith(".php"):  # a page
                    command = ["php", str(SUPPORT), str(CLI), "cohorts", file]
                done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
                assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

        return run_commands


def list_said(said: list[str]) -> None:
    """A second upload may find what is there; nothing else may go wrong."""
    assert not [text for text in said if "already" not in text]
