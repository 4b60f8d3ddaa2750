"""Moodle's web services refuse texts from which PHP's strip_tags would take something: the contract says so before."""

from __future__ import annotations

import polars as pl
import pytest

from migrate.contracts.load import load_contract
from migrate.resources import contract_file

KEPT = ["R&D", "a< b", "1 < 2 > 0", "x > y", "<\tx>", "", "two\nlines"]
CUT = ["<b>Bold</b>", 'R&D "advanced" <101>', "x <3 y", "a<b", "a <", "<>", "a<é>b", "q <-5>", "<!-- x -->"]
LANGUAGES = [
    '<span lang="en" class="multilang">Law</span><span lang="de" class="multilang">Recht</span>',
    '<lang lang="en">Law</lang>',
]
TEXT = [("categories", "name"), ("courses", "shortname"), ("courses", "fullname"), ("groups", "name"),
        *(("users", name) for name in ("city", "institution", "department", "address"))]  # fmt: skip
NO_TAGS = [("users", name) for name in ("firstname", "lastname", "phone1", "phone2", "middlename", "alternatename")]


def kept(entity: str, field: str, values: list[str]) -> list[str]:
    pattern = load_contract(contract_file("moodle", "target")).model.entities[entity].fields[field].pattern
    assert pattern is not None
    return pl.Series(values).filter(pl.Series(values).str.contains(f"^(?:{pattern})$")).to_list()


@pytest.mark.parametrize(("entity", "field"), [*TEXT, *NO_TAGS])
def test_what_moodle_would_refuse_is_known(entity: str, field: str) -> None:
    """Tried on a Moodle 4.5.5, value by value."""
    assert kept(entity, field, [*KEPT, *CUT]) == KEPT


@pytest.mark.parametrize(("entity", "field"), TEXT)
def test_names_in_several_languages_are_taken(entity: str, field: str) -> None:
    assert kept(entity, field, LANGUAGES) == LANGUAGES
