"""Databases and folders of delimited files do the same, as far as the extract stage can tell."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import database_servers as servers
import pytest
import sqlalchemy as sa
from source_contract import ENTITIES, FIELDS, SourceContract, Subject, rows

from migrate.connectors.addresses import shown
from migrate.connectors.database import DatabaseSource
from migrate.connectors.delimited import DelimitedSource
from migrate.connectors.json_source import JsonSource
from migrate.contracts.model import Contract
from migrate.errors import SourceRefused

PREFIX = "p_"


def contract(kind: str, entities: dict[str, Any], **source: Any) -> Contract:
    described = {
        "system": "small",
        "label": "Small",
        "source": {"kind": kind, **source},
        "entities": entities,
        "internal": {"cache_*": "caches"},
    }
    return Contract.model_validate_json(json.dumps(described))


def fill(connection: sa.Connection, text: str, unicode: str = "") -> None:
    quote = connection.dialect.identifier_preparer.quote
    columns = f"id bigint PRIMARY KEY, name {text}, score decimal(10,5), seen bigint, note {text}"
    for statement in (
        f"CREATE TABLE {PREFIX}person ({columns}){unicode}",
        f"CREATE TABLE {PREFIX}nobody (id bigint PRIMARY KEY, name {text}){unicode}",
        f"CREATE TABLE {PREFIX}stray (id bigint PRIMARY KEY, {quote('order')} {text}){unicode}",
        f"CREATE TABLE {PREFIX}cache_pages (id bigint PRIMARY KEY)",
        "CREATE TABLE other_person (id bigint PRIMARY KEY)",
        f"INSERT INTO {PREFIX}stray VALUES (1, 'kept'), (2, NULL), (3, 'é')",
        f"INSERT INTO {PREFIX}cache_pages VALUES (1)",
        "INSERT INTO other_person VALUES (1)",
    ):
        connection.exec_driver_sql(statement)
    person = sa.table(f"{PREFIX}person", *map(sa.column, FIELDS))
    batch = [dict(zip(FIELDS, row, strict=True)) for row in rows()]
    connection.execute(person.insert(), batch)


class TestSQLite(SourceContract):
    @pytest.fixture(scope="class")
    @classmethod
    def file(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        file: Path = tmp_path_factory.mktemp("sqlite") / "small.sqlite"
        with sa.create_engine(sa.URL.create("sqlite", database=str(file))).begin() as connection:
            fill(connection, "text")
        with closing(sqlite3.connect(file)) as database, database:
            database.execute(f"CREATE TABLE {PREFIX}broken (id integer PRIMARY KEY, name text)")
            for number, name in ((1, b"good"), (2, b"Mu\xf1oz"), (3, b"good")):
                database.execute(f"INSERT INTO {PREFIX}broken VALUES (?, CAST(? AS TEXT))", (number, name))
        return file

    @pytest.fixture
    def subject(self, file: Path) -> Iterator[Subject]:
        broken = {"broken": {"key": "id", "fields": {"id": {"type": "int"}, "name": {}}}}
        model = contract("database", ENTITIES | broken)
        source = DatabaseSource(f"sqlite:///{file.name}", PREFIX, model, file.parent)
        yield Subject(source, model, undeclared={"stray": 3}, archived={"cache_pages": 1}, faults={"broken": "SRC-ENCODING"})
        source.close()

    def test_text_that_is_not_utf8_stays_readable(self, subject: Subject) -> None:
        names = [row["name"] for batch in subject.connector.rows("broken", ["name"]) for row in batch.to_pylist()]
        assert names == ["good", "Mu\\xf1oz", "good"]


def test_addresses_are_shown_without_passwords() -> None:
    for url in ("postgresql://u:hidden@h/d", "postgresql://h/d?user=u&password=hidden", "mysql://h/d?ssl_ca=x&PASSWD=hidden"):
        assert "hidden" not in shown(sa.make_url(url))
        assert "h/d" in shown(sa.make_url(url))


def test_a_port_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="not a SQLAlchemy URL"):
        DatabaseSource("mysql://u:hidden@h:port/d", "", contract("database", {}), tmp_path)


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    """They are looked up without case, so one of the two would be lost."""
    model = Contract.model_validate_json('{"system": "s", "label": "S", "entities": {"a": {"key": "id", "fields": {"id": {}}}}}')
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as database, database:
        database.execute("CREATE TABLE m_a (id, Name)")
    source = DatabaseSource("sqlite:///x.sqlite", "m_", model, tmp_path)
    source._tables["m_A"] = [("id", sa.Text())]
    with pytest.raises(SourceRefused, match="m_a and m_A"):
        source._refuse_twins("x.sqlite")
    source.close()


def renamed(folder: Path, columns: str) -> DatabaseSource:
    """A table whose column ``_name`` the contract calls ``title``."""
    with closing(sqlite3.connect(folder / "x.sqlite")) as database, database:
        database.execute(f"CREATE TABLE m_a (id, {columns})")
        database.execute(f"INSERT INTO m_a VALUES (1{', 2' * len(columns.split(','))})")
    fields = {"id": {"type": "int"}, "title": {"column": "_name"}}
    return DatabaseSource("sqlite:///x.sqlite", "m_", contract("database", {"a": {"key": "id", "fields": fields}}), folder)


def test_a_column_may_be_called_otherwise(tmp_path: Path) -> None:
    source = renamed(tmp_path, "_NAME, further")
    assert source.columns("a") == ["id", "title", "further"]
    assert source.lacking("a", ["id", "title", "_name"]) == ["a._name"]
    assert [row["title"] for batch in source.rows("a", ["id", "title"]) for row in batch.to_pylist()] == ["2"]
    assert source.holding_data("a", {"title": (), "further": ()}) == {"title": 1, "further": 1}
    source.close()


@pytest.mark.parametrize("other", ["Title", "title"])
def test_a_column_that_takes_the_name_of_another_is_refused(tmp_path: Path, other: str) -> None:
    source = renamed(tmp_path, f"_name, {other}")
    with pytest.raises(SourceRefused, match=f"_name and {other}"):
        source.columns("a")
    source.close()


def test_a_sqlite_file_of_any_name(tmp_path: Path) -> None:
    """Signs that mean something in addresses."""
    file = tmp_path / "small & odd" / "50%20 off #1?.sqlite"
    file.parent.mkdir()
    with sa.create_engine(sa.URL.create("sqlite", database=str(file))).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE person (id integer PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO person VALUES (1)")
    url = sa.URL.create("sqlite", database=file.name).render_as_string()
    source = DatabaseSource(url, "", contract("database", ENTITIES), file.parent)
    assert source.count("person") == 1
    source.close()
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


class _OnServer(SourceContract):
    kind = ""

    @pytest.fixture(scope="class")
    @classmethod
    def database(cls) -> Iterator[servers.Database]:
        with servers.server(cls.kind).database() as database:
            with database.engine().connect() as connection:
                text = {"postgresql": "text", "mariadb": "longtext"}[cls.kind]
                fill(connection, text)
            yield database

    @pytest.fixture
    def subject(self, database: servers.Database) -> Iterator[Subject]:
        model = contract("database", ENTITIES)
        source = DatabaseSource(database.url, PREFIX, model, Path())
        yield Subject(source, model, undeclared={"stray": 3}, archived={"cache_pages": 1})
        source.close()


@pytest.mark.database
class TestPostgreSQL(_OnServer):
    kind = "postgresql"


@pytest.mark.database
class TestMariaDB(_OnServer):
    kind = "mariadb"


class TestDelimited(SourceContract):
    """Semicolons, a byte order mark, several files of one shape, line breaks within cells."""

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder: Path = tmp_path_factory.mktemp("delimited")
        everything = list(rows())
        parts = {"person_2019.csv": everything[:25_000], "person_2020.csv": everything[25_000:]}
        for name, part in parts.items():
            with (folder / name).open("w", encoding="utf-8-sig", newline="") as stream:
                writer = csv.writer(stream, delimiter=";")
                writer.writerow(["ID", "Name", "SCORE", "Seen", "Note"])
                writer.writerows(part)
        (folder / "nobody.csv").write_text("id;name\n", "utf-8")
        (folder / "stray notes.csv").write_text("about\nkept\nkept too\n", "utf-8")
        (folder / "sub").mkdir()
        (folder / "sub" / "deep.txt").write_text("title\nkept\n", "utf-8")
        (folder / "broken.csv").write_bytes(b"id;name\n1;good\n2;Mu\xf1oz\n3;good\n")
        (folder / "shape.csv").write_bytes(b"id;name\n1;good\n2;good;more\n3;good\n")
        return folder

    @pytest.fixture
    def subject(self, folder: Path) -> Iterator[Subject]:
        two = {"key": "id", "fields": {"id": {"type": "int"}, "name": {}}}
        entities = {name: model | {"file": f"{name}.csv"} for name, model in ENTITIES.items()}
        entities["person"] = ENTITIES["person"] | {"file": "person_*.csv"}
        entities |= {name: two | {"file": f"{name}.csv"} for name in ("broken", "shape")}
        model = contract("files", entities, format={"delimiter": ";"})
        source = DelimitedSource(folder, model)
        yield Subject(
            source, model, has_null=False, undeclared={"stray notes.csv": 3, "sub/deep.txt": 2},
            faults={"broken": "SRC-ENCODING", "shape": "SRC-SHAPE"},
        )  # fmt: skip
        source.close()

    def test_every_file_is_named_by_its_hash(self, subject: Subject, folder: Path) -> None:
        from hashlib import sha256

        assert subject.connector.info.inputs == {
            file.name: sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.csv") if not file.name.startswith("stray")
        }

    def test_a_fault_names_file_line_and_cell(self, subject: Subject) -> None:
        found = [row for batch in subject.connector.rows("broken", ["id", "name"]) for row in batch.to_pylist()]
        assert found[1]["_fault_value"] == "broken.csv:3: name: Mu\\xf1oz"
        shape = [row for batch in subject.connector.rows("shape", ["id", "name"]) for row in batch.to_pylist()]
        assert shape[1]["_fault_value"].startswith("shape.csv:3: 3 cells, 2 columns")


class TestJsonLines(SourceContract):
    """Objects on lines, with a byte order mark, several files of one shape, and fields that stand deep inside."""

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder: Path = tmp_path_factory.mktemp("objects")
        everything = list(rows())
        for name, part in {"person_2019.jsonl": everything[:25_000], "person_2020.jsonl": everything[25_000:]}.items():
            with (folder / name).open("w", encoding="utf-8-sig", newline="") as stream:
                for number, called, score, seen, note in part:
                    marks = {"seen": seen, **({} if score is None else {"score": float(score)})}
                    stream.write(json.dumps({"id": number, "who": {"names": [called]}, "marks": marks, "note": note}) + "\n")
        (folder / "nobody.jsonl").write_text("\n", "utf-8")
        (folder / "stray notes.txt").write_text("about\nkept\nkept too\n", "utf-8")
        good = b'{"id": 1, "name": "good"}\n'
        (folder / "broken.jsonl").write_bytes(good + b'{"id": 2, "name": "Mu\xf1oz"}\n' + good)
        return folder

    @pytest.fixture
    def subject(self, folder: Path) -> Iterator[Subject]:
        entities = {name: model | {"file": f"{name}.jsonl"} for name, model in ENTITIES.items()}
        paths = {"name": "who.names.0", "score": "marks.score", "seen": "marks.seen"}
        fields = {name: rule | ({"path": paths[name]} if name in paths else {}) for name, rule in FIELDS.items()}
        entities["person"] = {"key": "id", "file": "person_*.jsonl", "fields": fields}
        entities["broken"] = {"key": "id", "file": "broken.jsonl", "fields": {"id": {"type": "int"}, "name": {}}}
        model = contract("files", entities, format={"json": "lines"})
        source = JsonSource(folder, model)
        yield Subject(source, model, undeclared={"stray notes.txt": 3}, faults={"broken": "SRC-ENCODING"})
        source.close()
