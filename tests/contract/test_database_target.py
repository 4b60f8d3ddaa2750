"""Databases as targets pass the suite of target connectors: SQLite here, PostgreSQL and MariaDB where they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import database_servers as servers
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from migrate.connectors.database_target import DatabaseTarget
from migrate.connectors.target import Record
from migrate.contracts.load import load_contract
from migrate.errors import TargetRefused
from migrate.testing.targets import Case, TargetContract, found, write

CONTRACT = """\
system: house
label: A database
target: {kind: database}
entities:
  person:
    key: number
    fields:
      number: {required: true}
      name: {max_length: 40}
      score: {type: decimal}
      active: {type: flag}
      born: {type: date}
      joined: {type: epoch}
      seen: {type: datetime}
      level: {type: int}
      boss: {references: {entity: person}}
    write: {table: people, native: id, columns: {number: "No"}, by_native: [boss], absent: {boss: 0, name: ""}}
  place:
    key: [person, course]
    fields:
      person: {required: true, references: {entity: person}}
      course: {required: true}
      role: {}
    write: {table: places}
"""
JOINED = dt.datetime(2024, 2, 29, 23, 59, 59)
PEOPLE = [
    Record(f"p-{n}", {
        "number": f"p-{n}", "name": name, "score": 1.25 * n, "active": n % 2 == 0, "born": dt.date(1990, 1, n),
        "joined": JOINED, "seen": JOINED + dt.timedelta(days=n), "level": n, "boss": None,
    })
    for n, name in enumerate(["Zoë O'Neil", 'a "quoted" \\ tab\t|', None, "🎓"], 1)
]  # fmt: skip
PLACES = [Record(f"p-{n}|c|1", {"person": f"p-{n}", "course": "c|1", "role": role}) for n, role in enumerate(["x", None, ""], 1)]


def tables(engine: sa.Engine, *, protected: bool = True) -> None:
    long = sa.String(100).with_variant(sa.String(100, collation="utf8mb4_bin"), "mysql", "mariadb")
    metadata = sa.MetaData()
    sa.Table(
        "people", metadata, sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("No", long, unique=protected, nullable=False),
        sa.Column("name", long, nullable=False), sa.Column("score", sa.Double), sa.Column("active", sa.Integer),
        sa.Column("born", sa.Date), sa.Column("joined", sa.BigInteger), sa.Column("seen", sa.DateTime),
        sa.Column("level", sa.Integer, sa.CheckConstraint("level < 100")), sa.Column("boss", sa.Integer, nullable=False),
    )  # fmt: skip
    sa.Table(
        "places", metadata, sa.Column("person", long, primary_key=protected, nullable=False),
        sa.Column("course", long, primary_key=protected, nullable=False), sa.Column("role", long),
    )  # fmt: skip
    metadata.create_all(engine)


class Databases(TargetContract):
    """The suite on the tables above."""

    @pytest.fixture(params=[True, False], ids=["unique", "bare"])
    def protected(self, request: pytest.FixtureRequest) -> bool:
        return bool(request.param)

    @pytest.fixture(params=["sqlite", *servers.KINDS])
    def url(self, request: pytest.FixtureRequest, tmp_path: Path, protected: bool) -> Iterator[str]:
        if request.param == "sqlite":
            engine = sa.create_engine(f"sqlite:///{tmp_path / 'house.sqlite'}")
            tables(engine, protected=protected)
            yield str(engine.url)
            return
        with servers.server(request.param).database() as database:
            with database.server.engine(database.name).connect() as connection:
                tables(connection.engine, protected=protected)
            yield database.server.engine(database.name).url.render_as_string(hide_password=False)

    @pytest.fixture
    def connector(self, url: str, tmp_path: Path) -> Iterator[DatabaseTarget]:
        target = opened(url, tmp_path)
        yield target
        target.close()


class TestPeople(Databases):
    """Single key, a number of the database's own, values of every type."""

    @pytest.fixture
    def case(self) -> Case:
        bad = replace(PEOPLE[0], key="bad", values={**PEOPLE[0].values, "number": "bad", "level": 100})
        return Case("person", PEOPLE, {"name": "other", "score": None, "active": None, "joined": None}, bad)

    def test_a_reference_is_kept_as_the_number_of_the_other_record(self, connector: DatabaseTarget) -> None:
        natives = {key: one.native for key, one in write(connector, "person", "create", PEOPLE[:1]).items()}
        child = Record("p-9", {**PEOPLE[1].values, "number": "p-9", "boss": "p-1"}, links={"boss": str(natives["p-1"])})
        write(connector, "person", "create", [child])
        held = found(connector, "person", [child])["p-9"]
        assert held.links == {"boss": natives["p-1"]}
        assert "boss" not in held.values

    def test_a_record_whose_key_changed_is_found_by_its_number(self, connector: DatabaseTarget) -> None:
        native = write(connector, "person", "create", PEOPLE[:1])["p-1"].native
        other = replace(PEOPLE[0], key="p-8", values={**PEOPLE[0].values, "number": "p-8"}, native=native)
        assert found(connector, "person", [other])["p-8"].values["number"] == "p-1"

    def test_texts_that_a_database_takes_for_one_are_two(self, connector: DatabaseTarget) -> None:
        write(connector, "person", "create", PEOPLE[:1])
        assert found(connector, "person", [Record("P-1", {"number": "P-1"}), Record("p-1 ", {"number": "p-1 "})]) == {}

    def test_what_nothing_protects_is_told(self, connector: DatabaseTarget, protected: bool) -> None:
        assert [w.code for w in connector.preflight(["person", "place"])] == ([] if protected else ["DB-KEY-UNPROTECTED"])


