"""What waits for a person is named where it stands, and everything else is checked all the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migrate.check import check
from migrate.errors import ConfigurationError
from migrate.scaffold import new_workspace


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("draft") / "ws"
    new_workspace(workspace, "oneroster11", "brightspace")
    return workspace


def problems(workspace: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        check(workspace)
    return [str(problem) for problem in caught.value.problems]


def test_check_names_what_waits_and_what_is_lost_and_passes_when_both_are_settled(drafted: Path) -> None:
    file = drafted / "mapping/users.yaml"
    before = file.read_text("utf-8")
    waits = """
undecided:
  OrgDefinedId:
    question: which number?
    proposed: {from: identifier}
    confidence: 0.5
    reason: somebody said so
"""
    moved = re.sub(r"  # [^\n]*\n  OrgDefinedId: [^\n]*\n", "", before)
    assert moved != before
    file.write_text(moved + waits, "utf-8")
    found = problems(drafted)
    line = (moved + waits).splitlines().index("  OrgDefinedId:") + 1
    assert found[0].startswith(f"{file}:{line}:3: users.OrgDefinedId is not decided: which number?")
    assert "proposed {from: identifier} (50%: somebody said so)" in found[0]
    assert not any("users.identifier holds data" in one for one in found), "the proposal carries it"
    assert any("classes holds data" in one for one in found)

    file.write_text(before, "utf-8")
    lost = [one for one in problems(drafted) if "value:" in one]
    names = [re.search(r"value:   (\S+)", one)[1] for one in lost]  # type: ignore[index]
    own = {name.partition(".")[2]: "left" for name in names if name.startswith("users.")}
    file.write_text(before + "\ndrop:\n" + "".join(f"  {name}: not needed there\n" for name in own), "utf-8")
    pair = drafted / "mapping/pair.yaml"
    rest = "".join(f"  {name}: not needed there\n" for name in names if "." not in name)
    pair.write_text(pair.read_text("utf-8") + f"\ndrop:\n{rest}", "utf-8")
    assert check(drafted).plan.names == ["users"]


@pytest.mark.parametrize(
    ("more", "message", "value"),
    [
        ("  Nowhere: {question: what?}\n", "users has no such field", "Nowhere"),
        ("  Email: {question: what?}\n", "Email is mapped under fields", "Email"),
        ("  Email: {question: what?, confidence: 2}\n", "less than or equal to 1", "2"),
    ],
)
def test_entries_that_mean_nothing_are_refused(tmp_path: Path, more: str, message: str, value: str) -> None:
    new_workspace(tmp_path / "ws", "oneroster11", "brightspace")
    file = tmp_path / "ws/mapping/users.yaml"
    text = file.read_text("utf-8")
    assert "undecided:" not in text
    file.write_text(f"{text}\nundecided:\n{more}", "utf-8")
    assert any(message in one and value in one and "users.yaml:" in one for one in problems(tmp_path / "ws"))


def test_a_mapping_may_wait_as_a_whole(tmp_path: Path) -> None:
    new_workspace(tmp_path / "ws", "csv_history", "moodle")
    found = [one for one in problems(tmp_path / "ws") if "pair.yaml" in one and "is not decided" in one]
    assert found
    assert "may stand for it" in found[0]


def test_a_proposal_that_does_not_fit_is_a_problem_too(tmp_path: Path) -> None:
    new_workspace(tmp_path / "ws", "totara", "cornerstone")
    file = tmp_path / "ws/mapping/users.yaml"
    text = file.read_text("utf-8")
    assert "{ref: organizational_units, by: department, field: OU_ID}" in text
    file.write_text(text.replace("by: department", "by: departmint"), "utf-8")
    found = problems(tmp_path / "ws")
    assert any("departmint" in one and "is not decided" not in one for one in found)
    assert any("users.User_ID is not decided" in one for one in found)
