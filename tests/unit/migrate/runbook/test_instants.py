"""Times from T and times on a wall."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from migrate.runbook.instants import local, minutes_from, offset, show_local, show_minutes, show_offset

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("T", 0), ("T-7d", -10080), ("T+1h30m", 90), ("T+90m", 90), ("T-1d2h3m", -1563), ("T+", None), ("T1h", None),
     ("T+1h1d", None), ("t+1h", None), ("T+1.5h", None), ("", None), ("T+1h ", None)],
)  # fmt: skip
def test_an_offset_is_read_whole_or_not_at_all(text: str, minutes: int | None) -> None:
    assert offset(text) == minutes


@pytest.mark.parametrize("minutes", [0, 1, -1, 59, 60, 61, -1439, 1440, 10081, -20000])
def test_an_offset_comes_back_as_it_was(minutes: int) -> None:
    assert offset(show_offset(minutes)) == minutes


def test_a_clock_time_is_that_of_its_zone() -> None:
    assert local("2027-01-09 20:00", BERLIN) == dt.datetime(2027, 1, 9, 19, 0, tzinfo=dt.UTC)
    assert local("2027-07-09 20:00", BERLIN) == dt.datetime(2027, 7, 9, 18, 0, tzinfo=dt.UTC)
    assert show_local(dt.datetime(2027, 7, 9, 18, 0, tzinfo=dt.UTC), BERLIN) == "Fri 2027-07-09 20:00"


def test_an_hour_that_the_clocks_leave_out_is_refused() -> None:
    with pytest.raises(ValueError, match="leave this time out"):
        local("2027-03-28 02:30", BERLIN)


def test_an_hour_that_comes_twice_needs_its_distance_from_utc() -> None:
    with pytest.raises(ValueError, match="twice"):
        local("2026-10-25 02:30", BERLIN)
    first, second = local("2026-10-25 02:30 +02:00", BERLIN), local("2026-10-25 02:30 +01:00", BERLIN)
    assert second - first == dt.timedelta(hours=1)


@pytest.mark.parametrize("text", ["2027-01-09", "2027-02-30 20:00", "tomorrow", "2027-01-09 24:30", "2027-01-09 20:00:00"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        local(text, BERLIN)


def test_durations_are_written_for_people() -> None:
    assert [show_minutes(m) for m in (0, 45, 60, 125, 1440, 1505)] == [
        "0 min",
        "45 min",
        "1 h",
        "2 h 05 min",
        "1 d",
        "1 d 1 h 05 min",
    ]
    zero = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    assert minutes_from(zero, zero + dt.timedelta(seconds=89)) == 1
