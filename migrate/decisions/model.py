"""The words of ``decisions.csv``: what a person may decide, and on what a decision was based."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Literal, get_args

from migrate.contracts.model import Entity
from migrate.worklist.identity import Kind

Verb = Literal[
    "accept", "override", "survivor", "separate", "map", "overwrite", "exclude", "waive", "return", "confirm", "reject", "reopen"
]
VERBS: tuple[Verb, ...] = get_args(Verb)
MEANING: dict[Verb, str] = {
    "accept": "load the records as the mapping says, with the default where the rule has one",
    "override": "take the new value in place of the one at fault",
    "survivor": "merge, but keep the record whose key is the new value",
    "separate": "do not merge; with keys as the new value (comma between them), only those stand alone; of a match: another",
    "map": "the record is the one that the target has, with the new value as its key (blank: its own key); its values stay, "
    "and so does any other fault of the record",
    "overwrite": "write over what the target holds",
    "exclude": "leave the records behind on purpose",
    "waive": "leave it as it is: nobody has to look at it any more",
    "return": "sent back to the owner of the source; stays open until the source changes",
    "confirm": "the crosswalk's entry is right (the new value, or else the proposed one)",
    "reject": "the crosswalk's entry is wrong; its values stay unmapped",
    "reopen": "take the decision back",
}
NEEDS_VALUE = frozenset[Verb]({"override", "survivor"})
"""Decisions that mean nothing without a new value; for ``override`` the word NULL stands for no value."""
TAKES_VALUE: dict[Verb, str] = {
    "override": "the value, or NULL for none; for a reference the source key of another record",
    "survivor": "source key of the record to keep",
    "separate": "source keys of those that stand alone, with commas between them; blank for all",
    "map": "key of the record in the target; blank for its own key",
    "confirm": "the target's value; blank for the proposed one",
}
"""Decisions that take a new value, and what it is. Others take none."""
NO_VALUE = "NULL"
SETTLES = frozenset[Verb]({"accept", "override", "survivor", "separate", "map", "overwrite", "exclude", "waive"})
"""Decisions after which nobody has to look any more, where the next run raises nothing graver than a warning."""
SHAPES = frozenset[Verb]({"accept", "override", "survivor", "separate", "map", "exclude"})
"""Decisions that the compiled mapping applies. ``overwrite`` and ``map`` are applied where the target is written."""
WITHOUT_RECORDS = frozenset[Verb]({"waive", "return", "reopen"})
"""Decisions that change no record, and so may be taken for a whole cause."""


@dataclass(frozen=True)
class Decision:
    """One line of ``decisions.csv``. A later line about the same item takes the place of an earlier one."""

    item: str
    kind: Kind
    decision: Verb
    new_value: str
    reason: str
    by: str
    at: str
    """When, in UTC, ``YYYY-MM-DDTHH:MM:SS+00:00``."""
    entity: str
    """The mapping."""
    code: str
    field: str
    rows: str
    """Records that the item was about; it expires when there are others in number."""
    source: str
    """Fingerprint of the source value; blank where the item has none."""
    contract: str
    """Fingerprint of what the target's contract said of the field."""
    run: str
    """The run whose worklist was answered."""
    line: int = 0
    """Where it stands in the file."""


COLUMNS = tuple(column.name for column in fields(Decision) if column.name != "line")


def value_fingerprint(value: str | None, content: str | None = None) -> str:
    """Of a source value that a decision was based on; blank for none. ``content`` is that of a row without a key of its own."""
    told = value if content is None else f"{value or ''}\x1f{content}"
    return "" if told is None else hashlib.sha256(told.encode("utf-8")).hexdigest()[:16]


def contract_fingerprint(entity: Entity | None, field: str) -> str:
    """Of what the target's contract says of a field, or of the whole entity where the item is about no field of it."""
    if entity is None:
        return ""
    part = entity.fields.get(field, entity)
    return hashlib.sha256(part.model_dump_json(exclude={"note", "label", "write"}).encode("utf-8")).hexdigest()[:16]
