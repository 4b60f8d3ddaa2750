"""A small target and suites for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.contracts.load import LoadedContract, load_contract
from migrate.errors import ConfigurationError, Problem
from validators.expectations.load import Wanted, load_suites

CONTRACT = """
system: hub
label: Hub
target: {kind: files}
entities:
  people:
    key: person
    file: people.csv
    fields:
      person: {required: true, unique: true, pii: identifier}
      login: {pii: login}
      email: {pii: email}
      status: {enum: [active, deleted]}
      age: {type: int}
      score: {type: decimal}
      active: {type: flag}
      born: {type: date}
      seen: {type: datetime}
  places:
    key: [person, room]
    file: places.csv
    fields:
      person: {references: {entity: people}}
      mail: {references: {entity: people, field: email}}
      room: {}
      status: {}
      since: {type: epoch}
"""


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> LoadedContract:
    file = tmp_path_factory.mktemp("hub") / "hub.yaml"
    file.write_text(CONTRACT, "utf-8")
    return load_contract(file)


Load = Callable[..., list[Wanted]]


@pytest.fixture
def load(tmp_path: Path, hub: LoadedContract) -> Load:
    """Expectations from the lines of one; with ``whole`` from the text of a file."""

    def loaded(text: str, *, whole: bool = False) -> list[Wanted]:
        folder = tmp_path / "expectations"
        folder.mkdir(exist_ok=True)
        lines = "".join(f"    {line}\n" for line in text.strip().splitlines())
        head = "suite: s\nexpectations:\n  - code: ACC-ONE\n    reason: r\n"
        (folder / "one.yaml").write_text(text if whole else head + lines, "utf-8")
        return [wanted for suite in load_suites(folder, hub) for wanted in suite.wanted]

    return loaded


@pytest.fixture
def refused(load: Load) -> Callable[..., Problem]:
    """The one problem of what cannot be loaded."""

    def problem(text: str, *, whole: bool = False) -> Problem:
        with pytest.raises(ConfigurationError) as caught:
            load(text, whole=whole)
        (found,) = caught.value.problems
        return found

    return problem
