"""``words.yaml`` beside this file: what sentinels, personal columns and national numbers look like."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from migrate.contracts.model import Words
from migrate.located_yaml import read
from migrate.models import build

_CUT = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*")


class SentinelWords(Words):
    """Values that mostly stand where there is none."""

    texts: tuple[str, ...]
    numbers: tuple[int, ...]
    dates: tuple[str, ...]


class LookedFor(Words):
    """The whole file."""

    sentinels: SentinelWords
    columns: dict[str, tuple[str, ...]]
    numbers: dict[str, str]


@cache
def looked_for() -> LookedFor:
    """The words as they ship."""
    return build(LookedFor, read(Path(__file__).with_name("words.yaml")))


def parts(column: str) -> str:
    """The words of a column's name, in lower case with a blank between: ``birthDate2`` is ``birth date``."""
    return " ".join(part.lower() for part in _CUT.findall(column))


def named(column: str, kind: str) -> str | None:
    """The word of the list ``kind`` that the name of a column has."""
    said = f" {parts(column)} "
    return next((word for word in looked_for().columns[kind] if f" {word} " in said), None)
