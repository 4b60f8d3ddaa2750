"""The word ``compare`` of a field: which differences between the mapped value and the one read back are excused.

A rule is a word, or ``{word: argument}``. Rules are asked only of values that differ. The first that makes a pair equal is the
one that is counted; where no single one does, rules about text are tried together, as few as possible.
"""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from migrate.contracts.model import FieldType, Words

Kind = Literal["trim", "case", "unicode", "day", "seconds", "number"]
ABOUT: dict[str, tuple[FieldType, ...]] = {
    "trim": ("string",),
    "case": ("string",),
    "unicode": ("string",),
    "day": ("date", "datetime", "epoch"),
    "seconds": ("datetime", "epoch"),
    "number": ("int", "decimal"),
}
"""Per rule, the types it is about. Text is never read as a number: '007' is not 7."""
_TEXT = {
    "trim": r"regexp_replace({0}, '^[\s\p{{Z}}]+|[\s\p{{Z}}]+$', '', 'g')",
    "case": "lower({0})",
    "unicode": "nfc_normalize({0})",
}
_IN_WORDS = {
    "trim": "blanks at the ends may differ",
    "case": "upper and lower case may differ",
    "unicode": "the Unicode form may differ",
}


class Tolerance(Words):
    """One rule of ``compare``."""

    kind: Kind
    within: float | None = None
    """Numbers: the most by which they may differ. ``seconds``: the most seconds between two instants."""
    relative: float | None = None
    """Numbers: the most by which they may differ, as a share of the larger of both."""
    zone: str | None = None
    """``day``: the time zone whose calendar counts; UTC without it."""

    @property
    def label(self) -> str:
        """What the rule is called in files and reports."""
        match self.kind:
            case "number":
                bounds = [f"within {self.within:g}"] if self.within is not None else []
                bounds += [f"relative {self.relative:g}"] if self.relative is not None else []
                return f"number {' or '.join(bounds)}"
            case "seconds" if self.within is not None:
                return f"seconds within {self.within:g}"
            case "day" if self.zone is not None:
                return f"day in {self.zone}"
        return self.kind

    @property
    def in_words(self) -> str:
        """The rule as a phrase for people."""
        match self.kind:
            case "number":
                bounds = [f"by up to {self.within:g}"] if self.within is not None else []
                bounds += [f"by up to {100 * self.relative:g} %"] if self.relative is not None else []
                return f"numbers may differ {' or '.join(bounds)}"
            case "seconds":
                return f"instants may lie {self.within:g} s apart" if self.within else "parts of a second may differ"
            case "day":
                return f"the time of day may differ{f' (days in {self.zone})' if self.zone else ''}"
        return _IN_WORDS[self.kind]

    def excuses(self, one: str, other: str) -> str:
        """The SQL condition under which the rule excuses two values that differ. Null and NaN are excused by none."""
        match self.kind:
            case "number":
                one, other = f"CAST({one} AS DOUBLE)", f"CAST({other} AS DOUBLE)"
                limits = [f"{self.within!r}"] if self.within is not None else []
                limits += [f"{self.relative!r} * greatest(abs({one}), abs({other}))"] if self.relative is not None else []
                most = limits[0] if len(limits) == 1 else f"greatest({', '.join(limits)})"
                return f"coalesce(isfinite({one}) AND isfinite({other}) AND abs({one} - {other}) <= {most}, FALSE)"
            case "day":
                return f"coalesce({self._day(one)} = {self._day(other)}, FALSE)"
            case "seconds" if self.within:
                apart = f"abs(epoch_us(CAST({one} AS TIMESTAMP)) - epoch_us(CAST({other} AS TIMESTAMP)))"
                return f"coalesce({apart} <= {round(self.within * 1_000_000)}, FALSE)"
            case "seconds":
                return f"coalesce(date_trunc('second', {one}) = date_trunc('second', {other}), FALSE)"
        return _equal((self,), one, other)

    def _day(self, sql: str) -> str:
        if self.zone is None:
            return f"CAST({sql} AS DATE)"
        zone = self.zone.replace("'", "''")
        return f"CAST(timezone('{zone}', timezone('UTC', CAST({sql} AS TIMESTAMP))) AS DATE)"


def _equal(rules: tuple[Tolerance, ...], one: str, other: str) -> str:
    """Are two texts equal after all of ``rules``?"""
    sides = [f"CAST({side} AS VARCHAR)" for side in (one, other)]
    for rule in rules:
        sides = [_TEXT[rule.kind].format(side) for side in sides]
    return f"coalesce({sides[0]} = {sides[1]}, FALSE)"


def alternatives(rules: tuple[Tolerance, ...], one: str, other: str) -> list[tuple[str, str]]:
    """``(label, SQL condition)`` in the order in which they are asked: each rule alone, then those about text together."""
    asked = [(rule.label, rule.excuses(one, other)) for rule in rules]
    texts = [rule for rule in rules if rule.kind in _TEXT]
    for number in range(2, len(texts) + 1):
        asked += [(" + ".join(r.label for r in some), _equal(some, one, other)) for some in combinations(texts, number)]
    return asked


def read_rules(given: Any) -> Any:
    """Rules as they stand in YAML: ``exact``, one rule, or a list of them."""
    if isinstance(given, tuple) and all(isinstance(rule, Tolerance) for rule in given):
        return given
    if given == "exact":
        return ()
    rules = tuple(_rule(each) for each in (given if isinstance(given, list | tuple) else [given]))
    labels = [rule.label for rule in rules]
    if len(set(labels)) < len(labels):
        raise ValueError(f"a rule stands twice: {', '.join(labels)}")
    return rules


def _rule(given: Any) -> Tolerance:
    word, argument = next(iter(given.items())) if isinstance(given, dict) and len(given) == 1 else (given, None)
    if not isinstance(word, str) or word not in ABOUT:
        expected = ", ".join(f"'{known}'" for known in ("exact", *ABOUT))
        raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})
    if word == "number":
        return _number(argument)
    if argument is None:
        return Tolerance(kind=word)  # type: ignore[arg-type]
    if word == "day":
        if not isinstance(argument, str) or argument not in available_timezones():
            raise ValueError(f"{argument!r} is not a time zone of the IANA database, such as Europe/Madrid")
        return Tolerance(kind="day", zone=argument)
    if word == "seconds":
        return Tolerance(kind="seconds", within=_positive(argument))
    raise ValueError(f"{word} takes no argument, and has {argument!r}")


def _number(argument: Any) -> Tolerance:
    bounds = argument if isinstance(argument, dict) else {"within": argument}
    if not bounds or not set(bounds) <= {"within", "relative"} or argument is None:
        raise ValueError("number needs a bound: {number: {within: 0.005}}, {number: {relative: 0.000001}}, or both")
    found = {word: _positive(bound) for word, bound in bounds.items()}
    return Tolerance(kind="number", within=found.get("within"), relative=found.get("relative"))


def _positive(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"{value!r} is not a number above 0")
    return float(value)


Compare = Annotated[tuple[Tolerance, ...], BeforeValidator(read_rules)]
