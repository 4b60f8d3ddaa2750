"""Crosswalks: value tables that people confirm, one CSV each in the workspace's ``crosswalks/``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.compiler.shared import CROSSWALK
from migrate.compiler.text import literal, name
from migrate.csv_line import csv_line
from migrate.engine import Engine
from migrate.errors import Place, Problem
from migrate.whole_files import content_of, replaced

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("source", "label", "rows", "target", "equivalence", "confidence", "status", "by", "at", "reason")
STATUSES = ("proposed", "confirmed", "rejected", "waived")
EQUIVALENCES = ("equal", "wider", "narrower", "inexact")
EXPIRED = "expired:"
"""Before what has changed, in place of the status of a confirmed entry that holds no more. No file says so: runs find it out."""
Entry = dict[str, str]
"""One line, its cells by COLUMNS."""


@dataclass(frozen=True)
class Crosswalk:
    """``entries``: a frame of text columns named as COLUMNS."""

    name: str
    file: Path
    entries: pd.DataFrame

    def lines(self) -> list[Entry]:
        """The entries in the order of the file."""
        return [dict(zip(COLUMNS, row, strict=True)) for row in self.entries.itertuples(index=False, name=None)]


def read_crosswalk(crosswalk: str, file: Path) -> tuple[Crosswalk | None, list[Problem]]:
    """Read one crosswalk; every wrong row is a problem with its line."""
    import pandas as pd  # takes a third of a second, and many workspaces have no crosswalk

    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            rows = [(reader.line_num, row) for row in reader if row]
    except FileNotFoundError:
        hint = f"write {file.name} with the header {','.join(COLUMNS)}"
        return None, [Problem(f"the crosswalk {crosswalk} has no file", Place(file), hint=hint)]
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        return None, [Problem(f"the crosswalk cannot be read: {error}", Place(file))]
    if tuple(header) != COLUMNS:
        return None, [Problem("the header is not a crosswalk's", Place(file), ",".join(header), COLUMNS)]
    problems, seen = [], set()
    for line, cells in rows:
        here = Place(file, line)
        if len(cells) != len(COLUMNS):
            problems.append(Problem(f"{len(cells)} cells stand here, a row has {len(COLUMNS)}", here, ",".join(cells)))
            continue
        row = dict(zip(COLUMNS, cells, strict=True))
        if any("\0" in cell for cell in cells):
            problems.append(Problem("the character U+0000 may not stand in a crosswalk", here))
        if row["source"] == "":
            problems.append(Problem("source is blank", here))
        if row["source"] in seen:
            problems.append(Problem("this source value stands twice", here, row["source"]))
        seen.add(row["source"])
        if row["status"] not in STATUSES:
            problems.append(Problem("status is not allowed", here, row["status"], STATUSES))
        if row["equivalence"] not in EQUIVALENCES:
            problems.append(Problem("equivalence is not allowed", here, row["equivalence"], EQUIVALENCES))
        if row["rows"] and not (row["rows"].isascii() and row["rows"].isdecimal()):
            problems.append(Problem("rows is not a number", here, row["rows"], hint="leave it blank, or write digits only"))
        if row["target"] == "" and row["status"] in ("proposed", "confirmed"):
            problems.append(Problem(f"{row['source']!r} has no target", here, hint="name one, or reject the entry"))
    whole = [cells for _, cells in rows if len(cells) == len(COLUMNS)]
    return Crosswalk(crosswalk, file, pd.DataFrame(whole, columns=list(COLUMNS), dtype=str)), problems


def register(connection: Engine, crosswalk: str, entries: list[tuple[str, str, str]]) -> None:
    """Make ``(source, target, status)`` entries known to the engine."""
    values = ", ".join(f"({literal(s)}, {literal(t)}, {literal(st)})" for s, t, st in entries) or "(NULL, NULL, NULL)"
    connection.execute(
        f"CREATE OR REPLACE TABLE {name(CROSSWALK, crosswalk)} AS SELECT CAST(source AS VARCHAR) AS source, "
        "CAST(target AS VARCHAR) AS target, CAST(status AS VARCHAR) AS status FROM (VALUES "
        f"{values}) AS v(source, target, status) WHERE source IS NOT NULL"
    )


def usable(crosswalk: Crosswalk, live: bool, expired: Mapping[str, str] | None = None) -> list[tuple[str, str, str]]:
    """The entries a run uses: confirmed ones, and in a rehearsal also those that are proposed or expired.

    ``expired`` is ``{source value: what has changed}`` of confirmed entries.
    """
    found = []
    for entry in crosswalk.lines():
        status = entry["status"]
        if status == "confirmed" and expired and entry["source"] in expired:
            status = EXPIRED + expired[entry["source"]]
        if status == "confirmed" or (not live and status.startswith(("proposed", EXPIRED))):
            found.append((entry["source"], entry["target"], status))
    return found


def to_text(entries: Iterable[Entry]) -> str:
    """The text of a crosswalk's file."""
    return "".join([csv_line(COLUMNS), *(csv_line(entry[column] for column in COLUMNS) for entry in entries)])


def write_texts(texts: Mapping[Path, str]) -> None:
    """Give files new texts, all of them or none. Raises ConfigurationError where one cannot be written."""
    with replaced({file: text.encode("utf-8") for file, text in texts.items()}, {file: content_of(file) for file in texts}):
        pass
