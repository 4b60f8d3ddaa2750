"""``runbook_log.csv``: what happened and when. Lines are only ever added, and each carries the hash of the one before it.

It does not lie in the ledger: a tick has to be possible while the ledger is lost, and must never make a live run wait or fail.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import BinaryIO

from migrate.errors import ConfigurationError, Place, Problem

FILE = "runbook_log.csv"
START = "0" * 64
_FORMULA = re.compile(r"^[=+\-@]")


@dataclass(frozen=True)
class Entry:
    """One line. Instants are UTC, to the second."""

    entry: int
    at: str
    """When it happened. Of a round: its T."""
    entered: str
    """When it was written down, by this machine's clock."""
    round: str
    step: str
    """Blank where a round is opened."""
    what: str
    by: str
    note: str
    mark: str
    """``forced`` past a rule, ``correction`` of an earlier entry, both, or blank."""
    run: str
    """The run folder that it was taken from."""
    runbook: str
    """sha256 of runbook.yaml as it was."""
    previous: str = ""
    hash: str = ""
    """Over all other columns."""


COLUMNS = tuple(field.name for field in fields(Entry))


def entries(folder: Path) -> list[Entry]:
    """The log of a workspace, the oldest entry first. Raises ConfigurationError where an entry was altered, removed or moved."""
    file = folder / FILE
    try:
        text = file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from None
    return _parsed(text, file)


def append(folder: Path, make: Callable[[Sequence[Entry]], Sequence[Entry]]) -> list[Entry]:
    """Add what ``make`` gives for the entries that are there, on the disk when this returns; gives what was added, as it stands.

    ``make`` leaves ``entry``, ``previous`` and ``hash`` blank. Nobody else adds in between, and where it raises nothing is added.
    """
    file = folder / FILE
    try:
        with _held(file) as stream:
            stream.seek(0)
            known = _parsed(stream.read().decode("utf-8", "replace"), file)
            added: list[Entry] = []
            for entry in make(known):
                last = (known + added)[-1] if known or added else None
                given = replace(entry, entry=last.entry + 1 if last else 1, previous=last.hash if last else START)
                given = replace(given, round=_cell(given.round), by=_cell(given.by), note=_cell(given.note), run=_cell(given.run))
                added.append(replace(given, hash=_digest(given)))
            stream.write(_text(added, with_head=not known).encode())
            stream.flush()
            os.fsync(stream.fileno())
            return added
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None


@contextmanager
def _held(file: Path) -> Iterator[BinaryIO]:
    """The file, for this process alone. One that stays empty is removed again, so who waited for it looks anew."""
    while True:
        with file.open("a+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if not file.exists() or os.fstat(stream.fileno()).st_ino != file.stat().st_ino:
                continue
            try:
                yield stream
            finally:
                if os.fstat(stream.fileno()).st_size == 0:
                    file.unlink()
            return


def _cell(text: str) -> str:
    """One line, of which a spreadsheet makes no formula."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return f"'{line}" if _FORMULA.match(line) else line


def _digest(entry: Entry) -> str:
    return hashlib.sha256(json.dumps(astuple(replace(entry, hash="")), ensure_ascii=False).encode()).hexdigest()


def _text(added: Sequence[Entry], *, with_head: bool) -> str:
    if not added:
        return ""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if with_head:
        writer.writerow(COLUMNS)
    writer.writerows(astuple(entry) for entry in added)
    return text.getvalue()


def _parsed(text: str, file: Path) -> list[Entry]:
    if not text:
        return []
    rows = list(csv.reader(io.StringIO(text)))
    if tuple(rows[0]) != COLUMNS:
        raise _broken(file, "its first line is not the names of the columns", 1)
    found: list[Entry] = []
    previous = START
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(COLUMNS) or row[0] != str(number):
            raise _broken(file, f"entry {number} is missing, cut off or not in its place", number + 1)
        entry = Entry(number, *row[1:])
        if entry.previous != previous or entry.hash != _digest(entry):
            raise _broken(file, f"entry {number} is altered or not in its place", number + 1)
        found.append(entry)
        previous = entry.hash
    if not text.endswith("\n"):
        raise _broken(file, "its last line is cut off", len(rows))
    return found


def _broken(file: Path, what: str, line: int) -> ConfigurationError:
    hint = "compare it with the copy in git or in a backup; corrections are new entries: lms-migrate runbook tick STEP --correct"
    return ConfigurationError(f"{file} is not whole", problems=[Problem(what, Place(file, line))], hint=hint)
