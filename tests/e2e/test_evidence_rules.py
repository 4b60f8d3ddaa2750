"""Acceptance results and rules over both sides in evidence packs: counted again, and forgeries of them are found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from both_sides_rules import add_rules
from evidence_packs import Change, edit, failed, forge, members, replaced, table, told, with_value
from plain_judge import Plain, write_suite
from small_pair import GOOD_ROWS, NOW, write_rows, write_workspace

import migrate.acceptance.run as acceptance_run
from migrate import pipeline
from migrate.acceptance.run import acceptance
from migrate.evidence.make import make
from migrate.evidence.verify import verify


@dataclass(frozen=True)
class Packs:
    """The packs of one run: masked, with personal data, and from before its expectations were judged."""

    masked: Path
    personal: Path
    before: Path


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    """A teacher's enrolment goes to somebody else, which three groups of two rules show; one login is not as expected."""
    folder = tmp_path_factory.mktemp("rules")
    workspace = write_suite(write_workspace(folder / "school"))
    add_rules(workspace)
    mapping = workspace / "mapping" / "enrolments.yaml"
    wrong = "by: case when role = 'teacher' then 5 else userid end"
    mapping.write_text(mapping.read_text("utf-8").replace("by: userid", wrong), "utf-8")
    write_rows(workspace, GOOD_ROWS)
    pipeline.run(workspace, now=lambda: NOW)
    before = make(workspace, out=folder / "before.zip").file
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acceptance_run, "Judge", Plain)
        acceptance(workspace)
    masked = make(workspace, out=folder / "masked.zip").file
    return Packs(masked, make(workspace, out=folder / "personal.zip", personal=True).file, before)


def said(pack: Path, check: str) -> tuple[str, str]:
    found = verify(pack)
    return next((one.status, one.detail) for one in found.checks if one.name == check)


def test_what_was_judged_is_counted_again(packs: Packs) -> None:
    for pack in (packs.masked, packs.personal):
        found = verify(pack)
        assert failed(found) == set()
        assert told(found, "acceptance").startswith("3 results, as many of each state as the summary and the gates say")
    assert said(packs.before, "acceptance") == ("pass", "3 acceptance tests were not judged, and nothing claims that they hold")


def test_groups_are_judged_again_where_the_pack_has_them(packs: Packs) -> None:
    status, detail = said(packs.personal, "both_sides")
    assert status == "pass"
    assert detail.endswith("; every group was judged again")
    status, detail = said(packs.masked, "both_sides")
    assert status == "pass"
    assert "not recounted: groups, and what the target has, for the pack holds only the hash" in detail


RESULTS, FAILING = "run/acceptance/results.parquet", "run/acceptance/rows.parquet"
SUITE = "workspace/expectations/expectations/school.yaml"
SUMMARY, FACTS, FOUND = "run/summary.json", "run/run.json", "run/findings.parquet"
SIDES, ACCOUNTING = "run/6_reconcile/both_sides.parquet", "run/6_reconcile/accounting.parquet"


def accept(**words: Any) -> Change:
    return edit(SUMMARY, lambda summary: summary["acceptance"].update(words))


def both(*changes: Change) -> Change:
    def apply(content: dict[str, bytes]) -> None:
        for change in changes:
            change(content)

    return apply


