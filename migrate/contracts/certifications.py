"""What a contract says of certification states, put together: one query for the records, and how each of its days is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import available_timezones

from sqlglot import exp

from migrate.contracts.model import CertificationDay, CertificationRule, Contract, Reference
from migrate.errors import Problem
from migrate.expressions import ExpressionError, columns_of, parse_expression
from migrate.located_yaml import Document

CONCEPT = "certification_award"
AWARD, DEFINITION = "award", "definition"
"""What the entity and the settings of its certification are called in the query."""
DAY_COLUMNS = {"certified": "certified", "expires": "expires", "expires_from": "expires.from", "opens": "window_opens"}
"""Columns of the query that are days, and the word that each comes from."""
_WORDS = {"person": "person", "certification": "certification", "certified": "completed", "expires": "expires"}
"""Words that may be left out, and the field of the concept that stands for each."""


@dataclass(frozen=True)
class CertificationStates:
    """The records of a system that certify people."""

    entity: str
    model: CertificationRule
    sql: str
    """SELECT over entities of the contract: ``record``, ``person``, ``certification``, ``certified``, ``expired``, and per day
    (``expires``, ``opens``) what it is made of: ``expires``, ``expires_from``, ``expires_period``, ``expires_unit``."""
    expires: CertificationDay
    opens: CertificationDay | None
    """None: the system knows no window."""
    person: Reference | None
    """What the key of the person refers to, where it is made of one field that refers to something."""
    certification: Reference | None


def certification_states(contract: Contract) -> CertificationStates | None:
    """What the contract declares; None where it declares nothing. :func:`certification_problems` has checked its names."""
    found = [name for name, entity in contract.entities.items() if entity.certification is not None]
    if not found:
        return None
    name = found[0]
    entity = contract.entities[name]
    rule = entity.certification
    assert rule is not None
    words = {
        word: str(getattr(rule, word) or _by_concept(contract, name, part)) for word, part in _WORDS.items() if word != "expires"
    }
    expires = rule.expires or CertificationDay(at=_by_concept(contract, name, _WORDS["expires"]))
    opens = rule.window_opens
    if opens is None and (field := _by_concept(contract, name, "window_opens")) is not None:
        opens = CertificationDay(at=field)
    person, certification = (_refers(contract, name, words[word]) for word in ("person", "certification"))
    definition = _definition(contract, name, words["certification"])
    columns: dict[str, str | None] = {
        "record": f"key({', '.join(entity.key)})" if len(entity.key) > 1 else f"cast({entity.key[0]} as text)",
        "person": words["person"],
        "certification": words["certification"],
        "certified": words["certified"],
        "expired": rule.expired,
        "expires": expires.at,
        "expires_from": expires.base,
        "expires_period": expires.period,
        "expires_unit": expires.unit,
        "opens": opens.at if opens else None,
        "opens_period": opens.period if opens else None,
        "opens_unit": opens.unit if opens else None,
    }
    selected = ", ".join(f"{_qualified(text)} as {column}" for column, text in columns.items() if text is not None)
    sql = f"select {selected} from {_quoted(name)} as {AWARD}"
    named = any(f"{DEFINITION}." in (text or "") for text in (*columns.values(), rule.counts))
    if definition is not None and named:
        key = f"cast({DEFINITION}.{_quoted(definition.field or '')} as text)"
        mine = _qualified(words["certification"])
        sql += f" left join {_quoted(definition.entity)} as {DEFINITION} on {key} = cast({mine} as text)"
    if rule.counts is not None:
        sql += f" where {_qualified(rule.counts)}"
    return CertificationStates(name, rule, sql, expires, opens, person, certification)


def certification_problems(contract: Contract, document: Document) -> Iterator[Problem]:
    """Rules of certification that name what is not there, or from which no state can be told."""
    found = [name for name, entity in contract.entities.items() if entity.certification is not None]
    for name in found[1:]:
        place = document.place("entities", name, "certification")
        yield Problem(f"{found[0]} says already who is certified", place, name, hint="one entity says it; make a view of several")
    for name in found[:1]:
        yield from _problems_of(contract, name, document)


def _problems_of(contract: Contract, name: str, document: Document) -> Iterator[Problem]:
    entity, at = contract.entities[name], ("entities", name, "certification")
    rule = entity.certification
    assert rule is not None
    for word, part in _WORDS.items():
        if getattr(rule, word) is None and _by_concept(contract, name, part) is None:
            held = [field for field, its in entity.fields.items() if its.concept == f"{CONCEPT}.{part}"]
            which = "several fields hold" if held else "no field holds"
            yield Problem(f"{name}: {which} {CONCEPT}.{part}, so {word} has to be said", document.place(*at), word, tuple(held))
    if rule.zone not in available_timezones():
        yield Problem(
            "this is no time zone of the IANA database", document.place(*at, "zone"), rule.zone, ("Europe/Madrid", "UTC")
        )
    if rule.window_opens is not None and rule.window_opens.base is not None:
        place = document.place(*at, "window_opens", "from")
        yield Problem("a window is counted back from the expiry, so it has no from", place, rule.window_opens.base)
    if rule.window_opens is not None and rule.window_opens.through:
        yield Problem("through is a word of expires", document.place(*at, "window_opens", "through"))
    if rule.expires is not None and rule.expires.period is not None and rule.expires.base is None:
        yield Problem("from what is the period counted?", document.place(*at, "expires"), hint="add from: an expression")
    if rule.definition is not None and rule.definition not in contract.entities:
        place = document.place(*at, "definition")
        yield Problem(f"{name} names no entity", place, rule.definition, tuple(contract.entities))
        return
    certification = rule.certification or _by_concept(contract, name, "certification")
    try:
        definition = _definition(contract, name, certification) if certification else None
    except ExpressionError:  # told below, with its place
        definition = None
    settings = contract.entities[definition.entity].fields if definition and definition.entity in contract.entities else {}
    for keys, text in _expressions(rule):
        place = document.place(*at, *keys)
        try:
            columns = list(columns_of(parse_expression(text)))
        except ExpressionError as error:
            yield Problem(f"{name}: {error}", place, error.value, error.allowed)
            continue
        for qualifier, column in columns:
            fields = entity.fields if not qualifier else settings if qualifier == DEFINITION else None
            if fields is None:
                yield Problem(f"{name}: an expression names its own fields, or definition.field", place, f"{qualifier}.{column}")
            elif qualifier and definition is None:
                yield Problem(f"{name}: nothing says which entity the definition is", place, hint="add definition: ENTITY")
            elif column not in fields:
                yield Problem(f"{definition.entity if qualifier and definition else name} has no such field", place, column,
                              tuple(fields))  # fmt: skip
            elif fields[column].pii == "secret":
                yield Problem("a field of class secret is never read", place, column)


def _expressions(rule: CertificationRule) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every expression of a rule, and where it stands in it."""
    for word in ("person", "certification", "counts", "certified", "expired"):
        if (text := getattr(rule, word)) is not None:
            yield (word,), text
    for word in ("expires", "window_opens"):
        day: CertificationDay | None = getattr(rule, word)
        for part, yaml in (("at", "at"), ("base", "from"), ("period", "period"), ("unit", "unit")):
            text = getattr(day, part) if day is not None else None
            if text is not None and (part, word) != ("base", "window_opens"):
                yield (word, yaml), text


