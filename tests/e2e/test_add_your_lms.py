"""The guide for a system that nobody described, followed to the letter."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from command_line import ATTENTION, CONFIGURATION, PASS, within
from run_reading import assert_balances

PAGE = (Path(__file__).parents[2] / "docs" / "add-your-lms.md").read_text("utf-8")
PARTS = re.compile(
    r"^`(?P<file>[^`\n]+)`:\n\n```\w+\n(?P<text>.*?)^```$|(?P<block>(?:^    \S[^\n]*\n)+)", re.MULTILINE | re.DOTALL
)


def steps() -> Iterator[tuple[str, str]]:
    """``(file, text)``, and of indented blocks ``('', line)``, in the order of the page."""
    for part in PARTS.finditer(PAGE):
        if part["file"]:
            yield part["file"], part["text"]
        else:
            yield from (("", line.strip()) for line in part["block"].splitlines())


def test_the_guide_leads_to_a_rehearsal_that_balances(tmp_path: Path) -> None:
    codes: list[tuple[str, int]] = []
    printed, shown = "", 0
    for file, text in steps():
        if file:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text, "utf-8")
        elif text.startswith("cp -r "):
            _, _, origin, copy = text.split()
            shutil.copytree(tmp_path / origin, tmp_path / copy)
        elif text.startswith("lms-migrate "):
            ended = within(*shlex.split(text)[1:], cwd=tmp_path)
            codes.append((shlex.split(text)[1], ended.code))
            printed = " ".join(ended.text.split())
        else:
            shown += 1
            assert " ".join(text.split()) in printed, text
    assert codes == [
        ("draft-contract", PASS), ("compare", PASS), ("new", PASS), ("profile", PASS), ("check", CONFIGURATION), ("check", PASS),
        ("run", ATTENTION),
    ]  # fmt: skip
    assert shown == 11
    (run,) = (tmp_path / "acme" / "runs").iterdir()
    assert_balances(run, {"users": 4, "courses": 3, "course_completions": 5})
    assert (run / "4_load" / "course_completion.csv").read_text("utf-8").splitlines()[1:] == [
        "mlind,IT-07,IT-07,2023-11-30,100",
        "nbaumann,HS-01,HS-01,2024-01-12,95",
        "okaya,HS-01,HS-01,2024-01-12,70",
    ]
