"""Personal data is masked by class, and what is masked is nowhere in the file."""

from __future__ import annotations

import base64
import gzip
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.build import build
from reports.html import page, render
from reports.masking import Masker, mask, masker_for
from reports.text import render_text

PERSONAL = (
    "Ana Lúcia Ferreira", "Jürgen Schäfer", "شيماء محمود", "ana.ferreira@", "juergen@", "shaimaa@",
    "jschaefer", "shaimaa.m", "E-100007", "E-100008", "Bob@corp",
)  # fmt: skip


def everything_in(page: str) -> str:
    """The page and what is packed in it."""
    packed = re.findall(r'<script type="application/octet-stream"[^>]*>([^<]*)</script>', page)
    assert len(packed) == 12
    return page + "".join(gzip.decompress(base64.b64decode(each)).decode("utf-8") for each in packed)


@pytest.mark.parametrize(
    ("value", "pii", "shown"),
    [
        ("Ana Lúcia Ferreira", "name", "A. L. F."),
        ("E\u0301lodie Durand", "name", "É. D."),
        ("  <script>  ", "name", "s."),
        ("\u202e ---", "name", "•••"),
        ("ana@school.example.org", "email", "a***@***.org"),
        ("root@localhost", "email", "r***@***"),
        ("a@b@c.<b>", "email", "a***@***"),
        ("not an address", "email", "n•••s"),
        ("jschaefer", "login", "j•••r"),
        ("abc", "login", "•••"),
        ("E-100007", "identifier", "E•••7"),
        ("+351 912 345 678", "contact", "•••"),
        ("likes chess", "free_text", "•••"),
        ("$2y$10$abc", "secret", "•••"),
        ("anything", "a class nobody knows", "•••"),
        ("", "name", ""),
        (None, "email", None),
    ],
)
def test_a_value_is_masked_by_its_class(value: str | None, pii: str, shown: str | None) -> None:
    assert mask(value, pii) == shown


def test_masked_values_are_nowhere_in_the_page_or_the_text(run_folder: Path) -> None:
    page = everything_in(render(run_folder).read_text(encoding="utf-8"))
    text = render_text(run_folder)
    for personal in PERSONAL:
        assert personal not in page
        assert personal not in text
    assert "E•••7" in page
    assert "a***@***.org" in page


def test_a_masked_difference_still_says_how_it_differs(run_folder: Path) -> None:
    page = everything_in(render(run_folder).read_text(encoding="utf-8"))
    assert "blanks around it" in page


def test_values_of_an_unmasked_entity_stay(run_folder: Path) -> None:
    page = everything_in(render(run_folder).read_text(encoding="utf-8"))
    assert "course-900" in page
    assert "0.10000000149011612" in page


def test_without_masking_only_secrets_are_hidden(make_run: Callable[..., Path]) -> None:
    def unmask(_: dict[str, Any], run: dict[str, Any]) -> None:
        run["mask"] = False
        run["pii"]["users"]["auth"] = "secret"

    page = everything_in(render(make_run(unmask)).read_text(encoding="utf-8"))
    assert "ana.ferreira@school.example.org" in page
    assert "ldap" not in page


def masker(**entity: object) -> Masker:
    return Masker({"pii": {"people": {"login": "login", "grade": "free_text"}}, "entities": {"people": entity}})


def test_keys_are_masked_where_the_key_is_personal() -> None:
    hide = masker(key=["id"], target_key=["login"])
    assert hide.key("people", "4711") == "4711"
    assert hide.target_key("people", "ana.ferreira") == "a•••a"
    assert hide.root("people/4711") == "people/4711"
    assert hide.key("courses", "ana.ferreira") == "ana.ferreira"


def test_of_a_key_with_several_fields_only_the_personal_parts_are_masked() -> None:
    hide = masker(key=["login", "course"], target_key="login")
    assert hide.key("people", "ana.ferreira|maths") == "a•••a|maths"
    assert hide.key("people", r"ana\|ferreira|maths") == "a•••a|maths"
    assert hide.key("people", "ana.ferreira") == "a•••a"
    assert hide.root("people/ana.ferreira|maths") == "people/a•••a|maths"


def test_keys_of_unknown_make_are_masked_where_the_entity_has_personal_identifiers() -> None:
    assert masker().key("people", "ana.ferreira") == "a•••a"
    assert Masker({"pii": {"people": {"grade": "free_text"}}}).key("people", "ana") == "ana"


@given(st.lists(st.lists(st.tuples(st.sampled_from(["users", "courses", "tables", None]), st.sampled_from(["u1", "ü|2", None])))))
def test_many_keys_are_masked_as_each_by_itself(parts: list[list[tuple[str | None, str | None]]]) -> None:
    """However the engine cuts its rows into pieces."""
    masker = Masker(
        {
            "pii": {"users": {"login": "login", "number": "identifier"}, "tables": {"code": "identifier"}},
            "entities": {"users": {"key": ["login", "number"], "target_key": "login"}, "courses": {"key": "code"}},
        }
    )
    entities, keys = (pa.chunked_array([[row[at] for row in part] for part in parts], pa.string()) for at in (0, 1))
    rows = [row for part in parts for row in part]
    assert masker.keys(entities, keys).to_pylist() == [masker.key(*row) for row in rows]
    assert masker.target_keys(entities, keys).to_pylist() == [masker.target_key(*row) for row in rows]


