"""Canaries in every personal field, through rehearsals, live runs and a rollback: none sings in anything but the data itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import within as migrate
from live_school import LiveSchool
from page_reading import all_text
from small_pair import GOOD_ROWS, Rows

DATA = ("*.parquet", "archive/*.csv", "4_load/*", "hand_over/*", "ledger.sqlite*", "source.sqlite")
"""What is meant to hold people's data."""
CANARIES = ("kanarname", "kanarlogin", "kanarmail", "kanarnote")


def canary(number: int, **more: object) -> dict[str, object]:
    """A person who is nothing but canaries."""
    return {
        "id": number, "login": f"kanarlogin{number}", "name": f"Kanarname{number} Kanarname", "active": 1,
        "email": f"kanarmail{number}@kanarmail.example", "note": f"kanarnote{number} he said \"kanarnote\"",
    } | more  # fmt: skip


ROWS: Rows = {
    "user": [
        canary(2),
        canary(3, email="kanarmail3 at kanarmail"),
        canary(4, name="Kanarname4 " * 9),
        canary(5, login="kanarlogin2", email="KANARMAIL2@kanarmail.example"),
        canary(6, login="kanarlogin7"),
        canary(7, login="kanarlogin7"),
        canary(8, boss=99),
        canary(9, active=7),
        canary(10, email="kanarmail2@kanarmail.example"),
        canary(11, login="refused"),
        canary(12, name="x'; kanarname"),
        canary(13, score="many"),
    ],
    "course": GOOD_ROWS["course"],
    "enrol": [{**row, "userid": 2} for row in GOOD_ROWS["enrol"]],
}


def canaries_in(text: str) -> list[str]:
    return sorted({found[0] for found in re.finditer(rf"(?i)({'|'.join(CANARIES)})\w*", text)})


def singing(school: LiveSchool) -> dict[str, list[str]]:
    """``{file: canaries in it}`` of everything in the workspace that is no data."""
    found = {}
    for file in school.folder.rglob("*"):
        name = str(file.relative_to(school.folder))
        if not file.is_file() or any(file.match(pattern) for pattern in DATA):
            continue
        text = all_text(file)
        if heard := canaries_in(text) + canaries_in(name):
            found[name] = heard
    return found


@pytest.fixture(params=["plain keys", "personal keys"])
def aviary(request: pytest.FixtureRequest, tmp_path: Path) -> LiveSchool:
    school = LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}", ROWS)
    for name, changes in {
        "migration.yaml": [("report:\n  mask: false\n", "")],
        "systems/school.yaml": [("note: {}", "note: {pii: free_text}")],
        "systems/hub.yaml": [("note: {}", "note: {pii: free_text}")],
    }.items():
        _change(school.folder / name, changes)
    if request.param == "personal keys":
        _change(
            school.folder / "systems/hub.yaml", [("unique: true, max_length: 40", "unique: true, max_length: 40, pii: login")]
        )
        _change(school.folder / "mapping/people.yaml", [("\"'p-' || cast(id as text)\"", "\"lower(trim(login))\""),
                                                        ("person_id: p-7", "person_id: ana")])  # fmt: skip
    return school


def _change(file: Path, changes: list[tuple[str, str]]) -> None:
    text = file.read_text("utf-8")
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    file.write_text(text, "utf-8")


def test_no_canary_leaves_the_data(aviary: LiveSchool) -> None:
    said = []
    for arguments in (["check"], ["run"], ["run", "--live"]):
        ended = migrate(arguments[0], aviary.folder, *arguments[1:])
        assert ended.code in (0, 1), ended.text
        said.append(ended.text)
    held = aviary.held()["people"]
    assert held, "nothing was written, so nothing could leak"
    aviary.change("UPDATE people SET name = 'Kanarname drifted' WHERE login = 'kanarlogin8'")
    said += [migrate("run", aviary.folder, "--live", "--delta").text, migrate("report", aviary.folder).text]
    documents = (["specification"], ["test-plan", "write"], ["evidence"], ["report"])
    for command, *more in documents:
        ended = migrate(command, *more, aviary.folder)
        assert ended.code in (0, 1), ended.text
        said.append(ended.text)
    run = sorted((aviary.folder / "runs").iterdir())[1].name
    said += [
        migrate("rollback", aviary.folder, "--run", run).text,
        migrate("rollback", aviary.folder, "--run", run, "--execute").text,
        migrate("audit", aviary.folder).text,
        migrate("audit", "show", aviary.folder).text,
        migrate("audit", "verify", aviary.folder).text,
        migrate("sql", aviary.folder, "people").text,
    ]
    assert canaries_in("\n".join(said)) == []
    assert singing(aviary) == {}


def test_the_search_hears_a_canary(aviary: LiveSchool) -> None:
    """Without masking the report sings, so silence elsewhere is masking, not deafness."""
    _change(aviary.folder / "migration.yaml", [("memory: 512MB\n", "memory: 512MB\nreport: {mask: false}\n")])
    migrate("run", aviary.folder)
    assert any(name.endswith("report.html") for name in singing(aviary))