def _by_concept(contract: Contract, name: str, part: str) -> str | None:
    """The one field of an entity that holds a field of the concept."""
    held = [field for field, rule in contract.entities[name].fields.items() if rule.concept == f"{CONCEPT}.{part}"]
    return _quoted(held[0]) if len(held) == 1 else None


def _refers(contract: Contract, name: str, text: str) -> Reference | None:
    """What an expression of one field refers to, with the field that is meant."""
    columns = {column for qualifier, column in columns_of(parse_expression(text)) if not qualifier}
    fields = contract.entities[name].fields
    reference = fields[columns.pop()].references if len(columns) == 1 and columns <= fields.keys() else None
    if reference is None or reference.entity not in contract.entities:
        return None
    key = contract.entities[reference.entity].key
    return Reference(entity=reference.entity, field=reference.field or (key[0] if len(key) == 1 else None))


def _definition(contract: Contract, name: str, certification: str) -> Reference | None:
    """The entity with the settings, and its field that the key of the certification stands in."""
    rule = contract.entities[name].certification
    assert rule is not None
    found = _refers(contract, name, certification)
    if rule.definition is None or (found is not None and found.entity == rule.definition):
        return found if found is not None and found.field is not None else None
    return Reference(entity=rule.definition, field=contract.entities[rule.definition].key[0])


def _qualified(text: str) -> str:
    """An expression whose own fields are said to be those of the award."""
    tree = parse_expression(text)
    for column in list(tree.find_all(exp.Column)):
        if not column.table:
            column.set("table", exp.to_identifier(AWARD))
    return f"({tree.sql(dialect='duckdb')})"


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
