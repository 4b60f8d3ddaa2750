"""Reading the campus's tables of a PostgreSQL into Parquet files, by hand: the moving part alone.

    python benchmarks/reading.py connectorx|copy|dlt URL OUT

``connectorx`` streams each table into Arrow, ``copy`` has the server write CSV and DuckDB read it, ``dlt`` runs a pipeline with
its pyarrow back end (needs requirements/bench.lock).
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.campus.generate import TABLES


def with_connectorx(url: str, out: Path) -> None:
    """Arrow batches from ConnectorX, written as they come."""
    import connectorx as cx
    import pyarrow.parquet as pq

    for table in TABLES:
        reader = cx.read_sql(url, f"SELECT * FROM {table}", return_type="arrow_stream", batch_size=100_000)
        with pq.ParquetWriter(out / f"{table}.parquet", reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)


def with_copy(url: str, out: Path) -> None:
    """COPY TO STDOUT into a file, and that into Parquet."""
    import duckdb
    import psycopg

    with psycopg.connect(url) as server, duckdb.connect() as engine:
        for table in TABLES:
            csv = out / f"{table}.csv"
            statement = f"COPY {table} TO STDOUT (FORMAT csv, HEADER)"
            with csv.open("wb") as file, server.cursor() as cursor, cursor.copy(statement) as rows:  # type: ignore[arg-type]
                for part in rows:
                    file.write(part)
            engine.execute(f"COPY (FROM read_csv('{csv}')) TO '{out / table}.parquet' (FORMAT parquet, COMPRESSION zstd)")
            csv.unlink()


def with_dlt(url: str, out: Path) -> None:
    """A pipeline of dlt into files."""
    import dlt
    from dlt.sources.sql_database import sql_database

    pipeline = dlt.pipeline(
        "campus", destination=dlt.destinations.filesystem(str(out)), dataset_name="rows", pipelines_dir=str(out / "state")
    )
    source = sql_database(url.replace("postgresql://", "postgresql+psycopg://"), table_names=list(TABLES), backend="pyarrow")
    pipeline.run(source, loader_file_format="parquet").raise_on_failed_jobs()


WAYS = {"connectorx": with_connectorx, "copy": with_copy, "dlt": with_dlt}

if __name__ == "__main__":
    folder = Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    WAYS[sys.argv[1]](sys.argv[2], folder)
