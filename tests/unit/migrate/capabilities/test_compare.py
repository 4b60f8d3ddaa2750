"""What targets hold and what pairs lose, told from contracts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from migrate.capabilities import compare, matrix
from migrate.cli.compare import command
from migrate.contracts.model import Contract
from migrate.errors import ConfigurationError
from reports.documents.compare import drawn
from tests.unit.migrate.drafting.conftest import SOURCES, TARGETS, contract


def system(name: str, entities: dict[str, Any], **more: Any) -> Contract:
    given = {"system": name, "label": name, "source": {"kind": "files"}, "target": {"kind": "files"}, "entities": entities}
    return Contract.model_validate_json(json.dumps({**given, **more}))


PEOPLE = {
    "people": {
        "concept": "person",
        "key": "id",
        "fields": {
            "id": {"type": "int", "concept": "person.id"},
            "mail": {"concept": "person.email"},
            "seen": {"type": "datetime", "concept": "person.last_access"},
            "state": {"concept": "person.status", "enum": ["on", "off"]},
            "bio": {"concept": "person.biography"},
            "pw": {"pii": "secret", "concept": "person.login"},
            "hat": {},
        },
    },
    "places": {"concept": "category", "key": "no", "fields": {"no": {"concept": "category.number"}}},
    "rooms": {"concept": "room", "key": "no", "fields": {"no": {"concept": "room.number"}}},
}
USERS = {
    "users": {
        "concept": "person",
        "key": "no",
        "unconfirmed": "all of it",
        "fields": {
            "no": {"required": True, "concept": "person.number"},
            "email": {"concept": "person.email"},
            "last": {"type": "date", "concept": "person.last_access"},
            "status": {"concept": "person.status", "enum": ["on"]},
            "role": {"required": True},
            "kind": {"required": True, "enum": ["person"]},
            "login": {"concept": "person.login", "pii": "secret"},
        },
    },
    "units": {"concept": "organisation", "key": "code", "fields": {"code": {"concept": "organisation.number"}}},
}


def test_every_field_of_the_source_has_an_outcome() -> None:
    found = compare(system("old", PEOPLE), system("new", USERS))
    outcomes = {f"{c.concept}.{f.field}": (f.outcome, f.why) for c in found.concepts for f in c.fields}
    assert outcomes == {
        "person.id": ("near", ("number says nearly as much",)),
        "person.email": ("held", ()),
        "person.last_access": ("narrower", ("the time of day is lost",)),
        "person.status": ("narrower", ("one of on",)),
        "person.biography": ("lost", ()),
        "category.number": ("near", ()),
        "room.number": ("lost", ("the target knows nothing of the kind",)),
    }
    assert found.needed == ("users.role",)
    assert found.unnamed == 1
    assert found.unconfirmed == ("new, users: all of it",)
    assert {c.concept: c.near for c in found.concepts} == {"person": None, "category": "organisation", "room": None}


@pytest.mark.parametrize("source", SOURCES)
def test_pairs_that_ship_count_each_field_once(source: str) -> None:
    for target in TARGETS:
        found = compare(contract(source, "source").model, contract(target, "target").model)
        completions = any(entity.concept == "completion" for entity in contract(source, "source").model.entities.values())
        assert (found.count("held") + found.count("narrower") > 0) == (completions or target != "xapi")
        numbers = found.as_json()["counts"]
        assert sum(numbers.values()) == sum(len(concept.fields) for concept in found.concepts)
        fields = [(c.concept, f.field) for c in found.concepts for f in c.fields]
        assert len(set(fields)) == len(fields)
        assert all(bool(f.target) == (f.outcome != "lost") for c in found.concepts for f in c.fields)


def test_the_matrix_shows_what_contracts_hold() -> None:
    found = matrix()
    assert set(found.targets) == set(TARGETS)
    rows = {row.concept: row for row in found.rows}
    assert "canvas" in rows["section"].cells
    assert "moodle" not in rows["section"].cells
    assert "login" in rows["person"].cells["totara"].fields
    assert rows["person"].cells["successfactors"].unconfirmed
    assert not rows["person"].cells["moodle"].unconfirmed
    own = matrix(contract("csv_history", "source").model)
    assert {row.concept for row in own.rows} == {
        e.concept for e in contract("csv_history", "source").model.entities.values() if e.concept
    }
    assert all(set(cell.fields) <= set(row.of) for row in own.rows for cell in row.cells.values())
    signatures = {row.concept: row for row in own.rows}["completion"]
    assert "signature_name" in signatures.cells["successfactors"].fields
    assert "signature_name" not in signatures.cells["totara"].fields


HOSTILE = "<script>alert(1)</script> | *x*"


def test_pages_show_words_of_contracts_as_text() -> None:
    old = system("old", PEOPLE, label=HOSTILE, unconfirmed=HOSTILE)
    page = drawn(compare(old, system("new", USERS)), "html")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "Content-Security-Policy" in page
    text = drawn(compare(old, system("new", USERS)), "markdown")
    assert "<script>" not in text
    assert "\\<script\\>" in text


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.output


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_the_command_draws_all_forms(form: str) -> None:
    pair = run("moodle", "oneroster12", "--format", form)
    assert "attempt" in pair
    assert "lost" in pair
    whole = run("--format", form)
    assert all(target in whole for target in TARGETS)
    assert "gradebook" not in run("csv_history", "--format", form)


def test_tables_of_markdown_have_as_many_cells_in_each_row() -> None:
    for arguments in ((), ("moodle",), ("totara", "successfactors")):
        block: list[int] = []
        for line in [*run(*arguments, "--format", "markdown").splitlines(), ""]:
            if line.startswith("|"):
                block.append(line.replace("\\|", "").count("|"))
            else:
                assert len(set(block)) <= 1, line
                block = []


def test_json_says_the_same_as_the_model() -> None:
    found = json.loads(run("totara", "successfactors", "--format", "json"))
    assert found["counts"]["held"] == compare(
        contract("totara", "source").model, contract("successfactors", "target").model
    ).count("held")
    assert {one["concept"] for one in found["concepts"]} >= {"completion", "certification_award"}
    assert json.loads(run("--format", "json"))["concepts"]["person"]["held"]["canvas"]["entities"] == ["users"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("odd",), "SOURCE names no system"),
        (("moodle", "even"), "TARGET names no system"),
        (("blackboard",), "cannot be read"),
        (("moodle", "csv_history"), "cannot be written"),
    ],
)
def test_systems_that_cannot_be_compared_are_refused(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run(*arguments)
    assert said in str(caught.value)
