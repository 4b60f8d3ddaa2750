"""Formulas of a sheet that no program has computed. They have no value, and would read as empty cells."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import ZipFile

_CHUNK = 1_000_000
_LONGEST = 40_000
"""Of a cell with its formula, in bytes: a formula has at most 8,192 characters."""
# A formula that was computed and gave an empty text is a cell of type str.
_UNCOMPUTED = re.compile(
    rb'<c\b(?![^<>]*\bt="str")[^<>]*\br="([A-Z]+[0-9]+)"[^<>]*>'
    rb"<f\b(?:[^<>]*/>|[^<>]*>[^<>]*</f>)(?:<v\s*/>|<v></v>)?</c>"
)


def uncomputed(file: Path, part: str) -> str | None:
    """The address of the first such cell of the sheet that is the ``part`` of the workbook, such as ``B7``."""
    with ZipFile(file) as package, package.open(part) as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            if (found := _UNCOMPUTED.search(text)) is not None:
                return found[1].decode("ascii")
            rest = text[-_LONGEST:]
    return None
