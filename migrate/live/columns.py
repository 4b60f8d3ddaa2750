"""New records of an entity that the target holds nothing of: written and settled in columns.

The order is that of a batch: receipts, effect, what became of it. Nothing has to be looked up, so no record is made into an
object of its own.
"""

from __future__ import annotations

import pyarrow as pa

from migrate.connectors.target import TakesTables
from migrate.ledger import Ledger
from migrate.live.changes import RESULT_SCHEMA

OWN = ("_mapping", "_source", "_fingerprint", "_meant")
"""Columns that are the ledger's business only."""


class Columns:
    """Writes tables of one entity, one after the other."""

    def __init__(self, entity: str, connector: TakesTables, ledger: Ledger, run: str) -> None:
        self.entity, self.connector, self.ledger, self.run = entity, connector, ledger, run
        self.lost: str | None = None
        """Why the target is lost."""

    def write(self, rows: pa.Table) -> pa.Table:
        """Write what :meth:`migrate.live.works.Works.columns` gave; gives the results. There are none where the target
        refused the table: nothing was written then. Raises LedgerLost."""
        together = self.ledger.intend_table(self.run, self.entity, rows)
        taken = self.connector.create_table(self.entity, rows.drop_columns(list(OWN)))
        if taken.result == "refused":
            self.ledger.settle_table(together, "void", {}, "refused with others in one statement; tried again one by one")
            return RESULT_SCHEMA.empty_table()
        self.ledger.settle_table(together, taken.result, taken.natives, taken.message)
        if taken.result == "done":
            natives = [taken.natives.get(key) for key in rows["_key"].to_pylist()] if taken.natives else None
            return self._results(rows, "created", natives=natives)
        self.lost = taken.message
        message = f"nobody knows whether it was written; the next run looks: {taken.message}"
        return self._results(rows, "failed", "LIVE-UNKNOWN", message)

    def _results(
        self, rows: pa.Table, result: str, code: str | None = None, message: str | None = None,
        natives: list[str | None] | None = None,
    ) -> pa.Table:  # fmt: skip
        def same(value: str | None) -> pa.Array:
            return pa.repeat(pa.scalar(value, pa.string()), rows.num_rows)

        native = same(None) if natives is None else pa.array(natives, pa.string())
        columns = [
            same(self.entity), rows["_key"], same(result), same(code), same(message), native,
            rows["_mapping"], rows["_source"], same(None),
        ]  # fmt: skip
        return pa.Table.from_arrays(columns, schema=RESULT_SCHEMA)
