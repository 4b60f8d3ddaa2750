"""Before a live run, and a client that is killed in the middle of one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from pydantic import SecretStr

from migrate.connectors.canvas_sis import CanvasTarget
from migrate.connectors.target import Record
from migrate.errors import ConfigurationError, TargetRefused

if TYPE_CHECKING:
    from canvas_server import CanvasServer
    from canvas_world import Opener

SUPPORT = Path(__file__).parents[4] / "support"
CLIENT = """
import sys
from pydantic import SecretStr
from migrate.connectors.canvas_sis import CanvasTarget
from migrate.connectors.target import Record
from migrate.contracts.load import load_contract
from migrate.resources import contract_file

target = CanvasTarget.open(load_contract(contract_file("canvas", "target")), sys.argv[1], SecretStr(sys.argv[2]), {"poll_ms": 1})
users = [{"user_id": f"u{n}", "login_id": f"u{n}", "status": "active"} for n in range(50)]
target.write("users", "create", [Record(values["user_id"], values) for values in users])
"""


def codes(target: CanvasTarget, *entities: str) -> dict[str, bool]:
    return {warned.code: warned.blocking for warned in target.preflight(entities)}


def test_preflight_tells_what_a_person_has_to_know(canvas: CanvasServer, open_target: Opener) -> None:
    assert codes(open_target(), "users") == {"CANVAS-NOT-ENCRYPTED": True, "CANVAS-STICKY": False}
    assert codes(open_target(), "grades") == {"CANVAS-NOT-ENCRYPTED": True, "CANVAS-MAIL-GRADES": True}
    overriding = open_target(override_sis_stickiness=True)
    assert codes(overriding, "users")["CANVAS-STICKY-OVERRIDE"]


def test_preflight_tells_of_rights_that_lack_and_of_imports_of_others(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.rights.update(import_sis=False, manage_grades=False)
    canvas.state.root_account_id = 1
    canvas.state.import_seconds = 5
    canvas.state.begin_import("others.csv", b"term_id,name,status\nx,X,active\n", {}, user=7)
    found = open_target().preflight(["users"])
    lacking = [warned.message for warned in found if warned.code == "CANVAS-RIGHT-LACKS"]
    assert len(lacking) == 2
    assert "import_sis" in lacking[0]
    assert "somebody else" in next(warned.message for warned in found if warned.code == "CANVAS-IMPORT-RUNNING")
    assert any(warned.code == "CANVAS-NOT-ROOT" for warned in found)
    assert canvas.state.requests
    assert {method for method, _ in canvas.state.requests} == {"GET"}


def test_an_account_that_is_not_there_is_refused(canvas: CanvasServer, open_target: Opener) -> None:
    with pytest.raises(TargetRefused, match="accounts/99"):
        open_target(account=99)


def test_an_entity_without_words_is_named(canvas: CanvasServer, open_target: Opener) -> None:
    with pytest.raises(ConfigurationError, match="does not say how it is written"):
        open_target().ability("xlists")


def test_a_client_that_is_killed_leaves_nothing_twice(tmp_path: Path) -> None:
    from canvas_server import TOKEN
    from canvas_world import contract

    server = subprocess.Popen([sys.executable, str(SUPPORT / "canvas_server.py"), "0.4"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        client = subprocess.Popen([sys.executable, "-c", CLIENT, url, TOKEN], env=environment)
        imports = wait_for(url, "importing")
        client.send_signal(signal.SIGKILL)
        client.wait()
        users = [Record(f"u{n}", {"user_id": f"u{n}", "login_id": f"u{n}", "status": "active"}) for n in range(50)]
        target = CanvasTarget.open(contract(), url, SecretStr(TOKEN), {"poll_ms": 1})
        assert {held.key for held in target.find("users", users)} == {user.key for user in users}
        target.close()
        after = state(url)
        assert [job["id"] for job in after["imports"]] == imports
        assert len(after["tables"]["user"]) == 50
    finally:
        server.kill()
        server.wait()


def state(url: str) -> dict[str, object]:
    with urlopen(f"{url}/state") as answer:  # noqa: S310 - the stand-in on this machine
        return dict(json.load(answer))


def wait_for(url: str, wanted: str) -> list[int]:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        imports = state(url)["imports"]
        assert isinstance(imports, list)
        if any(job["workflow_state"] == wanted for job in imports):
            return [job["id"] for job in imports]
        time.sleep(0.02)
    raise AssertionError(f"no import came to be {wanted}")
