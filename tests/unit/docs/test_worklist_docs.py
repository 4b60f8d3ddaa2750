"""The page of the worklist names what the code knows, all of it and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import get_args

import pytest

from migrate.decisions.model import COLUMNS, VERBS
from migrate.worklist.build import SCHEMA
from migrate.worklist.columns import MEANING
from migrate.worklist.identity import KINDS
from migrate.worklist.states import State

PAGE = (Path(__file__).parents[3] / "docs" / "worklist.md").read_text("utf-8")


def names(heading: str) -> list[str]:
    """What stands in the first column below ``<!-- heading -->``."""
    rows = PAGE.split(f"<!-- {heading} -->\n")[1].split("\n\n")[0].splitlines()[2:]
    return [name for row in rows for name in re.findall("`([^`]+)`", row.split("|")[1])]


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("kinds of items", KINDS),
        ("states of items", get_args(State)),
        ("decisions", VERBS),
        ("columns of decisions.csv", COLUMNS),
        ("columns of worklist.parquet", SCHEMA.names),
        ("columns of an exported worklist", MEANING),
    ],
)
def test_each_word_is_explained_once(heading: str, known: Collection[str]) -> None:
    told = names(heading)
    assert sorted(told) == sorted(known)
