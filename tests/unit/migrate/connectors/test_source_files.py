"""No file is read for two entities, and none is left to chance."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrate.connectors.source_files import files_of
from migrate.contracts.model import Contract
from migrate.errors import SourceRefused


def contract(**files: str | dict[str, str]) -> Contract:
    """Entities with the names of their files, or with their words."""
    words = {entity: {"file": given} if isinstance(given, str) else given for entity, given in files.items()}
    entities = {entity: {"key": "id", "fields": {"id": {}}, **given} for entity, given in words.items()}
    return Contract.model_validate_json(
        json.dumps({"system": "s", "label": "S", "source": {"kind": "files"}, "entities": entities})
    )


def shared_out(folder: Path, given: Contract, *names: str) -> dict[str, list[str]]:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
    return {entity: [str(file.relative_to(folder)) for file in files] for entity, files in files_of(folder, given).items()}


@pytest.mark.parametrize("order", [("training", "requests"), ("requests", "training")])
def test_the_more_exact_pattern_has_the_file(tmp_path: Path, order: tuple[str, str]) -> None:
    patterns = {"training": "training*.csv", "requests": "training_requests*.csv"}
    given = contract(**{entity: patterns[entity] for entity in order})
    found = shared_out(tmp_path, given, "training_2.csv", "training_requests.csv", "training.csv", "training_requests_2.csv")
    assert found == {
        "training": ["training.csv", "training_2.csv"],
        "requests": ["training_requests.csv", "training_requests_2.csv"],
    }


def test_a_name_is_more_exact_than_every_pattern(tmp_path: Path) -> None:
    given = contract(all="*.csv", some="user*.csv", one="users_old.csv", below="in/*.csv")
    assert shared_out(tmp_path, given, "a.csv", "users.csv", "users_old.csv", "in/users_old.csv") == {
        "all": ["a.csv"],
        "some": ["users.csv"],
        "one": ["users_old.csv"],
        "below": ["in/users_old.csv"],
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [("training*.csv", "*_requests.csv"), ("training*.csv", "training*.csv"), ("training_request?.csv", "training*s.csv")],
)
def test_a_file_of_two_patterns_of_which_none_is_more_exact_is_refused(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(SourceRefused, match=r"training_requests\.csv would be read for") as caught:
        shared_out(tmp_path, contract(training=one, requests=other), "training_requests.csv", "training_x.csv")
    assert f"training ({one})" in str(caught.value)
    assert f"requests ({other})" in str(caught.value)


def test_patterns_that_share_no_file_are_no_problem(tmp_path: Path) -> None:
    given = contract(training="training*.csv", requests="*_requests.csv")
    assert shared_out(tmp_path, given, "training.csv", "my_requests.csv") == {
        "training": ["training.csv"],
        "requests": ["my_requests.csv"],
    }


def test_two_sheets_of_one_workbook_are_two_entities(tmp_path: Path) -> None:
    given = contract(people={"file": "all.xlsx", "sheet": "People"}, units={"file": "all.xlsx", "sheet": "Units"})
    assert shared_out(tmp_path, given, "all.xlsx") == {"people": ["all.xlsx"], "units": ["all.xlsx"]}
    again = contract(people={"file": "all.xlsx", "sheet": "People"}, units={"file": "all.xlsx", "sheet": "People"})
    with pytest.raises(SourceRefused, match=r"all\.xlsx would be read for people \(all\.xlsx\) and units"):
        files_of(tmp_path, again)
