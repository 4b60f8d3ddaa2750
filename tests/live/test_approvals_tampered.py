"""Approvals that nobody gave, or that were altered, or lost their withdrawal: verify finds them, and no run starts with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from signed_school import SignedSchool, Stages

from migrate.approvals.listing import approvals
from migrate.approvals.signing import withdraw
from migrate.cli import cli
from migrate.errors import ConfigurationError
from migrate.ledger import open_ledger
from migrate.ledger.audit import append, digest
from migrate.ledger.tables import AUDIT
from migrate.trail import Entry, trail, verify


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    return Stages(tmp_path_factory.mktemp("tampered"))


@pytest.fixture
def approved(stages: Stages) -> SignedSchool:
    return stages.at("approved")


@pytest.fixture
def rehearsed(stages: Stages) -> SignedSchool:
    return stages.at("rehearsed")


def altered(entry: Entry, **values: Any) -> str:
    return json.dumps(json.loads(entry.detail) | values, sort_keys=True, ensure_ascii=False)


def write_anew(school: SignedSchool, entries: Sequence[tuple[str, str | None, str, str]]) -> None:
    """Somebody who knows how writes the whole trail again, so that its entries hold one another."""
    values, previous = [], "0" * 64
    for number, (at, run, event, detail) in enumerate(entries, 1):
        own = digest(number, at, run, event, detail, previous)
        values.append({"id": number, "at": at, "run": run, "event": event, "detail": detail, "previous": previous, "hash": own})
        previous = own
    school.spoil(sa.delete(AUDIT), *(sa.insert(AUDIT).values(**one) for one in values))


def of(entries: list[Entry]) -> list[tuple[str, str | None, str, str]]:
    return [(e.at, e.run, e.event, e.detail) for e in entries]


Damage = Callable[[SignedSchool, list[Entry]], None]
SWAP = [sa.update(AUDIT).where(AUDIT.c.id == one).values(id=other) for one, other in ((1, 9), (2, 1), (9, 2))]


def alter(school: SignedSchool, entries: list[Entry]) -> None:
    detail = altered(entries[0], role="quality", name="Mallory")
    school.spoil(sa.update(AUDIT).where(AUDIT.c.id == 1).values(detail=detail))


def prolong(school: SignedSchool, entries: list[Entry]) -> None:
    longer = [(e.at, e.run, e.event, altered(e, expires="2999-01-01T00:00:00+00:00")) for e in entries]
    write_anew(school, longer)


def put_other_hashes(school: SignedSchool, entries: list[Entry]) -> None:
    write_anew(school, [(e.at, e.run, e.event, altered(e, parts={})) for e in entries])


def for_another_rehearsal(school: SignedSchool, entries: list[Entry]) -> None:
    write_anew(school, [(e.at, "20200101-000000", e.event, e.detail) for e in entries])


def other_order(school: SignedSchool, entries: list[Entry]) -> None:
    write_anew(school, of(entries)[::-1])


def not_as_written(school: SignedSchool, entries: list[Entry]) -> None:
    write_anew(school, [(e.at, e.run, e.event, altered(e, more="x")) for e in entries])


def remove_notes(school: SignedSchool, entries: list[Entry]) -> None:
    (school.folder / f"runs/{entries[0].run}/approvals.json").unlink()


def spoil_numbers(school: SignedSchool, entries: list[Entry]) -> None:
    text = '{"entries": [{"entry": 1e400, "hash": ""}]}'
    (school.folder / f"runs/{entries[0].run}/approvals.json").write_text(text, "utf-8")


def spoil_notes(school: SignedSchool, entries: list[Entry]) -> None:
    (school.folder / f"runs/{entries[0].run}/approvals.json").write_text("{}", "utf-8")


DAMAGES: dict[str, Damage] = {
    "altered": alter,
    "the first removed": lambda school, _: school.spoil(sa.delete(AUDIT).where(AUDIT.c.id == 1)),
    "cut off": lambda school, _: school.spoil(sa.delete(AUDIT).where(AUDIT.c.id == 2)),
    "swapped": lambda school, _: school.spoil(*SWAP),
    "written anew with a later end": prolong,
    "written anew with other hashes": put_other_hashes,
    "written anew in another order": other_order,
    "written anew in another shape": not_as_written,
    "written anew for another rehearsal": for_another_rehearsal,
    "without the notes": remove_notes,
    "with other notes": spoil_notes,
    "with numbers that are none": spoil_numbers,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_tampered_with_is_found_and_starts_nothing(approved: SignedSchool, damage: str) -> None:
    assert verify(approved.folder).problems == []
    DAMAGES[damage](approved, trail(approved.folder))
    assert verify(approved.folder).problems
    ended = CliRunner().invoke(cli, ["audit", "verify", str(approved.folder)], standalone_mode=False)
    assert ended.return_value == 3
    approved.refused()
    assert not approvals(approved.folder).whole


def test_an_approval_that_nobody_gave(rehearsed: SignedSchool, stages: Stages) -> None:
    """One role signed. Somebody who can write the ledger adds the other signature, as the program would write it."""
    rehearsed.approve("data_owner")
    (entry,) = trail(rehearsed.folder)
    ledger = open_ledger("sqlite:///ledger.sqlite", rehearsed.folder)
    assert ledger is not None
    with ledger.engine.begin() as connection:
        forged = json.loads(altered(entry, role="quality", name="Bo Rix"))
        append(connection, entry.at, entry.run, "approved", forged)
    assert ledger.broken() is None
    ledger.close()
    (problem,) = verify(rehearsed.folder).problems
    assert problem.startswith(f"entry 2 approves run {stages.rehearsal.name}")
    assert "does not know entry 2 as it stands in the ledger" in rehearsed.refused()
    withdraw(rehearsed.folder, "quality", "Cy", "nobody of us signed this")
    assert verify(rehearsed.folder).problems == []


def test_a_withdrawal_that_was_cut_off(approved: SignedSchool) -> None:
    withdraw(approved.folder, "quality", "Cy", "the counts are wrong")
    approved.spoil(sa.delete(AUDIT).where(AUDIT.c.id == 3))
    (problem,) = verify(approved.folder).problems
    assert problem.startswith("entry 3 is missing (signed for run")
    assert "knows entry 3, which the ledger does not hold so" in approved.refused()


def test_a_withdrawal_that_nobody_made(approved: SignedSchool) -> None:
    entry = trail(approved.folder)[0]
    words = ("role", "name", "account", "at", "meaning", "reason")
    detail = {word: value for word, value in json.loads(entry.detail).items() if word in words} | {"of": 1}
    ledger = open_ledger("sqlite:///ledger.sqlite", approved.folder)
    assert ledger is not None
    with ledger.engine.begin() as connection:
        append(connection, entry.at, entry.run, "approval withdrawn", detail)
    ledger.close()
    (problem,) = verify(approved.folder).problems
    assert problem.startswith("entry 3 withdraws an approval of run")
    approved.refused()


FILES = ("summary.json", "run.json", "dispositions.parquet", "findings.parquet", "worklist.parquet", "6_reconcile/manifest.json")


@pytest.mark.parametrize("file", FILES)
def test_a_rehearsal_that_was_altered_since_it_was_signed(approved: SignedSchool, stages: Stages, file: str) -> None:
    path = stages.rehearsal / file
    path.write_bytes(path.read_bytes() + b"\n")
    assert f"{file} is not what was signed" in approved.refused()
    path.unlink()
    assert "cannot be read" in approved.refused()


def test_a_rehearsal_that_was_altered_before_it_is_signed(rehearsed: SignedSchool, stages: Stages) -> None:
    file = stages.rehearsal / "6_reconcile/differences.parquet"
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ConfigurationError, match="damaged"):
        rehearsed.approve("quality")


@pytest.mark.parametrize("file", ["findings.parquet", "dispositions.parquet", "worklist.parquet"])
def test_rows_that_are_not_those_of_the_summary_are_not_signed(rehearsed: SignedSchool, stages: Stages, file: str) -> None:
    path = stages.rehearsal / file
    rows = pq.read_table(path)
    more = pa.Table.from_pylist([{"code": "P-X", "state": "waived"}], schema=rows.schema)
    pq.write_table(rows.slice(1) if rows.num_rows else more, path)
    with pytest.raises(ConfigurationError, match=f"damaged: {file}"):
        rehearsed.approve("quality")


def test_a_rehearsal_that_is_gone(approved: SignedSchool, stages: Stages) -> None:
    stages.rehearsal.rename(approved.folder / "elsewhere")
    assert f"the folder of rehearsal {stages.rehearsal.name} is not here" in approved.refused()
    (withdrawn, *_) = withdraw(approved.folder, "quality", "Cy", "its evidence is gone")
    assert withdrawn.run == stages.rehearsal.name


def test_nothing_is_signed_in_a_trail_that_is_not_whole(approved: SignedSchool) -> None:
    approved.spoil(sa.update(AUDIT).where(AUDIT.c.id == 1).values(at="2020-01-01"))
    with pytest.raises(ConfigurationError, match="not whole"):
        approved.approve("quality")
    with pytest.raises(ConfigurationError, match="not whole"):
        withdraw(approved.folder, "quality", "Cy", "it is wrong")


@pytest.mark.parametrize("text", ["[]", "{}", '{"entries": 7}', '{"entries": [7]}', "no json"])
def test_notes_that_somebody_else_wrote_take_no_signature(rehearsed: SignedSchool, stages: Stages, text: str) -> None:
    (stages.rehearsal / "approvals.json").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="not what lms-migrate wrote"):
        rehearsed.approve("quality")
    assert trail(rehearsed.folder) == []


def test_a_disk_that_takes_no_note_takes_no_signature(
    rehearsed: SignedSchool, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *_: Any) -> int:
        raise OSError(28, "No space left on device", str(self))

    rehearsed.approve("data_owner")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(ConfigurationError, match="No space left"):
            rehearsed.approve("quality")
    assert [entry.event for entry in trail(rehearsed.folder)] == ["approved"]
    assert verify(rehearsed.folder).problems == []


def test_another_ledger_is_told_from_one_that_was_tampered_with(approved: SignedSchool) -> None:
    """It stays a problem, because a ledger that was written anew looks the same."""
    (noted, *_) = json.loads(next(approved.folder.glob("runs/*/approvals.json")).read_text("utf-8"))["entries"]
    first = noted["ledger"][:12]
    for file in ledger_files(approved):
        file.unlink()
    ledger = open_ledger("sqlite:///ledger.sqlite", approved.folder)
    assert ledger is not None
    ledger.note(None, "another one begins", {})
    ledger.close()
    problems = verify(approved.folder).problems
    assert len(problems) == 2
    assert all(f"stands in another ledger, which begins with {first}" in problem for problem in problems)
    assert all("or this ledger was written anew" in problem for problem in problems)
    with pytest.raises(ConfigurationError, match="where another ledger is meant to begin, rehearse for it"):
        approved.approve("quality")
    ended = CliRunner().invoke(cli, ["audit", "verify", str(approved.folder)], standalone_mode=False)
    assert ended.return_value == 3


def test_entries_that_no_folder_holds_are_counted(approved: SignedSchool) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", approved.folder)
    assert ledger is not None
    ledger.begin("20300101-000000", "live", "memory")
    ledger.close()
    assert verify(approved.folder).loose == 1
    shown = CliRunner().invoke(cli, ["audit", "verify", str(approved.folder)], standalone_mode=False)
    assert "the last 1 are held by no folder yet" in shown.output


def ledger_files(school: SignedSchool) -> list[Path]:
    return sorted(school.folder.glob("ledger.sqlite*"))


def lose(school: SignedSchool, kept: dict[Path, bytes]) -> None:
    """Put back what the ledger was, or nothing."""
    for file in ledger_files(school):
        file.unlink()
    for file, content in kept.items():
        file.write_bytes(content)


@pytest.mark.parametrize("kept", ["an older copy", "nothing"])
def test_a_ledger_that_forgot_a_live_run_starts_none_and_takes_no_signature(approved: SignedSchool, kept: str) -> None:
    before = {file: file.read_bytes() for file in ledger_files(approved)} if kept == "an older copy" else {}
    live = approved.live()
    assert live.exit_code == 0
    lose(approved, before)
    assert any(f"run {live.folder.name} ended with it" in problem for problem in approvals(approved.folder).lost)
    for attempt in (approved.live, lambda: approved.approve("quality")):
        with pytest.raises(ConfigurationError, match="a trail that is not whole") as caught:
            attempt()
        assert f"run {live.folder.name} ended with it" in str(caught.value)
        assert "audit verify" in str(caught.value)


def test_another_ledger_for_another_target_begins_anew(approved: SignedSchool) -> None:
    assert approved.live().exit_code == 0
    path = approved.folder / "migration.yaml"
    path.write_text(path.read_text("utf-8") + "\nledger: sqlite:///other.sqlite\n", "utf-8")
    approved.approved()
    assert approved.live().exit_code == 0


def test_signatures_are_not_given_anew_over_lost_ones(approved: SignedSchool) -> None:
    withdraw(approved.folder, "quality", "Cy", "the counts are wrong")
    lose(approved, {})
    with pytest.raises(ConfigurationError, match="entry 1 is missing"):
        approved.approve("quality")
