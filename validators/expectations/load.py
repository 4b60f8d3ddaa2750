"""Reading suites of acceptance tests, and checking that what they name exists. great-expectations is not needed for it."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlglot import exp

from migrate.contracts.load import LoadedContract
from migrate.contracts.model import Entity, Field
from migrate.errors import ConfigurationError, Place, Problem
from migrate.expressions import ExpressionError, columns_of, parse_expression
from migrate.expressions.regex import regex_error
from migrate.located_yaml import Document, Keys, read
from migrate.models import build
from migrate.said import number_of
from validators.expectations.vocabulary import Kind, Rule, vocabulary
from validators.expectations.words import Expectation, Suite

FOLDER = "expectations"
"""Folder of the suites, in a workspace and in a pair that ships."""
AS_OF = "as_of"
"""In place of a bound of a date: the instant of the run."""
DATES = frozenset({"date", "datetime", "epoch"})


@dataclass(frozen=True)
class Column:
    """A field that an expectation looks at, of the entity itself or of the record that a reference names."""

    path: str
    entity: str
    """Where the field lies."""
    field: str
    through: str | None
    """The entity's reference that leads there."""
    type: str
    """The type that its values have when they are judged. What refers to another record is text, as it is read back."""


@dataclass(frozen=True)
class Wanted:
    """An expectation that fits the target's contract."""

    suite: str
    file: str
    model: Expectation
    name: str
    """What great-expectations calls it."""
    rule: Rule
    columns: tuple[Column, ...]
    arguments: dict[str, Any]
    """Checked, and of the type of the field; bounds of dates are instants, or AS_OF."""
    used: tuple[Column, ...]
    """Every field that is read for it, those of ``where`` too."""
    place: Place

    @property
    def code(self) -> str:
        return self.model.code


@dataclass(frozen=True)
class LoadedSuite:
    """One file."""

    file: Path
    model: Suite
    wanted: tuple[Wanted, ...]


