"""What runs in Spark's Python workers: one expression of DuckDB over a batch of rows, or a statement over few.

The module is sent to the executors by value: they need DuckDB and PyArrow, and nothing of this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

_KEPT = "_lms_migrate_session"


def _session() -> Any:
    """One DuckDB session per worker process, with the settings of the embedded engine that change answers.

    It is kept with DuckDB's own module: this module is there once for each function that was sent.
    """
    import duckdb

    connection: Any = getattr(duckdb, _KEPT, None)
    if connection is None:
        config: dict[str, Any] = {
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
        connection = duckdb.connect(":memory:", config=config)
        connection.execute("SET TimeZone = 'UTC'")
        setattr(duckdb, _KEPT, connection)
    return connection


def evaluator(body: str, names: list[str]) -> Callable[..., pa.Array]:
    """A function of Arrow arrays, one for each of ``names``, that gives the value of the expression ``body`` of each row.

    The rows keep their order: one thread scans one batch.
    """

    def evaluate(*columns: pa.Array) -> pa.Array:
        connection = _session()
        connection.register("_batch", pa.table(list(columns), names=names))
        try:
            result = connection.execute(f"SELECT {body} FROM _batch").to_arrow_table().column(0)
        finally:
            connection.unregister("_batch")
        return result.combine_chunks()

    return evaluate


def answer(text: str, given: Mapping[str, pa.Table]) -> pa.Table:
    """The rows of a query of DuckDB over files, and over tables that are ``given`` by their names."""
    connection = _session()
    for name, rows in given.items():
        connection.register(name, rows)
    try:
        return connection.execute(text).to_arrow_table()
    finally:
        for name in given:
            connection.unregister(name)


def task(text: str, given: Mapping[str, pa.Table]) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for one task of Spark that gives the rows of :func:`answer`."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:  # what starts the task, and holds nothing
            pass
        yield from answer(text, given).to_batches()

    return run
