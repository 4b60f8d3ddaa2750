"""Cells that a spreadsheet would run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.formulas import defused, restored

SIGNS = st.text(st.sampled_from("＝=+-@\t\r\n'1.5a"), max_size=6)


@given(st.one_of(st.text(), SIGNS))
def test_what_is_made_harmless_can_be_had_back(text: str) -> None:
    assert restored(defused(text)) == text


@given(st.one_of(st.text(), SIGNS))
def test_no_cell_begins_as_a_formula_does_unless_it_is_a_number(text: str) -> None:
    shown = defused(text)
    if shown[:1] in "=+-@\t\r\n" and shown:
        assert float(shown) is not None


@pytest.mark.parametrize("text", ["=1+1", "＝1+1", "+cmd", "-x", "@SUM(A1)", "\t=1", "\r=1", "'=1"])
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-5", "+1.5", "Ana", "'quoted'", "a=b", "'"])
def test_other_text_stays(text: str) -> None:
    assert defused(text) == text
