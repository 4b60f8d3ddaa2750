"""JUnit XML: the numbers of the summary, a failure for all that needs a person, and nothing that XML cannot hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from reports.build import build
from reports.junit.cases import OF_NEEDS
from reports.junit.write import junit
from reports.model import DISPOSITIONS
from reports.visible import spelled

# What the schema of Jenkins's xUnit plug-in allows of each element: attributes that it must have, that it may have, children.
ALLOWED: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"time", "skipped", "timestamp"}, {"properties", "testcase"}),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name"}, {"classname", "time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "skipped": (set(), {"message", "type"}, set()),
    "system-out": (set(), set(), set()),
}


def made(folder: Path, **build_words: Any) -> Element:
    root: Element = fromstring(junit(build(folder, most_rows=0, **build_words)))
    return root


def case(root: Element, suite: str, name: str) -> Element:
    (found,) = root.findall(f"testsuite[@name='{suite}']/testcase[@name='{name}']")
    return found


def outcome(found: Element) -> str:
    return next((child.tag for child in found if child.tag != "system-out"), "passed")


def check(element: Element) -> None:
    needed, more, children = ALLOWED[element.tag]
    assert needed <= set(element.attrib) <= needed | more, element.tag
    assert {child.tag for child in element} <= children
    for child in element:
        check(child)


def test_it_is_what_ci_servers_read(decided_run: Path) -> None:
    root = made(decided_run)
    check(root)
    assert [suite.get("name") for suite in root] == ["run", "entities.users", "entities.courses", "entities.enrolments"]
    totals: Counter[str] = Counter()
    for suite in root:
        cases = suite.findall("testcase")
        names = [each.get("name") for each in cases]
        assert len(names) == len(set(names)), "a server tells cases apart by their names"
        assert all(each.get("classname") == suite.get("name") for each in cases)
        found = Counter(outcome(each) for each in cases)
        counted = {"tests": len(cases), "failures": found["failure"], "errors": found["error"], "skipped": found["skipped"]}
        assert {word: int(str(suite.get(word))) for word in counted} == counted
        totals.update(counted)
    assert {word: int(str(root.get(word))) for word in ("tests", "failures", "errors")} == {
        word: totals[word] for word in ("tests", "failures", "errors")
    }
    assert root.get("time") == "90.510"
    assert root[0].get("timestamp") == "2031-05-04T09:10:00Z"


def test_every_number_is_the_summary_s(decided_run: Path) -> None:
    summary = json.loads((decided_run / "summary.json").read_text("utf-8"))
    root = made(decided_run)
    for name, numbers in summary["entities"].items():
        properties = {
            p.get("name"): p.get("value") for p in root.findall(f"testsuite[@name='entities.{name}']/properties/property")
        }
        expected = {word: numbers[word] for word in ("source", "compared", "missing", "extra")}
        expected |= {word: numbers["dispositions"][word] for word in DISPOSITIONS}
        expected["differences"] = sum(numbers["differences"].values())
        assert {word: int(str(value)) for word, value in properties.items()} == expected
    told = {str(p.get("name")): p.get("value") for p in root.findall("testsuite[@name='run']/properties/property")}
    findings = {name.removeprefix("findings "): int(str(n)) for name, n in told.items() if name.startswith("findings ")}
    assert findings == summary["findings"]
    listed: Counter[str] = Counter()
    for rule in build(decided_run, most_rows=0).checked.rules:
        text = "".join(case(root, f"entities.{rule.entity}", rule.code).itertext())
        assert f"findings: {rule.findings:,}" in text
        listed[rule.code] += rule.findings
    assert dict(listed) == summary["findings"]


def test_a_rule_fails_with_its_blast_radius_and_masked_samples(decided_run: Path) -> None:
    root = made(decided_run)
    failure = case(root, "entities.users", "USR-001")[0]
    assert failure.tag == "failure"
    assert "2 findings need a person; records affected: 14;" in str(failure.get("message"))
    assert "20 | user_id “E•••7” | 'E•••7' is taken by 7" in str(failure.text)
    assert "1 expired, 1 returned" in str(failure.text)
    everything = junit(build(decided_run, most_rows=0)).decode()
    for secret in ("ana.ferreira", "Ferreira", "E-100007"):
        assert secret not in everything
    assert "ana.ferreira@school.example.org" in junit(build(decided_run, most_rows=0, mask=False)).decode()


def test_what_people_settled_is_skipped_with_their_reason(decided_run: Path) -> None:
    root = made(decided_run)
    skipped = case(root, "entities.users", "USR-004")[0]
    assert (skipped.tag, skipped.get("message")) == ("skipped", "4 waived by R. Okafor: the faculty 'a***@***.org' knows it")
    assert outcome(case(root, "entities.courses", "CRS-001")) == "skipped"
    assert outcome(case(root, "entities.enrolments", "REF-BLOCKED")) == "failure", "some of it still needs a person"


def test_sums_references_and_the_read_back_are_cases(decided_run: Path) -> None:
    root = made(decided_run)
    assert outcome(case(root, "entities.users", "sums balance")) == "passed"
    assert outcome(case(root, "entities.enrolments", "references of course_id balance")) == "passed"
    assert outcome(case(root, "entities.enrolments", "read back and compared")) == "passed"
    failure = case(root, "entities.courses", "read back and compared")[0]
    assert failure.get("message") == "39 compared: 1 missing, 2 not expected, 34 values different"
    assert "25 x unexpected value: null became “0.0”, first 11" in str(failure.text)
    assert "“Jose[U+0301]” became “Jos[U+00E9]”" in str(failure.text), "values that look the same are spelled"
    for name in OF_NEEDS.values():
        wanted = "passed" if name == OF_NEEDS["unknown"] else "failure"
        assert outcome(case(root, "run", name)) == wanted, name


def test_what_does_not_balance_fails(make_run: Callable[..., Path]) -> None:
    def lose(summary: dict[str, Any], run: dict[str, Any]) -> None:
        summary["entities"]["users"]["source"] += 1
        summary["entities"]["enrolments"]["references"]["user_id"]["resolved"] -= 1

    root = made(make_run(lose))
    sums = case(root, "entities.users", "sums balance")[0]
    assert (sums.tag, sums.get("message")) == ("failure", "17 records in the source, 16 accounted for")
    assert outcome(case(root, "entities.enrolments", "references of user_id balance")) == "failure"
    assert outcome(case(root, "entities.enrolments", "references of course_id balance")) == "passed"
    assert outcome(case(root, "run", "verdict")) == "failure"
    assert outcome(case(root, "run", "the summary and the evidence agree")) == "failure"


def test_gates_are_cases(make_run: Callable[..., Path]) -> None:
    def gates(summary: dict[str, Any], run: dict[str, Any]) -> None:
        run["gates"] = [
            {"gate": "balanced", "entity": None, "says": "s", "value": "yes", "limit": "yes", "passed": True},
            {"gate": "users held", "entity": "users", "says": "held", "value": 6, "limit": "at most 0", "passed": False},
        ]

    root = made(make_run(gates))
    assert outcome(case(root, "run", "gate balanced")) == "passed"
    failure = case(root, "entities.users", "gate users held")[0]
    assert (failure.tag, failure.get("message"), failure.text) == ("failure", "6; allowed: at most 0", "held")


def test_a_run_that_failed_or_was_stopped(make_run: Callable[..., Path]) -> None:
    def fail(summary: dict[str, Any], run: dict[str, Any]) -> None:
        run["failure"], run["stopped_at"] = "the disk is full\n    next:    free space", "load"
        gate = {"gate": "users held", "entity": "users", "says": "held", "value": 0, "limit": "at most 0", "passed": True}
        run["gates"] = [gate]

    root = made(make_run(fail))
    skipped = case(root, "entities.users", "gate users held")[0]
    assert (skipped.tag, skipped.get("message")) == ("skipped", "0; allowed: at most 0, and the run did not come to its end")
    error = case(root, "run", "came to its end")[0]
    assert (error.tag, error.get("message")) == ("error", "the disk is full")
    assert root.get("errors") == "1"
    assert outcome(case(root, "entities.users", "sums balance")) == "skipped"

    def stop(summary: dict[str, Any], run: dict[str, Any]) -> None:
        run["stopped_at"] = "map"

    stopped = made(make_run(stop))
    assert outcome(case(stopped, "run", "came to its end")) == "skipped"
    assert stopped.get("errors") == "0"


def test_findings_whose_rows_are_gone_still_fail(run_folder: Path) -> None:
    (run_folder / "findings.parquet").unlink()
    failure = case(made(run_folder), "run", "USR-002 without rows")[0]
    assert failure.get("message") == "the summary counts 6 findings, and 0 are there"


def test_a_run_that_passes_has_no_failure(make_run: Callable[..., Path]) -> None:
    import pyarrow.parquet as pq

    def clean(summary: dict[str, Any], run: dict[str, Any]) -> None:
        summary |= {"verdict": "pass", "findings": {}, "loss_register": [], "entities": {}}
        run |= {"archive": {}, "extract": {}}

    folder = make_run(clean)
    for file in ("dispositions", "findings", "6_reconcile/differences"):
        path = folder / f"{file}.parquet"
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    root = made(folder)
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert outcome(case(root, "run", "verdict")) == "passed"


@given(text=st.one_of(st.text(), st.text(st.sampled_from("\x00\x0b\x1f\ud800\udfff\ufffe\uffff\u202e<>&]\"'\n\t a"))))
def test_any_text_is_written_and_read_back(text: str) -> None:
    from reports.junit.cases import Case, Suite
    from reports.junit.write import add_case

    suite = Element("testsuite")
    add_case(suite, Suite("s", ()), Case(text, "failure", text, (text, text)))
    from xml.etree.ElementTree import tostring

    read = fromstring(tostring(suite, encoding="utf-8"))[0]
    assert read.get("name") == read[0].get("message") == spelled(text)
    assert (read[0].text or "").split("\n") == [spelled(text)] * 2


def test_equal_reports_give_equal_bytes(decided_run: Path) -> None:
    report = build(decided_run, most_rows=0)
    assert junit(report) == junit(build(decided_run)), "whatever rows the report carries"
    attacked = junit(replace(report, label="\x1b[2J\ud800", run="<a>&\"'"))
    assert fromstring(attacked).get("name") == "lms-migrate rehearsal <a>&\"'"
