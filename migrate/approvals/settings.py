"""What a workspace says of approvals and of the gates that a rehearsal has to reach (``migration.yaml``)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Default

from migrate.contracts.model import Code, Name, Words

Number = Annotated[int, Default(ge=0)]
Percent = Annotated[float, Default(ge=0, le=100)]
Days = Annotated[int, Default(ge=1, le=365)]


class ApprovalSettings(Words):
    """Who has to sign before a live run may start."""

    roles: tuple[Name, ...] = ("data_owner", "quality")
    """Each of them has to approve; ``[]`` demands no approval."""
    valid_days: Days = 14
    """How long an approval holds."""
    separate_people: bool = True
    """Is each role signed by somebody else?"""


class EntityGates(Words):
    """What one mapping has to reach in a rehearsal. ``null`` sets no limit."""

    loaded: Percent | None = None
    """The least share, in percent, of the records that were neither excluded nor merged, that loads."""
    quarantined: Number | None = None
    blocked: Number | None = None
    held: Number | None = None
    failed: Number | None = 0
    """These four: the most records that end so."""
    missing: Number | None = 0
    """Most records that were written and not found."""
    extra: Number | None = 0
    """Most records that were found and not expected."""
    differences: Number | None = 0
    """Most records of which the target holds another value."""


class GateSettings(Words):
    """What a rehearsal has to reach so that it can be approved."""

    verdict: Literal["pass", "attention"] = "attention"
    """The worst verdict that is allowed. ``pass``: nothing is left that needs a person."""
    undeclared: Number = 0
    """Most entries of the loss register that nobody declared."""
    findings: dict[Code, Number] = {}
    """``{code: most findings}``."""
    severities: dict[Literal["reject", "quarantine", "blocked", "hold", "warn"], Number] = {}
    """``{severity: most findings}``, of codes that have no budget of their own."""
    every: EntityGates = EntityGates()
    """For every mapping."""
    entities: dict[Name, EntityGates] = {}
    """For single mappings: the words that stand here go before those of ``every``."""

    def of(self, mapping: str) -> EntityGates:
        """What one mapping has to reach."""
        own = self.entities.get(mapping)
        if own is None:
            return self.every
        return self.every.model_copy(update={word: getattr(own, word) for word in own.model_fields_set})
