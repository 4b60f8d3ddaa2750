"""How a call is encoded, and what counts as an answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.connectors.moodle_service.calls import Lost, Refused, nested, pairs, plain, understand

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5).filter(lambda key: key != "exception"), inner, max_size=3)
    ),
    max_leaves=8,
)
ANSWERS = st.lists(DOCUMENTS, max_size=3) | st.dictionaries(st.sampled_from("abc"), DOCUMENTS, max_size=3) | st.none()


def test_parameters_are_written_as_php_reads_them() -> None:
    arguments = {"users": [{"username": "a", "customfields": [{"type": "x", "value": True}]}, {"username": "é"}], "n": 3}
    assert pairs("", arguments) == [
        ("users[0][username]", "a"), ("users[0][customfields][0][type]", "x"), ("users[0][customfields][0][value]", "1"),
        ("users[1][username]", "é"), ("n", "3"),
    ]  # fmt: skip


def test_what_is_sent_is_what_php_reads() -> None:
    from moodle_php import form

    sent = [("a[b][0][c]", "x & = + é"), ("a[b][1][c]", "")]
    from urllib.parse import urlencode

    assert form(urlencode(sent).encode(), 10) == {"a": {"b": {"0": {"c": "x & = + é"}, "1": {"c": ""}}}}


def test_dotted_paths_are_nested() -> None:
    assert nested([("a.b", 1), ("a.c.0.d", 2), ("e", 3)]) == {"a": {"b": 1, "c": {"0": {"d": 2}}}, "e": 3}


@given(ANSWERS)
def test_a_whole_document_is_an_answer(document: object) -> None:
    body = json.dumps(document).encode()
    assert understand(body).data == document
    noisy = understand(b"<br />\n<b>Notice</b>: Undefined offset: a[0] {x} in f on line <b>3</b><br />\n" + body)
    assert noisy.data == document
    assert noisy.noise


@given(ANSWERS.filter(lambda document: document is not None and document not in ([], {})), st.data())
def test_a_document_that_breaks_off_is_none(document: object, data: st.DataObject) -> None:
    body = json.dumps(document).encode()
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    with pytest.raises(Lost) as lost:
        understand(cut)
    assert lost.value.happened


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b"Fatal error: x in {y} [z]", b"\xff\xfe", b"[1] and more"])
def test_what_is_no_document_is_no_answer(body: bytes) -> None:
    with pytest.raises(Lost):
        understand(body)


def test_an_error_is_told_in_the_words_of_the_site() -> None:
    body = {"exception": "moodle_exception", "errorcode": "<div>too short</div>", "message": "error/<div>too\nshort</div>"}
    with pytest.raises(Refused) as refused:
        understand(json.dumps(body).encode())
    assert (refused.value.code, refused.value.message) == ("too short", "error/ too short")


def test_messages_do_not_grow_without_end() -> None:
    assert len(plain("x" * 9_000)) == 500
