"""A worksheet that goes out, is filled in by hand and comes back says what was filled in, in either form."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.test_plan import store
from migrate.test_plan.plan import Covered, DrawnPlan, Inspection, Pick
from migrate.test_plan.sheets import read
from migrate.test_plan.take_in import take_in
from migrate.test_plan.words import Requirement
from migrate.test_plan.worksheets import as_csv, write_xlsx
from reports.documents.test_plan import InspectionRow, PickRow, PlanDocument
from reports.formulas import restored
from reports.visible import plain

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
REQUIREMENTS = ("REQ-1", "REQ-2")
HOSTILE = st.sampled_from(['=HYPERLINK("http://x")', "+1+1", "-1", "@x", "'=1", 'a "b", c;d', "<b>", "007", "1e5", "é́"])
KEYS = st.text(max_size=8) | HOSTILE
WORDS = (st.text(st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn")), min_size=1, max_size=20) | HOSTILE).map(str.strip)
ANSWER = st.none() | st.tuples(
    st.sampled_from(("pass", "fail")), WORDS.filter(bool), WORDS.filter(bool), st.sets(st.sampled_from(REQUIREMENTS), min_size=1)
)


@dataclass
class Folder:
    """What stands for a workspace."""

    folder: Path

    def ledger_url(self) -> str:
        return "sqlite:///ledger.sqlite"


def drawn(keys: list[str]) -> DrawnPlan:
    picks = tuple(
        Pick(id=f"p/{n:04}", entity="p", source_key=plain(k), target_key=plain(k), digest=str(n), requirements=REQUIREMENTS)
        for n, k in enumerate(keys, start=1)
    )
    inspection = Inspection(
        id="p/major", kind="sample", entity="p", risk="major", requirements=REQUIREMENTS, lot=99, accept=0, rule="r",
        picks=tuple(p.id for p in picks),
    )  # fmt: skip
    requirements = (
        Covered(requirement=Requirement(id=r, text="t", risk="major", covers=("p.a",)), lines=("p.a",)) for r in REQUIREMENTS
    )
    return DrawnPlan(
        run="20260301-120000", seed="12345678", policy="0", parts={}, confidence=95.0, requirements=tuple(requirements),
        differences={"critical": 0, "major": 0, "minor": 0}, inspections=(inspection,), picks=picks,
    )  # fmt: skip


def document(plan: DrawnPlan, picks: tuple[PickRow, ...]) -> PlanDocument:
    (one,) = plan.inspections
    row = InspectionRow(
        one.id, one.kind, one.entity, one.risk, one.requirements, one.lot, one.size, 0, 1, "", one.rule, "", False, (), 0, 0,
        "unfinished", None, None,
    )  # fmt: skip
    return PlanDocument(
        "label", "w", "2026-03-02", "0", plan.id, "", plan.run, "rehearsal", "pass", True, "0", (), 95.0, (), (), (), (), (row,),
        picks, (), (), "unfinished",
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(filled=st.lists(st.tuples(KEYS, ANSWER), min_size=1, max_size=5), form=st.sampled_from(("csv", "xlsx")))
def test_what_is_filled_in_is_what_is_recorded(
    filled: list[tuple[str, tuple[str, str, str, set[str]] | None]], form: str
) -> None:
    plan = drawn([key for key, _ in filled])
    rows = []
    for pick, (_, answer) in zip(plan.picks, filled, strict=True):
        row = PickRow(pick.id, "p", "p", pick.source_key or "", pick.target_key or "", "", (("a", "=1"),), REQUIREMENTS)
        if answer is not None:
            result, note, tester, missed = answer
            named = ", ".join(sorted(missed)) if result == "fail" else ""
            row = replace(row, result=result, note=note, tester=tester, tested_on="2026-03-02", requirement=named)
        rows.append(row)
    sheet = document(plan, tuple(rows))
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name))
        store.save(folder.folder, plan, NOW)
        file = folder.folder / f"sheet.{form}"
        if form == "csv":
            file.write_text(as_csv(sheet), "utf-8", newline="")
        else:
            write_xlsx(sheet, file)
        taken = take_in(folder, file, NOW)  # type: ignore[arg-type]
        found = store.current(store.results(folder.folder, plan.id))
        again = take_in(folder, file, NOW)  # type: ignore[arg-type]
        keys = [row.cells["source_key"] for row in read(file)]
    answered = {row.id: row for row in rows if row.result}
    assert (taken.new, taken.blank) == (len(answered), len(rows) - len(answered))
    assert (again.new, again.corrected, again.unchanged) == (0, 0, len(answered))
    assert keys == [(pick.source_key or "").strip() for pick in plan.picks]
    assert set(found) == set(answered)
    for id_, row in answered.items():
        result = found[id_]
        assert (result.result, result.requirement, result.note, result.tester) == (
            row.result,
            row.requirement,
            row.note,
            row.tester,
        )
        assert restored(result.note) == restored(row.note)