def load_suites(folder: Path, target: LoadedContract) -> list[LoadedSuite]:
    """Every suite of ``folder``; none where there is no such folder. Raises ConfigurationError with all problems."""
    problems = [Problem("a suite ends in .yaml", Place(file)) for file in sorted(folder.glob("*.yml"))]
    suites: list[LoadedSuite] = []
    first: dict[str, Place] = {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            suite = _load(file, target)
        except ConfigurationError as error:
            problems += error.problems or [Problem(error.message, Place(file))]
            continue
        for wanted in suite.wanted:
            if (before := first.setdefault(wanted.code, wanted.place)) is not wanted.place:
                problems.append(Problem(f"the code stands twice; first at {before}", wanted.place, wanted.code))
        suites.append(suite)
    if problems:
        raise ConfigurationError(f"{folder}: {number_of(len(problems), 'problem')}", problems=problems)
    return suites


def _load(file: Path, target: LoadedContract) -> LoadedSuite:
    document = read(file)
    model = build(Suite, document)
    checks = [_Check(document, number, one, target) for number, one in enumerate(model.expectations)]
    wanted = [check.wanted(model.suite) for check in checks]
    problems = [problem for check in checks for problem in check.problems]
    if not checks:
        problems = [Problem("the suite expects nothing", document.place("expectations"))]
    if problems:
        raise ConfigurationError(f"{file}: {number_of(len(problems), 'problem')}", problems=problems)
    return LoadedSuite(file, model, tuple(one for one in wanted if one is not None))


class _Check:
    """One expectation against the vocabulary and the contract."""

    def __init__(self, document: Document, number: int, model: Expectation, target: LoadedContract) -> None:
        self.document, self.at, self.model = document, ("expectations", number), model
        self.entities = target.model.entities
        self.system = target.system
        self.problems: list[Problem] = []

    def wanted(self, suite: str) -> Wanted | None:
        model = self.model
        found = self._expectation()
        entity = self.entities.get(model.entity)
        if entity is None:
            self._problem(f"{self.system} has no such entity", "entity", model.entity, tuple(self.entities))
        if found is None or entity is None:
            return None
        name, implied, rule = found
        columns = [column for path in model.field if (column := self._column(entity, path)) is not None]
        self._number_of_fields(rule)
        if not self.problems:
            self._types(rule, columns)
        arguments = self._arguments(rule, implied, columns)
        if model.mostly != 1.0 and not rule.each:
            self._problem(f"{name} is about all records together and takes no mostly", "mostly", model.mostly)
        used = {column.path: column for column in (*columns, *self._where(entity))}
        if self.problems:
            return None
        place = self.document.place(*self.at, "code")
        return Wanted(
            suite, self.document.file.name, model, name, rule, tuple(columns), arguments, tuple(used.values()), place
        )  # fmt: skip

    def _problem(
        self, message: str, word: str | Keys, value: object = None, allowed: tuple[str, ...] = (), hint: str = ""
    ) -> None:
        keys = (word,) if isinstance(word, str) else word
        place = self.document.place(*self.at, *keys)
        self.problems.append(Problem(f"{self.model.code}: {message}", place, value, allowed, hint))

    def _expectation(self) -> tuple[str, dict[str, Any], Rule] | None:
        known, word = vocabulary(), self.model.expect
        if (meant := known.meant(word)) is not None:
            name, implied = meant
            return name, implied, known.expectations[name]
        if (why := known.refused.get(word)) is not None:
            self._problem(f"{word} may not be used: {why}", "expect", word)
            return None
        near = tuple(difflib.get_close_matches(word, known.words, 5, 0.5)) or tuple(known.shorts)
        self._problem("there is no such expectation", "expect", word, near, "docs/acceptance.md lists all of them")
        return None

    def _column(self, entity: Entity, path: str) -> Column | None:
        given = ("field", self.model.field.index(path)) if isinstance(self._raw("field"), list) else ("field",)
        return self._named(entity, path, given)

    def _named(self, entity: Entity, path: str, at: Keys) -> Column | None:
        first, dot, second = path.partition(".")
        rule = entity.fields.get(first)
        if rule is None:
            self._problem(f"{self.model.entity} has no such field", at, path, tuple(entity.fields))
            return None
        if not dot:
            return Column(path, self.model.entity, first, None, _type(rule))
        if rule.references is None:
            names = tuple(field for field, of in entity.fields.items() if of.references)
            self._problem(f"{first} refers to no other record, so it has no fields", at, path, names)
            return None
        other = self.entities[rule.references.entity]
        if second not in other.fields:
            allowed = tuple(f"{first}.{field}" for field in other.fields)
            self._problem(f"{rule.references.entity} has no such field", at, path, allowed)
            return None
        return Column(path, rule.references.entity, second, first, _type(other.fields[second]))

    def _raw(self, word: str) -> Any:
        return self.document.data["expectations"][self.at[1]].get(word)

    def _number_of_fields(self, rule: Rule) -> None:
        number = len(self.model.field)
        right = {"field": number == 1, "pair": number == 2, "fields": number >= 2, "rows": number == 0}[rule.on]
        if not right:
            wants = {"field": "one field", "pair": "two fields", "fields": "two fields or more", "rows": "no field"}[rule.on]
            self._problem(f"{self.model.expect} is about {wants}", "field", ", ".join(self.model.field) or "none", (wants,))
        elif len(set(self.model.field)) != number:
            self._problem("a field stands twice", "field", ", ".join(self.model.field))

    def _types(self, rule: Rule, columns: list[Column]) -> None:
        for column in columns:
            if rule.of and column.type not in rule.of:
                what = f"{self.model.expect} is not for {column.path}, which is of type {column.type}"
                self._problem(what, "field", column.path, rule.of)
        if rule.on == "pair" and len({_comparable(column.type) for column in columns}) > 1:
            kinds = " and ".join(f"{column.path} ({column.type})" for column in columns)
            self._problem("the two fields cannot be compared", "field", kinds)

    def _arguments(self, rule: Rule, implied: dict[str, Any], columns: list[Column]) -> dict[str, Any]:
        taken = tuple(argument for argument in rule.arguments if argument not in implied)
        given: dict[str, Any] = {}
        for argument, value in self.model.arguments.items():
            if argument not in taken:
                self._problem(f"{self.model.expect} has no such argument", ("arguments", argument), argument, taken)
                continue
            column = columns[0] if columns else None
            kind = rule.arguments[argument]
            checked = _checked(kind, value, column)
            if isinstance(checked, _Wrong):
                self._problem(f"{argument} {checked.message}", ("arguments", argument), checked.value, checked.allowed)
            else:
                given[argument] = checked
                if kind == "values" and column is not None:
                    self._values_of(column, checked, ("arguments", argument))
        given |= implied
        there = {argument for argument, value in given.items() if value is not None}
        for argument in rule.needs:
            if argument not in self.model.arguments and argument not in implied:
                self._problem(f"{self.model.expect} needs {argument}", "arguments", None, taken)
        if rule.either and not there.intersection(rule.either) and not any(a in self.model.arguments for a in rule.either):
            self._problem(f"{self.model.expect} needs {' or '.join(rule.either)}", "arguments", None, taken)
        low, high = given.get("min_value"), given.get("max_value")
        if low is not None and high is not None and AS_OF not in (low, high) and low > high:
            self._problem("min_value is above max_value: nothing could be between them", ("arguments", "min_value"), str(low))
        return given

    def _where(self, entity: Entity) -> Iterator[Column]:
        if self.model.where is None:
            return
        try:
            tree = parse_expression(self.model.where)
        except ExpressionError as error:
            self._problem(f"where: {error}", "where", error.value, error.allowed)
            return
        for table, column in dict.fromkeys(columns_of(tree)):
            found = self._named(entity, f"{table}.{column}" if table else column, ("where",))
            if found is not None:
                yield found
                for value in _compared_with(tree, table, column):
                    self._values_of(found, [value], ("where",))

    def _values_of(self, column: Column, values: Iterable[Any], at: Keys) -> None:
        """A value that the target does not take is a typing error, and what is expected of its records holds of none."""
        listed = self.entities[column.entity].fields[column.field].enum
        for value in values:
            if listed and value not in listed:
                self._problem(f"{column.path} has no such value", at, value, tuple(map(str, listed)))


@dataclass(frozen=True)
class _Wrong:
    message: str
    value: object
    allowed: tuple[str, ...] = ()


def _compared_with(tree: exp.Expression, table: str, column: str) -> Iterator[str]:
    """The texts that an expression compares a column with."""
    for found in tree.find_all(exp.Column):
        over = found.parent
        if (found.table, found.name) == (table, column) and isinstance(over, exp.EQ | exp.NEQ | exp.In):
            yield from (part.this for part in over.iter_expressions() if isinstance(part, exp.Literal) and part.is_string)


def _type(rule: Field) -> str:
    return "string" if rule.references is not None else rule.type


def _comparable(kind: str) -> str:
    return "number" if kind in ("int", "decimal") else "date" if kind in DATES else kind


def _checked(kind: Kind, value: Any, column: Column | None) -> Any:
    """An argument as great-expectations takes it, or what is wrong with it."""
    shown = value if isinstance(value, str | int | float | bool) else None
    if kind in ("bound", "values"):
        assert column is not None or kind == "bound"
        return _of_field(kind, value, column)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    tests: dict[Kind, tuple[Callable[[], bool], str]] = {
        "number": (lambda: number, "a number"),
        "whole": (lambda: number and isinstance(value, int) and value >= 0, "a whole number, 0 or more"),
        "flag": (lambda: isinstance(value, bool), "true or false"),
        "text": (lambda: isinstance(value, str) and bool(value), "a text"),
        "any_or_all": (lambda: value in ("any", "all"), "any or all"),
        "regex": (lambda: isinstance(value, str), "a regular expression"),
        "regexes": (lambda: isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value), "a list of them"),
    }
    holds, wants = tests[kind]
    if not holds():
        return _Wrong(f"has to be {wants}", shown, (wants,))
    for pattern in [value] if kind == "regex" else value if kind == "regexes" else ():
        if (error := regex_error(pattern)) is not None:
            return _Wrong(f"is not a regular expression: {error}", pattern)
    return value


