"""How a delimited file is written: encoding, delimiter, header. What is read off its bytes is sure, the rest is a guess."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from pathlib import Path

from migrate.connectors.records import FIELD_LIMIT
from migrate.errors import SourceRefused

DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 200
_CHUNK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Sniffed:
    """``doubts``: what is a guess, in words."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    doubts: tuple[str, ...]


def sniff(file: Path) -> Sniffed:
    """Look at a file. Raises SourceRefused for one that is empty or cannot be read."""
    try:
        encoding, sure = _encoding(file)
        lines = _lines(file, encoding)
    except OSError as error:
        raise SourceRefused(f"{file.name} cannot be read: {error.strerror}") from None
    if not lines:
        raise SourceRefused(f"{file.name} is empty: it has not even a header", hint="leave it out, or export it again")
    delimiter, header, same = _delimiter(lines)
    doubts = [] if sure else [f"encoding {encoding}: the bytes are not UTF-8, and fit several code pages"]
    if len(header) == 1:
        doubts.append("one column only, so the delimiter is not known")
    elif same < 1:
        doubts.append(f"delimiter: {1 - same:.0%} of the first rows have another number of cells")
    return Sniffed(encoding, delimiter, header, tuple(doubts))


_NOT_1252, _NOT_1250 = set(b"\x81\x8d\x8f\x90\x9d"), set(b"\x81\x83\x88\x90\x98")
"""Bytes that are no letter of the code page."""


def _encoding(file: Path) -> tuple[str, bool]:
    with file.open("rb") as stream:
        start = stream.read(4096)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name, True
        if start[1::2].count(0) > len(start) // 4:
            return "utf-16-le", False
        if start[::2].count(0) > len(start) // 4:
            return "utf-16-be", False
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            stream.seek(0)
            seen = set().union(*iter(lambda: stream.read(_CHUNK), b""))
            # Central European names often hold bytes that the Western code page has no letter for.
            return ("cp1250" if seen & _NOT_1252 and not seen & _NOT_1250 else "cp1252"), False
    return "utf-8", True


def _lines(file: Path, encoding: str) -> list[str]:
    found = []
    with file.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors="replace", newline="") as stream:
        for line in stream:
            if line.strip():
                found.append(line)
            if len(found) >= _LOOKED_AT:
                break
    return found


def _delimiter(lines: list[str]) -> tuple[str, tuple[str, ...], float]:
    """The delimiter by which most rows have as many cells as the header, and of those the one with most cells."""
    csv.field_size_limit(FIELD_LIMIT)
    best: tuple[float, int, str, tuple[str, ...]] = (0.0, 1, ",", ())
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        width = len(rows[0])
        same = sum(len(row) == width for row in rows) / len(rows)
        if width > 1 and (same, width) > best[:2] and same >= 0.5:
            best = (same, width, delimiter, tuple(rows[0]))
    if not best[3]:
        return ",", (lines[0].strip(),), 1.0
    return best[2], best[3], best[0]
