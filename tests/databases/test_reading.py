"""How rows are read from servers: the fast way and the fallback agree, nothing is written, memory stays bounded."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import connectorx
import database_servers as servers
import generate_moodle
import pyarrow as pa
import pytest
import sqlalchemy as sa
from database_servers import Database

from migrate.connectors.database import DatabaseSource
from migrate.contracts.model import Contract

EXTRA = ["_row", "_fault", "_fault_value"]


def contract(**fields: str) -> Contract:
    described = {"id": {"type": "int"}} | {name: {"type": kind} for name, kind in fields.items()}
    return Contract.model_validate(
        {
            "system": "odd",
            "label": "Odd tables",
            "source": {"kind": "database"},
            "entities": {"odd": {"key": "id", "fields": described}},
        }
    )


def opened(database: Database, model: Contract, prefix: str = "") -> DatabaseSource:
    return DatabaseSource(database.url, prefix, model, Path())


def all_rows(batches: Iterator[pa.RecordBatch]) -> dict[Any, dict[str, Any]]:
    """Rows by id, without the number a row got."""
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert [row["_row"] for row in rows] == list(range(1, len(rows) + 1))
    return {str(row["id"]): {name: row[name] for name in row if name != "_row"} for row in rows}


def alike(fast: Any, slow: Any) -> bool:
    """The same value, be it typed or the text of it."""
    if fast is None or slow is None or (isinstance(fast, str) and isinstance(slow, str)):
        return bool(fast == slow)
    if isinstance(fast, bool):
        return str(slow).lower() in (str(fast).lower(), str(int(fast)))
    if isinstance(fast, int):
        return str(fast) == str(slow)
    if isinstance(fast, Decimal):
        return fast == Decimal(str(slow))
    if isinstance(fast, float):
        return fast == float(slow)
    if isinstance(fast, dt.datetime):
        given = dt.datetime.fromisoformat(str(slow))
        return fast.replace(tzinfo=fast.tzinfo or dt.UTC) == given.replace(tzinfo=given.tzinfo or dt.UTC)
    return str(fast) == str(slow)


@pytest.fixture
def without_connectorx(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("not for this database")

    return lambda: monkeypatch.setattr(connectorx, "read_sql", refuse)


# The fast way and the fallback ------------------------------------------------------------------------------------


def test_connectorx_is_really_used(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fast way that always falls back is not noticed by its rows."""
    database.execute("CREATE TABLE odd (id bigint PRIMARY KEY)", "INSERT INTO odd VALUES (1), (2)")
    source = opened(database, contract())

    def refuse(*_: object, **__: object) -> Iterator[pa.RecordBatch]:
        raise AssertionError("fell back to SQLAlchemy")

    monkeypatch.setattr(source, "_sqlalchemy", refuse)
    assert list(all_rows(source.rows("odd", ["id"]))) == ["1", "2"]
    source.close()


def test_both_ways_give_the_same_sample(database: Database, without_connectorx: Callable[[], None]) -> None:
    """Every cell of every table of the Moodle sample."""
    site = generate_moodle.build()
    servers.storable(site)
    servers.load(database, site, "x7_")
    described = {table: {"key": "id", "fields": {name: {} for name in columns}} for table, columns in site.columns.items()}
    model = Contract.model_validate({"system": "all", "label": "All", "source": {"kind": "database"}, "entities": described})
    source = opened(database, model, "x7_")
    fast = {table: all_rows(source.rows(table, list(columns))) for table, columns in site.columns.items()}
    without_connectorx()
    slow = {table: all_rows(source.rows(table, list(columns))) for table, columns in site.columns.items()}
    source.close()
    for table, rows in site.rows.items():
        assert fast[table].keys() == slow[table].keys() == {str(number) for number in rows}
        for key, row in fast[table].items():
            different = {name for name, value in row.items() if not alike(value, slow[table][key][name])}
            assert not different, (table, key, {name: (row[name], slow[table][key][name]) for name in different})