def test_a_message_loses_the_values_it_repeats() -> None:
    hide = masker(key=["login"])
    known = (("ana.ferreira", "a•••a"),)
    assert hide.message("people", "login", "ana.ferreira is taken", *known) == "a•••a is taken"
    assert hide.message("people", "login", "taken by 'bob.stone'") == "taken by 'b•••e'"
    assert hide.message("people", None, "same person as 'Bob Stone'") == "same person as '•••'"
    assert hide.message("people", "login", "'o'neil' is Moodle's and the site's") == "'o•••l' is Moodle's and the site's"
    assert hide.message("people", "role", "role 'teacher' is unknown") == "role 'teacher' is unknown"
    assert hide.message("courses", "owner", "owner bob@corp.example left") == "owner b***@***.example left"


@pytest.mark.parametrize("quoted", ["'{}", '"{}', "“{}", "‘{}"])
def test_a_value_that_is_cut_before_its_quotation_ends_is_masked(quoted: str) -> None:
    hide = masker(key=["login"])
    said = hide.message("people", None, f"taken by {quoted.format('Bob Stone of No')}")
    assert said == f"taken by {quoted.format('•••')}"
    assert hide.message("people", "login", "taken by '") == "taken by '"


@pytest.mark.parametrize("long", ["a" * 300_000, "a." * 150_000, "'" * 300_000, '"a' * 150_000])
def test_a_long_word_is_masked_at_once(long: str) -> None:
    started = time.process_time()
    masker(key=["login"]).message("people", "login", f"cannot be read: {long}")
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("places B|ana.roy", "places B|a•••y"),
        ("places B|ana.roy (of run 20260101-080000)", "places B|a•••y (of run 20260101-080000)"),
        ("rooms B", "rooms B"),
        ("keys ana.roy", "keys •••"),  # of which the run says nothing
    ],
)
def test_a_message_loses_the_key_of_another_record_that_it_names(who: str, shown: str) -> None:
    run = {
        "pii": {"seats": {"user": "login"}, "rooms": {}},
        "entities": {
            "seats": {"to": "lms.places", "target_key": ["room", "user"]},
            "rooms": {"to": "lms.rooms", "target_key": ["code"]},
        },
    }
    why = f"proposed for deletion: a record that stays refers to it: {who}"
    assert Masker(run).message("rooms", None, why, ("B", "B")) == why.replace(who, shown)
    assert Masker({**run, "mask": False}).message("rooms", None, why) == why


def test_personal_fields_of_the_source_entity_count_too() -> None:
    hide = Masker({"pii": {"moodle.user": {"email": "email"}}, "entities": {"users": {"from": "moodle.user"}}})
    assert hide.value("users", "email", "ana@x.org") == "a***@***.org"
    assert hide.value("users", "email, city", "ana@x.org") == "a***@***.org"
    assert hide.value("users", "city", "Porto") == "Porto"


RUN = {
    "pii": {"users": {"mail": "email", "name": "name", "hash": "secret"}},
    "entities": {"users": {"key": ["mail"], "target_key": ["name"]}},
    "roles": {"registrar": ["name"], "clerk": [], "all": ["name", "email", "secret"]},
}


@pytest.mark.parametrize(
    ("role", "mail", "name"),
    [(None, "a***@***.org", "A. L."), ("clerk", "a***@***.org", "A. L."), ("registrar", "a***@***.org", "Ana Lima"),
     ("all", "ana@x.org", "Ana Lima")],
)  # fmt: skip
def test_a_role_sees_its_classes_in_values_keys_and_messages(role: str | None, mail: str, name: str) -> None:
    masker = masker_for(RUN, role)
    assert (masker.value("users", "mail", "ana@x.org"), masker.value("users", "name", "Ana Lima")) == (mail, name)
    assert (masker.key("users", "ana@x.org"), masker.target_key("users", "Ana Lima")) == (mail, name)
    assert masker.free("ask ana@x.org") == f"ask {mail}"
    assert masker.value("users", "hash", "abc") == "•••"


def test_a_role_that_a_run_does_not_know_sees_nothing() -> None:
    with pytest.raises(KeyError):
        masker_for(RUN, "boss")
    with pytest.raises(KeyError):
        masker_for({}, "clerk")


def test_without_masking_secrets_alone_are_hidden_and_a_role_is_masked_all_the_same() -> None:
    run = {**RUN, "mask": False}
    assert masker_for(run).value("users", "mail", "ana@x.org") == "ana@x.org"
    assert masker_for(run).value("users", "hash", "abc") == "•••"
    assert masker_for(run, "clerk").value("users", "mail", "ana@x.org") == "a***@***.org"


@pytest.mark.parametrize(
    ("role", "said", "treat"),
    [
        (None, "masked in this file", False),
        ("helpdesk", "masked in this file, as the role helpdesk sees it", False),
        ("registrar", "email and name in clear for the role registrar, all else masked: treat this file as personal data", True),
    ],
)
def test_a_page_says_what_its_reader_sees_in_clear(run_folder: Path, role: str | None, said: str, treat: bool) -> None:
    report = build(run_folder, roles={"registrar": ["name", "email"], "helpdesk": []}, role=role)
    assert report.personal == (said, treat)
    assert said in page(report)
