"""The rows of a finished run, asked with SQL: counts over all of them, and as many rows as a page can carry.

The parquet files become relations, whether or not the run got as far as writing them:

    d   dispositions, with the row number in their file
    x   differences, each with *how* its values differ and the id of its group of equal changes
    w   items of the worklist; of a run that has none, what its findings alone tell of them
    f   findings, each with the record it blames, its item and the cause of that
"""

from __future__ import annotations

import glob
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from migrate.reconciliation.dispositions import count_dispositions
from migrate.worklist import items
from reports import queries
from reports.answers import mask_answers
from reports.masking import Masker
from reports.parts import Column, Table
from reports.shown_records import choose_records

FILES = {
    "dispositions": "dispositions.parquet",
    "findings": "findings.parquet",
    "differences": "6_reconcile/differences.parquet",
    "worklist": "worklist.parquet",
}
UNREAD = "6_reconcile/unread.parquet"
"""Records of a live run that are in the target by the word of the ledger alone."""
MEMORY = "500MB"
"""The page itself is as large again while it is made. More than this makes a difference at a hundred million rows."""
LISTED_CHANGES = 15
"""Groups of equal changes listed per field."""

Row = tuple[Any, ...]


class Evidence:
    """An open run folder. ``limit`` is the number of rows per table that :meth:`tables` gives."""

    def __init__(self, folder: Path, masker: Masker, limit: int) -> None:
        self._folder, self._masker = folder, masker
        self.limit = limit
        self._spill = TemporaryDirectory(prefix="report-")
        spill = {"temp_directory": self._spill.name, "memory_limit": MEMORY}
        # The first rows that meet a condition are those that stand first in the file.
        ordered = {"preserve_insertion_order": "true"}
        self._db = duckdb.connect(config={**spill, **ordered, "autoinstall_known_extensions": "false"})
        self.unreadable: list[str] = []
        self.available = {name: self._open(name, folder / file) for name, file in FILES.items()}
        self._open("unread", folder / UNREAD)
        self._prepare()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._db.close()
        self._spill.cleanup()

    def ask(self, sql: str) -> list[Row]:
        """All rows of a query over ``d``, ``f`` and ``x``."""
        return self._db.execute(sql).fetchall()

    def do(self, sql: str) -> None:
        """A statement that gives no rows."""
        self._db.execute(sql)

    def arrow(self, sql: str) -> pa.Table:
        """All rows of a query, by column."""
        return self._db.sql(sql).to_arrow_table()

    def counts(self, sql: str) -> dict[Any, int]:
        """A query's last column by the others: by a tuple, or by the value where there is only one."""
        return {row[0] if len(row) == 2 else row[:-1]: row[-1] for row in self.ask(sql)}

    def doubled(self) -> dict[str, int]:
        """By entity, how many more dispositions there are than keys."""
        with suppress(OSError, pa.ArrowException):
            if count_dispositions(
                self._folder / FILES["dispositions"]
            ).unique:  # as they are written, which is seen without counting keys
                return {}
        return self.counts(queries.COUNTS["doubled"])

    def row_of(self, entity: str, key: str) -> int | None:
        """The row of a source record among the dispositions."""
        found = self._db.execute("SELECT row FROM d WHERE entity = ? AND key = ? LIMIT 1", [entity, key]).fetchone()
        return int(found[0]) if found else None

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """The connection, to ask about other files of the folder beside these rows."""
        return self._db

    def tables(self) -> tuple[Table, ...]:
        """The rows for the page, masked."""
        return tuple(self._table(name) for name in FILES)

    def _open(self, name: str, file: Path) -> bool:
        columns = (*queries.COLUMNS[name], *queries.MORE.get(name, ()))
        if file.is_file():
            try:
                rows = self._db.read_parquet(glob.escape(str(file)), file_row_number=True)
                rows.create_view(f"{name}_file")
                lacking = set(queries.MORE.get(name, ())).difference(rows.columns)
                texts = ", ".join(
                    f"CAST({'NULL' if column in lacking else quoted} AS VARCHAR) AS {quoted}"
                    for column, quoted in ((column, f'"{column}"') for column in columns)
                )
                self._db.execute(f"CREATE VIEW {name} AS SELECT file_row_number + 1 AS row, {texts} FROM {name}_file")
                self._db.execute(f"SELECT count(*) FROM {name}")
                return True
            except duckdb.Error:
                self.unreadable.append(FILES.get(name, UNREAD))
        empty = ", ".join(f'CAST(NULL AS VARCHAR) AS "{column}"' for column in columns)
        self._db.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT CAST(NULL AS BIGINT) AS row, {empty} WHERE false")
        return False

    def _prepare(self) -> None:
        self._db.execute("CREATE VIEW d AS SELECT * FROM dispositions")
        self._register_classes()
        items.prepare(self._db, {}, {})
        listed = self.available["worklist"]
        (items.find_blame if listed else items.build_items)(self._db, "(SELECT * EXCLUDE (item), item AS given FROM findings)")
        self._db.execute(f"CREATE VIEW blaming AS {queries.TOLD[listed]}")
        for statement in (*queries.HISTORY, *queries.DIFFERENCES, queries.WORKLIST[listed], *queries.FINDINGS):
            self._db.execute(statement)

    def _register_classes(self) -> None:
        """The relation ``hidden``: fields whose values must not be grouped by, because they are masked."""
        pairs = self.ask(
            "SELECT DISTINCT entity, field FROM differences UNION SELECT entity, field FROM findings "
            "UNION SELECT entity, field FROM worklist"
        )
        hidden = [(entity, field) for entity, field in pairs if self._masker.field_class(entity, field)]
        table = pa.table(
            {
                "entity": pa.array([entity for entity, _ in hidden], pa.string()),
                "field": pa.array([field for _, field in hidden], pa.string()),
            }
        )
        self._db.register("hidden_pairs", table)
        self._db.execute("CREATE TEMP TABLE hidden AS SELECT * FROM hidden_pairs")
        self._db.unregister("hidden_pairs")

    def _table(self, name: str) -> Table:
        total = int(self.ask(f"SELECT count(*) FROM {name}")[0][0])
        if name == "dispositions":
            choose_records(self._db, self.limit)
        found = self.arrow(queries.ROWS[name].format(limit=self.limit))
        columns = self._masked(name, found)
        return Table(name, FILES[name], total, columns, self.available[name])

    def _masked(self, name: str, found: pa.Table) -> dict[str, Column]:
        """The columns of some rows, without what is to be hidden. Those of dispositions stay as they were read: many."""
        hide = self._masker
        columns = dict(zip(found.column_names, found.columns, strict=True))
        columns["key"] = hide.keys(found["entity"], found["key"])
        if "target_key" in columns:
            columns["target_key"] = hide.target_keys(found["entity"], found["target_key"])
        if name == "dispositions":
            return dict(columns)
        lists: dict[str, list[Any]] = {word: held.to_pylist() for word, held in columns.items()}
        about = list(zip(lists["entity"], lists["field"], strict=True))
        if name == "differences":
            for side in ("expected", "actual"):
                lists[side] = [hide.value(*each, value) for each, value in zip(about, lists[side], strict=True)]
            return dict(lists)
        shown = [hide.value(*each, value) for each, value in zip(about, lists["value"], strict=True)]
        keys = found["key"].to_pylist()
        lists["message"] = [
            hide.message(*each, message, (value, masked), (key, masked_key), (root, hide.root(root)))
            for each, message, value, masked, key, masked_key, root in zip(
                about, lists["message"], lists["value"], shown, keys, lists["key"], lists["root"], strict=True
            )
        ]
        lists["value"] = shown
        lists["root"] = [hide.root(root) for root in lists["root"]]
        if name == "worklist":
            mask_answers(hide, lists)
        return dict(lists)