TYPES = {
    "postgresql": {
        "exact": "numeric(38,10)", "free": "numeric", "fine": "numeric(30,20)", "money": "numeric(10,5)",
        "approximate": "double precision", "small_float": "real", "yes": "boolean", "small": "smallint",
        "moment": "timestamp", "instant": "timestamptz", "day": "date", "clock": "time", "document": "json",
        "binary_document": "jsonb", "number": "uuid", "long_text": "text", "padded": "char(5)", "span": "interval",
        "address": "inet",
    },
    "mariadb": {
        "exact": "decimal(38,10)", "fine": "decimal(30,20)", "money": "decimal(10,5)", "approximate": "double",
        "small_float": "float", "yes": "tinyint(1)", "big": "bigint unsigned", "moment": "datetime(6)",
        "instant": "timestamp NULL", "day": "date", "clock": "time", "calendar_year": "year", "document": "json",
        "word": "enum('a','b')", "long_text": "longtext", "padded": "char(5)",
        "one_bit": "bit(1)", "nine_bits": "bit(9)", "many_bits": "bit(64)",
    },
}  # fmt: skip
VALUES = {
    "exact": "1234567890123456789012345678.0123456789", "free": "1.123456789012345678", "fine": "1.12345678901234567891",
    "money": "-12.34500", "approximate": "0.1", "small_float": "0.1", "yes": "1", "small": "-3",
    "big": "18446744073709551615", "moment": "2024-01-02 03:04:05.000006", "instant": "2024-07-01 00:00:00",
    "day": "2024-02-29", "clock": "10:11:12", "calendar_year": "2024", "document": '{"a": "é"}',
    "binary_document": '{"a": 1}', "number": "6f1f2d3c-0000-4000-8000-000000000001", "long_text": "é😀\\N\t\"\n\r" * 9000,
    "padded": "ab", "span": "1 day", "address": "10.0.0.1", "word": "b",
    "one_bit": "1", "nine_bits": "321", "many_bits": "18446744073709551615",
}  # fmt: skip


@pytest.mark.parametrize("kind", servers.KINDS)
@pytest.mark.parametrize("column", sorted(VALUES))
def test_both_ways_give_the_same_value_whatever_its_type(
    kind: str, column: str, without_connectorx: Callable[[], None], typed: dict[str, Database]
) -> None:
    """Tables of plug-ins have columns of any type; the archive has to hold what the source holds, every digit."""
    if column not in TYPES[kind]:
        pytest.skip(f"{kind} has no such type")
    database = typed[kind]
    source = opened(database, contract(**{column: "string"}))
    fast = all_rows(source.rows("odd", ["id", column]))
    without_connectorx()
    slow = all_rows(source.rows("odd", ["id", column]))
    source.close()
    assert fast["2"][column] is None
    assert slow["2"][column] is None
    assert alike(fast["1"][column], slow["1"][column]), (fast["1"][column], slow["1"][column])
    text = str(slow["1"][column])
    if column in ("exact", "free", "fine", "money"):
        assert Decimal(text) == Decimal(VALUES[column])
    elif column == "yes":
        assert text.lower() in ("1", "true")
    elif column in ("document", "binary_document"):
        assert json.loads(text) == json.loads(VALUES[column])
    elif column == "span":
        assert text.startswith("1 day")
    elif column == "address":
        assert text in ("10.0.0.1", "10.0.0.1/32")
    elif column == "instant":
        assert text.startswith("2024-07-01 00:00:00")
    else:
        assert text.rstrip() == VALUES[column].rstrip()


