"""The suite of target connectors on Ralph, a record store in use at universities, with its file system as its memory.

It runs in an environment of its own: ``make test-lrs``, or ``LMS_MIGRATE_RALPH=FOLDER`` with the folder of that environment.
Ralph does not do all that the standard wants: it voids nothing, answers a question for one statement with a list, takes ``since``
for the time of the statement, and never says up to when it is consistent. The connector has to get along with that.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from xapi_records import opened, record

from migrate.connectors.xapi import XapiTarget, open_statements
from migrate.contracts.load import load_contract
from migrate.resources import contract_file
from migrate.testing.targets import Case, TargetContract, found

GIVEN = os.environ.get("LMS_MIGRATE_RALPH", "")
HOME = str(Path(GIVEN).absolute()) if GIVEN else ""
"""The folder of an environment with what ``requirements/lrs.in`` names."""
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not HOME, reason="Ralph is not installed: make test-lrs, or name its environment in LMS_MIGRATE_RALPH"),
]
KEY, SECRET = "migration", "for-this-test"
SERVE = """
import sys
import uvicorn
from ralph.backends.data.base import BaseOperationType
from ralph.backends.data.fs import FSDataBackend
FSDataBackend.default_operation_type = BaseOperationType.APPEND  # as it comes, Ralph can write its file once
uvicorn.run("ralph.api:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""
HASH = "import bcrypt, sys; print(bcrypt.hashpw(sys.argv[1].encode(), bcrypt.gensalt(4)).decode())"


@pytest.fixture(scope="session")
def ralph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Ralph on a port of this machine: its address, and the file in which it keeps statements."""
    folder: Path = tmp_path_factory.mktemp("ralph")
    (folder / "data").mkdir()
    hashed = subprocess.run([f"{HOME}/bin/python", "-c", HASH, SECRET], check=True, capture_output=True, text=True).stdout.strip()
    agent = {"mbox": "mailto:migration@example.org"}
    user = {"username": KEY, "hash": hashed, "scopes": ["all"], "agent": agent}
    (folder / "auth.json").write_text(json.dumps([user]), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ, "RALPH_APP_DIR": str(folder), "RALPH_AUTH_FILE": str(folder / "auth.json"), "RALPH_RUNSERVER_BACKEND": "fs",
        "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(folder / "data"),
        "RALPH_BACKENDS__LRS__FS__DEFAULT_LRS_FILE": "statements.jsonl",
    }  # fmt: skip
    environment.pop("PYTHONPATH", None)
    command = [f"{HOME}/bin/python", "-c", SERVE, str(port)]
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            for _ in range(200):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/__lbheartbeat__")
                    break
                except httpx.TransportError:
                    assert server.poll() is None, (folder / "log.txt").read_text("utf-8")
                    time.sleep(0.1)
            yield f"http://{KEY}:{SECRET}@127.0.0.1:{port}/xAPI", folder / "data" / "statements.jsonl"
        finally:
            server.terminate()
            server.wait(10)


@pytest.fixture
def address(ralph: tuple[str, Path]) -> str:
    """Ralph without a statement."""
    url, file = ralph
    file.write_text("", "utf-8")
    return url


class TestRalph(TargetContract):
    @pytest.fixture
    def connector(self, address: str) -> Iterator[XapiTarget]:
        target = opened(address)
        yield target
        target.close()

    @pytest.fixture
    def case(self) -> Case:
        bad = record(99, verb=None)  # of a statement Ralph judges little; a wrong address of the actor makes it fail (500)
        return Case("statements", [record(n) for n in range(1, 12)], {}, bad)

    def test_other_words_under_an_id_are_refused_by_name(self, connector: XapiTarget, address: str) -> None:
        connector.write("statements", "create", [record(1), record(2)])
        other = opened(address)
        outcomes = other.write("statements", "create", [record(1), record(2, score_raw=11.0), record(3)])
        assert [outcome.result for outcome in sorted(outcomes, key=lambda o: o.message)] == ["done", "done", "refused"]
        assert "result.score.raw" in max(outcome.message for outcome in outcomes)
        assert found(other, "statements", [record(n) for n in range(1, 5)]).keys() == {record(n).key for n in range(1, 4)}
        other.close()

    def test_what_was_written_is_read(self, connector: XapiTarget, address: str) -> None:
        connector.write("statements", "create", [record(n) for n in range(250)])
        source = open_statements(address, load_contract(contract_file("xapi", "source")).model, patience=2, first=0.01)
        rows = [row for batch in source.rows("statements", ["id", "score_raw"]) for row in batch.to_pylist()]
        assert sorted(row["id"] for row in rows) == sorted(record(n).key for n in range(250))
        assert {row["score_raw"] for row in rows} == {"15"}
        source.close()
