"""Lines of the CSV files that a workspace keeps in git: line feeds at their ends, and every text read back as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


def csv_line(cells: Iterable[str]) -> str:
    """One line. A writer quotes the characters of its own line end alone, and a reader ends a row at a carriage return too."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"
