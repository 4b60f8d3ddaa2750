"""Throttling, patience, and addresses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from migrate.connectors.target import Record
from migrate.errors import TargetLost

if TYPE_CHECKING:
    from canvas_server import CanvasServer
    from canvas_world import Opener

ANA = Record("ana", {"user_id": "ana"})


def test_it_slows_down_before_the_allowance_is_used_up(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target()
    canvas.state.remaining = 99.0  # of 100, of which 10 come back in a second
    before = time.monotonic()
    list(target.find("assignments", [Record("x", {"assignment_id": "x", "course": "art"})]))
    assert time.monotonic() - before >= 0.1


@pytest.mark.parametrize("fault", ["403", "429", "500", "lose"])
def test_patience_ends(canvas: CanvasServer, open_target: Opener, fault: str) -> None:
    target = open_target(retry_seconds=0)
    canvas.fail(fault, "GET", "sis_imports", times=10_000)
    with pytest.raises(TargetLost, match="for 0 seconds"):
        target.find("users", [ANA])


def test_a_403_with_a_reason_is_no_throttle(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.rights["import_sis"] = False
    (outcome,) = open_target().write("users", "create", [Record("x", {"user_id": "x", "login_id": "x", "status": "active"})])
    assert outcome.result == "refused"


def test_a_throttled_write_that_stays_throttled_has_done_nothing(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target(retry_seconds=0)
    canvas.fail("429", "POST", "sis_imports", times=10_000)
    with pytest.raises(TargetLost, match="asks to wait"):
        target.write("users", "create", [Record("x", {"user_id": "x", "login_id": "x", "status": "active"})])
    assert not canvas.state.jobs


def test_a_server_that_is_gone_is_lost(canvas: CanvasServer, open_target: Opener) -> None:
    target = open_target(retry_seconds=0)
    canvas.__exit__()
    with pytest.raises(TargetLost, match=r"cannot be reached|broke off"):
        target.find("users", [ANA])


def test_keys_with_odd_letters_stay_in_their_part_of_the_path(canvas: CanvasServer, open_target: Opener) -> None:
    odd = "A/b c?d#1%2F.json"
    canvas.state.account.import_file(f"course_id,short_name,long_name,status\n{odd},X,X,published\n".encode())
    values = {"assignment_id": "x/1", "course": odd, "name": "Odd", "published": True}
    assert open_target().write("assignments", "create", [Record("x/1", values)])[0].result == "done"
    paths = {path for _, path in canvas.state.requests if "/courses/" in path}
    assert paths == {"/api/v1/courses/sis_course_id:A%2Fb%20c%3Fd%231%252F%2Ejson/assignments"}
