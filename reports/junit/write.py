"""JUnit XML as the schema of Jenkins's xUnit plug-in has it, which GitLab and others read as well."""

from __future__ import annotations

import xml.etree.ElementTree as ET  # only written with
from collections.abc import Iterable
from pathlib import Path

from reports.fresh import fresh
from reports.junit.cases import Case, Suite, suites
from reports.model import Report
from reports.visible import spelled


def write_junit(report: Report, file: Path) -> None:
    """Write the file in one step. Equal reports give equal bytes. Raises OSError."""
    with fresh(file) as part:
        part.write_bytes(junit(report))


def junit(report: Report) -> bytes:
    """The XML. What it cannot hold, and what one cannot see, is spelled by code point."""
    made = suites(report)
    seconds = sum(seconds for _, seconds in report.timings)
    started = next((fact.value for fact in report.facts if fact.label == "Started"), "")
    root = ET.Element("testsuites", _clean(name=f"lms-migrate {report.mode} {report.run}", time=f"{seconds:.3f}", **_sums(made)))
    for suite in made:
        time = seconds if suite is made[0] else 0
        about = _clean(name=suite.name, timestamp=started, time=f"{time:.3f}", skipped=str(suite.count("skipped")))
        element = ET.SubElement(root, "testsuite", about | _sums([suite]))
        properties = ET.SubElement(element, "properties")
        for name, value in suite.numbers:
            ET.SubElement(properties, "property", _clean(name=name, value=value))
        for case in suite.cases:
            add_case(element, suite, case)
    ET.indent(root, " ")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def add_case(suite: ET.Element, of: Suite, case: Case) -> None:
    """Write a case into the element of its suite."""
    element = ET.SubElement(suite, "testcase", _clean(classname=of.name, name=case.name, time="0.000"))
    lines = "\n".join(spelled(line) for line in case.lines)
    if case.outcome == "passed":
        text = "\n".join(part for part in (spelled(case.message), lines) if part)
        if text:
            ET.SubElement(element, "system-out").text = text
        return
    ET.SubElement(element, case.outcome, _clean(message=case.message, type=of.name)).text = lines


def _sums(made: Iterable[Suite]) -> dict[str, str]:
    listed = list(made)
    numbers = {
        "tests": sum(len(suite.cases) for suite in listed),
        "failures": sum(suite.count("failure") for suite in listed),
        "errors": sum(suite.count("error") for suite in listed),
    }
    return {name: str(number) for name, number in numbers.items()}


def _clean(**attributes: str) -> dict[str, str]:
    return {name: spelled(value) for name, value in attributes.items()}
