"""The contract's words are checked where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.connectors.canvas_sis.words import CanvasOptions, read_options, read_words
from migrate.contracts.load import load_contract
from migrate.errors import ConfigurationError
from migrate.resources import contract_file

SHIPPED = contract_file("canvas", "target")


def wrong(tmp_path: Path, old: str, new: str) -> str:
    text = SHIPPED.read_text("utf-8")
    assert old in text
    file = tmp_path / "canvas.yaml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    contract = load_contract(file)
    with pytest.raises(ConfigurationError) as caught:
        read_words(contract)
    return str(caught.value)


def test_the_contract_that_ships_says_how_every_entity_is_written() -> None:
    contract = load_contract(SHIPPED)
    assert list(read_words(contract).writes) == list(contract.model.entities)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("by: sis_import", "by: sis_imports", "no such way of writing"),
        ("parameter: terms", "parameters: terms", "unknown word 'parameters'"),
        ("fields: [term_id, name, ", "fields: [term_id, title, ", "the entity has no such field"),
        ("fields: [term_id, name, ", "fields: [name, ", "does not show term_id, which is part of the key"),
        ("removed_as: users", "removed_as: people", "there is no such entity"),
        ("removed: {status: deleted}", "removed: {state: deleted}", "the file that removes has no such field"),
        ("means: imported", "means: taken", "a value that is not allowed"),
        ('says: "bad date format"', 'says: "(bad date format"', "not a regular expression"),
        ('list: "courses/sis_course_id:{course}/assignments"', 'list: "courses/{curse}/assignments"', "no such field"),
        ("person: user", "person: users", "the entity has no such field"),
        ("    imports: ", "    import: ", "unknown word 'import'"),
        ("many: 300", "many: lots", "many"),
    ],
)
def test_a_wrong_word_is_named_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    message = wrong(tmp_path, old, new)
    assert says in message
    line = next(n for n, text in enumerate((tmp_path / "canvas.yaml").read_text("utf-8").splitlines(), start=1) if new in text)
    told = int(message.split("canvas.yaml:")[1].split(":")[0])
    assert abs(told - line) <= 12


def test_options_are_named() -> None:
    assert read_options({}) == CanvasOptions()
    with pytest.raises(ConfigurationError, match="override_sis_stickiness"):
        read_options({"override": True})
    with pytest.raises(ConfigurationError, match="import_minutes"):
        read_options({"import_minutes": "long"})
