"""Which texts of a personal field stay as they are: days, instants and flags in files, as those of a database do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from migrate.contracts.model import Contract


def stays(contract: Contract, entity: str, field: str) -> Callable[[str], bool]:
    """Is a text of the field of its type? Text that is not may be a name, and gets a pseudonym."""
    model = contract.entities[entity]
    rule = model.fields[field]
    match rule.type:
        case "date" | "datetime":
            return lambda text: any(_reads(text.strip(), form) for form in rule.formats or (None,))
        case "flag":
            format_ = model.format or (contract.source.format if contract.source else None)
            own = {format_.true.lower(), format_.false.lower()} if format_ else set()
            return lambda text: text.strip().lower() in {"0", "1", "true", "false"} | own
    return lambda _: False


def _reads(text: str, form: str | None) -> bool:
    try:
        dt.datetime.strptime(text, form) if form else dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
