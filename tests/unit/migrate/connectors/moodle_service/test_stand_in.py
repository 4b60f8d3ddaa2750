"""The stand-in itself: as a process of its own, from several threads, and where it has to be as strict as Moodle."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from migrate.connectors.moodle_service import MoodleTarget
from migrate.connectors.target import Record
from migrate.contracts.load import LoadedContract

if TYPE_CHECKING:
    from moodle_server import MoodleServer

    Opener = Callable[..., MoodleTarget]

PROGRAM = Path(__file__).parents[4] / "support" / "moodle_server.py"


def people(first: int, count: int) -> list[Record]:
    numbers = range(first, first + count)
    made = [(f"p{n}", f"p{n}@example.invalid") for n in numbers]
    return [Record(login, {"username": login, "firstname": "A", "lastname": "B", "email": email}) for login, email in made]


def test_a_process_keeps_its_state_while_clients_come_and_go(contract: LoadedContract) -> None:
    faults = json.dumps([{"kind": "drop", "function": "create_users", "at": [1]}])
    with subprocess.Popen([sys.executable, str(PROGRAM), "--faults", faults], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            for first in (0, 5):
                target = MoodleTarget.open(contract, told["url"], SecretStr(told["token"]), {"first_pause": 0.01})
                assert {one.result for one in target.write("users", "create", people(first, 5))} == {"done"}
                target.close()
            state = httpx.get(f"{told['url']}/state").json()
            assert sorted(row["username"] for row in state["users"]) == sorted(["admin", "guest", *(f"p{n}" for n in range(10))])
            assert "core_user_create_users" in httpx.get(f"{told['url']}/log").json()
            assert httpx.post(f"{told['url']}/faults", json=[{"kind": "later", "rate": 1.0}]).status_code == 200
            assert httpx.post(f"{told['url']}/webservice/rest/server.php", data={"wsfunction": "x"}).status_code == 429
        finally:
            process.kill()


def test_batches_may_be_under_way_at_the_same_time(server: MoodleServer, target: MoodleTarget) -> None:
    server.fault("drop", "create_users", at=(2, 5))
    with ThreadPoolExecutor(4) as pool:
        outcomes = [
            one for batch in pool.map(lambda n: target.write("users", "create", people(n * 10, 10)), range(12)) for one in batch
        ]
    assert {one.result for one in outcomes} == {"done"}
    assert len(server.site.tables["users"]) == 122


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"wsfunction": "core_user_create_users", "users[0][username]": "x"}, "invalidparameter"),
        ({"wsfunction": "core_course_get_categories", "what": "1"}, "invalidparameter"),
        ({"wsfunction": "core_enrol_get_enrolled_users", "courseid": "x"}, "invalidparameter"),
        ({"wsfunction": "core_enrol_get_enrolled_users", "courseid": "77"}, "invalidrecord"),
        ({"wsfunction": "core_badges_get_badge"}, "accessexception"),
    ],
)
def test_wrong_calls_are_refused_with_status_200(server: MoodleServer, given: dict[str, Any], code: str) -> None:
    reply = httpx.post(f"{server.url}/webservice/rest/server.php", data={**given, "wstoken": server.token})
    assert reply.status_code == 200
    assert reply.json()["errorcode"] == code


def test_a_fault_that_does_not_exist_is_no_fault(server: MoodleServer) -> None:
    with pytest.raises(ValueError, match="no fault 'bad luck'"):
        server.fault("bad luck")
