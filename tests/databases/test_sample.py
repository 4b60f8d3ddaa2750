"""The Moodle sample gives the same run wherever it lies: SQLite, PostgreSQL, MariaDB, any prefix, any version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import database_servers as servers
import generate_moodle
import pyarrow.parquet as pq
import pytest
from database_servers import Database
from moodle_sample.schema import SCHEMA

from migrate.connectors.database import DatabaseSource
from migrate.contracts.load import load_contract
from migrate.resources import contract_file

PREFIXES = {"postgresql": "x7_", "mariadb": ""}


def sample(version: str = "4.5") -> Any:
    site = servers.as_version(generate_moodle.build(), version)
    servers.storable(site)
    return site


def test_same_run_as_from_sqlite_and_the_source_is_left_alone(
    database: Database, tmp_path: Path, baseline: dict[str, Any]
) -> None:
    """One prefix on one server, none at all on the other; content and tables are the same before and after."""
    prefix = PREFIXES[database.kind]
    servers.load(database, sample(), prefix)
    before = database.checksums()
    result = servers.migrate_site(tmp_path / "workspace", database.url, prefix)
    assert servers.outcome(result) == baseline
    assert database.checksums() == before
    assert len(before) == len(SCHEMA)
    facts = json.loads((result.folder / "run.json").read_text("utf-8"))
    assert facts["source"]["version"] == "4.5.5+ (Build: 20250613)"
    for archive in facts["archive"].values():
        for table in archive["tables"].values():
            assert table["archived"] == table["source"]


@pytest.mark.long
def test_archived_tables_that_no_contract_describes_hold_the_new_identities(mariadb: Database, tmp_path: Path) -> None:
    """By the names of their columns; of merged people too. Nothing of the tool's own is left in them."""
    servers.load(mariadb, sample(), "mdl_")
    mariadb.execute(
        "CREATE TABLE mdl_certificate_issued (id bigint, userid bigint, courseid bigint)",
        "INSERT INTO mdl_certificate_issued VALUES (1, 908, 101), (2, 901, 1), (3, 0, NULL)",
    )
    folder = servers.migrate_site(tmp_path / "workspace", mariadb.url).folder
    dispositions = {(row["entity"], row["key"]): row for row in pq.read_table(folder / "dispositions.parquet").to_pylist()}
    rows = sorted(pq.read_table(folder / "archive" / "certificate_issued.parquet").to_pylist(), key=lambda row: int(row["id"]))
    assert [row["userid__disposition"] for row in rows] == ["merged", "excluded", None]
    assert rows[0]["userid__target"] == dispositions["users", "907"]["target_key"]
    assert rows[0]["courseid__target"] == dispositions["courses", "101"]["target_key"]
    assert [name for name in rows[0] if "__" not in name] == ["id", "userid", "courseid"]


def test_names_arrive_as_they_are(database: Database, tmp_path: Path) -> None:
    """Letters of four bytes, right-to-left and combining ones, blanks and quotes, in names and in long text."""
    odd = [
        "🎓 Zoë 👩🏽‍🔬",
        "شيماء \u200fمحمود",
        "e\u0301 + \u1e9b\u0323",
        'O\'Brien "q" \\N',
        "𠜎𠜱 a\u00a0b",
        "  blanks  ",
    ]
    site = sample()
    users = [row for row in site.all("user") if not row["deleted"] and 20 <= row["id"] < 20 + len(odd)]
    assert len(users) == len(odd)
    for row, text in zip(users, odd, strict=True):
        row["lastname"] = row["description"] = text
    servers.load(database, site, "mdl_")
    result = servers.migrate_site(tmp_path / "workspace", database.url, stop_after="extract")
    extracted = {
        row["id"]: (row["lastname"], row["description"])
        for row in pq.read_table(result.folder / "1_extract" / "user.parquet").to_pylist()
    }
    assert {row["id"]: (row["lastname"], row["description"]) for row in users}.items() <= extracted.items()
    everybody = {row["id"]: row["lastname"] for row in site.all("user")}
    assert {key: value[0] for key, value in extracted.items()} == everybody


