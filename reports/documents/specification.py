"""The mapping specification as data. Everything in here may be shown: it holds words of files, never records,
and what people wrote about records is masked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PartHash:
    """A part of the workspace that the document describes."""

    name: str
    hash: str
    files: tuple[tuple[str, str], ...]
    """``(file, sha256)``."""


@dataclass(frozen=True)
class System:
    """One side of the migration."""

    side: str
    system: str
    label: str
    versions: tuple[str, ...]
    """Versions that the contract was tried with."""


@dataclass(frozen=True)
class Check:
    """Something a value or a record has to pass."""

    code: str
    severity: str
    text: str


@dataclass(frozen=True)
class Rule:
    """A rule about whole records, in the order in which rules are applied."""

    kind: str
    code: str
    text: str
    reason: str
    place: str


@dataclass(frozen=True)
class Entry:
    """A value, and what becomes of it. ``status`` and ``note`` are those of a crosswalk's entry."""

    source: str
    target: str
    status: str = ""
    note: str = ""


@dataclass(frozen=True)
class Origin:
    """A source field that reaches a target field."""

    field: str
    kind: str
    path: str
    """What lies between, in words; blank for what is read directly."""


@dataclass(frozen=True)
class Line:
    """One target field: a line of the specification."""

    id: str
    field: str
    contract: tuple[str, ...]
    """What the target's contract says: type, required, unique, allowed values."""
    pii: str
    base: str
    """``from``, ``expr``, ``const`` or ``ref``."""
    value: str
    steps: tuple[str, ...]
    entries: tuple[Entry, ...]
    crosswalk: str
    checks: tuple[Check, ...]
    compare: str
    note: str
    place: str
    risk: str
    requirements: tuple[str, ...]
    tests: tuple[str, ...]
    origins: tuple[Origin, ...]


@dataclass(frozen=True)
class Unmapped:
    """A field of the target that no line fills."""

    field: str
    contract: tuple[str, ...]
    then: str
    """What the target does without it."""


@dataclass(frozen=True)
class Named:
    """A let, a lookup or a pivot."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True)
class Decided:
    """What people decided about items of one rule and field, alike in everything."""

    code: str
    field: str
    """Blank where it is about whole records."""
    decision: str
    meaning: str
    new_value: str
    """Masked, as the reason is."""
    reason: str
    by: str
    when: str
    """A day, or the first and the last."""
    items: int
    records: int
    """Records that these items were about when it was decided."""
    item: str
    """One of the items."""


@dataclass(frozen=True)
class MappingPart:
    """One mapping."""

    name: str
    note: str
    source: str
    source_label: str
    target: str
    target_label: str
    key: tuple[str, ...]
    target_key: tuple[str, ...]
    place: str
    rules: tuple[Rule, ...]
    names: tuple[Named, ...]
    lines: tuple[Line, ...]
    unmapped: tuple[Unmapped, ...]
    records: tuple[Origin, ...]
    """What decides which records there are."""
    tests: tuple[str, ...]
    untested: tuple[str, ...]
    """Lines that no inline test expects a value of."""
    decisions: tuple[Decided, ...] = ()
    """Those in force."""

    @property
    def decided(self) -> int:
        """Items that were decided."""
        return sum(one.items for one in self.decisions)


@dataclass(frozen=True)
class Reach:
    """A source field, and where it goes."""

    field: str
    view: bool
    """Is it a field of a view of the contract, not of a table?"""
    targets: tuple[tuple[str, str, str], ...]
    """``(line or mapping, kind, path)``."""


@dataclass(frozen=True)
class NotCarried:
    """A source field or table that does not reach the target."""

    source: str
    treatment: str
    reason: str
    code: str
    archive: str


@dataclass(frozen=True)
class Specification:
    """The whole document."""

    label: str
    workspace: str
    date: str
    tool_version: str
    describes: str
    """One hash over those of all parts."""
    systems: tuple[System, ...]
    parts: tuple[PartHash, ...]
    parameters: tuple[tuple[str, str, str], ...]
    """``(name, value, about)``."""
    mappings: tuple[MappingPart, ...]
    reach: tuple[Reach, ...]
    not_carried: tuple[NotCarried, ...]
    idle: tuple[str, ...]
    """Fields that views read for fields of theirs which no mapping uses."""
    kinds: tuple[tuple[str, str], ...]
    """``(kind of link, meaning)``."""
    classed: bool
    """Has the workspace a test plan, which says how grave each line is?"""
    decisions: tuple[Decided, ...] = ()
    """Decisions in force that are about no mapping here: about the run as a whole, or a mapping that is gone."""

    @property
    def decided(self) -> int:
        """Items that were decided, of all mappings and of none."""
        return sum(mapping.decided for mapping in self.mappings) + sum(one.items for one in self.decisions)

    @property
    def lines(self) -> int:
        return sum(len(mapping.lines) for mapping in self.mappings)
