"""The fingerprint of a source's schema, and what is not as it was in the profile before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

from migrate.profiling.model import Change, EntityProfile, FieldProfile, Profile

SHARE = 0.1
"""By how much, of all rows, nulls and blanks have to differ to be told."""
GROWTH = 0.25
"""By which part of itself a number of rows has to differ to be told."""
_MOST = 5


def fingerprint(columns: Mapping[str, Mapping[str, str]]) -> str:
    """Hex sha256 over tables, columns and types; the order of columns does not count."""
    text = json.dumps({table: dict(sorted(listed.items())) for table, listed in columns.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def changes(before: Profile, now: Profile) -> Iterator[Change]:
    """First what changed of the schema, then of the rows."""
    yield from _schema(before.columns, now.columns)
    old = {entity.entity: entity for entity in before.entities if entity.present}
    for entity in now.entities:
        if entity.present and entity.entity in old:
            yield from _rows(old[entity.entity], entity)


def _schema(before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]) -> Iterator[Change]:
    for table in sorted({*before, *now}):
        if table not in now or table not in before:
            yield Change(table, None, "table", *(("there", "gone") if table not in now else ("not there", "new")), schema=True)
            continue
        for column in sorted({*before[table], *now[table]}):
            was, is_ = before[table].get(column), now[table].get(column)
            if was is None or is_ is None:
                yield Change(table, column, "column", was or "not there", is_ or "gone", schema=True)
            elif was != is_:
                yield Change(table, column, "type", was, is_, schema=True)


def _rows(before: EntityProfile, now: EntityProfile) -> Iterator[Change]:
    if abs(now.rows - before.rows) > GROWTH * max(before.rows, 1):
        yield Change(now.entity, None, "rows", f"{before.rows:,}", f"{now.rows:,}", schema=False)
    old = {field.field: field for field in before.fields}
    for field in now.fields:
        if field.field in old and before.rows and now.rows:
            yield from _field(now.entity, old[field.field], before.rows, field, now.rows)


def _field(entity: str, before: FieldProfile, rows_before: int, now: FieldProfile, rows_now: int) -> Iterator[Change]:
    was, is_ = 1 - before.holding / rows_before, 1 - now.holding / rows_now
    if abs(is_ - was) > SHARE:
        yield Change(entity, now.field, "rows without a value", f"{was:.1%}", f"{is_:.1%}", schema=False)
    if before.longest is not None and now.longest is not None and now.longest > before.longest and now.type == "string":
        yield Change(
            entity, now.field, "longest value", f"{before.longest} characters", f"{now.longest} characters", schema=False
        )
    hidden = any(field.personal and field.personal.hidden for field in (before, now))
    few = not now.key and now.distinct <= now.holding / 2
    if few and before.values_complete and now.values_complete and not hidden:
        old, new = ({one.value for one in field.values} for field in (before, now))
        for what, found in (("values that are new", new - old), ("values that are gone", old - new)):
            if found:
                told = ", ".join(sorted(map(str, found))[:_MOST]) + (
                    f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
                )
                yield Change(entity, now.field, what, *(("", told) if what.endswith("new") else (told, "")), schema=False)
