"""Personal values of a profile as they may be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from migrate.profiling.model import EntityProfile, FieldProfile, Frequency, KeyProfile, Numbers, Orphans, Suggestion
from reports.masking import HIDDEN, mask

Classes = Mapping[str, Mapping[str, str]]
"""``{entity: {field: class}}`` of what is hidden."""


def hidden_fields(entities: tuple[EntityProfile, ...]) -> dict[str, dict[str, str]]:
    """The classes by which fields are hidden; a field that refers to a hidden one is hidden as it is."""
    found = {e.entity: {f.field: f.personal.hidden for f in e.fields if f.personal and f.personal.hidden} for e in entities}
    for entity in entities:
        for field in entity.fields:
            to, _, other = (field.references or "").partition(".")
            if field.field not in found[entity.entity] and (pii := found.get(to, {}).get(other)):
                found[entity.entity][field.field] = pii
    return found


def hide(entity: EntityProfile, classes: Mapping[str, str]) -> EntityProfile:
    """The table with its personal values masked. Values that look the same once masked are no longer told apart."""
    fields = tuple(_field(one, classes[one.field]) if one.field in classes else one for one in entity.fields)
    return replace(entity, fields=fields, keys=tuple(_key(key, classes) for key in entity.keys))


def hide_orphans(one: Orphans, classes: Classes) -> Orphans:
    """Examples of a reference, masked as its field or the one referred to."""
    pii = classes.get(one.entity, {}).get(one.field) or classes.get(one.to, {}).get(one.to_field)
    return replace(one, examples=_values(one.examples, pii)) if pii else one


def hide_suggestion(one: Suggestion, key: tuple[str, ...], classes: Classes) -> Suggestion:
    """Keys of a suggestion, masked where a field of them is personal."""
    found = [pii for field in key if (pii := classes.get(one.entity, {}).get(field))]
    pii = found[0] if len(found) == 1 and len(key) == 1 else "free_text"
    return replace(one, examples=tuple(mask(text, pii) or "" for text in one.examples)) if found else one


def _field(field: FieldProfile, pii: str) -> FieldProfile:
    numbers = field.numbers
    if numbers is not None:
        shown = [mask(text, pii) for text in (numbers.smallest, numbers.largest)]
        numbers = Numbers(shown[0] or "", shown[1] or "", None, (), numbers.outliers, None, None)
    sentinels = tuple(
        replace(one, why=one.why if "which end" not in one.why else "far above all others") for one in field.sentinels
    )
    return replace(field, values=_values(field.values, pii), numbers=numbers, sentinels=sentinels)


def _values(values: tuple[Frequency, ...], pii: str) -> tuple[Frequency, ...]:
    return tuple(Frequency(mask(one.value, pii), one.rows) for one in values[:5])


def _key(key: KeyProfile, classes: Mapping[str, str]) -> KeyProfile:
    found = [classes[field] for field in key.fields if field in classes]
    if not found:
        return key
    if len(key.fields) == 1:
        return replace(key, examples=_values(key.examples, found[0]))
    return replace(key, examples=tuple(Frequency(HIDDEN, one.rows) for one in key.examples))
