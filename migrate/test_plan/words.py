"""The words of ``test_plan.yaml``."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from annotated_types import Len
from pydantic import StringConstraints, model_validator

from migrate.contracts.model import Code, Name, Words
from validators.sampling import Inspection, Level, Switching

Risk = Literal["critical", "major", "minor"]
RISKS: tuple[Risk, ...] = get_args(Risk)
"""The gravest first."""
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Which = Literal["keys", "survivors", "decided", "findings", "longest", "excluded", "quarantined", "blocked", "held"]


class RiskClass(Words):
    """How much may go wrong under requirements of one risk, and how they are sampled: by ``aql``, or with no failure allowed
    by ``claim``."""

    aql: float | None = None
    """Acceptance quality limit of ISO 2859-1, percent nonconforming."""
    level: Level = "II"
    """Inspection level, with ``aql``."""
    claim: float | None = None
    """Zero acceptance: a clean sample shall show that at most so many percent are wrong."""
    tightened: float | None = None
    """The claim under tightened inspection; half of ``claim`` where it is left out."""
    differences: int | None = 0
    """So many differences and missing records the comparison of all records may show; null: they are listed only."""

    @model_validator(mode="after")
    def _one_way(self) -> RiskClass:
        if (self.aql is None) == (self.claim is None):
            raise ValueError("a risk class needs either aql or claim")
        for word in ("claim", "tightened"):
            given = getattr(self, word)
            if given is not None and not 0 < given < 100:
                raise ValueError(f"{word} is a percentage above 0 and below 100")
        if self.tightened is not None and self.claim is None:
            raise ValueError("tightened has no effect without claim")
        return self


class Classes(Words):
    """The three classes of risk."""

    critical: RiskClass
    major: RiskClass
    minor: RiskClass

    def of(self, risk: Risk) -> RiskClass:
        """The class by its name."""
        found: RiskClass = getattr(self, risk)
        return found


class Requirement(Words):
    """Something that has to be true of the migrated records."""

    id: Id
    text: str
    risk: Risk
    covers: Annotated[tuple[str, ...], Len(min_length=1)]
    """Mapping lines, ``mapping.field``; ``*`` stands for any part of a name."""


class Directed(Words):
    """Records that are looked at on top of the random sample, because experience says that these go wrong."""

    entity: Name
    """The mapping."""
    which: Which
    """``keys``: those listed; ``survivors`` of merges; ``decided`` by a person; with ``findings``; with the ``longest`` value of
    ``field``; or records that were left out or kept back, by disposition."""
    why: str
    keys: tuple[str, ...] = ()
    field: Name | None = None
    code: Code | None = None
    """With ``findings``: those of one code."""
    most: int = 3

    @model_validator(mode="after")
    def _whole(self) -> Directed:
        if (self.which == "keys") != bool(self.keys):
            raise ValueError("which: keys and keys belong together")
        if (self.which == "longest") != (self.field is not None):
            raise ValueError("which: longest and field belong together")
        if self.code is not None and self.which != "findings":
            raise ValueError("code has no effect without which: findings")
        if self.most < 1:
            raise ValueError("most is a number of records, 1 or more")
        return self


class PolicyFile(Words):
    """``test_plan.yaml``."""

    seed: Annotated[str, StringConstraints(min_length=8)]
    """Text from which the random picks follow."""
    inspection: Inspection = "normal"
    """How the first lots are inspected."""
    confidence: float = 95.0
    """Percent, for what a sample shows."""
    classes: Classes
    switching: Switching = Switching()
    requirements: Annotated[tuple[Requirement, ...], Len(min_length=1)]
    stratify: dict[Name, tuple[Name, ...]] = {}
    """``{mapping: target fields}``: the sample has records of each value, by its share."""
    directed: tuple[Directed, ...] = ()

    @model_validator(mode="after")
    def _percentage(self) -> PolicyFile:
        if not 50 <= self.confidence < 100:
            raise ValueError("confidence is a percentage from 50 to below 100")
        return self