HIDDEN = both(
    table(RESULTS, lambda t: with_value("state", 0, "passed")(with_value("unexpected", 0, 0)(t))), accept(passed=3, failed=0)
)
"""A result that failed is made one that passed, in its file and in the summary."""
RESULTS_FORGED: dict[str, tuple[Change, str]] = {
    "a result passes": (table(RESULTS, with_value("state", 0, "passed")), "failed: the summary says 1, and 0 are counted"),
    "a result and the summary pass": (
        both(table(RESULTS, with_value("state", 0, "passed")), accept(passed=3, failed=0)), "by its own numbers it failed",
    ),
    "numbers pass, too": (HIDDEN, "0 are not as expected, and 1 values of 1 field are listed"),
    "rows are hidden, too": (both(HIDDEN, table(FAILING, lambda t: t.slice(0, 0))), "gates that the run noted are not those"),
    "a state is made up": (table(RESULTS, with_value("state", 0, "fine")), "'fine' is no state"),
    "a result is gone": (table(RESULTS, lambda t: t.slice(0, 2)), "ACC-TEACHERS: a suite in the pack has it, and no result"),
    "a result stands twice": (table(RESULTS, lambda t: pa.concat_tables([t, t.slice(0, 1)])), "ACC-LOGIN has 2 results"),
    "a result is of another code": (table(RESULTS, with_value("code", 0, "ACC-X")), "ACC-X: a result of what no suite"),
    "a result is no gate": (table(RESULTS, with_value("gate", 0, False)), "the result says gate = False, and the suite True"),
    "less is demanded": (table(RESULTS, with_value("mostly", 0, 0.5)), "the result says mostly = 0.5"),
    "an expectation is made up": (table(RESULTS, with_value("expectation", 0, "hope")), "hope is no expectation"),
    "a record is hidden": (table(FAILING, lambda t: t.slice(1)), "1 are not as expected, and 0 values"),
    "a record is added": (table(FAILING, lambda t: pa.concat_tables([t, t])), "1 are not as expected, and 2 values"),
    "more records than there are": (table(RESULTS, with_value("records", 2, 0)), "by its own numbers it failed"),
    "the results are gone": (lambda c: c.pop(RESULTS) and None, "acceptance/results.parquet is missing"),
    "the results are no table": (lambda c: c.update({RESULTS: b"PAR1"}), "is not what a run writes"),
    "a column is gone": (table(RESULTS, lambda t: t.drop_columns(["state"])), "is not what a run writes"),
    "nothing is said": (edit(SUMMARY, lambda s: s.pop("acceptance")), "3 expectations are in the pack, and the summary"),
    "nothing was judged": (accept(judged=False), "is there, and the summary says that nothing was judged"),
    "the run noted other files": (edit(FACTS, lambda f: f["acceptance"]["files"].update({RESULTS[4:]: "0" * 64})),
                                  "is not the file that the run noted"),
    "a gate was reached": (edit(FACTS, lambda f: f["gates"].__setitem__(slice(None), [g | {"passed": True} for g in f["gates"]])),
                           "gates that the run noted are not those"),
    "the verdict is pass": (edit(SUMMARY, lambda s: s.update(verdict="pass")), "the verdict of the run is pass"),
    "a suite expects something else": (replaced(SUITE, b"matches", b"matches_not"), "the result says expectation ="),
    "a suite is no YAML": (lambda c: c.update({SUITE: b"{"}), "school.yaml"),
}  # fmt: skip


@pytest.mark.parametrize("what", RESULTS_FORGED)
def test_a_forged_result_is_found(what: str, packs: Packs, tmp_path: Path) -> None:
    change, words = RESULTS_FORGED[what]
    found = verify(forge(packs.masked, tmp_path / "a.zip", change))
    assert "acceptance" in failed(found)
    assert words in told(found, "acceptance")
    assert not failed(found) & {"files", "checksums", "archive"}


def test_results_of_another_run_are_found(packs: Packs, tmp_path: Path) -> None:
    """Whoever packs results that were not judged on this run has them beside hashes of others."""
    other = members(packs.personal)[RESULTS]
    found = verify(forge(packs.personal, tmp_path / "a.zip", table(RESULTS, with_value("why", 0, "of another run"))))
    assert told(found, "acceptance") == f"{RESULTS[4:]} is not the file that the run noted when the expectations were judged"
    assert members(tmp_path / "a.zip")[RESULTS] != other


def rule(name: str, **words: Any) -> Change:
    return edit(SUMMARY, lambda summary: summary["reconciliation"]["checks"][name].update(words))


RULES_FORGED: dict[str, tuple[Change, str]] = {
    "a rule holds": (rule("teachers", different=0, verdict="equal"), "teachers: the summary says that 0 groups differ, and 1"),
    "a verdict is another": (rule("teachers", verdict="equal"), "teachers: the summary says equal, and its numbers different"),
    "a finding is hidden": (table(FOUND, lambda t: t.filter(pa.compute.not_equal(t["code"], "BTH-TEACHERS"))),
                            "teachers: the summary says that 1 groups differ, and 0 findings say so"),
    "a record is expected no more": (rule("scores", source=4), "scores: 4 records of the source are not its parts"),
    "a record was excluded": (rule("scores", expected=2, parts={"merged": 1, "excluded": 2}), "the summary says 2 excluded"),
    "a rule is gone": (edit(SUMMARY, lambda s: s["reconciliation"]["checks"].pop("births")),
                       "births: pair.yaml in the pack has it, and the summary does not"),
    "a rule is made up": (edit(SUMMARY, lambda s: s["reconciliation"]["checks"].update(more={"verdict": "equal"})),
                          "more: the summary has it"),
    "a rule was not asked": (edit(SUMMARY, lambda s: s["reconciliation"]["checks"].update(teachers={"verdict": "not asked"})),
                             "teachers was not asked, and has findings"),
    "a rule is another": (edit(FACTS, lambda f: f["both_sides"]["scores"].update(compare={"people": "count"})),
                          "scores: the run says compare ="),
    "accounting is another": (table(ACCOUNTING, lambda t: t.slice(1)), "are counted"),
    "accounting is gone": (lambda c: c.pop(ACCOUNTING) and None, "accounting.parquet is missing"),
    "accounting is no table": (lambda c: c.update({ACCOUNTING: b"PAR1"}), "engine"),
    "accounting has another rule": (table(ACCOUNTING, with_value("rule", 0, "more")), "has rows of more, which was not asked"),
}  # fmt: skip


