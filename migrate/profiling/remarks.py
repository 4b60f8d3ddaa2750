"""What stands out in a profile, in words. Each is raised by a plain rule, so that a profile of the same rows says the same."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.contracts.model import Contract
from migrate.profiling.model import EntityProfile, FieldProfile, Profile, Remark
from migrate.profiling.pii import BY_LENGTH
from migrate.said import number_of

RARE = 0.01
"""Outliers are told where they are at most this share of a field's values: of more, the field has no usual range."""
_TEXTS = {
    "replaced": "hold the sign for bytes that could not be read",
    "mojibake": "hold UTF-8 that was read as another encoding",
    "control": "hold control characters",
    "invisible": "hold characters that one cannot see",
    "decomposed": "have letters and accents as separate signs (not NFC)",
    "entities": "hold HTML entities",
    "edges": "have blanks before or after the text",
}


def remarks(profile: Profile, contract: Contract) -> tuple[Remark, ...]:
    """All remarks, in the order of the page: what may lose records first."""
    found = [*_absent(profile, contract), *_across(profile)]
    for entity in profile.entities:
        found += _keys(entity)
        for field in entity.fields:
            found += _field(entity, field)
    found += _foreign(profile)
    order = {code: number for number, code in enumerate(CODES)}
    return tuple(sorted(found, key=lambda remark: (order[remark.code], -remark.rows, remark.entity, remark.field or "")))


CODES = (
    "PRF-ABSENT", "PRF-FAULT", "PRF-KEY-NULL", "PRF-KEY-DUPLICATE", "PRF-ORPHAN", "PRF-TYPE", "PRF-AMBIGUOUS", "PRF-PERSONAL",
    "PRF-SENTINEL", "PRF-KEY-NEARLY", "PRF-TEXT", "PRF-OUTLIER", "PRF-UNKNOWN", "PRF-SCOPE", "PRF-DRIFT",
)  # fmt: skip


def _absent(profile: Profile, contract: Contract) -> Iterator[Remark]:
    for entity in profile.entities:
        model = contract.entities[entity.entity]
        if not entity.present:
            if not model.optional and profile.from_run is None:
                yield Remark("PRF-ABSENT", entity.entity, None, 0, "the table or file is not in the source")
            continue
        for field in entity.not_read:
            rule = model.fields[field]
            if not rule.optional and rule.pii != "secret" and profile.from_run is None:
                yield Remark("PRF-ABSENT", entity.entity, field, 0, "the column is not in the source")


def _across(profile: Profile) -> Iterator[Remark]:
    for one in profile.orphans:
        if one.orphans:
            text = f"{number_of(one.missing, 'value')} without a record in {one.to}"
            yield Remark("PRF-ORPHAN", one.entity, one.field, one.orphans, text)
    for rule in profile.scope:
        if rule.suggested:
            yield Remark("PRF-SCOPE", rule.entity, None, rule.suggested, rule.label)
    for change in profile.changes:
        if change.schema:
            yield Remark("PRF-DRIFT", change.entity, change.field, 0, f"{change.what}: {change.before}, now {change.now}")


def _keys(entity: EntityProfile) -> Iterator[Remark]:
    if entity.faults:
        yield Remark("PRF-FAULT", entity.entity, None, entity.faults, "rows cannot be read as they stand")
    for key in entity.keys:
        fields = " and ".join(key.fields)
        if key.declared and key.incomplete:
            yield Remark("PRF-KEY-NULL", entity.entity, None, key.incomplete, f"no value in the key, {fields}")
        if key.declared and key.surplus:
            text = f"{number_of(key.repeated, 'key')} in {fields}, each in several rows"
            yield Remark("PRF-KEY-DUPLICATE", entity.entity, None, key.surplus, text)
        if not key.declared and key.surplus:
            text = f"{number_of(key.repeated, 'value')} of {fields} in several rows, where nearly all stand in one"
            yield Remark("PRF-KEY-NEARLY", entity.entity, None, key.surplus, text)


def _field(entity: EntityProfile, field: FieldProfile) -> Iterator[Remark]:
    def remark(code: str, rows: int, text: str) -> Remark:
        return Remark(code, entity.entity, field.field, rows, text)

    if field.unreadable:
        yield remark("PRF-TYPE", field.unreadable, f"not readable as {field.type}")
    if field.ambiguous:
        yield remark("PRF-AMBIGUOUS", field.ambiguous, "dates that two of the declared formats read differently")
    if field.personal is not None and field.personal.declared is None and field.personal.what != BY_LENGTH:
        share = "" if field.personal.share is None else f", {field.personal.share:.0%} of the values looked at"
        yield remark(
            "PRF-PERSONAL", field.holding, f"{field.personal.found}: {field.personal.what}{share}; the contract says nothing"
        )
    for sentinel in field.sentinels:
        yield remark("PRF-SENTINEL", sentinel.rows, f"{sentinel.value!r}: {sentinel.why}")
    if field.texts is not None:
        for word, text in _TEXTS.items():
            if rows := getattr(field.texts, word):
                yield remark("PRF-TEXT", rows, text)
    if field.numbers is not None and 0 < field.numbers.outliers <= RARE * field.holding:
        usual = f"outside of {field.numbers.lowest_usual} to {field.numbers.highest_usual}"
        hidden = field.numbers.lowest_usual is None
        yield remark("PRF-OUTLIER", field.numbers.outliers, "far from the other values" if hidden else usual)


def _foreign(profile: Profile) -> Iterator[Remark]:
    for entity in profile.entities:
        for column, rows in entity.unknown.items():
            if rows:
                yield Remark("PRF-UNKNOWN", entity.entity, column, rows, "a column that the contract does not know holds data")
    for table, rows in profile.undeclared.items():
        if rows:
            yield Remark("PRF-UNKNOWN", table, None, rows, "a table or file that the contract does not know holds rows")
