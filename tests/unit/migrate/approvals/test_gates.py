"""Gates: each one passes at its limit and is missed just beyond it, and counts rows, not what the summary says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from migrate.approvals.counts import counts
from migrate.approvals.gates import judge, missed, verdicts
from migrate.approvals.settings import GateSettings
from migrate.findings import Finding, write_findings

DIFFERENCES = pa.schema([(n, pa.string()) for n in ("entity", "key", "target_key", "field", "kind", "expected", "actual")])


class Run:
    """A run folder in the making."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "6_reconcile").mkdir(parents=True)
        self.ended = {"users": {"created": 7, "updated": 1, "unchanged": 1, "merged": 2, "excluded": 3, "quarantined": 1}}
        self.found: list[tuple[str, Any]] = []
        self.different: list[tuple[str, str, str]] = []
        self.summary: dict[str, Any] = {"mode": "rehearsal", "verdict": "attention", "balanced": True, "loss_register": []}
        self.facts: dict[str, Any] = {"failure": None, "stopped_at": None, "only": None}

    def gates(self, **settings: Any) -> dict[str, Any]:
        """``{gate: it}``."""
        rows = [
            {"entity": e, "disposition": word} for e, words in self.ended.items() for word, n in words.items() for _ in range(n)
        ]
        pq.write_table(pa.Table.from_pylist(rows), self.folder / "dispositions.parquet")
        write_findings([Finding(code, s, "users", None, None, None, "") for code, s in self.found], self._file("findings"))
        rows = [{"entity": e, "target_key": key, "kind": kind} for e, key, kind in self.different]
        pq.write_table(pa.Table.from_pylist(rows, schema=DIFFERENCES), self._file("6_reconcile/differences"))
        entities = {name: {"source": sum(words.values())} for name, words in self.ended.items()}
        summary = {"entities": entities, **self.summary}
        judged = judge(GateSettings.model_validate_json(_json(settings)), self.folder, summary, self.facts)
        return {gate.gate: gate for gate in judged}

    def missed(self, **settings: Any) -> list[str]:
        return [gate.gate for gate in missed(list(self.gates(**settings).values()))]

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"


def _json(settings: Any) -> str:
    import json

    return json.dumps(settings)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "run")


def test_a_good_run_reaches_every_gate(run: Run) -> None:
    gates = run.gates()
    assert [gate for gate in gates.values() if not gate.passed] == []
    assert list(gates) == [
        "whole", "balanced", "verdict", "undeclared", "crosswalks", "findings fatal",
        "users failed", "users missing", "users extra", "users differences",
    ]  # fmt: skip


def test_what_a_live_run_would_refuse_cannot_be_signed(run: Run) -> None:
    run.facts["unconfirmed"] = 2
    assert run.missed() == ["crosswalks"]
    assert run.gates()["crosswalks"].value == 2


@pytest.mark.parametrize(
    ("word", "value", "said"),
    [
        ("failure", "the disk is full", "failed"),
        ("stopped_at", "map", "stopped at map"),
        ("only", "users", "only users"),
        ("pseudonyms", True, "with pseudonyms"),
    ],
)
def test_a_run_that_is_not_whole_misses(run: Run, word: str, value: str, said: str) -> None:
    run.facts[word] = value
    gate = run.gates()["whole"]
    assert (gate.passed, gate.value, gate.limit) == (False, said, "to its end")


def test_sums_that_do_not_balance_miss_also_where_the_summary_says_otherwise(run: Run) -> None:
    run.summary["balanced"] = False
    assert run.missed() == ["balanced"]
    run.summary |= {"balanced": True, "entities": {"users": {"source": 16}}}
    assert run.missed() == ["balanced"]


@pytest.mark.parametrize(
    ("verdict", "worst", "passed"),
    [
        ("pass", "pass", True), ("attention", "pass", False), ("attention", "attention", True), ("fail", "attention", False),
    ],
)  # fmt: skip
def test_the_worst_verdict(run: Run, verdict: str, worst: str, passed: bool) -> None:
    run.summary["verdict"] = verdict
    assert run.gates(verdict=worst)["verdict"].passed is passed


