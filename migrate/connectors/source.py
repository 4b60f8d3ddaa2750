"""What the extract stage asks of a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from migrate.contracts.model import Contract

EXTRA = (("_row", pa.int64()), ("_fault", pa.string()), ("_fault_value", pa.string()))
"""The columns every source adds: the row's number from 1, and what is wrong with the row as a whole, if anything."""


SECRET_WORDS = frozenset({"password", "passwd", "pwd", "sslpassword", "ssl_password"})
"""Words in the query of an address whose values nobody may see."""


@dataclass(frozen=True)
class SourceInfo:
    """What could be seen of a source when it was opened."""

    address: str
    """Without any secret."""
    version: str | None
    """As the system states it; None where the contract does not say how to find it."""
    version_known: bool
    inputs: dict[str, str]
    """sha256 of each input file; empty for a database."""
    server: str | None = None
    """Kind and version of the database; None for files."""


class SourceConnector(Protocol):
    """A source of rows. Every method reads; none can change the source."""

    info: SourceInfo

    def present(self, entity: str) -> bool:
        """Is the table or file of this entity there?"""
        ...

    def columns(self, entity: str) -> list[str]:
        """Names of the columns that are there, in their order."""
        ...

    def lacking(self, entity: str, fields: list[str]) -> list[str]:
        """Which of the columns are not there, with the table or file that lacks them."""
        ...

    def count(self, entity: str) -> int:
        """Rows at this moment."""
        ...

    def rows(self, entity: str, fields: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows, streamed: ``fields`` and then ``_row`` (int64), ``_fault`` and ``_fault_value`` (text)."""
        ...

    def holding_data(self, entity: str, never: Mapping[str, tuple[object, ...]]) -> dict[str, int]:
        """For each column in ``never``: in how many rows it holds something that is not null, blank or listed."""
        ...

    def undeclared(self, contract: Contract, archived: Sequence[str] = ()) -> dict[str, int]:
        """Tables or files that no entity of the contract describes, with their row counts.

        What the contract calls internal is left out, unless a pattern in ``archived`` names it.
        """
        ...

    def undeclared_rows(self, table: str) -> Iterator[pa.RecordBatch]:
        """The rows of such a table, all columns."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
