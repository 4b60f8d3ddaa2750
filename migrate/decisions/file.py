"""Reading and writing ``decisions.csv``. Lines are only ever added, so that the file keeps who decided what before."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

from migrate.csv_line import csv_line
from migrate.decisions.model import COLUMNS, NEEDS_VALUE, VERBS, Decision
from migrate.errors import ConfigurationError, Place, Problem
from migrate.said import number_of
from migrate.worklist.identity import KINDS

FILE = "decisions.csv"


def read_decisions(folder: Path) -> list[Decision]:
    """All lines of a workspace's file, the oldest first; none where there is no file. Raises ConfigurationError."""
    file = folder / FILE
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            rows = [(reader.line_num, cells) for cells in reader if cells]
    except FileNotFoundError:
        return []
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{file} cannot be read", problems=[Problem(str(error), Place(file))]) from None
    if tuple(header) != COLUMNS:
        problem = Problem("the header is not that of decisions", Place(file, 1), ",".join(header), COLUMNS)
        raise ConfigurationError(f"{file} cannot be used", problems=[problem])
    problems: list[Problem] = []
    decisions = [made for line, cells in rows if (made := _decision(file, line, cells, problems)) is not None]
    if problems:
        hint = "mend these lines, or take them out: lms-migrate worklist import adds decisions"
        raise ConfigurationError(f"{file}: {number_of(len(problems), 'problem')}", problems=problems, hint=hint)
    return decisions


def in_force(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """The last decision of each item, but for those that were taken back."""
    last = {decision.item: decision for decision in decisions}
    return {item: decision for item, decision in last.items() if decision.decision != "reopen"}


def append_decisions(folder: Path, decisions: Iterable[Decision]) -> None:
    """Add lines at the end, all of them or none. Raises ConfigurationError where the file cannot be written."""
    file = folder / FILE
    try:
        before = file.read_bytes() if file.is_file() else b""
        part = file.with_name(f".{file.name}.part")
        part.write_bytes(appended(before, decisions))
        part.replace(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None


def appended(before: bytes, decisions: Iterable[Decision]) -> bytes:
    """The content of the file with further lines at its end; ``before`` is blank where there is no file yet."""
    lines = [] if before else [csv_line(COLUMNS)]
    if before and not before.endswith(b"\n"):
        lines.append("\n")
    lines += [csv_line(astuple(decision)[: len(COLUMNS)]) for decision in decisions]
    return before + "".join(lines).encode("utf-8")


def _decision(file: Path, line: int, cells: list[str], problems: list[Problem]) -> Decision | None:
    here = Place(file, line)
    if len(cells) != len(COLUMNS):
        problems.append(Problem(f"{len(cells)} cells stand here, a line has {len(COLUMNS)}", here))
        return None
    row = dict(zip(COLUMNS, cells, strict=True))
    before = len(problems)
    for word, allowed in (("kind", KINDS), ("decision", VERBS)):
        if row[word] not in allowed:
            problems.append(Problem(f"{word} is not allowed", here, row[word], allowed))
    blank = [word for word in ("item", "reason", "by") if not row[word].strip()]
    problems += [Problem(f"{word} is blank: a decision says what, why and who", here) for word in blank]
    if not _is_instant(row["at"]):
        problems.append(Problem("at is not an instant", here, row["at"], ("2026-01-31T17:05:00+00:00",)))
    if row["decision"] in NEEDS_VALUE and row["new_value"] == "":
        problems.append(Problem(f"{row['decision']} needs a new value", here, hint="NULL stands for no value"))
    if row["rows"] and not row["rows"].isdecimal():
        problems.append(Problem("rows is not a number", here, row["rows"]))
    if any("\0" in cell for cell in cells):
        problems.append(Problem("the character U+0000 may not stand in a decision", here))
    return Decision(**row, line=line) if len(problems) == before else None  # type: ignore[arg-type]


def _is_instant(text: str) -> bool:
    try:
        return dt.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
