"""Pseudonyms for what is personal in the rows of the source, before anything is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from migrate.contracts.model import Contract
from migrate.errors import RunFailed
from migrate.privacy.classes import personal_fields
from migrate.privacy.erasing import FAULT, FAULT_VALUE, SHIFTED
from migrate.privacy.pseudonyms import Pseudonyms
from migrate.privacy.settings import SUPPRESSED
from migrate.privacy.staying import stays

_CODES = frozenset({"contact", "free_text"})
"""Classes in which a text of one or two letters is a code, such as a country or a tick."""
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _never(_: str) -> bool:
    return False


class Masking:
    """Gives every personal field pseudonyms."""

    def __init__(self, contract: Contract, pseudonyms: Pseudonyms) -> None:
        self.contract, self.pseudonyms = contract, pseudonyms
        self.personal = {
            entity: {field: pii for field, pii in fields.items() if pii != "secret"}
            for entity, fields in personal_fields(contract).items()
        }
        """``{entity: {field: class}}``."""

    def rows(self, entity: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows with pseudonyms in the fields that the contract calls personal, and in broken rows also elsewhere."""
        model, personal = self.contract.entities[entity], self.personal.get(entity, {})
        for batch in batches:
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            for name, column in columns.items():
                if name in personal:
                    never = frozenset(str(value) for value in model.fields[name].never)
                    plain = stays(self.contract, entity, name)
                    columns[name] = self._masked(entity, name, column, never, codes=personal[name] in _CODES, plain=plain)
                elif name != FAULT and FAULT in columns and columns[FAULT].null_count < len(column) and _is_text(column.type):
                    rule = model.fields.get(name)
                    kept = name in model.key or (rule is not None and rule.references is not None)
                    # An erased person's row is not broken: what is personal has gone from it, and views join by the rest.
                    broken = pc.not_equal(columns[FAULT], SUPPRESSED)
                    broken = pc.is_in(columns[FAULT], pa.array(SHIFTED)) if kept else pc.fill_null(broken, False)
                    columns[name] = pc.if_else(broken, self._masked(entity, name, column, frozenset(), codes=False), column)
            yield pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)

    def undeclared(self, table: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows of a table that no contract describes: every text gets a pseudonym, because any may be a name."""
        for batch in batches:
            columns = [
                self._masked(table, name, column, frozenset(), codes=True)
                if not name.startswith("_") and _is_text(column.type)
                else self._masked(table, name, column, frozenset(), codes=False) if name == FAULT_VALUE else column
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]  # fmt: skip
            yield pa.RecordBatch.from_arrays(columns, schema=batch.schema)

    def people(self, rows: pa.Table) -> pa.Table:
        """A list to match with, with the pseudonyms that the same people have in the source. Dates stay, as they do there."""
        columns = []
        for name, column in zip(rows.column_names, rows.columns, strict=True):
            column = column.combine_chunks()
            masked = self._masked("a list", name, column, frozenset(), codes=False)
            columns.append(pc.if_else(pc.fill_null(pc.match_substring_regex(column, _DATE), False), column, masked))
        return pa.table(dict(zip(rows.column_names, columns, strict=True)))

    def _masked(
        self,
        entity: str,
        field: str,
        column: pa.Array,
        never: frozenset[str],
        *,
        codes: bool,
        plain: Callable[[str], bool] = _never,
    ) -> pa.Array:
        """Each distinct value is looked at once."""
        if column.null_count == len(column):
            return column
        kind = column.type
        if not (_is_text(kind) or pa.types.is_integer(kind)):
            return column  # dates, numbers with a fraction and flags stay
        encoded = column.dictionary_encode()
        texts = [str(value) for value in encoded.dictionary.to_pylist()]
        new = [text if text in never or plain(text) else self.pseudonyms(text, codes=codes) for text in texts]
        try:
            return pa.array(new, pa.string()).cast(kind).take(encoded.indices)
        except pa.ArrowInvalid:
            raise RunFailed(f"a pseudonym does not fit into the numbers of {entity}.{field}") from None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
