"""A finished site as a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from moodle_sample.schema import PREFIX, UNIQUE
from moodle_sample.site import Site


def statements(site: Site) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The SQL that writes a site. Bytes become text as they are, valid or not."""
    for table, columns in site.columns.items():
        body = [column.ddl() for column in columns.values()]
        if table in UNIQUE:
            body.append(f"UNIQUE ({', '.join(UNIQUE[table])})")
        listed = ",\n    ".join(body)
        yield f'CREATE TABLE "{PREFIX}{table}" (\n    {listed}\n)', ()
        for number in sorted(site.rows[table]):
            values = tuple(site.rows[table][number].values())
            marks = ", ".join("CAST(? AS TEXT)" if isinstance(value, bytes) else "?" for value in values)
            yield f'INSERT INTO "{PREFIX}{table}" VALUES ({marks})', values


def write(site: Site, path: Path) -> None:
    """Write a site as a SQLite file, which appears under its name only when it is complete."""
    unfinished = path.with_name(path.name + ".partial")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as database:
        database.execute("PRAGMA encoding = 'UTF-8'")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        with database:
            for sql, values in statements(site):
                database.execute(sql, values)
    unfinished.replace(path)
