"""The profile of a sample, number for number. `python tests/golden/update_profile.py` writes it anew: look at the difference."""

from __future__ import annotations

import json

import pytest
from golden_profile import GOLDEN, sample_profile


def test_the_profile_of_the_sample_is_the_golden_one() -> None:
    assert GOLDEN.is_file(), "the golden profile is missing: python tests/golden/update_profile.py"
    found, golden = sample_profile(), json.loads(GOLDEN.read_text("utf-8"))
    assert found.keys() == golden.keys()
    for part, value in golden.items():
        if part != "entities":
            assert found[part] == value, part
    for now, before in zip(found["entities"], golden["entities"], strict=True):
        assert now == before, before["entity"]


@pytest.mark.parametrize(("code", "number"), [("PRF-ORPHAN", 9), ("PRF-TYPE", 5), ("PRF-KEY-DUPLICATE", 2), ("PRF-FAULT", 2)])
def test_the_golden_profile_has_what_was_planted(code: str, number: int) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert sum(remark["code"] == code for remark in golden["remarks"]) == number
