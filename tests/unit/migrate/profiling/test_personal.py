"""What is personal is found by what it is, and is in no file."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import pytest

from migrate.contracts.model import Field
from migrate.profiling.columns import Column
from migrate.profiling.frequencies import Frequencies
from migrate.profiling.model import Personal
from migrate.profiling.pii import personal
from migrate.profiling.store import as_text
from reports.documents.profile import profile_page
from reports.documents.profile_text import profile_text


def found(field: str, values: list[str], kind: str = "string") -> Personal | None:
    column = Column(field, Field(type=kind), "VARCHAR", "", "", "", "")  # type: ignore[arg-type]
    counted = Frequencies(len(values), True, (), tuple((value, 1) for value in values), None)
    return personal(column, counted, None, "2026-01-01")


@pytest.mark.parametrize(
    ("field", "values", "pii", "what"),
    [
        ("a", [f"u{n}@example.org" for n in range(5)], "email", "e-mail addresses"),
        ("a", ["+34 91 123 45 67", "+49 (89) 1234-567", "030 1234 5678"], "contact", "telephone numbers"),
        ("a", ["ES9121000418450200051332", "DE89370400440532013000", "GB29NWBK60161331926819"], "identifier", "IBAN"),
        ("a", ["12345678Z", "54362315K", "00000000T", "99999999R"], "identifier", "Spanish DNI"),
        ("a", ["RCCMNL83S18D969H", "MRTMTT91D08F205J", "VRDGPP13R10B293P"], "identifier", "Italian codice fiscale"),
        ("a", ["192.0.2.1", "198.51.100.7", "203.0.113.9"], "identifier", "network addresses"),
        ("a", ["2001:db8::1", "::1", "fe80::1ff:fe23:4567:890a"], "identifier", "network addresses"),
        ("a", ["00:1B:44:11:3A:B7", "00:1b:44:11:3a:b8", "00:1b:44:11:3a:b9"], "identifier", "network addresses"),
        ("first_name", ["Ana", "Bo", "Cé"], "name", "by the name of the column (first name)"),
        ("nachname", ["Meier", "Groß"], None, ""),  # two values have no form
        ("LastName", ["O'Brien", "De la Cruz", "Müller-Lüdenscheidt"], "name", "by the name of the column (last name)"),
        ("note", ["see a@example.org please", "nothing", "more"], "free_text", "e-mail addresses within text"),
        ("note", ["word " * 20, "thing " * 30, "some " * 20], "free_text", "text that people wrote, by its length"),
        ("dob", ["12/03/1980", "01/04/1990", "11/11/1971"], "identifier", "dates of birth, by its name and form"),
    ],
)
def test_values_say_what_they_are(field: str, values: list[str], pii: str | None, what: str) -> None:
    one = found(field, values)
    assert (one and one.found, one.what if one else "") == (pii, what)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("code", [f"HS-{n:03}" for n in range(30)]),
        ("number", [f"{n * 7919 + 10_000_000}" for n in range(50)]),  # one in eleven passes a check digit
        ("date", ["2020-01-01", "2021-02-03", "2022-05-06"]),
        ("title", ["Course one", "Course two", "Course three"]),
        ("version", ["1.0", "2.1", "3.10"]),
        ("named_by", ["X1", "X2", "X3"]),
        ("id", ["00123", "00124", "00125"]),
        ("duration", ["01:30:00", "36:15:00", "00:45:10"]),
    ],
)
def test_what_is_not_personal_is_not_called_so(field: str, values: list[str]) -> None:
    assert found(field, values) is None


def test_dates_of_birth_are_told_by_range() -> None:
    born = [f"{1950 + n % 50}-03-{1 + n % 28:02}" for n in range(60)]
    assert found("d", born, "date") == Personal(None, "identifier", "dates of birth, by their range", 1.0)
    assert found("started", [f"{2015 + n % 9}-03-{1 + n % 28:02}" for n in range(60)], "date") is None
    birth = found("birth_date", born[:4], "date")
    assert birth is not None
    assert birth.what == "dates of birth, by its name and range"


CONTRACT = """
source: {kind: database}
entities:
  person:
    key: login
    fields:
      login: {pii: login}
      mail: {}
      number: {}
      house: {}
  post: {key: id, fields: {id: {type: int}, who: {references: {entity: person, field: mail}}}}
"""
PEOPLE = [
    {
        "login": f"login{n}",
        "mail": f"mailbox{n}@example.org",
        "number": f"+34 911 22 {n:04}",
        "house": "<script>alert(1)</script>",
    }
    for n in range(140)
]
POSTS = [{"id": n, "who": "mailbox999@example.org" if n == 3 else f"mailbox{n}@example.org"} for n in range(40)]


def test_no_personal_value_is_in_a_file_and_every_value_is_escaped(profiled: Any) -> None:
    given = {"person": [*PEOPLE, PEOPLE[7]], "post": POSTS}
    profile = profiled(CONTRACT, given)
    outputs = (as_text(profile), profile_page(profile), profile_text(profile, 120))
    for text in outputs:
        assert "login7" not in text
        assert "mailbox" not in text
        assert "911 22" not in text
    assert "l•••7" in outputs[0]
    assert "m***@***.org" in outputs[0]
    assert "<script>alert" in outputs[0]
    assert "<script>alert" not in outputs[1]
    assert "&lt;script&gt;alert(1)" in outputs[1]
    assert {r.code for r in profile.remarks} == {"PRF-KEY-DUPLICATE", "PRF-KEY-NEARLY", "PRF-ORPHAN", "PRF-PERSONAL"}
    clear = as_text(profiled(CONTRACT, given, masked=False))
    assert "login7" in clear
    assert "mailbox999@example.org" in clear


def test_a_profile_is_read_back_as_it_was(profiled: Any, tmp_path: Any) -> None:
    from migrate.profiling.store import read_profile

    profile = profiled(CONTRACT, {"person": PEOPLE, "post": POSTS})
    file = tmp_path / "profile.json"
    file.write_text(as_text(profile), "utf-8")
    assert asdict(read_profile(file)) == asdict(profile)


@pytest.mark.parametrize("one", ["N" * 300_000, "a." * 150_000, "x@" + "." * 300_000 + ";", "@" + "a-" * 150_000])
def test_a_long_word_is_judged_at_once(one: str) -> None:
    """A picture in base64 within a text took hours: it was tried from each of its signs."""
    started = time.process_time()
    found("note", [one, "nothing", "more"])
    assert time.process_time() - started < 5
