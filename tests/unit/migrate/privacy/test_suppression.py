"""The file of a suppression list holds what was entered, whatever people write as the reason."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from migrate.privacy.suppression import COLUMNS, Suppressed, added, content


@pytest.mark.parametrize("reason", ["asked\rtwice", "asked\ntwice", 'said "no", and left', "\r"])
def test_a_reason_is_read_back_as_it_was_written(reason: str) -> None:
    listed = added(Suppressed((), b"k" * 32), "email", ["ana@example.org"], reason, "Bo", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    head, _, row = csv.reader(io.StringIO(content(listed).decode(), newline=""), strict=True)
    assert tuple(head) == COLUMNS
    assert row == [listed.entries[0].hash, "email", reason, "Bo", "2026-01-01T00:00:00+00:00"]
