"""What Moodle takes of people: a site may allow more, and then what a person accepted has to load."""

from __future__ import annotations

import polars as pl
import pytest

from migrate.contracts.load import load_contract
from migrate.resources import contract_file
from validators.gate import failures, gate_schema

USERS = load_contract(contract_file("moodle", "target")).model.entities["users"]


def refused(field: str, *values: str) -> list[str]:
    keys = pl.Series(values)
    return [key for key, *_ in failures(gate_schema(USERS, [field]), pl.DataFrame({field: keys}), keys)]


def test_a_user_name_that_a_site_can_allow_passes_the_gate() -> None:
    """USR-LOGIN-CHARACTERS holds it until somebody accepts it; a gate that refuses it then would make that no choice."""
    assert refused("username", "ana.roy@x.org", "o'neill", "müller", "张伟", "r+k", "ana lúcia", "a", "ﬁ_1") == []


@pytest.mark.parametrize("value", ["Ana", "anÁ", "ana ", " ana", "\tana"])
def test_a_user_name_that_no_site_takes_does_not(value: str) -> None:
    assert refused("username", value) == [value]


def test_an_address_needs_the_form_of_one() -> None:
    bad = ["no address", "a@b", "a@@x.org", "a@.org", "@x.org", "a@x.org "]
    assert refused("email", *bad, "a@x.org", "A.O'Neil+x@mail.x.org", "b-7@no-mail.invalid") == bad
