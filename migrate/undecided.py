"""What a mapping leaves to a person: fields and whole mappings that a draft could not settle (``undecided``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import yaml

from migrate.errors import Problem
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.mapping.model import FieldRule, Undecided


def undecided(pair: LoadedPair) -> list[Problem]:
    """One problem for everything that waits for a person, where it stands."""
    problems = [
        Problem(
            f"{name} is not decided: {question}",
            pair.document.place("undecided", name),
            hint=f"keep, change or delete the file of {name}, then take this line away",
        )
        for name, question in pair.model.undecided.items()
    ]
    for mapping in pair.mappings.values():
        problems += _of_mapping(mapping)
    return problems


def filled(pair: LoadedPair) -> LoadedPair:
    """The pair as if each proposal were accepted, and with nothing where there is none: so all the rest can be checked too."""
    mappings = {}
    for name, mapping in pair.mappings.items():
        left = {
            field: entry.proposed or FieldRule(const=None)
            for field, entry in mapping.model.undecided.items()
            if field in mapping.target.fields and field not in mapping.model.fields
        }
        model = mapping.model.model_copy(update={"fields": {**mapping.model.fields, **left}}) if left else mapping.model
        mappings[name] = replace(mapping, model=model)
    return replace(pair, mappings=mappings)


def flow(value: object) -> str:
    """A value as YAML on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _of_mapping(mapping: LoadedMapping) -> Iterator[Problem]:
    for field, entry in mapping.model.undecided.items():
        place = mapping.document.place("undecided", field)
        if field not in mapping.target.fields:
            yield Problem(f"{mapping.target_name} has no such field", place, field, tuple(mapping.target.fields))
        elif field in mapping.model.fields:
            yield Problem(f"{field} is mapped under fields", place, field, hint="take it away from undecided")
        else:
            rule = mapping.target.fields[field]
            yield Problem(
                f"{mapping.name}.{field} is not decided: {entry.question}",
                place,
                _proposal(mapping, field, entry),
                tuple(map(str, rule.enum)),
                f"write {field}: ... under fields, and take it away here",
            )


def _proposal(mapping: LoadedMapping, field: str, entry: Undecided) -> str | None:
    if entry.proposed is None:
        return None
    given = mapping.document.data["undecided"][field]["proposed"]
    return f"proposed {flow(given)} ({entry.confidence:.0%}: {entry.reason})"
