"""The word of a run: each thing that is not as it should be, alone, is enough for it not to pass."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.verdict import verdict
from migrate.worklist.states import NEEDS_A_PERSON

EVEN = {"missing": 0, "extra": 0, "differences": {}}
SETTLED = {"closed": 3, "decided": 2, "waived": 1}


def said(failure: str | None = None, stopped_at: str | None = None, **other: Any) -> str:
    """Of a run in which all is well but for what is given."""
    summary = {
        "balanced": True, "worklist": SETTLED, "entities": {"users": EVEN, "courses": EVEN},
        "loss_register": [{"treatment": "dropped"}, {"treatment": "archived"}], **other,
    }  # fmt: skip
    return verdict(summary, {"stopped_at": stopped_at}, failure)


def test_a_run_passes_where_nothing_is_left() -> None:
    assert said() == "pass"
    assert said(worklist=SETTLED | dict.fromkeys(NEEDS_A_PERSON, 0), acceptance={"passed": 9, "failed": 0, "error": 0}) == "pass"


@pytest.mark.parametrize(
    "left",
    [
        *({"worklist": SETTLED | {state: 1}} for state in ("open", "expired", "returned")),
        *({"entities": {"users": EVEN, "courses": EVEN | {part: 1}}} for part in ("missing", "extra")),
        {"entities": {"users": EVEN, "courses": EVEN | {"differences": {"name": 1}}}},
        {"loss_register": [{"treatment": "dropped"}, {"treatment": "undeclared"}]},
        {"acceptance": {"passed": 9, "failed": 1, "error": 0}},
        {"acceptance": {"passed": 9, "failed": 0, "error": 1}},
        {"stopped_at": "validate"},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_is_left_needs_attention(left: dict[str, Any]) -> None:
    assert said(**left) == "attention"


def test_a_run_that_failed_or_does_not_balance_fails_whatever_else_is_well() -> None:
    assert said(balanced=False) == "fail"
    assert said(balanced=False, worklist={"open": 1}) == "fail"
    assert said("the target went away") == "fail"
    assert said("the target went away", stopped_at="load") == "fail"
