"""A small plan, kept in a folder that stands for a workspace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from migrate.test_plan import sheets, store
from migrate.test_plan.plan import Covered, DrawnPlan, Inspection, Pick
from migrate.test_plan.words import Requirement

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


def inspection(id_: str, picks: int, accept: int, **words: Any) -> Inspection:
    """An inspection with so many picks."""
    entity, _, risk = id_.partition("/")
    given: dict[str, Any] = {
        "kind": "sample", "risk": risk, "requirements": ("REQ-1",), "lot": 50, "rule": "a rule", "inspection": "normal",
    }  # fmt: skip
    listed = tuple(f"{entity}/{n:04}" for n in range(1, picks + 1))
    return Inspection(id=id_, entity=entity, accept=accept, picks=listed, **(given | words))


def plan_of(*inspections: Inspection, run: str = "20260301-120000") -> DrawnPlan:
    """A plan with these inspections."""
    requirements = (
        Requirement(id="REQ-1", text="Nobody is lost.", risk="critical", covers=("people.*",)),
        Requirement(id="REQ-2", text="Names are right.", risk="minor", covers=("people.name",)),
    )
    return DrawnPlan(
        run=run,
        seed="12345678",
        policy="0" * 64,
        parts={"mapping": "1" * 64},
        confidence=95.0,
        requirements=tuple(Covered(requirement=r, lines=("people.name",)) for r in requirements),
        differences={"critical": 0, "major": 0, "minor": None},
        inspections=inspections,
        picks=tuple(
            Pick(
                id=id_,
                entity="people",
                source_key=str(int(id_[-4:])),
                target_key=f"p-{int(id_[-4:])}",
                digest=f"d{id_}",
                requirements=tuple(r for i in inspections if id_ in i.picks for r in i.requirements),
            )
            for id_ in sorted({id_ for i in inspections for id_ in i.picks})
        ),
    )


@dataclass
class Desk:
    """A folder with a kept plan, and worksheets to hand in."""

    folder: Path
    plan: DrawnPlan
    ledger: str = "sqlite:///ledger.sqlite"
    sheet: Path = field(init=False)

    def __post_init__(self) -> None:
        self.sheet = self.folder / "sheet.csv"
        store.save(self.folder, self.plan, NOW)

    def ledger_url(self) -> str:
        return self.ledger

    def row(self, number: int = 1, **cells: str) -> dict[str, str]:
        """A row as the worksheet has it, filled in as asked."""
        id_ = f"people/{number:04}"
        blank = dict.fromkeys(sheets.COLUMNS, "")
        own = {"plan": self.plan.id, "pick": id_, "entity": "people", "source_key": str(number), "target_key": f"p-{number}"}
        who = {"tester": "Ana", "tested_on": "2026-03-02"} if cells.get("result") else {}
        missed = {"requirement": "REQ-1"} if cells.get("result") == "fail" else {}
        return blank | own | who | missed | cells

    def write(self, *rows: dict[str, str], delimiter: str = ",", header: tuple[str, ...] = sheets.COLUMNS) -> Path:
        """A worksheet with these rows."""
        import csv

        with self.sheet.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerow(header)
            writer.writerows([row.get(column, "") for column in header] for row in rows)
        return self.sheet


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, plan_of(inspection("people/critical", 5, 0), inspection("people/minor", 8, 1, requirements=("REQ-2",))))


@pytest.fixture
def make() -> Callable[..., DrawnPlan]:
    return plan_of


@pytest.fixture
def inspect() -> Callable[..., Inspection]:
    return inspection
