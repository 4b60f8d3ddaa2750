"""Concepts: the names are checked where they stand, and all that ships holds some."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrate.contracts.concepts import concepts, held, read_concepts
from migrate.contracts.load import load_contract
from migrate.errors import ConfigurationError
from migrate.resources import mappings_folder

SHIPPED = sorted((mappings_folder() / "systems").glob("*.yaml"))
CONTRACT = """\
system: x
label: X
source: {kind: files}
entities:
  folk:
    concept: persn
    file: folk.csv
    key: no
    fields:
      no: {concept: person.number}
      mail: {concept: person.e_mail}
      other: {concept: pupil.name}
"""


def refused(text: str, tmp_path: Path) -> ConfigurationError:
    file = tmp_path / "x.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_contract(file)
    return caught.value


def test_names_that_are_no_concept_are_shown_where_they_stand(tmp_path: Path) -> None:
    found = {(p.place.line if p.place else 0, p.value): p for p in refused(CONTRACT, tmp_path).problems}
    assert set(found) == {(6, "persn"), (11, "person.e_mail"), (12, "pupil.name")}
    assert found[6, "persn"].hint == "perhaps person"
    assert "person" in found[6, "persn"].allowed
    assert found[11, "person.e_mail"].hint == "perhaps person.email"
    assert "person.email" in found[11, "person.e_mail"].allowed
    assert str(found[11, "person.e_mail"].place).endswith("x.yaml:11:14")


def test_a_concept_without_its_field_is_no_field(tmp_path: Path) -> None:
    (problem,) = refused(
        CONTRACT.replace("persn", "person").replace("person.e_mail", "person").replace("pupil", "person"), tmp_path
    ).problems
    assert problem.value == "person"
    assert "person.number" in problem.allowed


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ({"near": ["two", "three"]}, "three"),
        ({"near": ["one"]}, "one"),
        ({"fields": {"a": {"about": "x", "refers": "three"}}}, "three"),
        ({"fields": {"a": {"about": "x", "near": ["b"]}}}, "b"),
        ({"fields": {"a": {"about": "x", "near": "a"}}}, "a"),
    ],
)
def test_a_file_of_concepts_names_only_what_it_has(tmp_path: Path, change: dict[str, object], value: str) -> None:
    one = {"about": "first", "fields": {"a": "something"}}
    file = tmp_path / "concepts.yaml"
    file.write_text(json.dumps({"concepts": {"one": one, "two": one}}), "utf-8")
    assert read_concepts(file)["two"].fields["a"].about == "something"
    file.write_text(json.dumps({"concepts": {"one": {**one, **change}, "two": one}}), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_concepts(file)
    assert [problem.value for problem in caught.value.problems] == [value]


WITHOUT_PEOPLE = {"xapi"}
"""A record store keeps what people did, and no people."""


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_contracts_that_ship_hold_concepts(file: Path) -> None:
    contract = load_contract(file).model
    marked = held(contract)
    if file.stem not in WITHOUT_PEOPLE:
        assert any(entity.concept == "person" for entity in contract.entities.values())
        assert {"person.number", "person.login", "person.email"} & {f"{one.concept}.{one.part}" for one in marked}
    for one in marked:
        rule, part = contract.entities[one.entity].fields[one.field], concepts()[one.concept].fields[one.part]
        if rule.references is not None and part.refers is not None:
            other = contract.entities[rule.references.entity].concept
            assert other in (part.refers, None, *concepts()[part.refers].near), f"{one}: refers to {other}"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_an_entity_holds_fields_of_its_own_concept(file: Path) -> None:
    for name, entity in load_contract(file).model.entities.items():
        if entity.concept is not None:
            assert any((rule.concept or "").startswith(f"{entity.concept}.") for rule in entity.fields.values()), name


def test_every_concept_says_what_it_is() -> None:
    for name, concept in concepts().items():
        assert concept.about, name
        assert concept.fields, name
        assert all(field.about for field in concept.fields.values()), name
