from __future__ import annotations

from dataclasses import replace

import pytest

from migrate.contracts.model import Entity, Field
from migrate.decisions.basis import Found, standing
from migrate.decisions.model import Decision, contract_fingerprint, value_fingerprint

TARGET = Entity(key=("id",), fields={"id": Field(), "email": Field(max_length=10)})
DECISION = Decision(
    "W-0", "record", "override", "x", "why", "who", "2026-01-31T17:05:00+00:00", "users", "USR-EMAIL", "email",
    "10", value_fingerprint("a@b"), contract_fingerprint(TARGET, "email"), "run",
)  # fmt: skip


def test_it_stands_while_nothing_changed() -> None:
    assert standing(DECISION, Found(10, value_fingerprint("a@b")), TARGET, 0).state == "current"


@pytest.mark.parametrize(
    ("rows", "drift", "state"), [(11, 0, "expired"), (9, 0, "expired"), (11, 10, "current"), (12, 10, "expired")]
)
def test_another_number_of_records_ends_it_beyond_the_drift(rows: int, drift: float, state: str) -> None:
    assert standing(DECISION, Found(rows, value_fingerprint("a@b")), TARGET, drift).state == state


def test_another_source_value_ends_it() -> None:
    ended = standing(DECISION, Found(10, value_fingerprint("a@c")), TARGET, 0)
    assert (ended.state, ended.why) == ("expired", "the source value is another one now")
    assert standing(DECISION, Found(10, ""), TARGET, 0).state == "expired"
    assert standing(DECISION, Found(10, None), TARGET, 0).state == "current"


def test_a_decision_about_a_missing_value_says_nothing_of_one_that_came_since() -> None:
    missing = replace(DECISION, source="")
    assert standing(missing, Found(10, value_fingerprint("a@b")), TARGET, 0).state == "expired"
    assert standing(missing, Found(10, ""), TARGET, 0).state == "current"


def test_another_word_of_the_contract_about_the_field_ends_it_and_a_note_does_not() -> None:
    longer = TARGET.model_copy(update={"fields": {**TARGET.fields, "email": Field(max_length=11)}})
    noted = TARGET.model_copy(update={"fields": {**TARGET.fields, "email": Field(max_length=10, note="as measured")}})
    other = TARGET.model_copy(update={"fields": {**TARGET.fields, "id": Field(required=True)}})
    assert standing(DECISION, Found(10, value_fingerprint("a@b")), longer, 0).state == "expired"
    assert standing(DECISION, Found(10, value_fingerprint("a@b")), noted, 0).state == "current"
    assert standing(DECISION, Found(10, value_fingerprint("a@b")), other, 0).state == "current"


def test_what_does_not_come_up_any_more_is_moot() -> None:
    assert standing(DECISION, None, TARGET, 0).state == "moot"
