"""What happens to the rows of the source between the connector and the run folder, where a workspace asks for something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from migrate.matching.lists import PeopleList
from migrate.privacy.erasing import Erasing
from migrate.privacy.masking import Masking


@dataclass(frozen=True)
class Reading:
    """Erased people lose what is personal; then the others get pseudonyms. The list is asked for the names people really have."""

    erasing: Erasing | None = None
    masking: Masking | None = None

    def order(self, entities: Iterable[str]) -> list[str]:
        """The order in which tables have to be read."""
        return self.erasing.order(entities) if self.erasing else list(entities)

    def fields(self, entity: str, wanted: Sequence[str]) -> list[str]:
        """The fields to read of a table: those wanted, and those that say whose the rows are."""
        return list(dict.fromkeys([*wanted, *(self.erasing.needs(entity) if self.erasing else ())]))

    def rows(self, entity: str, batches: Iterator[pa.RecordBatch], wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows as they may be written down, with the fields wanted."""
        if self.erasing is not None:
            batches = self.erasing.rows(entity, batches, wanted)
        return self.masking.rows(entity, batches) if self.masking is not None else batches

    def undeclared(self, table: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same for a table that no contract describes."""
        if self.erasing is not None:
            batches = self.erasing.undeclared(table, batches)
        return self.masking.undeclared(table, batches) if self.masking is not None else batches

    def people(self, lists: Mapping[str, PeopleList]) -> dict[str, PeopleList]:
        """Lists to match with, as they may be written down."""
        if self.masking is None:
            return dict(lists)
        return {name: replace(given, rows=self.masking.people(given.rows)) for name, given in lists.items()}

    def suppressed(self, table: str) -> int:
        """Rows of a table that are about erased people."""
        return self.erasing.counts.get(table, 0) if self.erasing else 0
