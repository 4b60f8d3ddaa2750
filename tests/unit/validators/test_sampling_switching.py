"""When inspection becomes tighter, and when it is normal again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validators.sampling import Switching, standing, tables

RULES = tables().switching
YES, NO = True, False


@pytest.mark.parametrize(
    ("history", "inspection", "stopped"),
    [
        ([], "normal", False),
        ([NO], "normal", False),
        ([NO, NO], "tightened", False),
        ([NO, YES, YES, YES, NO], "tightened", False),
        ([NO, YES, YES, YES, YES, NO], "normal", False),
        ([NO, NO, YES, YES, YES, YES], "tightened", False),
        ([NO, NO, YES, YES, YES, YES, YES], "normal", False),
        ([NO, NO, YES, YES, YES, YES, YES, NO], "normal", False),
        ([NO, NO, NO, YES, NO, NO, NO, NO], "tightened", True),
        ([NO, NO, NO, NO, NO, NO, YES], "tightened", False),
    ],
)
def test_the_rules_of_the_standard(history: list[bool], inspection: str, stopped: bool) -> None:
    found = standing(history, RULES)
    assert (found.inspection, found.stopped) == (inspection, stopped)


def test_reduced_inspection_ends_with_the_first_refusal() -> None:
    assert standing([YES, YES], RULES, "reduced").inspection == "reduced"
    assert standing([YES, NO], RULES, "reduced").inspection == "normal"
    assert standing([YES, NO, NO], RULES, "reduced").inspection == "tightened"


def test_a_workspace_can_be_stricter() -> None:
    strict = Switching(refused=1)
    assert standing([YES, NO], strict).inspection == "tightened"
    assert "1 were refused" in standing([YES, NO], strict).why


def test_once_stopped_it_stays_stopped() -> None:
    assert standing([NO] * 7 + [YES] * 9, RULES).stopped


@given(st.lists(st.just(True)))
def test_good_lots_alone_never_tighten(history: list[bool]) -> None:
    assert standing(history, RULES).inspection == "normal"
