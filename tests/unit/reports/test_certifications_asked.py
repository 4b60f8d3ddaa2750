"""Certification states on a terminal."""

from __future__ import annotations

from reports.certifications.asked import certifications_text
from reports.certifications.model import Certifications, OnDay, Side, Why
from reports.parts import Count


def test_a_reason_without_a_code_is_left_blank() -> None:
    side = Side("awards", "UTC", "")
    day = OnDay(None, "2027-03-01", {"certified": 3}, {}, {"aside": 3})
    aside = Why("aside", "missing", None, "", Count(3), "2027-03-01", None)
    found = Certifications(
        "equal", "", "2027-03-01", side, side, False, 3, 0, {"aside": 3}, 0, (day,), 0, (aside,)
    )  # fmt: skip
    text = certifications_text(found, None)
    assert [line.split("  ") for line in text.splitlines() if "not to be told" in line] == [
        ["", "3", "not to be told by this run", "missing"]
    ]
    assert "empty text" not in text
