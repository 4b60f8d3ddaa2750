"""The published schema of summary.json: true of what runs write, described, and the same as the document says."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from summaries import faults, found_at, keys

from migrate.cli import cli
from migrate.reconciliation.dispositions import DISPOSITIONS
from migrate.schemas import SCHEMAS, SUMMARY, schema_text

ROOT = Path(__file__).parents[4]
SCHEMA: dict[str, Any] = json.loads(schema_text("summary"))
GOLDEN = sorted((ROOT / "tests" / "golden").glob("*/summary.json"))
TABLES = {
    "keys of summary.json": "",
    "keys of an entity": "entities.*.",
    "keys of a loss": "loss_register.*.",
    "keys of reconciliation": "reconciliation.",
}
"""Tables of run-folder.md, and which keys each has."""


OPTIONAL = {
    "acceptance", "passed", "failed", "error", "why", "groups", "different", "source", "parts", "expected", "target",
    "certifications", "people", "unnamed", "equal", "explained", "excused", "aside", "kinds",
}  # fmt: skip
"""Keys that are not everywhere: of acceptance tests, of such as were judged, of rules that were asked, of certifications."""


def golden() -> Iterator[dict[str, Any]]:
    """The golden summaries, and one whose acceptance tests were judged. They hold nothing of the clock, so that is put in."""
    for file in GOLDEN:
        yield {**json.loads(file.read_text("utf-8")), "run": "20260101-080000", "timings": {"extract": 0.1}}
    judged = {"judged": True, "expectations": 2, "gates": 1, "passed": 1, "failed": 1, "error": 0}
    summary = json.loads(GOLDEN[0].read_text("utf-8"))
    not_asked = {"rule": {"verdict": "not asked", "why": "the target does not show role"}}
    compared = {**summary["reconciliation"], "checks": not_asked}
    clock = {"run": "20260101-080000", "timings": {"acceptance": 9}}
    yield {**summary, **clock, "acceptance": judged, "reconciliation": compared}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == SCHEMA["properties"]["schema"]["const"] == SUMMARY
    assert set(SCHEMA["$defs"]["dispositions"]["properties"]) == set(DISPOSITIONS)


def test_every_key_is_described_and_refuses_others() -> None:
    assert [path for path, about in keys(SCHEMA) if not about.get("description")] == []
    bags = [SCHEMA, *SCHEMA["$defs"].values()]
    assert all(each["additionalProperties"] is False for each in bags if "properties" in each)
    assert all(set(each["properties"]) - set(each["required"]) <= OPTIONAL for each in bags if "properties" in each)


def test_what_runs_write_follows_it() -> None:
    assert len(GOLDEN) >= 10
    for summary in golden():
        assert faults(summary) == []


def test_every_key_occurs_in_what_runs_write() -> None:
    summaries = list(golden())
    assert [path for path, _ in keys(SCHEMA) if not any(found_at(summary, path) for summary in summaries)] == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("balanced", 1, r"\$\.balanced: 1 is not of type 'boolean'"),
        ("verdict", "good", r"\$\.verdict: 'good' is not one of"),
        ("schema", "urn:lms-migrate:summary:0", "was expected"),
        ("run", "", "non-empty"),
        ("more", 1, "'more' was unexpected"),
        ("entities.users.source", -1, "less than the minimum"),
        ("entities.users.source", 1.5, "not of type 'integer'"),
        ("entities.users.lost", 0, "'lost' was unexpected"),
        ("entities.users.dispositions.lost", 0, "'lost' was unexpected"),
        ("worklist.gone", 1, "'gone' is not one of"),
        ("timings.lunch", 1, "'lunch' is not one of"),
        ("loss_register.0.treatment", "hidden", "is not one of"),
        ("loss_register.0.more", 1, "'more' was unexpected"),
    ],
)
def test_what_is_not_meant_is_refused(path: str, value: object, said: str) -> None:
    summary = copy.deepcopy(next(each for each in golden() if "users" in each["entities"] and each["loss_register"]))
    inside: Any = summary
    *way, last = path.split(".")
    for step in way:
        inside = inside[int(step) if isinstance(inside, list) else step]
    inside[last] = value
    found = faults(summary)
    assert len(found) == 1
    assert re.search(said, found[0])


@pytest.mark.parametrize("table", TABLES)
def test_the_document_names_the_same_keys(table: str) -> None:
    _, found, rest = (ROOT / "docs" / "run-folder.md").read_text("utf-8").partition(f"<!-- {table} -->\n")
    assert found
    documented = re.findall(r"^\| `([^`]+)` \|", rest.partition("\n\n")[0], re.MULTILINE)
    under = TABLES[table]
    assert documented == [p.removeprefix(under) for p, _ in keys(SCHEMA) if p.startswith(under) and "." not in p[len(under) :]]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_command_prints_it(name: str) -> None:
    done = CliRunner().invoke(cli, ["schema", name], standalone_mode=False)
    assert done.output == schema_text(name)


def test_the_command_names_what_there_is() -> None:
    done = CliRunner().invoke(cli, ["schema", "nothing"])
    assert done.exit_code == 2
    assert all(name in done.output for name in SCHEMAS)
