"""Packages with a manifest: what is written is read back, and a manifest that lies is not believed."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.connectors.importer import SCHEMA, Importer, ReadFile
from migrate.connectors.manifest import complete
from migrate.connectors.package import effective_format, file_names, pack, write_file
from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract
from migrate.engine import session
from migrate.errors import ConfigurationError
from migrate.resources import contract_file

ONEROSTER: Contract = load_contract(contract_file("oneroster12", "target")).model
SMALL = ONEROSTER.model_copy(update={"entities": {n: ONEROSTER.entities[n] for n in ("orgs", "users", "userProfiles", "roles")}})
Rows = dict[str, list[dict[str, Any]]]


def package(folder: Path, rows: Rows, contract: Contract = SMALL) -> Path:
    """The zip of these rows, as the load stage would write it."""
    files = []
    with duckdb.connect() as connection:
        for name, given_rows in rows.items():
            entity = contract.entities[name]
            fields = list(entity.fields)
            table = pa.table({f: pa.array([row.get(f) for row in given_rows], _type(entity.fields[f].type)) for f in fields})
            connection.register("arrow", table)
            connection.execute("CREATE OR REPLACE TABLE given AS SELECT * FROM arrow")
            written = write_file(
                connection, entity, fields, "SELECT * FROM given", "1", effective_format(contract, entity),
                file_names(folder, contract.load_file(name)), None,
            )  # fmt: skip
            files += [file for file, _ in written]
    assert contract.target is not None
    assert contract.target.package is not None
    return pack(folder, complete(contract, folder, files), contract.target.package)


def _type(name: str) -> pa.DataType:
    types = {"flag": pa.bool_(), "date": pa.date32(), "datetime": pa.timestamp("us"), "int": pa.int64(), "decimal": pa.float64()}
    return types.get(name, pa.string())


def imported(file: Path, entity: str, contract: Contract = SMALL) -> tuple[list[dict[str, Any]], list[ReadFile], list[Any]]:
    with session() as connection:
        seen = Importer(connection, contract).run([file])
        found = connection.execute(f'SELECT * FROM {SCHEMA}."{entity}" ORDER BY _line')
        columns = [column[0] for column in found.description]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
        return rows, seen, connection.execute("SELECT * FROM refused").fetchall()


def listing(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("manifest.csv").decode(), newline="")))
    assert rows[0] == ["propertyName", "value"]
    return dict(rows[1:])


ORG = {"sourcedId": "o1", "name": 'Hill, "upper" school', "type": "school"}


def test_the_manifest_says_what_is_there(tmp_path: Path) -> None:
    file = package(tmp_path, {"orgs": [ORG], "users": []}, ONEROSTER)
    said = listing(file)
    assert said["oneroster.version"] == "1.2"
    assert {name for name, value in said.items() if value == "bulk"} == {"file.orgs"}
    assert said["file.users"] == "absent", "a file without rows is not permitted"
    assert {f"file.{name}" for name in ONEROSTER.entities} <= set(said)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["orgs.csv", "manifest.csv"]
        assert archive.read("orgs.csv").startswith(b"sourcedId,status,dateLastModified,name,type,")
    rows, seen, refused = imported(file, "orgs", ONEROSTER)
    assert (rows[0]["name"], refused, [one.problem for one in seen]) == (ORG["name"], [], [None, None])


def test_files_of_changes_are_told_by_their_rows(tmp_path: Path) -> None:
    assert listing(package(tmp_path, {"orgs": [{**ORG, "status": "active"}]}))["file.orgs"] == "delta"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.replace("file.orgs,bulk", "file.orgs,absent"), "file.orgs is absent, and has to be bulk or delta"),
        (lambda m: m.replace("file.users,absent", "file.users,bulk"), "file.users is bulk, and has to be absent"),
        (lambda m: m.replace("oneroster.version,1.2", "oneroster.version,1.1"), "oneroster.version is 1.1, and has to be 1.2"),
        (lambda m: m.replace("file.orgs,bulk\r\n", ""), "file.orgs is not there"),
        (lambda m: m.replace("propertyName", "property"), "no table of propertyName and value"),
        (lambda m: m + "a,b,c\r\n", "no table of propertyName and value"),
        (None, "the package has none"),
    ],
)
def test_a_manifest_that_is_wrong_is_a_problem(tmp_path: Path, change: Any, said: str) -> None:
    good = package(tmp_path, {"orgs": [ORG]})
    wrong = tmp_path / "wrong.zip"
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(wrong, "w") as out:
        for name in archive.namelist():
            text = archive.read(name).decode()
            if name != "manifest.csv":
                out.writestr(name, text)
            elif change is not None:
                assert change(text) != text
                out.writestr(name, change(text))
    _, seen, _ = imported(wrong, "orgs")
    assert said in next(one.problem or "" for one in seen if one.name == "manifest.csv")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (b"sourcedId,status", b"status,sourcedId", "column 1 is status, and has to be sourcedId"),
        (b"sourcedId,status", b"SourcedId,status", "column 1 is SourcedId, and has to be sourcedId"),
        (b"sourcedId,status", b"sourcedId,state", "unknown or missing columns: state, status"),
    ],
)
def test_columns_stand_in_order_and_in_their_case(tmp_path: Path, before: bytes, after: bytes, said: str) -> None:
    good = package(tmp_path, {"orgs": [ORG]})
    wrong = tmp_path / "wrong.zip"
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(wrong, "w") as out:
        for name in archive.namelist():
            out.writestr(name, archive.read(name).replace(before, after) if name == "orgs.csv" else archive.read(name))
    rows, seen, _ = imported(wrong, "orgs")
    assert rows == []
    assert said in next(one.problem or "" for one in seen if one.name == "orgs.csv")


def test_words_of_another_case_are_refused(tmp_path: Path) -> None:
    rows, _, refused = imported(package(tmp_path, {"orgs": [ORG, {**ORG, "sourcedId": "o2", "type": "School"}]}), "orgs")
    assert [row["sourcedId"] for row in rows] == ["o1"]
    assert refused == [("orgs", "o2", "type: the value cannot be read")]


TEXT = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() and text != "\ufeff"
)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(TEXT, st.booleans(), st.sampled_from(["teacher", "student"])), min_size=1, max_size=4))
def test_whatever_text_is_written_is_read_back(given_rows: list[tuple[str, bool, str]]) -> None:
    users = [
        {"sourcedId": f"u{n}", "enabledUser": on, "username": f"n{n}", "givenName": text, "familyName": text[::-1]}
        for n, (text, on, _) in enumerate(given_rows)
    ]
    roles = [
        {"sourcedId": f"r{n}", "userSourcedId": f"u{n}", "roleType": "primary", "role": role, "orgSourcedId": "o1"}
        for n, (_, _, role) in enumerate(given_rows)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = package(Path(folder), {"orgs": [ORG], "users": users, "roles": roles})
        rows, seen, refused = imported(file, "users")
        assert [(r["givenName"], r["familyName"], r["enabledUser"]) for r in rows] == [
            (t, t[::-1], on) for t, on, _ in given_rows
        ]
        assert not refused
        assert not [one.problem for one in seen if one.problem]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"property": "file.x"}, "property does not hold"),
        ({"changes_by": "nothing"}, "no entity has such a field"),
    ],
)
def test_manifests_that_cannot_work_are_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    text = contract_file("oneroster11", "target").read_text("utf-8")
    for word, value in change.items():
        before = {"property": "property: file.{file}", "changes_by": "changes_by: status"}[word]
        assert before in text
        text = text.replace(before, f"{word}: {value}")
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_contract(tmp_path / "x.yaml")
    assert [message in problem.message for problem in caught.value.problems] == [True]
