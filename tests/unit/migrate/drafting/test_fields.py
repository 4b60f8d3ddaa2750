"""What is filled in, what is proposed and what is asked, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from migrate.contracts.model import Contract
from migrate.drafting.draft import Draft, draft
from migrate.drafting.fields import DraftedField

Entities = dict[str, Any]


def system(name: str, entities: Entities) -> Contract:
    given = {"system": name, "label": name, "source": {"kind": "database"}, "target": {"kind": "files"}, "entities": entities}
    return Contract.model_validate_json(json.dumps(given))


def drafted(source: Entities, target: Entities) -> Draft:
    return draft(system("old", source), system("new", target))


def field(source: Any, target: Any, *, key: bool = False) -> DraftedField:
    """The one field of a target of people, made from one of a source."""
    people = {"concept": "person", "key": "id", "fields": {"id": {"type": "int", "concept": "person.id"}, "x": source}}
    wanted = {"concept": "person", "key": "y" if key else "k", "fields": {"k": {"concept": "person.id"}, "y": target}}
    found = {one.name: one for one in drafted({"people": people}, {"users": wanted}).mappings["users"].fields}
    return found["y"]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ({}, {}),
        ({"type": "epoch"}, {"type": "datetime"}),
        ({"type": "date"}, {"type": "datetime"}),
        ({"type": "int"}, {"type": "string"}),
        ({"type": "int"}, {"type": "decimal"}),
        ({"type": "flag"}, {"type": "flag"}),
    ],
)
def test_the_same_concept_in_types_that_fit_is_certain(source: dict[str, str], target: dict[str, str]) -> None:
    made = field({**source, "concept": "person.biography"}, {**target, "concept": "person.biography"})
    assert made.certain
    assert (made.rule, made.confidence) == ({"from": "x"}, 1)


@pytest.mark.parametrize(
    ("source", "target", "asked"),
    [
        ("epoch", "date", "in which zone"),
        ("string", "int", "string becomes int"),
        ("decimal", "string", "decimal becomes string"),
        ("string", "date", "string becomes date"),
        ("int", "flag", "is y made"),
    ],
)
def test_types_that_may_lose_something_are_asked_about(source: str, target: str, asked: str) -> None:
    made = field({"type": source, "concept": "person.biography"}, {"type": target, "concept": "person.biography"})
    assert asked in made.question or made.crosswalk
    assert made.rule is not None
    assert made.rule["from"] == "x"


def test_words_of_a_system_go_by_a_crosswalk() -> None:
    made = field({"concept": "person.status", "type": "flag"}, {"concept": "person.status", "type": "flag"})
    assert made.rule == {"from": "x", "crosswalk": "users_y"}  # true may mean open here and closed there
    assert made.certain
    listed = field({"enum": ["a"], "concept": "person.status"}, {"enum": ["a", "b"], "concept": "person.status"})
    assert listed.rule == {"from": "x"}
    wider = field({"enum": ["a", "c"], "concept": "person.country"}, {"enum": ["a", "b"], "concept": "person.country"})
    assert wider.crosswalk == "users_y"


def test_a_key_that_may_be_empty_is_proposed_with_the_systems_own_number() -> None:
    made = field({"concept": "person.number"}, {"concept": "person.number"}, key=True)
    assert made.rule == {"expr": "coalesce(nullif(trim(x), ''), 'old-' || cast(id as text))"}
    assert "may be empty" in made.question
    assert field({"concept": "person.number", "required": True}, {"concept": "person.number"}, key=True).certain


def test_a_near_field_is_proposed_and_asked_about() -> None:
    made = field({"concept": "person.mobile"}, {"concept": "person.phone"})
    assert made.rule == {"from": "x"}
    assert 0 < made.confidence < 1
    assert made.question


def test_names_count_where_no_concept_does() -> None:
    wanted = {
        "concept": "person",
        "key": "k",
        "fields": {"k": {"concept": "person.id"}, "Shoe_Size": {}, "shoe_sizes": {}, "hat": {}},
    }
    people = {"concept": "person", "key": "id", "fields": {"id": {"concept": "person.id"}, "shoesize": {}}}
    found = {one.name: one for one in drafted({"people": people}, {"users": wanted}).mappings["users"].fields}
    assert set(found) == {"k", "Shoe_Size", "shoe_sizes"}
    assert found["Shoe_Size"].confidence > found["shoe_sizes"].confidence > 0
    assert not found["Shoe_Size"].certain


def test_what_the_target_needs_and_nothing_says_is_asked() -> None:
    made = field({}, {"required": True})
    assert made.rule is None
    assert "the target needs y" in made.question
    assert field({}, {"required": True, "enum": ["only"]}).rule == {"const": "only"}


def test_secrets_are_neither_taken_nor_asked_for() -> None:
    wanted = {
        "concept": "person",
        "key": "k",
        "fields": {"k": {"concept": "person.id"}, "pw": {"pii": "secret", "concept": "person.login"}},
    }
    people = {
        "concept": "person",
        "key": "id",
        "fields": {"id": {"concept": "person.id"}, "x": {"pii": "secret", "concept": "person.email"}},
    }
    wanted["fields"]["mail"] = {"concept": "person.email", "required": True}  # type: ignore[index]
    found = {one.name: one for one in drafted({"people": people}, {"users": wanted}).mappings["users"].fields}
    assert "pw" not in found
    assert found["mail"].rule is None


PEOPLE: Entities = {"concept": "person", "key": "id", "fields": {"id": {"type": "int", "concept": "person.id"}}}
USERS: Entities = {
    "concept": "person", "key": "no", "fields": {"no": {"concept": "person.id"}, "login": {"concept": "person.login"}},
}  # fmt: skip


def enrolled(by: dict[str, Any], to: dict[str, Any], people: Entities = PEOPLE, **more: Entities) -> DraftedField:
    places = {
        "concept": "enrolment",
        "key": "id",
        "fields": {"id": {"concept": "enrolment.id"}, "who": {**by, "concept": "enrolment.person"}},
    }
    wanted = {
        "concept": "enrolment",
        "key": "id",
        "fields": {"id": {"concept": "enrolment.id"}, "user": {**to, "concept": "enrolment.person"}},
    }
    made = drafted({"people": people, "places": places, **more}, {"users": USERS, "places": wanted})
    return next(one for one in made.mappings["places"].fields if one.name == "user")


def test_a_reference_goes_by_the_mapping_of_the_record_it_names() -> None:
    to: dict[str, Any] = {"references": {"entity": "users"}}
    made = enrolled({"references": {"entity": "people"}}, to)
    assert (made.rule, made.certain) == ({"ref": "users", "by": "who"}, True)
    other = enrolled({"references": {"entity": "people"}}, {"references": {"entity": "users", "field": "login"}})
    assert other.rule == {"ref": "users", "by": "who", "field": "login"}
    unsaid = enrolled({}, to)
    assert unsaid.rule == {"ref": "users", "by": "who"}
    assert "hold the key" in unsaid.question


def test_a_reference_to_the_table_behind_a_view_is_the_same() -> None:
    view: Entities = {**PEOPLE, "sql": "select a.id as id from accounts a", "covers": {"accounts": "id"}}
    accounts: Entities = {"key": "id", "fields": {"id": {"type": "int"}}}
    to: dict[str, Any] = {"references": {"entity": "users"}}
    assert enrolled({"references": {"entity": "accounts"}}, to, view, accounts=accounts).certain
    foreign = {**view, "covers": {}}
    assert not enrolled({"references": {"entity": "accounts"}}, to, foreign, accounts=accounts).certain


def test_a_record_of_several_key_fields_is_asked_about() -> None:
    people: Entities = {**PEOPLE, "key": ["id", "site"], "fields": {**PEOPLE["fields"], "site": {}}}
    made = enrolled({"references": {"entity": "people"}}, {"references": {"entity": "users"}}, people)
    assert made.rule is None
    assert "id, site" in made.question


def test_another_concept_may_stand_for_one_that_is_missing() -> None:
    source = {
        "places": {
            "concept": "category",
            "key": "id",
            "fields": {"id": {"concept": "category.id"}, "name": {"concept": "category.name"}},
        }
    }
    target = {
        "units": {
            "concept": "organisation",
            "key": "no",
            "fields": {"no": {"concept": "organisation.id"}, "title": {"concept": "organisation.name"}},
        }
    }
    mapping = drafted(source, target).mappings["units"]
    assert "places (category) may stand for it" in mapping.question
    assert [one.rule for one in mapping.fields] == [{"from": "id"}, {"from": "name"}]


def test_of_several_sources_the_one_that_says_most_is_taken_and_the_others_are_named() -> None:
    fields = {"id": {"concept": "person.id"}}
    source = {
        "thin": {"concept": "person", "key": "id", "fields": fields},
        "thick": {"concept": "person", "key": "id", "fields": {**fields, "login": {"concept": "person.login"}}},
    }
    made = drafted(
        source,
        {"users": USERS, "rooms": {"concept": "room", "key": "n", "fields": {"n": {}}}, "odd": {"key": "n", "fields": {"n": {}}}},
    )
    assert made.mappings["users"].origin.entity == "thick"
    assert made.mappings["users"].others == ("thin",)
    assert made.unheld == {"thin": "person"}
    assert set(made.unfilled) == {"rooms", "odd"}


def test_a_part_of_a_key_is_no_key_by_itself() -> None:
    """By the number of a course alone every version but the first would have a key that is taken."""
    fields = {"no": {"concept": "course.code"}, "version": {"type": "int"}, "name": {"concept": "course.title"}}
    wanted = {"code": {"required": True, "concept": "course.code"}, "title": {"concept": "course.title"}}
    source = {"course": {"concept": "course", "key": ["no", "version"], "fields": fields}}
    found = drafted(source, {"courses": {"concept": "course", "key": "code", "fields": wanted}}).mappings["courses"].fields
    made = {one.name: one for one in found}
    assert made["code"].rule == {"expr": "no || '-' || cast(version as text)"}
    assert "known by no, version" in made["code"].question
    assert not made["code"].certain
    assert made["title"].certain