def test_undeclared_losses(run: Run) -> None:
    run.summary["loss_register"] = [{"treatment": word} for word in ("dropped", "undeclared", "archived", "undeclared")]
    assert run.missed() == ["undeclared"]
    assert run.missed(undeclared=2) == []
    assert run.missed(undeclared=1) == ["undeclared"]


def test_a_budget_holds_to_its_last_finding(run: Run) -> None:
    run.found = [("USR-001", "warn")] * 3 + [("USR-002", "hold")] * 2
    assert run.missed(findings={"USR-001": 3, "USR-002": 2}) == []
    assert run.missed(findings={"USR-001": 2, "USR-002": 2}) == ["findings USR-001"]
    assert run.gates(findings={"USR-009": 0})["findings USR-009"].value == 0


def test_a_severity_counts_the_codes_that_have_no_budget(run: Run) -> None:
    run.found = [("USR-001", "hold")] * 3 + [("USR-002", "hold"), ("USR-002", "warn")]
    assert run.missed(severities={"hold": 3}) == ["findings hold"]
    assert run.missed(severities={"hold": 1}, findings={"USR-001": 3}) == []
    assert run.missed(severities={"hold": 0}, findings={"USR-001": 3}) == ["findings hold"]


def test_what_somebody_waived_counts_in_no_budget_unless_it_is_fatal(run: Run) -> None:
    run.found = [("USR-001", "hold")] * 3 + [("SRC-BAD", "fatal")]
    run.gates()
    file = run.folder / "findings.parquet"
    table = pq.read_table(file)
    table = table.append_column("item", pa.array(["W-1", "W-2", None, "W-1"]))
    worklist = pa.table({"item": ["W-1", "W-2", "W-3"], "state": ["waived", "open", "waived"]})
    pq.write_table(worklist, run.folder / "worklist.parquet")
    pq.write_table(table, file)
    counted = counts(run.folder, {"entities": {}})
    assert (counted.findings, counted.code("USR-001")) == ({"USR-001": {"hold": 2}, "SRC-BAD": {"fatal": 1}}, 2)


def test_a_fatal_finding_has_no_budget(run: Run) -> None:
    run.found = [("SRC-BAD", "fatal")]
    assert run.missed(findings={"SRC-BAD": 5}) == ["findings fatal"]
    with pytest.raises(ValidationError):
        run.gates(severities={"fatal": 5})


@pytest.mark.parametrize("kind", ["missing", "extra", "different"])
def test_what_the_target_holds_otherwise(run: Run, kind: str) -> None:
    word = "differences" if kind == "different" else kind
    run.different = [("users", "1", kind), ("users", "1", kind), ("users", "2", kind)]
    assert run.gates()[f"users {word}"].value == 2
    assert run.missed() == [f"users {word}"]
    assert run.missed(every={word: 2}) == []
    assert run.missed(every={word: 1}) == [f"users {word}"]
    assert f"users {word}" not in run.gates(every={word: None})


@pytest.mark.parametrize("word", ["quarantined", "blocked", "held", "failed"])
def test_records_that_are_kept_back(run: Run, word: str) -> None:
    run.ended["users"] = {"created": 5, word: 2}
    assert run.missed(entities={"users": {word: 2}}) == []
    assert run.missed(entities={"users": {word: 1}}) == [f"users {word}"]


@pytest.mark.parametrize(("least", "passed"), [(90, True), (90.1, False), (100, False), (0, True)])
def test_the_share_that_loads_is_of_what_is_in_scope(run: Run, least: float, passed: bool) -> None:
    gate = run.gates(every={"loaded": least})["users loaded"]
    assert (gate.value, gate.passed) == (90.0, passed)


