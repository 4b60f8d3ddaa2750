"""The words of mappings that carry meaning of their own."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from migrate.mapping.model import FieldRule, Outcome


def test_set_null_is_a_replacement() -> None:
    assert Outcome(code="A-B", set=None).replaces
    assert Outcome(code="A-B", set="").replaces
    assert not Outcome(code="A-B").replaces


def test_the_default_is_to_keep_a_record_back() -> None:
    assert Outcome(code="A-B").severity == "quarantine"


def test_from_can_be_given_by_its_word() -> None:
    assert FieldRule.model_validate({"from": "a"}).source == "a"


@pytest.mark.parametrize("given", [{}, {"from": "a", "const": 1}, {"by": "x", "expr": "y"}])
def test_one_base(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FieldRule.model_validate(given)
