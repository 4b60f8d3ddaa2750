"""The further lists of the Moodle sample, for other targets, name what is in it."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[3] / "sample_data"
LISTS = {name: importlib.import_module(name) for name in ("moodle_roster", "moodle_training")}
FAULTS = [pytest.param(fault, id=f"{name}: {fault.what}") for name, module in LISTS.items() for fault in module.FAULTS]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    file = tmp_path_factory.mktemp("sample") / "moodle.sqlite"
    LISTS["moodle_roster"].generate(file)
    with closing(sqlite3.connect(file)) as connection:
        yield connection


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_there_as_often_as_listed(database: sqlite3.Connection, fault: Any) -> None:
    assert fault.probe(database) == fault.rows > 0


@pytest.mark.parametrize("name", LISTS)
def test_the_list_is_up_to_date(name: str) -> None:
    assert (SAMPLES / f"{name}.md").read_text("utf-8") == LISTS[name].fault_table()


def test_a_fault_that_several_targets_meet_alike_is_stated_once() -> None:
    stated: dict[tuple[str, str, str], set[int]] = {}
    for module in LISTS.values():
        for fault in module.FAULTS:
            stated.setdefault((fault.what, fault.where, fault.code), set()).add(id(fault))
    assert [key for key, objects in stated.items() if len(objects) > 1] == []
