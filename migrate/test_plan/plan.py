"""The test plan of one run, as it is kept: what is looked at, how much may be wrong, and which records were picked."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from migrate.contracts.model import Words
from migrate.test_plan.words import Requirement, Risk
from validators.sampling import Inspection as Tightness

Kind = Literal["sample", "directed"]


class Pick(Words):
    """One record to look at. Keys are as the report shows them: masked where they are personal."""

    id: str
    """``mapping/0001``, or ``mapping/directed/001``."""
    entity: str
    source_key: str | None
    target_key: str | None
    digest: str
    """HMAC of the whole source key under the plan's seed: says later which record it was."""
    requirements: tuple[str, ...]
    """What is asked of this record: the requirements of every inspection it counts for."""
    stratum: tuple[str, ...] = ()
    why: str = ""
    """Of a directed case."""

    @property
    def group(self) -> str:
        """``mapping`` or ``mapping/directed``: records that are looked at together."""
        return self.id.rpartition("/")[0]


class Inspection(Words):
    """One lot under one class of risk, or the directed cases of one entity."""

    id: str
    """``mapping/risk`` or ``mapping/directed``."""
    kind: Kind
    entity: str
    risk: Risk
    requirements: tuple[str, ...]
    lot: int
    """Records in the lot."""
    accept: int
    rule: str
    letter: str | None = None
    inspection: Tightness | None = None
    reason: str = ""
    """Why the inspection is as tight as it is."""
    stopped: bool = False
    """Too many lots were refused: nothing is accepted before the cause is mended."""
    strata: tuple[str, ...] = ()
    """The fields by which the sample is stratified."""
    picks: tuple[str, ...]
    """Ids. One record may count for the inspections of several classes of risk: it is looked at once."""

    @property
    def size(self) -> int:
        return len(self.picks)

    @property
    def refuse(self) -> int:
        return self.accept + 1


class Covered(Words):
    """A requirement with the mapping lines that it covered when the plan was written."""

    requirement: Requirement
    lines: tuple[str, ...]


class RunTest(Words):
    """What a run tests by itself beside comparing all records: an expectation of the reviewers, or a rule over both sides."""

    id: str
    """Code of the expectation, or name of the rule."""
    kind: Literal["acceptance test", "rule over both sides"]
    says: str
    place: str
    """``file:line`` in the workspace."""
    lines: tuple[str, ...]
    """The mapping lines that it is about."""
    requirements: tuple[str, ...]
    """Requirements of the plan that it is evidence for."""
    named: str = ""
    """What the suite names as its requirement, where the plan has none of that name."""
    counts: bool = True
    """Is a requirement refused where it does not hold? What is no gate is listed only."""


class DrawnPlan(Words):
    """Everything that the worksheets, the verdict and an auditor need. Equal content has an equal id."""

    run: str
    seed: str
    """From which every pick can be found again."""
    policy: str
    """sha256 of ``test_plan.yaml``."""
    parts: dict[str, str]
    """Hash of each part of the workspace, as the run found it."""
    confidence: float
    requirements: tuple[Covered, ...]
    differences: dict[Risk, int | None]
    """What the comparison of all records may show, by risk."""
    inspections: tuple[Inspection, ...]
    picks: tuple[Pick, ...]
    tests: tuple[RunTest, ...] = ()

    @property
    def id(self) -> str:
        """``TP-`` and the beginning of the sha256 of the content."""
        return f"TP-{hashlib.sha256(self.content()).hexdigest()[:16]}"

    def content(self) -> bytes:
        """The plan in one fixed form."""
        # A plan from before there were tests of runs keeps its id.
        without = {"tests"} if not self.tests else None
        return json.dumps(self.model_dump(mode="json", exclude=without), sort_keys=True, separators=(",", ":")).encode()

    def tests_of(self, requirement: str) -> tuple[RunTest, ...]:
        """The tests of the run that are evidence for a requirement."""
        return tuple(test for test in self.tests if requirement in test.requirements)

    def by_id(self) -> dict[str, Pick]:
        """Every pick by its id."""
        return {pick.id: pick for pick in self.picks}
