"""What the live stage asks of a target. Everything that is remembered (keys, receipts, before-images) is its business;
a connector only finds, writes and removes records, and says honestly what became of each.

A connector never decides from memory: after a crash the same question is asked again, and the target's answer counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import pyarrow as pa

Action = Literal["create", "update"]
Result = Literal["done", "refused", "failed", "unknown", "handed_over"]
Standing = Literal["new", "waiting", "there"]


@dataclass(frozen=True, slots=True)
class Record:
    """One record to find, write or remove."""

    key: str
    """Its key in the target entity, as text (:func:`migrate.compiler.text.key_text`)."""
    values: Mapping[str, Any]
    """By field of the contract, typed: str, int, Decimal or float, bool, date, datetime in UTC without zone; None is empty.
    Fields that no mapping fills are absent."""
    native: str | None = None
    """The target's own id of the record, where it is known."""
    links: Mapping[str, str] = field(default_factory=dict)
    """For fields that refer to another record: the target's own id of that record, where it is known."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record as the target holds it at this moment."""

    key: str
    """The key of the record that was asked for."""
    native: str | None
    values: Mapping[str, Any]
    """By field of the contract, typed as in Record; fields that the target cannot show are absent."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Where a reference can only be seen as the target's own id: field to id. Such a field is absent in ``values``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record.

    done: the target says that it holds it (or holds it no more). refused: it answered that it will not take it as it is;
    the same again would end the same. failed: it did not answer, or with a fault that may pass, until the retries were used
    up, and the effect did not happen. unknown: the effect may or may not have happened (a reply was lost). handed_over: a
    file was written that a person gives to the target.
    """

    key: str
    result: Result
    native: str | None = None
    message: str = ""
    """The target's own words for what is wrong, or for what it warns of."""


@dataclass(frozen=True, slots=True)
class Ability:
    """What can be done with the records of one entity. The live stage asks for nothing else."""

    create: bool = True
    update: bool = True
    remove: bool = True
    find: bool = True
    """Can the target be asked for single records by key? Without it nothing can be settled after a crash."""
    unwritable: tuple[str, ...] = ()
    """Fields that are never written by this connector (the target sets or lacks them)."""
    unseen: tuple[str, ...] = ()
    """Fields that cannot be read back; reconciliation says so."""
    batch: int | None = 100
    """Records per ``write`` or ``remove``; None: all at once."""
    find_batch: int | None = 500
    """Records per ``find``; None: all at once."""
    find_near: str = ""
    """A field: records that share its value cost less when they are asked for in one ``find``."""
    parallel: int = 1
    """Batches that may be under way at the same time, in threads."""
    cascades: str = ""
    """What else goes when a record is removed."""
    defaults: str = ""
    """A field that refers to another record. Beside a record that the same run created, what the target holds of this entity is
    what it puts there by itself: no record of somebody's, and written over."""
    tables: bool = False
    """Can new records be given in columns (:meth:`TakesTables.create_table`) where the target holds none of the entity?"""
    together: str = ""
    """Records of the entities with the same word go in one :meth:`HandsOver.hand_over`, after what they refer to and before what
    refers to them, otherwise last, and never through ``write``. They can be neither updated nor removed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record for :meth:`HandsOver.hand_over`, and how it stands with the target.

    new: it is to be handed over now. waiting: an earlier run handed it over just as it is, and the target does not hold it,
    or does not show it. there: the target holds it; it is given because one of the others refers to it.
    """

    record: Record
    standing: Standing


@dataclass(frozen=True, slots=True)
class Warned:
    """Something a person has to know, or to acknowledge, before the target is written."""

    code: str
    message: str
    next: str
    blocking: bool = True
    """Has it to be acknowledged in the workspace before a live run?"""


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """What could be seen of a target when it was opened."""

    address: str
    """Without any secret."""
    version: str | None = None


class TargetConnector(Protocol):
    """A target that is written record by record (or file by file), and can be asked what it holds.

    Raises TargetRefused where it cannot be opened, TargetLost where it stops answering altogether. No method writes a secret
    or a person's data to a log. ``find``, ``write`` and ``remove`` may be called from several threads.
    """

    info: TargetInfo

    def preflight(self, entities: Sequence[str]) -> list[Warned]:
        """Look, without writing: rights that lack, settings that set off mails or make the load slow."""
        ...

    def ability(self, entity: str) -> Ability:
        """What can be done with records of ``entity``."""
        ...

    def find(self, entity: str, records: Sequence[Record]) -> Iterable[Held]:
        """What the target holds of these records, by native id where it is known and by key otherwise.

        A record it does not hold is absent from the answer; one it holds twice is there twice.
        """
        ...

    def write(self, entity: str, action: Action, records: Sequence[Record]) -> list[Outcome]:
        """Write the records; one outcome for each, in any order. All of ``values`` are meant, not only what changed."""
        ...

    def remove(self, entity: str, records: Sequence[Record]) -> list[Outcome]:
        """Remove the records. One that is not there is ``done``."""
        ...

    def count(self, entity: str) -> int | None:
        """How many records the target holds in all, where that is cheap to know."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a table of new records: all of them, or none.

    done: the target holds all. refused: it will not take some of them, and holds none. unknown: nobody knows, because the
    target stopped answering.
    """

    result: Literal["done", "refused", "unknown"]
    natives: Mapping[str, str] = field(default_factory=dict)
    """The target's own ids by key, where it has any."""
    message: str = ""


@runtime_checkable
class TakesTables(Protocol):
    """A target that takes many new records at once, in columns, where it held none of the entity before."""

    def create_table(self, entity: str, rows: pa.Table) -> Taken:
        """Write the records: ``_key``, fields of the contract by name, and ``link:FIELD`` with the target's own id of what a
        field refers to. All of them are written, or none. What is refused comes again through ``write``, record by record."""
        ...


@runtime_checkable
class HandsOver(Protocol):
    """A target of which some entities go by files that a person gives to it (``Ability.together``)."""

    def hand_over(self, given: Mapping[str, Sequence[Waiting]], folder: Path) -> Mapping[str, Sequence[Outcome]]:
        """Write files for a person into ``folder``, with instructions in ``README.txt``; ``given`` is by entity.

        There is one outcome for each record that is ``new``; ``handed_over`` says in its message which file it is in and what
        a person does with it. One that is ``waiting`` has an outcome only where it is in a new file too, which then takes the
        place of the earlier one. What is ``there`` has none. Raises TargetLost where the target has to be asked and is away,
        TargetRefused where the files cannot be written.
        """
        ...
