"""Statements that were read from a store, on disk: by id, in the order in which they came. Nothing of it outlives the process."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from migrate.connectors.json_shape import compact, strict_loads


class Spool:
    """A file of its own in the folder for temporary files, which only this account can read."""

    def __init__(self) -> None:
        number, name = tempfile.mkstemp(prefix="lms-migrate-", suffix=".statements")
        os.close(number)
        self._file = Path(name)
        self._database = sqlite3.connect(self._file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE statements (id TEXT PRIMARY KEY, text TEXT NOT NULL)")

    def add(self, statements: Iterable[dict[str, Any]]) -> str | None:
        """Keep the statements. One that is there already is kept once; gives the id of one that came back with other words."""
        self._database.execute("BEGIN")
        odd = None
        for statement in statements:
            id_, text = str(statement.get("id", "")).lower(), compact(statement)
            if not self._database.execute("INSERT OR IGNORE INTO statements VALUES (?, ?)", [id_, text]).rowcount:
                there = self._database.execute("SELECT text FROM statements WHERE id = ?", [id_]).fetchone()
                odd = odd or (id_ if strict_loads(there[0]) != statement else None)
        self._database.execute("COMMIT")
        return odd

    def get(self, id_: str) -> dict[str, Any] | None:
        """The statement of an id."""
        found = self._database.execute("SELECT text FROM statements WHERE id = ?", [id_.lower()]).fetchone()
        return None if found is None else strict_loads(found[0])

    def forget(self, id_: str) -> None:
        """Leave a statement out."""
        self._database.execute("DELETE FROM statements WHERE id = ?", [id_.lower()])

    def texts(self) -> Iterator[str]:
        """The statements as they came."""
        for (text,) in self._database.execute("SELECT text FROM statements ORDER BY rowid"):
            yield text

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM statements").fetchone()[0])

    def close(self) -> None:
        """Remove the file."""
        self._database.close()
        self._file.unlink(missing_ok=True)