@pytest.mark.parametrize("what", RULES_FORGED)
def test_a_forged_rule_is_found_without_its_groups(what: str, packs: Packs, tmp_path: Path) -> None:
    change, words = RULES_FORGED[what]
    found = verify(forge(packs.masked, tmp_path / "a.zip", change))
    assert "both_sides" in failed(found)
    assert words in told(found, "both_sides")


def where(rule_: str, column: str, value: object, **of: object) -> Change:
    """Another value in the first group of a rule that has the values ``of``."""

    def change(given: pa.Table) -> pa.Table:
        rows = given.to_pylist()
        at = next(n for n, row in enumerate(rows) if row["rule"] == rule_ and all(row[c] == v for c, v in of.items()))
        return with_value(column, at, value)(given)

    return table(SIDES, change)


GROUPS_FORGED: dict[str, tuple[Change, str]] = {
    "a group is equal": (where("teachers", "verdict", "equal", verdict="different"), "1 groups have another verdict"),
    "a group differs": (where("scores", "verdict", "different", measure="scores"), "1 groups have another verdict"),
    "the target has something else": (where("births", "target", "1990-01-01 00:00:00"), "1 groups have another verdict"),
    "the target has more": (where("courses_of_people", "target", "7"), "1 groups have another verdict"),
    "amounts are moved": (where("scores", "source", "99", measure="scores"), "1 groups have another verdict"),
    "a part is another": (where("teachers", "excluded", 5.0), "the summary says 0 excluded, and the groups have 5"),
    "a group is gone": (table(SIDES, lambda t: t.slice(1)), "differ); there are"),
    "a measure is another": (where("births", "measure", "died"), "rows of groups are of nothing that the rule compares"),
    "a group is of another rule": (where("births", "rule", "more"), "has rows of more"),
    "a number of groups is another": (rule("births", groups=9), "births: the summary says 9 groups"),
    "what the target has is another": (rule("courses_of_people", target=9), "9 in the target"),
    "groups are no table": (lambda c: c.update({SIDES: b"PAR1"}), "engine"),
    "groups are gone": (lambda c: c.pop(SIDES) and None, "both_sides.parquet is missing"),
}  # fmt: skip


@pytest.mark.parametrize("what", GROUPS_FORGED)
def test_a_forged_group_is_found(what: str, packs: Packs, tmp_path: Path) -> None:
    change, words = GROUPS_FORGED[what]
    found = verify(forge(packs.personal, tmp_path / "a.zip", change))
    assert "both_sides" in failed(found)
    assert words in told(found, "both_sides")


def test_a_pack_whose_suites_changed_since_says_that_results_are_not_compared(packs: Packs, tmp_path: Path) -> None:
    def changed(content: dict[str, bytes]) -> None:
        content.pop(SUITE)
        content.pop("workspace/mapping/pair.yaml")
        edit("manifest.json", lambda m: [
            m["parts"]["expectations"].update(files={}, changed=["expectations/school.yaml"]),
            m["parts"]["mapping"].update(changed=["pair.yaml"]), m["parts"]["mapping"]["files"].pop("pair.yaml"),
        ])(content)  # fmt: skip

    pack = forge(packs.masked, tmp_path / "a.zip", changed)
    assert failed(verify(pack)) == set()
    assert said(pack, "acceptance")[0] == said(pack, "both_sides")[0] == "open"


def test_rows_that_add_up_and_are_not_what_the_stage_wrote_are_found(packs: Packs, tmp_path: Path) -> None:
    """The hash in the stage's own manifest tells, where no number does."""
    backwards = table(ACCOUNTING, lambda t: t.take(list(range(len(t)))[::-1]))
    found = verify(forge(packs.masked, tmp_path / "a.zip", backwards))
    assert failed(found) == {"stages"}
    assert told(found, "stages") == f"{ACCOUNTING} is not what stage reconcile wrote"
