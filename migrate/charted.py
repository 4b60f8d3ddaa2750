"""Which fields of a mapping the report draws: what ``charts`` of ``pair.yaml`` says, else what the target's contract suggests.

A chart counts the records of a field's values in the source and in the target. Personal fields are never drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from migrate.errors import Problem
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.privacy.classes import personal_fields

By = Literal["year", "value"]
SUGGESTED = 3
"""Most fields of a mapping that are drawn where nobody declared any."""


def charted(pair: LoadedPair, name: str) -> dict[str, By]:
    """``{target field: counted by year, or by value}`` for a mapping, in the order in which they are drawn."""
    mapping = pair.mappings[name]
    declared = pair.model.charts
    fields = _suggested(pair, mapping) if declared is None else declared.get(name, ())
    return {field: _by(mapping, field) for field in fields}


def chart_problems(pair: LoadedPair) -> Iterator[Problem]:
    """What is wrong with ``charts`` of a pair: names that are not there, and fields that are personal."""
    for name, fields in (pair.model.charts or {}).items():
        if name not in pair.mappings:
            yield Problem("no mapping has this name", pair.document.place("charts", name), name, tuple(pair.mappings))
            continue
        allowed = tuple(field for field in pair.mappings[name].model.fields if _may_be_drawn(pair, pair.mappings[name], field))
        for at, field in enumerate(fields):
            if field not in allowed:
                personal = field in pair.mappings[name].model.fields
                what = "is personal data or not mapped, so it is not drawn" if personal else f"{name} maps no field of this name"
                yield Problem(what, pair.document.place("charts", name, at), field, allowed)


def _suggested(pair: LoadedPair, mapping: LoadedMapping) -> list[str]:
    """Fields with a list of values first, then years, then what is referred to: an organisation, a course."""
    fields = [field for field in mapping.model.fields if _may_be_drawn(pair, mapping, field)]
    listed = [field for field in fields if mapping.target.fields[field].enum]
    dated = [field for field in fields if _by(mapping, field) == "year"]
    referring = [field for field in fields if mapping.model.fields[field].ref is not None]
    return list(dict.fromkeys((*listed, *dated, *referring)))[:SUGGESTED]


def _may_be_drawn(pair: LoadedPair, mapping: LoadedMapping, field: str) -> bool:
    personal = personal_fields(pair.target.model).get(mapping.target_name, {})
    return field in mapping.target.fields and field not in personal


def _by(mapping: LoadedMapping, field: str) -> By:
    return "year" if mapping.target.fields[field].type in ("date", "datetime") else "value"
