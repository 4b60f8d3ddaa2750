"""The section on acceptance tests: numbers are those of the files, hostile text stays text, personal data is masked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.acceptance.results import FAILING, FAILING_SCHEMA, RESULT_SCHEMA, RESULTS
from migrate.artefacts import sha256
from reports import model
from reports.acceptance.build import SAMPLE, acceptance
from reports.acceptance.model import Acceptance
from reports.html import environment
from reports.masking import Masker

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e"
FACTS: dict[str, Any] = {
    "mask": True,
    "pii": {"people": {"email": "email", "boss.login": "login"}},
    "entities": {"people": {"from": "old.user", "to": "new.people", "target_key": ["person"]}},
}
Row = dict[str, Any]


def result(**words: Any) -> Row:
    row: Row = dict.fromkeys(RESULT_SCHEMA.names)
    row |= {"suite": "s", "code": "ACC-ONE", "entity": "people", "says": "s", "gate": True, "mostly": 1.0, "reason": "r"}
    return row | {"state": "failed", "records": 9, "values": 9, "unexpected": 1, "observes": "number"} | words


def failing(value: str, **words: Any) -> Row:
    return {"code": "ACC-ONE", "entity": "people", "target_key": "k-1", "field": "email", "value": value} | words


@pytest.fixture
def shown(tmp_path: Path) -> Callable[..., Acceptance]:
    folder = tmp_path / "acme" / "runs" / "1"
    (folder / "acceptance").mkdir(parents=True)

    def built(results: list[Row], rows: list[Row], **said: Any) -> Acceptance:
        pq.write_table(pa.Table.from_pylist(results, schema=RESULT_SCHEMA), folder / RESULTS)
        pq.write_table(pa.Table.from_pylist(rows, schema=FAILING_SCHEMA), folder / FAILING)
        facts = FACTS | {"acceptance": {"by": "gx", "files": {name: sha256(folder / name) for name in (RESULTS, FAILING)}}}
        states = {state: sum(row["state"] == state for row in results) for state in ("passed", "failed", "error")}
        summary = {"acceptance": {"judged": True, "expectations": len(results), "gates": 1, **states, **said}}
        found = acceptance(folder, summary, facts, Masker(facts))
        assert found is not None
        return found

    return built


def test_those_that_do_not_hold_come_first(shown: Callable[..., Acceptance]) -> None:
    found = shown([result(code=f"ACC-{state[0].upper()}", state=state) for state in ("passed", "error", "failed")], [])
    assert [one.state for one in found.expected] == ["failed", "error", "passed"]
    assert (found.unaccepted, found.wrong, found.command) == (2, (), "lms-migrate acceptance acme --run 1")


def test_a_pass_on_nothing_is_told_from_one_on_something(shown: Callable[..., Acceptance]) -> None:
    """That there are no records of a kind is something, where it was expected."""
    passed = {"state": "passed", "unexpected": 0, "field": "email"}
    found = shown(
        [
            result(code="ACC-NO-RECORD", **passed | {"records": 0, "values": 0}),
            result(code="ACC-NO-VALUE", **passed | {"records": 9, "values": 0}),
            result(code="ACC-NONE-SO", **passed | {"records": 0, "values": None, "field": None}),
            result(code="ACC-SO", **passed),
        ],
        [],
    )
    told = {one.code: one.idle for one in found.expected if one.idle}
    assert told == {"ACC-NO-RECORD": "there was no record to judge", "ACC-NO-VALUE": "no record has a value to judge"}
    assert found.states == ("4 passed (2 of them on nothing)", "0 failed", "0 could not be evaluated")


def test_a_sample_is_shown_and_the_rest_is_counted(shown: Callable[..., Acceptance]) -> None:
    rows = [failing("a@x.org", target_key=f"k-{at:03}") for at in range(SAMPLE + 5)]
    (one,) = shown([result()], rows).expected
    assert (len(one.sample), one.more, one.sample[0].key) == (SAMPLE, 5, "k-000")


def test_the_fields_of_a_record_stand_together(shown: Callable[..., Acceptance]) -> None:
    (one,) = shown([result()], [failing("a@x.org"), failing("7", field="age")]).expected
    assert one.sample[0].values == (("age", "7"), ("email", "a***@***.org"))


def test_values_of_referred_records_are_masked(shown: Callable[..., Acceptance]) -> None:
    (one,) = shown([result()], [failing("sesame", field="boss.login")]).expected
    assert one.sample[0].values == (("boss.login", "s•••e"),)


def test_where_nobody_says_what_is_personal_nothing_is_shown(shown: Callable[..., Acceptance]) -> None:
    (one,) = shown([result(entity=None)], [failing("sesame", entity=None)]).expected
    assert (one.sample[0].key, one.sample[0].values) == ("•••", (("email", "•••"),))


def test_what_is_seen_of_a_personal_column_is_masked_and_numbers_are_not(shown: Callable[..., Acceptance]) -> None:
    seen = {"field": "email", "observed": "ana@x.org"}
    one, other = shown(
        [result(code="A-A", observes="values", **seen), result(code="A-B", **seen | {"observed": "17"})], []
    ).expected
    assert (one.observed, other.observed) == ("a***@***.org", "17")


def test_numbers_that_the_summary_has_otherwise_are_told(shown: Callable[..., Acceptance]) -> None:
    assert shown([result()], [], passed=1, failed=0).wrong == (
        "passed: the summary says 1 expectations, 0 are in the file",
        "failed: the summary says 0 expectations, 1 are in the file",
    )


def test_a_file_that_is_gone_is_told(shown: Callable[..., Acceptance], tmp_path: Path) -> None:
    shown([result()], [])
    folder = tmp_path / "acme" / "runs" / "1"
    (folder / FAILING).unlink()
    found = acceptance(folder, {"acceptance": {"judged": True}}, FACTS, Masker(FACTS))
    assert found is not None
    assert "is not what was written" in found.wrong[0]


def test_hostile_text_stays_text(shown: Callable[..., Acceptance]) -> None:
    row = result(says=HOSTILE, reason=HOSTILE, requirement=HOSTILE, suite=HOSTILE, why=HOSTILE, observed=HOSTILE, code="ACC-ONE")
    found = shown([row], [failing(HOSTILE, field="age", target_key=HOSTILE)])
    section = drawn(found)
    assert "<img" not in section
    assert "</script>" not in section
    assert "\u202e" not in section
    assert section.count("&lt;img src=x") == 8


def test_a_value_of_many_thousand_characters_is_shown_by_its_beginning(shown: Callable[..., Acceptance]) -> None:
    section = drawn(shown([result()], [failing("x" * 10_000, field="age")]))
    assert "x" * 300 + "</bdi>" in section
    assert "… 10,000 characters" in section


def test_what_a_delta_read_back_is_said_before_its_tests_pass(shown: Callable[..., Acceptance]) -> None:
    found = shown([result(state="passed")], [])
    total = SimpleNamespace(compared=SimpleNamespace(n=1), share=lambda _: 191)
    section = drawn(found, live=SimpleNamespace(delta=True), total=total)
    assert "1 of the 191 records that stand in the target" in section
    assert "--delta" not in drawn(found, live=SimpleNamespace(delta=False))


def test_a_run_that_stopped_names_no_command_that_cannot_judge_it(tmp_path: Path) -> None:
    found = acceptance(tmp_path, {"acceptance": {"judged": False, "expectations": 1, "gates": 1}}, FACTS, Masker(FACTS))
    assert found is not None
    assert "lms-migrate acceptance" in drawn(found)
    stopped = " ".join(drawn(found, stopped_at="map").split())
    assert "lms-migrate acceptance" not in stopped
    assert "1 expectation of the reviewers could not be judged: the run stopped at map" in stopped


def drawn(found: Acceptance, **report: Any) -> str:
    """The section of the page."""
    about = {"acceptance": found, "live": None, "stopped_at": None, **report}
    section: str = environment().get_template("sections/acceptance.html.j2").render(report=about, words=model)
    return section
