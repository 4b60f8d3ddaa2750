"""Rows that are kept, in files or by the driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq


@dataclass
class Table:
    """Rows that are kept."""

    relation: str
    columns: dict[str, str]
    folders: list[Path] = field(default_factory=list)
    """Where its rows lie; none where the driver keeps them."""


def address(path: Path) -> str:
    """A path as Hadoop reads it: percent signs stand for themselves."""
    return f"file://{path.absolute()}"


def parts(folder: Path) -> list[Path]:
    """The files that Spark wrote to a folder, in the order of their rows."""
    return sorted(folder.glob("*.parquet"))


def rows_in(folders: Sequence[Path]) -> int:
    """How many rows Spark wrote."""
    return sum(pq.read_metadata(part).num_rows for folder in folders for part in parts(folder))