@pytest.fixture(scope="module")
def typed() -> Iterator[dict[str, Database]]:
    """One table with a column of each type: row 1 holds values, row 2 nothing."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        made = {}
        for kind in servers.KINDS:
            made[kind] = database = stack.enter_context(servers.server(kind).database())
            columns = TYPES[kind]
            listed = ", ".join(f"{name} {sql_type}" for name, sql_type in columns.items())
            database.execute(f"CREATE TABLE odd (id bigint PRIMARY KEY, {listed})", "INSERT INTO odd (id) VALUES (2)")
            casts = {
                name: f"CAST(:{name} AS {sql_type})" if kind == "postgresql" else f":{name}" for name, sql_type in columns.items()
            }
            statement = f"INSERT INTO odd (id, {', '.join(columns)}) VALUES (1, {', '.join(casts.values())})"
            given: dict[str, Any] = {name: int(VALUES[name]) if "bit" in name else VALUES[name] for name in columns}
            if kind == "postgresql":
                given["yes"], given["instant"] = "true", VALUES["instant"] + "+00"
            with database.engine().connect() as connection:
                if kind == "mariadb":
                    connection.exec_driver_sql("SET time_zone = '+00:00'")
                connection.execute(sa.text(statement), given)
        yield made


def test_bytes_are_kept(database: Database, without_connectorx: Callable[[], None]) -> None:
    """A column of bytes reads the same way by both ways, and can be told from another value."""
    kind = {"postgresql": "bytea", "mariadb": "blob"}[database.kind]
    first, second = {"postgresql": ("'\\x00ff41'", "'\\x00ff42'"), "mariadb": ("x'00ff41'", "x'00ff42'")}[database.kind]
    database.execute(
        f"CREATE TABLE odd (id bigint PRIMARY KEY, content {kind})",
        f"INSERT INTO odd VALUES (1, {first}), (2, {second}), (3, NULL)",
    )
    source = opened(database, contract(content="string"))
    fast = all_rows(source.rows("odd", ["id", "content"]))
    without_connectorx()
    slow = all_rows(source.rows("odd", ["id", "content"]))
    source.close()
    assert {key: row["content"] for key, row in fast.items()} == {key: row["content"] for key, row in slow.items()}
    assert fast["1"]["content"] != fast["2"]["content"]
    assert fast["3"]["content"] is None


def test_a_day_that_no_library_can_hold_does_not_end_the_reading(mariadb: Database) -> None:
    """MariaDB stores 0000-00-00. It may stand behind the first batch, where reading cannot begin anew the other way."""
    mariadb.execute(
        "SET SESSION sql_mode = ''",
        "CREATE TABLE odd (id bigint PRIMARY KEY, day date NOT NULL, moment datetime(6) NOT NULL, instant timestamp NOT NULL)",
        "INSERT INTO odd SELECT seq, '2024-02-29', '2024-02-29 10:11:12.000006', '2024-07-01 00:00:00' FROM seq_1_to_60000",
        "UPDATE odd SET day = '1985-00-00', moment = 0, instant = 0 WHERE id = 59999",
    )
    source = opened(mariadb, contract(day="date", moment="datetime", instant="datetime"))
    rows = all_rows(source.rows("odd", ["id", "day", "moment", "instant"]))
    source.close()
    assert len(rows) == 60_000
    nothing = ("1985-00-00", "0000-00-00 00:00:00.000000", "0000-00-00 00:00:00")
    assert tuple(str(rows["59999"][field]) for field in ("day", "moment", "instant")) == nothing
    assert str(rows["60000"]["moment"]) == "2024-02-29 10:11:12.000006"


@pytest.mark.parametrize("value", ["infinity", "10500-01-01", "0044-03-15 BC"])
def test_a_day_beyond_the_calendar_is_read_as_the_server_has_it(postgres: Database, value: str) -> None:
    """ConnectorX makes infinity a day of the year 262142, which nobody would know again."""
    postgres.execute(
        "CREATE TABLE odd (id bigint PRIMARY KEY, day date, instant timestamptz)",
        f"INSERT INTO odd VALUES (1, '{value}', '{value}'), (2, '2024-02-29', '2024-02-29 10:00:00+02')",
        f"ALTER DATABASE {postgres.name} SET datestyle = 'German, DMY'",
    )
    source = opened(postgres, contract(day="date", instant="datetime"))
    rows = all_rows(source.rows("odd", ["id", "day", "instant"]))
    source.close()
    assert rows["1"]["day"] == value
    assert rows["2"]["day"] == "2024-02-29"
    assert rows["2"]["instant"] == "2024-02-29 08:00:00+00"


# Nothing is written -------------------------------------------------------------------------------------------------

WRITES = ("INSERT INTO odd VALUES (9)", "UPDATE odd SET id = 8", "DELETE FROM odd", "CREATE TABLE more (id int)",
          "DROP TABLE odd")  # fmt: skip


def write(source: DatabaseSource, statement: str) -> None:
    with source._engine.connect() as connection:
        connection.exec_driver_sql(statement)
        connection.commit()


@pytest.mark.parametrize("statement", WRITES)
def test_a_session_cannot_write(database: Database, statement: str) -> None:
    database.execute("CREATE TABLE odd (id bigint PRIMARY KEY)", "INSERT INTO odd VALUES (1)")
    source = opened(database, contract())
    before = database.checksums()
    for _ in range(2):  # the first session, and one that was used before
        with pytest.raises(sa.exc.DBAPIError):
            write(source, statement)
    source.close()
    assert database.checksums() == before


@pytest.mark.parametrize("statement", WRITES)
def test_a_session_cannot_write_to_sqlite(statement: str, tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'odd.sqlite'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE odd (id integer PRIMARY KEY)")
    source = DatabaseSource("sqlite:///odd.sqlite", "", contract(), tmp_path)
    before = (tmp_path / "odd.sqlite").read_bytes()
    with pytest.raises(sa.exc.DBAPIError):
        write(source, statement)
    source.close()
    assert (tmp_path / "odd.sqlite").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["odd.sqlite"]


def test_the_fast_way_cannot_write_either(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that writes, called by the very session that reads tables."""
    database.execute("CREATE TABLE odd (id bigint PRIMARY KEY)", "CREATE TABLE trace (id bigint)")
    if database.kind == "postgresql":
        database.execute(
            "CREATE FUNCTION leave_trace() RETURNS bigint LANGUAGE sql AS 'INSERT INTO trace VALUES (1) RETURNING id'"
        )
    else:
        database.execute(
            "CREATE FUNCTION leave_trace() RETURNS bigint NOT DETERMINISTIC MODIFIES SQL DATA "
            "BEGIN INSERT INTO trace VALUES (1); RETURN 1; END"
        )
    source = opened(database, contract())
    asked = []
    real = connectorx.read_sql

    def writing(address: str, _: str, **options: Any) -> Any:
        asked.append(address)
        return real(address, "SELECT leave_trace() AS id", **options)

    monkeypatch.setattr(connectorx, "read_sql", writing)
    all_rows(source.rows("odd", ["id"]))
    source.close()
    assert asked
    assert database.value("SELECT count(*) FROM trace") == 0