def test_nearly_all_is_not_all(run: Run) -> None:
    run.ended["users"] = {"created": 9_999, "held": 1}
    gate = run.gates(every={"loaded": 100})["users loaded"]
    assert (gate.value, gate.passed) == (99.99, False)


def test_nothing_in_scope_is_all_of_it(run: Run) -> None:
    run.ended["users"] = {"excluded": 4}
    assert run.gates(every={"loaded": 100})["users loaded"].passed


def test_an_entity_has_its_own_words_and_those_of_every(run: Run) -> None:
    run.ended["rooms"] = {"created": 1, "held": 1}
    settings = {"every": {"held": 0, "quarantined": 1}, "entities": {"rooms": {"held": 1}}}
    assert run.missed(**settings) == []
    gates = run.gates(**settings)
    assert (gates["rooms quarantined"].limit, gates["users held"].limit) == ("at most 1", "at most 0")
    assert verdicts(list(run.gates(every={"held": 0}).values())) == {"users": True, "rooms": False}


def test_a_run_that_wrote_nothing_yet_can_be_judged(run: Run, tmp_path: Path) -> None:
    run.facts["stopped_at"] = "extract"
    (tmp_path / "empty").mkdir()
    summary = {"entities": {"users": {"source": 0}}, **run.summary}
    gates = judge(GateSettings(), tmp_path / "empty", summary, run.facts)
    assert [gate.gate for gate in missed(gates)] == ["whole"]


def accepted(run: Run, states: dict[str, str], **said: Any) -> None:
    """Results of acceptance tests: ``{mapping: state}``."""
    from migrate.acceptance.results import FAILING, FAILING_SCHEMA, RESULT_SCHEMA, RESULTS
    from migrate.artefacts import sha256

    (run.folder / "acceptance").mkdir(exist_ok=True)
    rows = [{"code": f"ACC-{e}", "entity": e, "state": state, "gate": e != "loose"} for e, state in states.items()]
    pq.write_table(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA), run.folder / RESULTS)
    pq.write_table(FAILING_SCHEMA.empty_table(), run.folder / FAILING)
    run.facts["acceptance"] = {"files": {name: sha256(run.folder / name) for name in (RESULTS, FAILING)}}
    run.summary["acceptance"] = {"judged": True, "expectations": len(rows), "gates": len(rows), **said}


@pytest.mark.parametrize(("state", "passed"), [("passed", True), ("failed", False), ("error", False)])
def test_an_expectation_that_does_not_hold_or_was_not_evaluated_is_missed(run: Run, state: str, passed: bool) -> None:
    accepted(run, {"users": state, "courses": "passed"})
    gates = run.gates()
    assert gates["acceptance"].passed is passed
    assert gates["users acceptance"].passed is passed
    assert gates["courses acceptance"].passed
    assert verdicts(list(gates.values()))["users"] is passed


def test_expectations_that_are_only_reported_are_no_gate(run: Run) -> None:
    accepted(run, {"users": "passed", "loose": "failed"}, gates=1)
    assert run.missed() == []


def test_expectations_that_were_not_judged_are_missed(run: Run) -> None:
    run.summary["acceptance"] = {"judged": False, "expectations": 3, "gates": 1}
    gate = run.gates()["acceptance"]
    assert (gate.passed, gate.value) == (False, "not judged")
    run.summary["acceptance"]["gates"] = 0
    assert "acceptance" not in run.gates()


def test_results_that_are_fewer_than_said_are_missed(run: Run) -> None:
    accepted(run, {"users": "passed"}, gates=2)
    assert run.missed() == ["acceptance"]


def test_results_that_were_altered_cannot_be_judged(run: Run) -> None:
    from migrate.errors import RunFailed

    accepted(run, {"users": "failed"})
    kept = run.facts["acceptance"]
    accepted(run, {"users": "passed"})
    run.facts["acceptance"] = kept
    with pytest.raises(RunFailed, match="is not what was written"):
        run.gates()
