"""What people decided, as it may be shown: a new value and a reason may hold personal data."""

from __future__ import annotations

from typing import Any

from reports.masking import Masker

BETWEEN_KEYS = ", "


def mask_new_value(hide: Masker, entity: str | None, field: str | None, decision: str | None, value: str | None) -> str | None:
    """A decision's new value: a key, several of them, or a value of the field, whatever the decision takes."""
    if decision in ("survivor", "separate"):
        return mask_keys(hide, entity, value)
    return hide.target_key(entity, value) if decision == "map" else hide.value(entity, field, value)


def mask_keys(hide: Masker, entity: str | None, keys: str | None) -> str | None:
    """Keys with commas between them."""
    return keys and BETWEEN_KEYS.join(hide.key(entity, key.strip()) or "" for key in keys.split(","))


def mask_reason(hide: Masker, entity: str | None, field: str | None, reason: str | None, value: str | None) -> str | None:
    """A reason, which may quote the new value."""
    return hide.message(entity, field, reason, (value, hide.value(entity, field, value)))


def mask_answers(hide: Masker, columns: dict[str, list[Any]]) -> None:
    """Mask the members of groups and what was decided, in columns of items."""
    columns["members"] = [mask_keys(hide, *each) for each in zip(columns["entity"], columns["members"], strict=True)]
    about = list(zip(columns["entity"], columns["field"], columns["decision"], columns["new_value"], strict=True))
    columns["reason"] = [
        mask_reason(hide, entity, field, reason, value)
        for (entity, field, _, value), reason in zip(about, columns["reason"], strict=True)
    ]
    columns["new_value"] = [mask_new_value(hide, *each) for each in about]