# Streaming ----------------------------------------------------------------------------------------------------------

STREAM = """
import json, resource, sys
from pathlib import Path
import connectorx, duckdb, polars, psycopg, pymysql
from migrate.connectors.database import DatabaseSource
from migrate.contracts.model import Contract

url, fast = sys.argv[1], sys.argv[2] == "fast"
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
if not fast:
    def refuse(*_, **__): raise RuntimeError
    connectorx.read_sql = refuse
entities = {"odd": {"key": "id", "fields": {"id": {"type": "int"}, "content": {}}}}
contract = {"system": "odd", "label": "Odd", "source": {"kind": "database"}, "entities": entities}
source = DatabaseSource(url, "", Contract.model_validate(contract), Path())
before, rows, largest, last = peak(), 0, 0, 0
for batch in source.rows("odd", ["id", "content"]):
    rows += batch.num_rows
    largest = max(largest, batch.num_rows)
    last = batch["_row"][-1].as_py() if batch.num_rows else last
print(json.dumps({"before": before, "peak": peak(), "rows": rows, "largest": largest, "last": last}))
"""
GENERATED = {
    "postgresql": "INSERT INTO odd SELECT n, repeat(md5(n::text), 10) FROM generate_series(1, {rows}) AS n",
    "mariadb": "INSERT INTO odd SELECT seq, repeat(md5(seq), 10) FROM seq_1_to_{rows}",
}


@pytest.mark.long
@pytest.mark.parametrize("way", ["fast", "fallback"])
def test_a_million_rows_stream_in_bounded_memory(database: Database, way: str) -> None:
    """330 MB of text pass through a process that grows by less than 250 MB."""
    rows = 1_000_000
    database.execute(
        f"CREATE TABLE odd (id bigint PRIMARY KEY, content {'longtext' if database.kind == 'mariadb' else 'text'})",
        GENERATED[database.kind].format(rows=rows),
    )
    done = subprocess.run(
        [sys.executable, "-c", STREAM, database.url, way], check=True, capture_output=True, text=True, timeout=300
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rows"] == found["last"] == rows
    assert found["largest"] <= 100_000
    assert found["peak"] - found["before"] < 250, found
