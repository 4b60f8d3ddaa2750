"""The expectations that a suite may use, as ``vocabulary.yaml`` lists them. great-expectations is not needed to read it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

from migrate.contracts.model import FieldType, Name, Words
from migrate.located_yaml import read
from migrate.models import build

FILE = Path(__file__).with_name("vocabulary.yaml")
Kind = Literal["bound", "values", "number", "whole", "flag", "text", "regex", "regexes", "any_or_all"]
"""What an argument is. ``bound`` and ``values`` are of the field's own type."""


class Rule(Words):
    """One expectation of great-expectations."""

    on: Literal["field", "pair", "fields", "rows"]
    """How many fields it is about."""
    each: bool = False
    """Is every row judged by itself?"""
    of: tuple[FieldType, ...] = ()
    """Types of field that it is for; all where there are none."""
    arguments: dict[Name, Kind] = {}
    needs: tuple[Name, ...] = ()
    either: tuple[Name, ...] = ()
    """At least one of these arguments has to be given."""
    always: dict[Name, Any] = {}
    observes: Literal["number", "values"] = "number"
    says: str
    """In words, after the name of the field."""


class Short(Words):
    """A shorter word for an expectation, with arguments where it implies some."""

    means: Name
    arguments: dict[Name, Any] = {}


class Vocabulary(Words):
    """All of it."""

    expectations: dict[Name, Rule]
    shorts: dict[Name, Short]
    refused: dict[Name, str]
    """``{name: why}`` of what great-expectations has and a suite may not use."""

    @property
    def words(self) -> tuple[str, ...]:
        """What may stand under ``expect``: the short words first."""
        return (*self.shorts, *self.expectations)

    def meant(self, word: str) -> tuple[str, dict[str, Any]] | None:
        """The expectation's own name and the arguments that the word implies; None for an unknown word."""
        short = self.shorts.get(word)
        if short is not None:
            return short.means, dict(short.arguments)
        return (word, {}) if word in self.expectations else None


@cache
def vocabulary() -> Vocabulary:
    """The list that ships."""
    return build(Vocabulary, read(FILE))