def _of_field(kind: Kind, value: Any, column: Column | None) -> Any:
    of = column.type if column is not None else "decimal"
    if kind == "bound":
        return _typed(value, of, as_of=True)
    if not isinstance(value, list) or not value:
        return _Wrong("has to be a list of values", value if isinstance(value, str | int | float) else None, ("[a, b]",))
    typed = [_typed(one, of, as_of=False) for one in value]
    return next((one for one in typed if isinstance(one, _Wrong)), typed)


def _typed(value: Any, of: str, *, as_of: bool) -> Any:
    if of in DATES:
        if as_of and value == AS_OF:
            return AS_OF
        try:
            moment = dt.datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return _Wrong("is no date", str(value), ("YYYY-MM-DD", "YYYY-MM-DD HH:MM:SS", *((AS_OF,) if as_of else ())))
        return moment if moment.tzinfo is None else moment.astimezone(dt.UTC).replace(tzinfo=None)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    right = {"string": isinstance(value, str), "flag": isinstance(value, bool), "int": isinstance(value, int) and number,
             "decimal": number}[of]  # fmt: skip
    if not right:
        wants = {"string": "a text; put it in quotation marks", "flag": "true or false", "int": "a whole number"}
        return _Wrong(f"is not of the field's type, {of}", str(value), (wants.get(of, "a number"),))
    return value
