"""What a profile says. Every object is one of ``profile.json``, key by key, and the page draws from nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

SCHEMA = "urn:lms-migrate:profile:1"
"""What a ``profile.json`` says of itself, and the ``$id`` of its JSON Schema."""
STRICT: Final = ConfigDict(extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True, config=STRICT)
class Frequency:
    """A value and the number of rows that hold it."""

    value: str | None
    rows: int


@dataclass(frozen=True, config=STRICT)
class Sentinel:
    """A value that stands where there is none, by the looks of it."""

    value: str
    rows: int
    why: str


@dataclass(frozen=True, config=STRICT)
class Personal:
    """What is personal in a field: by the contract, by what it holds, or by its name."""

    declared: str | None
    """The class that the contract states, or that of the field referred to."""
    found: str | None
    """The class that the values or the name of the column have."""
    what: str
    """What was found, in words; empty where nothing was."""
    share: float | None
    """Share of the values looked at that have the form, 0 to 1; None where only the name says it."""

    @property
    def hidden(self) -> str | None:
        """The class by which values are masked."""
        return self.declared or self.found


@dataclass(frozen=True, config=STRICT)
class Numbers:
    """Where the values of numbers and dates lie. Dates and instants are in ISO form, instants in UTC."""

    smallest: str
    largest: str
    mean: float | None
    quartiles: tuple[str, ...]
    """Lower quartile, median, upper quartile; estimates."""
    outliers: int
    """Rows further from the quartiles than three times the distance between them; exact, by estimated quartiles."""
    lowest_usual: str | None
    highest_usual: str | None


@dataclass(frozen=True, config=STRICT)
class Texts:
    """Rows whose text is not as text should be. All exact."""

    non_ascii: int = 0
    mojibake: int = 0
    """UTF-8 that was read as a code page of Western Europe."""
    replaced: int = 0
    """Holding the sign that stands for bytes nobody could read."""
    control: int = 0
    invisible: int = 0
    decomposed: int = 0
    """Letters and accents as separate signs (not NFC)."""
    entities: int = 0
    """HTML entities such as ``&amp;``, where the text has no HTML elements."""
    edges: int = 0
    """Blanks before or after the text."""


@dataclass(frozen=True, config=STRICT)
class Pattern:
    """A form of values: A and a for letters, 9 for digits, + for more of the same letter."""

    pattern: str
    share: float
    """Of the rows that hold the values looked at, 0 to 1."""


@dataclass(frozen=True, config=STRICT)
class FieldProfile:
    """One field of the source."""

    field: str
    type: str
    """As the contract states it."""
    stored: str
    """The type in which the source has it."""
    key: bool
    references: str | None
    personal: Personal | None
    nulls: int
    blanks: int
    never: int
    """Rows with a value that the contract calls none (``never``)."""
    unreadable: int
    """Rows whose value is not of the type."""
    ambiguous: int
    """Rows whose date reads differently under two of the declared formats."""
    holding: int
    """Rows with a value."""
    distinct: int
    distinct_exact: bool
    shortest: int | None
    """Characters, without blanks around."""
    longest: int | None
    values: tuple[Frequency, ...]
    """The most frequent first."""
    values_exact: bool
    """Are the numbers of ``values`` exact?"""
    values_complete: bool
    """Are ``values`` all values of the field?"""
    numbers: Numbers | None
    texts: Texts | None
    patterns: tuple[Pattern, ...]
    looked_at: int
    """Distinct values that patterns and personal data were looked for in; all of them where it equals ``distinct``."""
    sentinels: tuple[Sentinel, ...]
    years: dict[str, int]
    """Rows by year, for dates."""


@dataclass(frozen=True, config=STRICT)
class KeyProfile:
    """Fields that identify a record, are meant to, or nearly do."""

    fields: tuple[str, ...]
    declared: bool
    incomplete: int
    """Rows without a value in one of the fields."""
    repeated: int
    """Keys that stand more than once."""
    surplus: int
    """Rows after the first of each key."""
    examples: tuple[Frequency, ...]


@dataclass(frozen=True, config=STRICT)
class EntityProfile:
    """One table or file of the source."""

    entity: str
    label: str
    present: bool
    rows: int
    faults: int
    """Rows that could not be read as they stand: cells missing, bytes of another encoding."""
    fields: tuple[FieldProfile, ...]
    keys: tuple[KeyProfile, ...]
    not_read: tuple[str, ...]
    """Fields of the contract that were not looked at: secrets, columns that are not there, or not part of the extract."""
    unknown: dict[str, int]
    """Columns that the contract does not know, with the rows that hold data."""


@dataclass(frozen=True, config=STRICT)
class Orphans:
    """A reference of the contract, and the rows that refer to nothing."""

    entity: str
    field: str
    to: str
    to_field: str
    referring: int
    orphans: int
    missing: int
    """Different values that name no record."""
    examples: tuple[Frequency, ...]


@dataclass(frozen=True, config=STRICT)
class Suggestion:
    """What a rule of the contract suggests to leave out."""

    name: str
    label: str
    entity: str
    records: int
    """Records the rule is about."""
    suggested: int
    never: int
    """Of those suggested: without any activity at all."""
    years: int | None
    since: str | None
    """The last day that does not count as use."""
    activity: dict[str, int]
    """Rows of activity by year; ``not dated`` where there is no date."""
    examples: tuple[str, ...]
    """Keys of records that are suggested."""
    skipped: str
    """Why the rule was not asked; empty where it was."""


@dataclass(frozen=True, config=STRICT)
class Change:
    """Something that is not as it was in the profile before."""

    entity: str
    field: str | None
    what: str
    before: str
    now: str
    schema: bool
    """A table, column or type; otherwise something about the rows."""


@dataclass(frozen=True, config=STRICT)
class Remark:
    """What stands out, by a code of docs/finding-codes.md."""

    code: str
    entity: str
    field: str | None
    rows: int
    text: str


@dataclass(frozen=True, config=STRICT)
class Profile:
    """A source at one moment."""

    schema: str
    profile: str
    """Its id: the instant it was begun."""
    system: str
    label: str
    workspace: str
    address: str
    version: str | None
    as_of: str
    tool: str
    masked: bool
    seconds: float
    from_run: str | None
    """The run whose extract was profiled; None where the source was read."""
    fingerprint: str
    """sha256 of tables, columns and types."""
    columns: dict[str, dict[str, str]]
    """``{table: {column: type}}``, of which the fingerprint is."""
    before: str | None
    """The profile that was compared with."""
    entities: tuple[EntityProfile, ...]
    orphans: tuple[Orphans, ...]
    unchecked: tuple[str, ...]
    """References that were not looked at, with the reason."""
    scope: tuple[Suggestion, ...]
    undeclared: dict[str, int]
    """Tables and files that no entity describes, with their rows."""
    changes: tuple[Change, ...]
    remarks: tuple[Remark, ...]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(entity.rows for entity in self.entities)

    def field(self, entity: str, field: str) -> FieldProfile | None:
        """What was measured of a field; None where it was not."""
        found = next((one for one in self.entities if one.entity == entity), None)
        return next((one for one in found.fields if one.field == field), None) if found else None

    def with_remarks(self, remarks: tuple[Remark, ...]) -> Profile:
        """The same with what stands out."""
        return replace(self, remarks=remarks)