class TestPlaces(Databases):
    """A key of two fields, no number."""

    @pytest.fixture
    def case(self) -> Case:
        return Case("place", PLACES, {"role": "y"})


def opened(url: str, folder: Path, contract: str = CONTRACT) -> DatabaseTarget:
    (folder / "house.yaml").write_text(contract, "utf-8")
    return DatabaseTarget.open(load_contract(folder / "house.yaml"), url, SecretStr(""), {})


def test_everything_that_lacks_is_told_with_its_line(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'house.sqlite'}")
    tables(engine)
    wrong = CONTRACT.replace("table: places", "table: seats").replace('number: "No"', 'number: "Nr"')
    with pytest.raises(TargetRefused) as caught:
        opened(str(engine.url), tmp_path, wrong)
    said = [(problem.value, problem.place.line if problem.place else 0) for problem in caught.value.problems]
    assert said == [("Nr", 5), ("seats", 18)]
    assert caught.value.problems[1].allowed == ("people", "places")


@pytest.mark.parametrize("url", ["nonsense", "oracle://x:geheim@y/z", "postgresql://u:geheim@127.0.0.1:1/none"])
def test_an_address_that_cannot_be_used_is_refused_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(TargetRefused) as caught:
        opened(url, tmp_path)
    assert "geheim" not in str(caught.value)


def test_an_unknown_word_is_told_with_its_place(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'house.sqlite'}")
    tables(engine)
    with pytest.raises(Exception, match="unknown word 'tabel'") as caught:
        opened(str(engine.url), tmp_path, CONTRACT.replace("table: places", "tabel: places"))
    assert "house.yaml:24" in str(caught.value)


KEYED = """\
system: house
label: A database
target: {{kind: database}}
entities:
  thing:
    key: [{key}]
    fields:
      code: {{required: true, type: {type}}}
      part: {{required: true, type: int}}
      label: {{}}
"""
UUIDS = ["6f9619ff-8b86-d011-b42d-00c04fc964ff", "6F9619FF-8B86-D011-B42D-00C04FC964FE", "00000000-0000-0000-0000-000000000001"]
KEYS: dict[str, tuple[str, Any, list[Any]]] = {
    "text": ("string", sa.String(5), ["a", "B", "12345", "ö|€"]),
    "number": ("int", sa.BigInteger(), [0, -1, 2**60]),
    "text of a number": ("string", sa.Integer(), ["7", "12"]),
    "decimal": ("decimal", sa.Numeric(10, 2), [1.25, -3.0]),
    "day": ("date", sa.Date(), [dt.date(2024, 2, 29), dt.date(1969, 7, 20)]),
    "instant": ("datetime", sa.DateTime(), [JOINED, JOINED + dt.timedelta(days=400)]),
    "seconds": ("epoch", sa.BigInteger(), [JOINED, JOINED + dt.timedelta(seconds=1)]),
    "uuid": ("string", sa.UUID(), UUIDS),
}


@contextmanager
def empty(folder: Path, server: str) -> Iterator[sa.Engine]:
    """A database without tables."""
    if server == "sqlite":
        yield sa.create_engine(f"sqlite:///{folder / 'house.sqlite'}")
        return
    with servers.server(server).database() as database:
        yield database.server.engine(database.name)


@contextmanager
def keyed(folder: Path, server: str, key: str, type_: str, column: Any) -> Iterator[DatabaseTarget]:
    """A target with one table, whose key is ``key``."""
    with empty(folder, server) as engine:
        metadata = sa.MetaData()
        parts = [
            sa.Column(f, t, primary_key=f in key, autoincrement=False) for f, t in (("code", column), ("part", sa.Integer()))
        ]
        sa.Table("thing", metadata, *parts, sa.Column("label", sa.String(20)))
        metadata.create_all(engine)
        target = opened(engine.url.render_as_string(hide_password=False), folder, KEYED.format(key=key, type=type_))
        with closing(target):
            yield target


