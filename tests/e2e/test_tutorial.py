"""The tutorial, followed to the letter: every line of output it shows is one that the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import ATTENTION, CONFIGURATION, PASS, within
from run_reading import load_files
from sample_runs import AS_OF, put_sample_source

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text("utf-8")
RUN_ID = re.compile(r"\b\d{8}-\d{6}\b")
MEASURED = re.compile(r"\brows +\d+\.\d s\b.*")
INPUT = re.compile(r"lms-migrate |python |\. \.venv|[a-z_]+,.*,(proposed|confirmed),")
WORKSPACE = "demo/moodle"


def section(number: int) -> str:
    return PAGE.partition(f"\n## {number}. ")[2].partition("\n## ")[0]


def blocks(number: int) -> list[list[str]]:
    """The indented blocks of a section, line by line; what stands between fences is a file."""
    text = re.sub(r"^```.*?^```$", "", section(number) + "\n", flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"(?:^    .*\n|(?<=\n)\n(?=    ))+", text, re.MULTILINE)
    return [[line[4:] for line in block.splitlines() if line] for block in found]


def outputs(number: int) -> list[str]:
    """What a section shows, without what a person types."""
    return [line for block in blocks(number) for line in block if not INPUT.match(line)]


def plain(line: str) -> str:
    """Without what differs from run to run: blanks, the run's id, seconds."""
    return " ".join(MEASURED.sub("rows", RUN_ID.sub("ID", line)).split())


def assert_shown(claimed: list[str], printed: str) -> None:
    there = {plain(line) for line in printed.splitlines()}
    assert claimed
    assert [line for line in claimed if plain(line) not in there] == []


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, (file, old)
    file.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    assert within("new", WORKSPACE, "--from", "moodle", "--to", "canvas", cwd=tmp_path).code == PASS
    put_sample_source(tmp_path / WORKSPACE, "moodle_to_canvas")
    edit(tmp_path / WORKSPACE / "migration.yaml", "# as_of: 2026-01-01 00:00:00", f"as_of: {AS_OF}")
    return tmp_path


def test_the_tutorial_says_what_happens(here: Path) -> None:
    workspace = here / WORKSPACE

    def run() -> tuple[str, dict[str, bytes]]:
        ran = within("run", WORKSPACE, cwd=here)
        assert ran.code == ATTENTION
        return ran.text, load_files(max((workspace / "runs").iterdir()) / "4_load")

    first, _ = run()
    for number in (1, 2, 3, 4):
        assert_shown(outputs(number), first)

    # Confirm a crosswalk and declare what is lost.
    _, [proposed], [confirmed], _, [added] = blocks(3)
    auth = workspace / "crosswalks" / "auth.csv"
    edit(auth, proposed, confirmed)
    auth.write_text(auth.read_text("utf-8").rstrip("\n") + f"\n{added}\n", "utf-8")
    drops = section(4).partition("```yaml\n")[2].partition("```")[0]
    edit(workspace / "mapping" / "pair.yaml", "\ndrop:\n", f"\n{drops}")
    second, before = run()
    assert_shown(outputs(5), second)

    # Change the mapping, with a typing error first.
    [english], typing_error, failed_tests, _ = blocks(6)
    assert english in before["courses.csv"].decode().splitlines()
    courses = workspace / "mapping" / "courses.yaml"
    name = courses.read_text("utf-8").partition("long_name:")[2].partition("\n  account_id")[0]
    for language, refusal in (("multilangue: en", typing_error), ("multilang: es", failed_tests)):
        edited = name.replace("multilang: en", language)
        edit(courses, name, edited)
        checked = within("check", WORKSPACE, cwd=here)
        assert checked.code == CONFIGURATION
        assert [plain(line) for line in checked.text.splitlines()] == [plain(line) for line in refusal]
        edit(courses, edited, name)
    edit(courses, name, name.replace("multilang: en", "multilang: es"))
    for expected, other in (("C++ & Rust", "C++ y Rust"), ("Law", "Recht")):
        edit(courses, f"{{long_name: {expected}}}", f"{{long_name: {other}}}")
    assert within("check", WORKSPACE, cwd=here).code == PASS

    # Answer two items of the worklist, with a typing error first.
    show, item, answers, _, refused, _, created, [spanish] = blocks(7)
    shown = within("worklist", "show", WORKSPACE, show[0].split()[-1], cwd=here)
    assert_shown(item, shown.text)
    last = max((workspace / "runs").iterdir()).name
    file = here / "answers.csv"
    file.write_text("\n".join(answers).replace("<id>", last) + "\n", "utf-8")
    ran = within("worklist", "import", WORKSPACE, "answers.csv", cwd=here)
    assert ran.code == CONFIGURATION
    assert_shown(refused, ran.text)
    edit(file, "overide", "override")
    assert within("worklist", "import", WORKSPACE, "answers.csv", cwd=here).code == PASS
    third, after = run()
    assert_shown(created, third)
    assert spanish in after["courses.csv"].decode().splitlines()

    # Judge an expectation of one's own with those that ship.
    waiting, _, judged = blocks(8)
    assert_shown(waiting, third)
    suite = section(8).partition("```yaml\n")[2].partition("```")[0]
    (workspace / "expectations" / "registrar.yaml").write_text(suite, "utf-8")
    accepted = within("acceptance", WORKSPACE, cwd=here)
    assert accepted.code == ATTENTION
    assert_shown(judged, accepted.text)
