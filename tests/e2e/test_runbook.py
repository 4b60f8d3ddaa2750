"""The cutover runbook as a team works by it: plan, dress rehearsal, a night that is given up, and one that goes through."""

from __future__ import annotations

import json
import re
from pathlib import Path

from command_line import ATTENTION, CONFIGURATION, PASS, Ended, within

PEOPLE = ("cutover-lead", "migration-engineer", "source-admin", "target-admin", "data-owner", "sponsor", "communications")


def runbook(school: Path, *arguments: str, code: int = PASS) -> Ended:
    ended = within("runbook", *arguments, cwd=school)
    assert ended.code == code, ended.text
    assert "Traceback" not in ended.text
    return ended


def latest(school: Path) -> str:
    return max(path.name for path in (school / "runs").iterdir())


def fill_in(school: Path) -> None:
    """What the template leaves to people: names, minutes, the freeze."""
    file = school / "runbook.yaml"
    text = file.read_text("utf-8")
    for role in PEOPLE:
        text = re.sub(rf"({role}: +)\{{name: null,", rf'\1{{name: "{role.title()} Lee",', text)
    text = re.sub(r"^# freeze: .*$", "freeze: {start: T, end: T+12h}", text, flags=re.MULTILINE)
    text = re.sub(r"^( +)- id: ([a-z-]+)$(?!.*\n\1  minutes)", r"\1- id: \2\n\1  minutes: 5", text, flags=re.MULTILINE)
    for step in ("prepare", "freeze", "load", "verify", "open", "after"):  # phases have no minutes
        text = text.replace(f"  - id: {step}\n    minutes: 5\n", f"  - id: {step}\n")
    for step in ("last-rehearsal", "deliver"):
        text = re.sub(rf"(- id: {step}\n) +minutes: 5\n", r"\1", text)
    file.write_text(text, "utf-8")


def go_through(school: Path, *, first: str, stop: str | None = None) -> None:
    """Tick every step from ``first`` on, before ``stop``, with the runs that the commands of steps say."""
    ids = re.findall(
        r"^ +- id: ([a-z-]+)$", (school / "runbook.yaml").read_text("utf-8").partition("\nrollback:")[0], re.MULTILINE
    )
    steps = [name for name in ids if name not in ("prepare", "freeze", "load", "verify", "open", "after")]
    for step in steps[steps.index(first) : steps.index(stop) if stop else None]:
        if step in ("last-rehearsal", "deliver"):
            within("run", ".", *(["--live"] if step == "deliver" else []), cwd=school)
            runbook(school, "tick", step, "--by", "Kim", "--run", latest(school))
        elif step in ("go-load", "go-open", "ready"):
            runbook(school, "tick", step, "--go", "--by", "sponsor lee", "--run", latest(school))
        else:
            runbook(school, "tick", step, "--by", "Kim")


def test_a_team_plans_rehearses_gives_up_and_goes_through(school: Path) -> None:
    assert "has no runbook.yaml" in runbook(school, "write", ".", code=CONFIGURATION).err
    runbook(school, "new", ".", "--cutover", "2027-01-09 20:00", "--zone", "Europe/Berlin")
    assert "not overwritten" in runbook(school, "new", ".", code=CONFIGURATION).err
    told = runbook(school, "write", ".", code=ATTENTION).out
    assert "nobody is named for: cutover-lead" in told
    assert "no freeze window is declared" in told

    fill_in(school)
    told = runbook(school, "write", ".", code=ATTENTION).out
    assert "2 steps are not measured: last-rehearsal, deliver" in told
    assert within("run", ".", cwd=school).code in (PASS, ATTENTION)
    assert runbook(school, "write", ".").out.count("Runbook: documents/runbook.") == 2
    assert "longest of 1 run" in (school / "documents" / "runbook.md").read_text("utf-8")

    assert "No round is under way" in runbook(school, "show", ".").out
    assert "none was opened yet" in runbook(school, "tick", "close-source", "--by", "Kim", code=CONFIGURATION).err
    runbook(school, "round", "dress rehearsal", "--from", "close-source", "--by", "Kim")
    shown = runbook(school, "show", ".").out
    assert "close-source: Close School to writers - source-admin (Source-Admin Lee)" in shown
    go_through(school, first="close-source", stop="go-load")
    told = runbook(school, "tick", "go-load", "--no-go", "--by", "Sponsor Lee", "--note", "too many open ends").out
    assert "way back:  reopen-source, start-interfaces, announce-return" in told
    shown = runbook(school, "show", ".", code=ATTENTION).out
    assert "only the way back is open" in shown
    for step in ("reopen-source", "start-interfaces", "announce-return"):
        told = runbook(school, "tick", step, "--by", "Kim").out
    assert "the round is over" in told

    settings = school / "migration.yaml"
    settings.write_text(settings.read_text("utf-8").replace("# deliver:", "deliver:"), "utf-8")
    runbook(school, "round", "the night", "--cutover", "--at", "2027-01-09 20:00", "--from", "close-source", "--by", "Kim")
    go_through(school, first="close-source")
    assert "over:      nothing is left to tick" in runbook(school, "show", ".").out
    runbook(school, "write", ".")
    text = (school / "documents" / "runbook.md").read_text("utf-8")
    assert "Round: **the night** (the cutover)" in text
    assert "took in dress rehearsal | took in the night" in text
    (row,) = [line for line in text.splitlines() if "(deliver)<br>" in line]
    facts = json.loads((school / "runs" / latest(school) / "run.json").read_text("utf-8"))
    assert facts["failure"] is None
    assert latest(school) in row
    runbook(school, "write", ".", "--round", "dress rehearsal")
    assert "Round: **dress rehearsal**" in (school / "documents" / "runbook.md").read_text("utf-8")


def test_a_log_that_was_touched_stops_everything(school: Path) -> None:
    runbook(school, "new", ".")
    runbook(school, "round", "one", "--by", "Kim")
    log = school / "runbook_log.csv"
    log.write_text(log.read_text("utf-8").replace("Kim", "Tim"), "utf-8")
    for arguments in (["show", "."], ["write", "."], ["tick", "name-people", "--by", "Kim"], ["close", "--by", "Kim"]):
        ended = runbook(school, *arguments, code=CONFIGURATION)
        assert "runbook_log.csv:2:1: entry 1 is altered" in ended.err
