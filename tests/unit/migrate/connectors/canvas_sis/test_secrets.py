"""The token is in no repr, message, exception or log, and goes to no other host."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from migrate.connectors.canvas_sis import CanvasTarget
from migrate.connectors.target import Record
from migrate.errors import MigrateError, TargetLost, TargetRefused

if TYPE_CHECKING:
    from canvas_server import CanvasServer
    from canvas_world import Opener

ANA = Record("ana", {"user_id": "ana", "login_id": "ana", "status": "active"})


def test_files_on_another_host_are_fetched_without_the_token(canvas: CanvasServer, open_target: Opener) -> None:
    from canvas_server import TOKEN

    assert len(list(open_target().find("users", [ANA]))) == 1
    assert canvas.state.elsewhere
    for headers in canvas.state.elsewhere:
        assert "authorization" not in {name.lower() for name in headers}
        assert TOKEN not in str(headers)


def test_a_list_that_goes_on_at_another_host_is_not_followed(canvas: CanvasServer, open_target: Opener) -> None:
    canvas.state.page = 1
    canvas.state.next_page_at = "http://127.0.0.1:9"
    book = canvas.state.gradebook
    book.save(book.course("sis_course_id:art"), {"name": "Second", "sis_assignment_id": "second"})
    with pytest.raises(TargetLost, match="another host"):
        open_target().find("assignments", [Record("x", {"assignment_id": "x", "course": "art"})])


def test_the_token_is_nowhere_to_be_read(canvas: CanvasServer, open_target: Opener, caplog: pytest.LogCaptureFixture) -> None:
    from canvas_server import TOKEN

    caplog.set_level(logging.DEBUG)
    target = open_target(retry_seconds=1)
    texts = [repr(target), str(target.info), repr(vars(target)), repr(target._service), repr(vars(target._service))]
    texts += [str(target.preflight(["users", "grades"])), str(target.write("users", "update", [ANA]))]
    canvas.fail("500", "GET", "sis_imports", times=10_000)
    with pytest.raises(MigrateError) as lost:
        target.find("users", [ANA])
    chain: BaseException | None = lost.value
    while chain is not None:
        texts += [str(chain), repr(chain), repr(vars(chain))]
        chain = chain.__cause__ or chain.__context__
    texts += [record.getMessage() for record in caplog.records]
    assert len(texts) > 10
    assert not [text for text in texts if TOKEN in text]


def test_a_wrong_token_is_told_without_it(canvas: CanvasServer, open_target: Opener) -> None:
    with pytest.raises(TargetRefused, match="does not accept the token") as refused:
        open_target(token="wrong-and-secret")  # noqa: S106
    assert "wrong-and-secret" not in f"{refused.value!s}{refused.value!r}"


@pytest.mark.parametrize(
    "url", ["canvas.example.org", "ftp://canvas.example.org", "https://me:hush@canvas.example.org", "https://"]
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused(canvas: CanvasServer, url: str) -> None:
    from canvas_world import contract

    with pytest.raises(TargetRefused) as refused:
        CanvasTarget.open(contract(), url, SecretStr("x"), {})
    assert "hush" not in str(refused.value)


def test_people_are_in_no_log(canvas: CanvasServer, open_target: Opener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="migrate")
    person = Record("n1", {"user_id": "n1", "login_id": "a.person", "full_name": "A Person", "status": "gone"})
    assert open_target().write("users", "create", [person])[0].result == "refused"
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("migrate")]
    assert logged
    assert not [text for text in logged if "erson" in text]
