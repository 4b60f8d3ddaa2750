"""Words of contracts and mappings as phrases for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from migrate.codes import TITLES
from migrate.compiler.shared import BLOCKED, MALFORMED, UNMAPPED
from migrate.contracts.model import Contract, Field
from migrate.expressions import operators
from migrate.expressions.operators import CUT
from migrate.mapping.load import LoadedMapping
from migrate.mapping.model import FieldRule, Outcome, Step
from reports.documents.specification import Check

CHECK_WORDS = {
    "email": "is an e-mail address",
    "not_blank": "is not blank",
    "matches": "has the form",
    "max_length": "has at most so many characters:",
    "in": "is one of",
    "between": "lies between",
    "expr": "fulfils",
}


def contract_words(field: Field) -> tuple[str, ...]:
    """What a contract asks of a field."""
    words: list[str] = [field.type]
    words += [word for word in ("required", "unique") if getattr(field, word)]
    if field.enum:
        words.append("one of " + ", ".join(map(_value, field.enum)))
    if field.min_length is not None:
        words.append(f"at least {field.min_length} characters")
    if field.max_length is not None:
        words.append(f"at most {field.max_length} characters")
    if field.pattern:
        words.append(f"of the form {field.pattern}")
    if field.without:
        words.append("without " + ", ".join(repr(text) for text in field.without))
    if field.min is not None:
        words.append(f"not below {field.min}")
    if field.max is not None:
        words.append(f"not above {field.max}")
    if field.references:
        words.append(f"refers to {field.references.entity}")
    return tuple(words)


def without(field: Field, contract: Contract) -> str:
    """What the target does with a field that no line fills."""
    assert contract.target is not None
    written = "an empty cell is written" if contract.target.strict_columns else "nothing is written"
    if field.read.otherwise is not None:
        return f"{written}; the target stores {_value(field.read.otherwise)}"
    return f"{written}; the target keeps what it has, or its own default"


def step_words(step: Step) -> str:
    """A step of a ``do`` chain, by the first sentence of its operator's documentation."""
    name, argument = (step, None) if isinstance(step, str) else next(iter(step.items()))
    function = operators.operators().get(name)
    text = " ".join((function.__doc__ or "").split()) if function else ""
    first = re.split(r": `do:|\. (?=[A-Z])|\.$", text)[0]
    given = "" if argument is None else f" ({_argument(argument)})"
    return f"{name}{given}: {first}" if first else f"{name}{given}"


def checks_of(mapping: LoadedMapping, field: str) -> Iterator[Check]:
    """Everything a value of a line has to pass: what the mapping says, then what the target's contract asks for."""
    rule, contract = mapping.model.fields[field], mapping.target.fields[field]
    if rule.source is not None and contract is not None:
        yield _check(rule.malformed or MALFORMED, "can be read as the type that the source's contract says")
    if rule.ref:
        yield _check(rule.missing or BLOCKED, f"names a record of {rule.ref}")
    if rule.joined:
        about = "" if rule.joined.when == "true" else f", where {rule.joined.when}"
        others = "with others" if rule.joined.others_only else "with others, or with somebody of a list"
        yield _check(rule.joined, f"names no record of {rule.ref} that is one {others}{about}")
    if rule.values is not None or rule.crosswalk:
        where = f"crosswalk {rule.crosswalk}" if rule.crosswalk else "value map"
        yield _check(rule.unmapped or UNMAPPED, f"is listed in the {where}")
    for step in rule.do:
        if isinstance(step, dict) and "truncate" in step:
            given = step["truncate"]
            length, code = (given.get("length"), given.get("code", CUT)) if isinstance(given, dict) else (given, CUT)
            yield Check(code, "warn", f"has at most {length} characters; otherwise it is cut")
    for name, given in rule.check.items():
        for one in given if isinstance(given, list) else [given]:
            words: dict[str, Any] = dict(one) if isinstance(one, dict) else {}
            to = words.pop("to", None)
            text = CHECK_WORDS.get(name, name) + (f" {_argument(to)}" if to is not None else "")
            yield _check(Outcome.model_validate(words), text)
    if rule.unique:
        yield _check(rule.unique, "stands once only")
    yield from _gates(contract, rule, reads=operators.reads(rule.do) or bool(mapping.casts(field)))


def _gates(contract: Field, rule: FieldRule, *, reads: bool) -> Iterator[Check]:
    asked = (
        ("GATE-REQUIRED", contract.required),
        ("GATE-LENGTH", contract.max_length is not None or contract.min_length is not None),
        ("GATE-ENUM", bool(contract.enum)),
        ("GATE-PATTERN", contract.pattern is not None or bool(contract.without)),
        ("GATE-RANGE", contract.min is not None or contract.max is not None),
        ("GATE-TYPE", contract.type != "string" or reads),
        ("GATE-UNIQUE", contract.unique and rule.unique is None),
        ("GATE-REFERENCE", contract.references is not None),
    )
    for code, holds in asked:
        if holds:
            severity = "blocked" if code == "GATE-REFERENCE" else "quarantine"
            yield Check(code, severity, f"the target's contract; otherwise: {TITLES[code]}")


def _check(outcome: Outcome, text: str) -> Check:
    replaced = f"; otherwise {_value(outcome.set)} takes its place" if outcome.replaces else ""
    said = f" ({outcome.message})" if outcome.message else ""
    return Check(outcome.code, outcome.severity, f"{text}{replaced}{said}")


def _argument(argument: object) -> str:
    if isinstance(argument, dict):
        return ", ".join(f"{word}: {_value(value)}" for word, value in argument.items())
    if isinstance(argument, list):
        return ", ".join(map(_value, argument))
    return _value(argument)


def _value(value: object) -> str:
    """A value as YAML would show it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return '""' if value == "" else str(value)