@pytest.mark.parametrize("key", ["code", "code, part"])
@pytest.mark.parametrize(
    ("server", "kind"),
    [(server, kind) for server in ("sqlite", *servers.KINDS) for kind in KEYS if (server, kind) != ("sqlite", "uuid")],
)
def test_records_are_found_by_keys_of_every_type(tmp_path: Path, server: str, kind: str, key: str) -> None:
    type_, column, values = KEYS[kind]
    records = [Record(f"k{n}", {"code": value, "part": n, "label": str(n)}) for n, value in enumerate(values)]
    strangers = [Record(f"s{n}", {**records[0].values, "part": n}) for n in range(1_000, 2_000)] if "part" in key else []
    with keyed(tmp_path, server, key, type_, column) as target:
        assert {outcome.result for outcome in target.write("thing", "create", records)} == {"done"}
        held = {one.key: one.values["label"] for one in target.find("thing", [*strangers, *records])}
        assert held == {record.key: record.values["label"] for record in records}


@pytest.mark.parametrize(
    ("server", "kind"),
    [("sqlite", "text of a number"), *((server, kind) for server in servers.KINDS for kind in ("text of a number", "uuid"))],
)
def test_a_key_that_its_column_does_not_take_is_found_nowhere_and_refused(tmp_path: Path, server: str, kind: str) -> None:
    type_, column, values = KEYS[kind]
    good, bad = (Record(f"k{n}", {"code": value, "part": n, "label": "x"}) for n, value in enumerate([values[0], "no such"]))
    with keyed(tmp_path, server, "code", type_, column) as target:
        said = {outcome.key: (outcome.result, bool(outcome.message)) for outcome in target.write("thing", "create", [good, bad])}
        assert said == {"k0": ("done", False), "k1": ("refused", True)}
        assert [one.key for one in target.find("thing", [bad, good])] == ["k0"]


@pytest.mark.parametrize("server", servers.KINDS)
@pytest.mark.parametrize("key", ["code", "code, part"])
def test_what_the_database_does_not_let_go_is_refused_by_itself(tmp_path: Path, server: str, key: str) -> None:
    records = [Record(f"k{n}", {"code": f"c{n}", "part": n, "label": "x"}) for n in range(1_200)]
    kept = {"k3", "k700", "k1199"}
    with keyed(tmp_path, server, key, "string", sa.String(20)) as target:
        target.write("thing", "create", records)
        thing = sa.Table("thing", sa.MetaData(), autoload_with=target._engine)
        parts = [thing.c[part] for part in key.split(", ")]
        child = sa.Table(
            "child", thing.metadata, *(sa.Column(part.name, part.type) for part in parts),
            sa.ForeignKeyConstraint([part.name for part in parts], parts),
        )  # fmt: skip
        with target._engine.begin() as connection:
            child.create(connection)
            rows = [{part.name: record.values[part.name] for part in parts} for record in records if record.key in kept]
            connection.execute(sa.insert(child), rows)
        said = target.remove("thing", [*records, Record("gone", {"code": "gone", "part": 0})])
        assert [outcome.key for outcome in said] == [*(record.key for record in records), "gone"]
        assert {outcome.key for outcome in said if outcome.result != "done"} == kept
        assert all(outcome.result == "refused" and outcome.message for outcome in said if outcome.key in kept)
        assert {one.key for one in target.find("thing", records)} == kept


@pytest.mark.parametrize("server", ["sqlite", *servers.KINDS])
@pytest.mark.parametrize("key", ["code", "code, part"])
def test_of_many_changed_rows_the_one_that_is_not_there_is_refused(tmp_path: Path, server: str, key: str) -> None:
    there = [Record(f"k{n}", {"code": f"c{n}", "part": n, "label": "x"}) for n in range(50)]
    with keyed(tmp_path, server, key, "string", sa.String(20)) as target:
        target.write("thing", "create", there)
        same, others = there[:5], [replace(one, values={**one.values, "label": one.key}) for one in there[5:]]
        short = Record("k7", {"code": "c7", "part": 7, "label": None})
        changed = [*same, Record("gone", {"code": "gone", "part": 0, "label": "y"}), *others[:2], short, *others[3:]]
        said = target.write("thing", "update", changed)
        assert [(one.key, one.result) for one in said] == [(r.key, "refused" if r.key == "gone" else "done") for r in changed]
        held = {one.key: one.values["label"] for one in target.find("thing", changed)}
        assert held == {record.key: record.values["label"] for record in changed if record.key != "gone"}


@pytest.mark.parametrize("server", ["sqlite", *servers.KINDS])
def test_rows_that_stand_twice_do_not_hide_one_that_is_not_there(tmp_path: Path, server: str) -> None:
    with empty(tmp_path, server) as engine:
        tables(engine, protected=False)
        with engine.begin() as connection:
            row = {"person": "p-1", "course": "c|1", "role": "x"}
            connection.execute(sa.insert(sa.Table("places", sa.MetaData(), autoload_with=engine)), [row, row])
        with closing(opened(engine.url.render_as_string(hide_password=False), tmp_path)) as target:
            said = target.write("place", "update", [replace(one, values={**one.values, "role": "z"}) for one in PLACES[:2]])
            assert [(one.key, one.result) for one in said] == [("p-1|c|1", "done"), ("p-2|c|1", "refused")]
