"""Lines of CSV files of a workspace are read back as they were written."""

from __future__ import annotations

import csv
import io

import pytest

from migrate.csv_line import csv_line


@pytest.mark.parametrize("text", ["a\rb", "\r", "a\nb", "a\r\nb", 'a "b", c', "", " x ", "\u2028", "=1"])
def test_a_line_is_read_back(text: str) -> None:
    written = csv_line([text, "x"]) * 2
    assert list(csv.reader(io.StringIO(written, newline=""), strict=True)) == [[text, "x"]] * 2
    assert written.endswith("x\n")
    assert not written.endswith("\r\n")
