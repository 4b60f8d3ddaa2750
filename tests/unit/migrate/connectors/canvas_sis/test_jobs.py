"""Imports as jobs: files that cannot be read, and what messages mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrate.connectors.canvas_sis.words import CanvasOptions

if TYPE_CHECKING:
    from canvas_server import CanvasServer
    from canvas_world import Opener


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"user_id,login_id,status\nx,\xff\xfe,active\n", "Invalid UTF-8"),
        (b'user_id,login_id,status\nx,"y"z,active\n', "Malformed CSV"),
        (b"person,login\nx,y\n", "Couldn't find Canvas CSV import headers"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    canvas: CanvasServer, open_target: Opener, tmp_path: Path, data: bytes, message: str
) -> None:
    file = tmp_path / "users.csv"
    file.write_bytes(data)
    ended = open_target()._imports.run(file)
    assert not ended.read
    assert [(said.text, said.means, said.row) for said in ended.messages] == [(message, "refused", None)]


@pytest.mark.parametrize(
    ("message", "means"),
    [
        ("Bad date format for user 7 in course 5", "imported"),
        ("The email address associated with user '7' is invalid (email: 'x')", "imported"),
        ("No login_id given for user 7", "refused"),
        ("No course_id or section_id given for an enrollment", "refused"),
        ("Improper status for user 7", "refused"),
        ('Improper role "boss" for an enrollment', "refused"),
        ("Invalid or unknown user_id '7' for admin", "refused"),
        ("User 7 didn't exist for user enrollment", "refused"),
        ("Neither course 5 nor section 6 existed for user enrollment", "refused"),
        ("An enrollment referenced a non-existent section 6", "refused"),
        ("An enrollment listed a section and a course that are unrelated", "refused"),
        ("Section 6 references course 5 which doesn't exist", "refused"),
        ("Parent account didn't exist for 3", "refused"),
        ("An existing Canvas user with the SIS ID 8 has already claimed 7's login information, skipping", "refused"),
        ("unrecognized authentication provider saml for 7, skipping", "refused"),
        ("A group user did not pass validation (user: 7, group: 4, error: x)", "refused"),
        ("User 7 doesn't have an enrollment in the course of group 4.", "refused"),
        ("Cannot move group 4 because it has group_memberships.", "refused"),
        ("Something broke with this user. Contact Support with ErrorReport id: 5 (user: 7)", "failed"),
        ("Error while importing CSV. Please contact support. (Error report 77)", "failed"),
        ("A message of a version to come", None),
    ],
)  # fmt: skip
def test_what_the_messages_of_canvas_mean(
    canvas: CanvasServer, open_target: Opener, tmp_path: Path, message: str, means: str
) -> None:
    """Messages as Canvas words them; only their meaning is ours."""
    canvas.state.stray_messages = [message]
    file = tmp_path / "terms.csv"
    file.write_text("term_id,name,status\nt,T,active\n")
    (said,) = open_target()._imports.run(file).messages
    assert said.means == means


def test_a_running_import_is_told_from_those_of_others(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.import_seconds = 5
    for user in (1, 7):
        canvas.state.begin_import(f"{user}.csv", b"term_id,name,status\nt,T,active\n", {}, user=user)
    imports = open_target()._imports
    assert sorted(imports.ours(job) for job in imports.running()) == [False, True]


def test_the_defaults_are_those_of_a_site_with_much_to_do() -> None:
    assert CanvasOptions().import_minutes >= 60
    assert CanvasOptions().poll_ms >= 1000
