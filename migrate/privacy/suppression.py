"""The suppression list: who was erased and may never be loaded again, as keyed hashes that name nobody.

``suppressed.csv`` lies in the workspace. Its first row holds the hash of a fixed text, by which a wrong key is found out.
"""

from __future__ import annotations

import csv
import datetime as dt
import hmac
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from migrate.csv_line import csv_line
from migrate.errors import ConfigurationError, Place, Problem
from migrate.privacy.settings import FILE, LoadedPrivacy
from migrate.secrets import Secrets

SUPPRESSED_FILE = "suppressed.csv"
COLUMNS = ("hash", "kind", "reason", "by", "at")
KEY_CHECK = "key check"
"""The kind of the first row; no kind of identifier has a blank in its name."""


@dataclass(frozen=True)
class Entry:
    """One row of the file."""

    hash: str
    kind: str
    reason: str = ""
    by: str = ""
    at: str = ""


@dataclass(frozen=True)
class Suppressed:
    """The list with its key: it can be asked, and it cannot be read."""

    entries: tuple[Entry, ...]
    _key: bytes = field(repr=False)
    _hashes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.entries)

    def hash(self, kind: str, identifier: str) -> str:
        """Hex HMAC-SHA-256 of an identifier of a kind, however it was typed (:func:`normalised`)."""
        return hmac.digest(self._key, f"{kind}\0{normalised(identifier)}".encode(), "sha256").hex()

    def holds(self, kinds: Iterable[str], identifier: object) -> bool:
        """Is the identifier on the list, as one of these kinds?"""
        if identifier is None or not (text := str(identifier)).strip():
            return False
        return any(self.hash(kind, text) in self._hashes for kind in kinds)

    def counts(self) -> dict[tuple[str, str, str, str], int]:
        """Entries by kind, reason, who and when."""
        return dict(Counter((entry.kind, entry.reason, entry.by, entry.at) for entry in self.entries))


def normalised(identifier: str) -> str:
    """The form that is hashed: without blanks around it, composed, in small letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", identifier).strip().lower())


def open_suppressed(
    folder: Path, privacy: LoadedPrivacy | None, secrets: Secrets, *, to_write: bool = False
) -> Suppressed | None:
    """The list of a workspace; None where nobody is on it, which is good enough unless it is ``to_write``.

    Raises ConfigurationError where there is a list and no key for it, where the key is another one than that of the list, and
    where a row is not what the tool writes. A list that cannot be used is never taken for an empty one.
    """
    file = folder / SUPPRESSED_FILE
    if privacy is None or privacy.model.suppression is None:
        if file.is_file() and file.stat().st_size:
            hint = f"write suppression: with key and kinds into {folder / FILE}"
            problem = Problem("the list names a key that privacy.yaml does not", Place(file), hint=hint)
            raise ConfigurationError("the suppression list cannot be used", problems=[problem])
        return None
    if not file.is_file() and not to_write:
        return None
    entries = _read(file) if file.is_file() else []
    key = privacy.secret(secrets, "suppression")
    check = hmac.digest(key, KEY_CHECK.encode(), "sha256").hex()
    if entries and (entries[0].kind != KEY_CHECK or not hmac.compare_digest(entries[0].hash, check)):
        place = privacy.document.place("suppression", "key")
        hint = "set the variable to the key that the list was made with"
        problem = Problem(f"this is not the key that {file} was made with", place, privacy.model.suppression.key, hint=hint)
        raise ConfigurationError("the suppression list cannot be used", problems=[problem])
    known = privacy.model.suppression.kinds
    problems = [
        Problem("privacy.yaml has no such kind of identifier", Place(file, line), entry.kind, tuple(known))
        for line, entry in enumerate(entries[1:], start=3)
        if entry.kind not in known
    ]
    if problems:
        raise ConfigurationError("the suppression list cannot be used", problems=problems)
    return Suppressed(tuple(entries[1:]), key, frozenset(entry.hash for entry in entries[1:]))


def added(
    suppressed: Suppressed, kind: str, identifiers: Collection[str], reason: str, by: str, now: dt.datetime
) -> Suppressed:  # fmt: skip
    """The list with these identifiers on it, once each."""
    at = now.isoformat(timespec="seconds")
    known = {(entry.kind, entry.hash) for entry in suppressed.entries}
    hashes = dict.fromkeys(suppressed.hash(kind, one) for one in identifiers if one.strip())
    new = [Entry(hashed, kind, reason, by, at) for hashed in hashes if (kind, hashed) not in known]
    return _with(suppressed, (*suppressed.entries, *new))


def without(suppressed: Suppressed, kind: str, identifiers: Collection[str]) -> Suppressed:
    """The list with none of these identifiers on it. Raises ConfigurationError where one is not on it: most likely it is
    mistyped, and the person would stay on."""
    known = {(entry.kind, entry.hash) for entry in suppressed.entries}
    hashes = [suppressed.hash(kind, one) for one in identifiers]
    if strange := [number for number, hashed in enumerate(hashes, 1) if (kind, hashed) not in known]:
        shown = ", ".join(map(str, strange[:10])) + (" ..." if len(strange) > 10 else "")
        what = f"{len(strange):,} of {len(hashes):,} identifiers are not on the list as {kind}: number {shown} of those given"
        raise ConfigurationError("nobody was taken off the list", problems=[Problem(what)])
    gone = {(kind, hashed) for hashed in hashes}
    return _with(suppressed, tuple(entry for entry in suppressed.entries if (entry.kind, entry.hash) not in gone))


def content(suppressed: Suppressed) -> bytes:
    """The file of a list."""
    check = Entry(hmac.digest(suppressed._key, KEY_CHECK.encode(), "sha256").hex(), KEY_CHECK)
    rows = ((e.hash, e.kind, e.reason, e.by, e.at) for e in (check, *suppressed.entries))
    return "".join(map(csv_line, (COLUMNS, *rows))).encode()


def write(folder: Path, suppressed: Suppressed) -> None:
    """Put a list in the place of what is there, in one step."""
    part = folder / f".{SUPPRESSED_FILE}.part"
    part.write_bytes(content(suppressed))
    part.replace(folder / SUPPRESSED_FILE)


def _with(suppressed: Suppressed, entries: tuple[Entry, ...]) -> Suppressed:
    return Suppressed(entries, suppressed._key, frozenset(entry.hash for entry in entries))


def _read(file: Path) -> list[Entry]:
    problems: list[Problem] = []
    entries = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problem = Problem(f"the file cannot be read: {error}", Place(file))
        raise ConfigurationError("the suppression list cannot be used", problems=[problem]) from None
    if len(rows) < 2:  # even a list with nobody on it has the row by which its key is known
        problems.append(Problem("the list was emptied", Place(file)))
    elif tuple(rows[0]) != COLUMNS:
        problems.append(Problem("the header is not that of a suppression list", Place(file), ",".join(rows[0]), COLUMNS))
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS) or len(row[0]) != 64 or set(row[0]) - set("0123456789abcdef"):
            problems.append(Problem("a row is not what lms-migrate suppress writes", Place(file, line)))
        else:
            entries.append(Entry(*row))
    if problems:
        hint = "take the file from a backup; lms-migrate suppress writes it"
        raise ConfigurationError("the suppression list cannot be used", problems=problems, hint=hint)
    return entries