@pytest.mark.long
def test_only_broken_text_differs_from_the_sample_as_it_is(tmp_path: Path, baseline: dict[str, Any]) -> None:
    """Servers refuse text that is not UTF-8, so the sample loses that fault there: its row, and what waits for it."""
    site = generate_moodle.build()
    broken = servers.storable(site)
    assert [(table, column) for table, _, column in broken] == [("user", "lastname")]
    file = tmp_path / "moodle.sqlite"
    generate_moodle.generate(file)
    whole = servers.outcome(servers.migrate_site(tmp_path / "workspace", f"sqlite:///{file}"))
    user = str(broken[0][1])
    enrolments = {f"e{row['id']}-r" for row in site.all("user_enrolments") if row["userid"] == broken[0][1]}
    differing = set(whole["dispositions"]) ^ set(baseline["dispositions"])
    assert {row[0] for row in differing} <= {"users", "enrollments", "group_membership", "logins"}
    for entity, key, *_ in differing:
        assert entity != "users" or key == user
        assert entity != "enrollments" or any(key.startswith(start) for start in enrolments)
    lost = {row for row in whole["findings"] if row not in baseline["findings"]}
    assert {row[0] for row in lost} == {"SRC-ENCODING", "REF-BLOCKED"}


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        pytest.param("mariadb", "4.1", marks=pytest.mark.long),
        pytest.param("postgresql", "5.1", marks=pytest.mark.long),
        pytest.param("postgresql", "4.1", marks=pytest.mark.long),
        pytest.param("mariadb", "5.1", marks=pytest.mark.long),
    ],
)
def test_shapes_of_other_versions(kind: str, version: str, tmp_path: Path, baseline: dict[str, Any]) -> None:
    """Tables and columns that came and went between versions change nothing of what reaches the target."""
    with servers.server(kind).database() as database:
        servers.load(database, sample(version), "mdl_")
        result = servers.migrate_site(tmp_path / "workspace", database.url)
    found = servers.outcome(result)
    assert found["failure"] is None
    assert found["dispositions"] == baseline["dispositions"]
    assert found["findings"] == baseline["findings"]
    facts = json.loads((result.folder / "run.json").read_text("utf-8"))
    assert facts["source"]["version"].startswith(version)
    archived = {name: table for archive in facts["archive"].values() for name, table in archive["tables"].items()}
    tracks = {"4.1": "scorm_scoes_track", "5.1": "scorm_scoes_value"}[version]
    assert archived[tracks]["archived"] == archived[tracks]["source"] > 0
    if version == "4.1":
        assert {archived[table]["archived"] for table in ("scorm_attempt", "scorm_scoes_value")} == {0}


def test_an_unknown_version_warns_and_goes_on(mariadb: Database, tmp_path: Path) -> None:
    site = sample()
    servers.set_release(site, "3.9.2 (Build: 20200914)")
    servers.load(mariadb, site, "mdl_")
    result = servers.migrate_site(tmp_path / "workspace", mariadb.url, stop_after="extract")
    assert result.failure is None
    assert json.loads((result.folder / "run.json").read_text("utf-8"))["source"]["version"] == "3.9.2 (Build: 20200914)"
    findings = pq.read_table(result.folder / "1_extract" / "findings.parquet").to_pylist()
    versions = [(row["severity"], row["value"]) for row in findings if row["code"] == "SRC-VERSION"]
    assert versions == [("warn", "3.9.2 (Build: 20200914)")]


def test_versions_are_told_apart_by_whole_numbers(mariadb: Database) -> None:
    mariadb.execute(
        "CREATE TABLE mdl_config (id bigint PRIMARY KEY, name varchar(255), value longtext)",
        "INSERT INTO mdl_config VALUES (1, 'release', '')",
        "CREATE TABLE mdl_user (id bigint PRIMARY KEY)",
    )
    contract = load_contract(contract_file("moodle", "source")).model
    tried = {}
    for release in ("4.1", "4.1.10 (Build: 20240422)", "4.5.5+ (Build: 20250613)", "5.1+ (Build: 20251017)",
                    "4.15 (Build: 20300101)", "4.0.9", "5.10dev", "14.1", "unknown"):  # fmt: skip
        mariadb.execute(f"UPDATE mdl_config SET value = '{release}'")
        source = DatabaseSource(mariadb.url, "mdl_", contract, Path())
        assert source.info.version == release
        tried[release] = source.info.version_known
        source.close()
    assert [release for release, known in tried.items() if known] == list(tried)[:4]


def test_the_address_is_shown_without_the_password(
    sample_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = sample_database
    name = database.name
    if database.kind == "mariadb":
        database.execute(
            f"CREATE USER '{name[-20:]}'@'%' IDENTIFIED BY 's3cr:et/@#'",
            f"GRANT SELECT ON {name}.* TO '{name[-20:]}'@'%'",
        )
    else:
        database.execute(
            f"CREATE ROLE {name[-20:]} LOGIN PASSWORD 's3cr:et/@#'",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name[-20:]}",
        )
    try:
        monkeypatch.setenv("SOURCE_PASSWORD", "s3cr:et/@#")
        start, _, rest = database.url.partition("://")
        url = f"{start}://{name[-20:]}:${{SOURCE_PASSWORD}}@{rest.rpartition('@')[2]}"
        result = servers.migrate_site(tmp_path / "workspace", url, stop_after="extract")
        assert result.failure is None
        written = (result.folder / "run.json").read_text("utf-8") + (result.folder / "summary.json").read_text("utf-8")
        assert "s3cr" not in written
        assert database.name in json.loads((result.folder / "run.json").read_text("utf-8"))["source"]["address"]
    finally:
        if database.kind == "mariadb":
            database.execute(f"DROP USER '{name[-20:]}'@'%'")
        else:
            database.execute(f"DROP OWNED BY {name[-20:]}", f"DROP ROLE {name[-20:]}")
