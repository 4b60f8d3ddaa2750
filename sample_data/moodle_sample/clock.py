"""Time in the Moodle sample. Moodle stores UTC seconds; this site thinks in Madrid's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

HOUR = 3600

DAY = 24 * HOUR


def madrid(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """UTC seconds of a moment on Madrid's clocks (summer time: last Sunday of March to that of October)."""
    local = datetime(year, month, day, hour, minute)
    summer = _last_sunday(year, 3) + timedelta(hours=2) <= local < _last_sunday(year, 10) + timedelta(hours=3)
    return int((local - timedelta(hours=2 if summer else 1)).replace(tzinfo=UTC).timestamp())


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31)  # March and October have 31 days
    return last - timedelta(days=(last.weekday() + 1) % 7)


NOW = madrid(2025, 6, 16, 9)

"""When the copy of the site was taken."""

NO_END = 2147483647

OUT_OF_RANGE = 99999999999999

TERMS: dict[str, tuple[int, int]] = {
    "2023-S1": (madrid(2023, 1, 16), madrid(2023, 6, 10)),
    "2023-S2": (madrid(2023, 9, 4), madrid(2023, 12, 22)),
    "2024-S1": (madrid(2024, 1, 15), madrid(2024, 6, 8)),
    "2024-S2": (madrid(2024, 9, 2), madrid(2024, 12, 21)),
    "2025-S1": (madrid(2025, 1, 13), madrid(2025, 6, 30)),
}
