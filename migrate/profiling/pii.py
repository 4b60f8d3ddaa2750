"""What is personal in a field: by its values first, by the name of its column where values have no form of their own."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module

from migrate.profiling.columns import Column
from migrate.profiling.frequencies import Frequencies
from migrate.profiling.model import Personal
from migrate.profiling.words import looked_for, named

LOOKED_AT = 1_000
"""Values of a field that are tried for numbers with check digits."""
MOSTLY = 0.6
"""From this share of the values on, a field is of the form."""
_FEW = 3
"""Fewer values than this have no form."""
_PROSE = 60
"""Characters from which on, in the mean, a text is one that people wrote."""

BY_LENGTH = "text that people wrote, by its length"

_SIGN = r"[^\s@<>\"',;:()]"
_EMAIL = re.compile(rf"(?<!{_SIGN}){_SIGN}+@{_SIGN}{{1,255}}\.{_SIGN}{{2,255}}")
"""Tried once for each run of signs, and no further than an address goes: in a text of one long word, such as a picture in base64,
it would be tried from each sign to the end."""
_PHONE = re.compile(
    r"(\+|00)[\d\s()./-]{7,18}\d(\s*(ext|x)\.?\s*\d+)?"  # with the code of the country
    r"|\(?0\d{1,4}\)?[\s./-][\d\s./-]{4,14}\d"  # with a trunk prefix, and signs between
    r"|\(\d{3}\) ?\d{3}-\d{4}|\d{3}[-.]\d{3}[-.]\d{4}"  # as in North America
)
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_ADDRESS = re.compile(
    r"(\d{1,3}\.){3}\d{1,3}"
    r"|([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?=.*::)([0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}"  # fewer parts are a time of day
    r"|([0-9a-f]{2}:){5}[0-9a-f]{2}",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(19\d\d|20\d\d)(?!\d)")
_LETTERS = re.compile(r"[^\W\d_]+([ '’.-]+[^\W\d_]+)*\.?")


def personal(column: Column, counted: Frequencies, declared: str | None, today: str) -> Personal | None:
    """What is personal in a field; None where nothing is. ``today``: ISO date, by which the age of people is judged."""
    values = [value for value, _ in counted.sample if value]
    found, what, share = _found(column, values, today)
    if declared is None and found is None:
        return None
    return Personal(declared, found, what, None if share is None else round(share, 4))


def _found(column: Column, values: Sequence[str], today: str) -> tuple[str | None, str, float | None]:
    if column.rule.type in ("flag", "decimal", "epoch"):
        return None, "", None
    if column.rule.type in ("date", "datetime"):
        return _birth(column, values, today)
    if column.rule.type == "string":
        for pii, what, whole in (("email", "e-mail addresses", _EMAIL), ("identifier", "network addresses", _ADDRESS)):
            if (share := _share(values, lambda text, form=whole: form.fullmatch(text.strip()) is not None)) >= MOSTLY:  # type: ignore[misc]
                return pii, what, share
    if (number := _numbers(values, integers=column.rule.type == "int")) is not None:
        return "identifier", *number
    if column.rule.type == "int":
        return None, "", None
    if (share := _share(values, _is_phone)) >= MOSTLY:
        return "contact", "telephone numbers", share
    if named(column.field, "birth") and (share := _share(values, lambda text: _DATE.search(text) is not None)) >= MOSTLY:
        return "identifier", "dates of birth, by its name and form", share
    return _by_name(column, values)


def _by_name(column: Column, values: Sequence[str]) -> tuple[str | None, str, float | None]:
    for pii in ("name", "email", "login", "identifier", "contact"):
        word = named(column.field, pii)
        if word is None or not values:
            continue
        if pii != "name" or _share(values, lambda text: _LETTERS.fullmatch(text.strip()) is not None) >= MOSTLY:
            return pii, f"by the name of the column ({word})", None
    inside = _share(values, lambda text: _EMAIL.search(text) is not None)
    if inside > 0 and len(values) >= _FEW:
        return "free_text", "e-mail addresses within text", inside
    if len(values) >= _FEW and statistics.fmean(map(len, values)) >= _PROSE:
        return "free_text", BY_LENGTH, None
    return None, "", None


def _birth(column: Column, values: Sequence[str], today: str) -> tuple[str | None, str, float | None]:
    """Dates of birth lie between fourteen and a hundred years back; by content alone, half of them 25 years or more."""
    if len(values) < _FEW:
        return None, "", None
    ages = sorted(int(today[:4]) - int(value[:4]) for value in values if value[:4].isdigit())
    share = sum(14 <= age <= 100 for age in ages) / len(values)
    if named(column.field, "birth") is not None and share >= MOSTLY:
        return "identifier", "dates of birth, by its name and range", share
    if share >= 0.95 and len(values) >= 20 and ages[len(ages) // 2] >= 25 and ages[-1] - ages[0] >= 15:
        return "identifier", "dates of birth, by their range", share
    return None, "", None


def _numbers(values: Sequence[str], *, integers: bool) -> tuple[str, float] | None:
    """The kind of number whose check digits are right in nearly all values. One in ten or eleven is right by chance."""
    tried = [value.strip() for value in values[:LOOKED_AT]]
    tried = [value for value in tried if 8 <= len(value) <= 42 and sum(map(str.isdigit, value)) >= 4]
    if len(tried) < max(_FEW, MOSTLY * len(values[:LOOKED_AT])):
        return None
    best: tuple[str, float] | None = None
    for module, what in looked_for().numbers.items():
        valid = _validator(module)
        if (share := _share(tried[:20], valid)) < MOSTLY:
            continue
        share = _share(tried, valid)
        # Plain numbers of one length pass a check digit by chance: of few values nearly all have to.
        least = 0.9 if integers or len(tried) < 10 or all(value.isdigit() for value in tried) else MOSTLY
        if share >= least and len(tried) * share >= (8 if all(value.isdigit() for value in tried) else _FEW):
            best = max(best or (what, 0.0), (what, share), key=lambda one: one[1])
    return best


@cache
def _validator(module: str) -> Callable[[str], bool]:
    valid: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return valid


def _is_phone(text: str) -> bool:
    digits = sum(sign.isdigit() for sign in text)
    return 7 <= digits <= 17 and _PHONE.fullmatch(text.strip()) is not None and _DATE.fullmatch(text.strip()) is None


def _share(values: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, values)) / len(values) if len(values) >= _FEW else 0.0
