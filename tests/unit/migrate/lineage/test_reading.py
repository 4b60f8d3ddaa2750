"""What a run notes of how fields are made: lines of the mapping, source columns with their classes, statements that work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from migrate.compiler.plan import make_plan
from migrate.compiler.text import name
from migrate.engine import session
from migrate.inline_tests.run import AS_OF
from migrate.lineage.reading import READING, Classes, write_reading
from migrate.scaffold import new_workspace
from migrate.workspace import open_workspace


def noted(folder: Path, source: str, target: str) -> tuple[dict[str, Any], Path]:
    """``reading.json`` of a pair over empty tables, and the folder of its mapping."""
    workspace = folder / "workspace"
    new_workspace(workspace, source, target)
    plan = make_plan(open_workspace(workspace).pair, AS_OF)
    with session() as connection:
        for entity, fields in plan.physical.items():
            columns = ", ".join(f"{name(field)} VARCHAR" for field in fields)
            engine = '"_row" BIGINT, "_fault" VARCHAR, "_fault_value" VARCHAR'
            connection.execute(f"CREATE TABLE raw.{name(entity)} ({columns}, {engine})")
        write_reading(connection, plan, folder)
    return json.loads((folder / READING).read_text("utf-8")), workspace / "mapping"


@pytest.fixture(scope="module")
def moodle(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    return noted(tmp_path_factory.mktemp("moodle"), "moodle", "canvas")


def labels(reading: dict[str, Any], mapping: str, field: str) -> list[str]:
    about = reading["mappings"][mapping]
    return [about["columns"][place]["label"] for place in about["fields"][field]["reads"]]


def test_a_field_has_the_lines_that_make_it(moodle: tuple[dict[str, Any], Path]) -> None:
    reading, folder = moodle
    for mapping, about in reading["mappings"].items():
        lines = (folder / f"{mapping}.yaml").read_text("utf-8").split("\n")
        assert about["file"] == f"mapping/{mapping}.yaml"
        for field, made in about["fields"].items():
            held = made["text"].split("\n")
            assert held[0].startswith(f"{field}:")
            assert ["  " + line if line else "" for line in held] == [
                line.rstrip() for line in lines[made["line"] - 1 : made["line"] - 1 + len(held)]
            ]
            after = lines[made["line"] - 1 + len(held)]
            assert len(after) - len(after.lstrip()) <= 2, f"{field} goes on"


def test_names_under_let_lookups_and_pivots_are_followed_to_the_source(moodle: tuple[dict[str, Any], Path]) -> None:
    reading, _ = moodle
    assert {"person.idnumber", "person.id"} <= set(labels(reading, "users", "user_id"))
    assert labels(reading, "users", "pronouns") == ["profile_value.value (pronouns)"]
    assert labels(reading, "users", "full_name") == ["person.firstname", "person.lastname"]
    assert reading["mappings"]["enrollments"]["fields"]["user_id"]["ref"] == "users"


def test_columns_have_their_classes(moodle: tuple[dict[str, Any], Path]) -> None:
    reading, _ = moodle
    classes = {each["label"]: each["pii"] for each in reading["mappings"]["users"]["columns"]}
    assert classes["person.email"] == "email"
    assert classes["person.firstname"] == "name"
    assert classes["person.auth"] is None


def test_a_text_of_a_view_has_the_class_of_what_it_is_made_of(tmp_path: Path) -> None:
    new_workspace(tmp_path / "workspace", "csv_history", "totara")
    contract = open_workspace(tmp_path / "workspace").source.model
    classes = Classes(contract)
    assert contract.entities["job_holder"].fields["emp_id"].pii is None
    assert classes.of("job_holder", "emp_id") == "identifier"
    assert classes.of("certification", "title") is None


def test_people_look_for_names_and_not_for_references(moodle: tuple[dict[str, Any], Path]) -> None:
    fields = moodle[0]["mappings"]
    assert fields["courses"]["fields"]["long_name"]["names"]
    assert fields["users"]["fields"]["email"]["names"]
    assert not fields["enrollments"]["fields"]["user_id"]["names"]


def test_only_what_mappings_need_is_noted_and_in_order(moodle: tuple[dict[str, Any], Path]) -> None:
    reading, _ = moodle
    needed = {entity for about in reading["mappings"].values() for entity in about["sources"]}
    assert set(reading["statements"]) == needed
    sources = reading["mappings"]["users"]["sources"]
    assert sources.index("user") < sources.index("person")
