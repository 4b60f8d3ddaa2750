"""What several parts of the report are made of: numbers with the rows behind them, facts, records, balances and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import pyarrow as pa

Column: TypeAlias = list[str | None] | list[int | None] | pa.ChunkedArray
"""What a column of a table holds: texts or whole numbers, in a list or, where there may be many, as they were read."""


@dataclass(frozen=True)
class Count:
    """A number, and the address (inside the page) of the rows behind it; None where none are shown."""

    n: int
    href: str | None = None


@dataclass(frozen=True)
class Fact:
    """One line of the header an auditor reads."""

    label: str
    value: str
    code: bool = False
    """Shown in a fixed-width face: hashes, addresses, paths."""


@dataclass(frozen=True)
class RecordLink:
    """A record that can be opened."""

    entity: str
    key: str | None
    href: str
    affected: int = 0


@dataclass(frozen=True)
class EntityRow:
    """The balance of one entity."""

    name: str
    made_from: str
    target: str
    source: Count
    dispositions: Mapping[str, Count]
    compared: Count
    missing: Count
    extra: Count
    differences: Count
    balanced: bool | None
    """None: the run stopped before anybody could say where its records end."""

    @property
    def accounted(self) -> int:
        """Source records that ended in some disposition."""
        return sum(count.n for count in self.dispositions.values())

    def share(self, names: Sequence[str]) -> int:
        """How many records ended in one of ``names``."""
        return sum(self.dispositions[name].n for name in names)


@dataclass(frozen=True)
class Table:
    """Rows of one parquet file, by column, as far as the page has them; ``total`` is what the file has."""

    name: str
    file: str
    total: int
    columns: Mapping[str, Column]
    available: bool = True

    @cached_property
    def lists(self) -> Mapping[str, list[str | None] | list[int | None]]:
        """The columns, each as a list."""
        return {name: held if isinstance(held, list) else held.to_pylist() for name, held in self.columns.items()}

    @property
    def rows(self) -> int:
        """Rows in the page."""
        return len(next(iter(self.columns.values()), ()))
