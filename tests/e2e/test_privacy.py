"""Retention, regions, the suppression list and pseudonyms, through whole runs of the small pair."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from command_line import Ended, within
from page_reading import page_text
from small_pair import GOOD_ROWS, Bench, Rows, write_rows, write_workspace

from migrate.errors import ConfigurationError
from migrate.ledger import open_ledger
from migrate.pipeline import RunResult
from migrate.privacy.barrier import Barrier
from migrate.privacy.erasing import Erasing
from migrate.trail import trail

KEYS = {"SUPPRESSION_KEY": "k" * 32, "MASK_KEY": "m" * 32}
SUPPRESSION = """\
suppression:
  key: ${SUPPRESSION_KEY}
  kinds:
    email: {user: email}
    login: {user: login}
  about: {enrol: userid}
"""
ROWS: Rows = {
    **GOOD_ROWS,
    "user": [*GOOD_ROWS["user"], {"id": 6, "login": "di", "name": "Di Example", "email": "di@x.org", "active": 1, "boss": 3}],
    "enrol": [*GOOD_ROWS["enrol"], {"id": 7, "userid": 6, "courseid": 2, "role": "student"}],
}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_workspace(tmp_path / "w")
    file = folder / "mapping/pair.yaml"
    file.write_text(file.read_text("utf-8") + "archive: {all: {tables: [user, enrol], code: ALL-KEPT, reason: kept}}\n", "utf-8")
    write_rows(folder, ROWS)
    return folder


def bench(folder: Path, text: str) -> Bench:
    (folder / "privacy.yaml").write_text(text, "utf-8")
    return Bench.of(folder)


def suppress(
    folder: Path, *identifiers: str, monkeypatch: pytest.MonkeyPatch, kind: str = "email", more: tuple[str, ...] = (), **env: str
) -> Ended:  # fmt: skip
    import io
    import sys

    stdin = io.TextIOWrapper(io.BytesIO("\n".join(identifiers).encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    return within("suppress", folder, "--kind", kind, "--reason", "request 1", "--by", "officer", *more, env=env)


def ended(result: RunResult) -> dict[tuple[str, str], tuple[str, str | None]]:
    rows = pq.read_table(result.folder / "dispositions.parquet").to_pylist()
    return {(r["entity"], r["key"]): (r["disposition"], r["code"]) for r in rows}


def facts(result: RunResult) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((result.folder / "run.json").read_text("utf-8"))
    return found


def everything(result: RunResult) -> Iterator[tuple[str, str]]:
    """(file, its text) of all that a run left; Parquet as its cells."""
    for file in sorted(result.folder.rglob("*")):
        if file.suffix == ".parquet":
            table = pq.read_table(file)
            yield file.name, "\n".join(str(row) for row in table.to_pylist()) + str(table.column_names)
        elif file.is_file():
            yield file.name, file.read_text("utf-8", "replace")


# Retention and regions -----------------------------------------------------------------------------------------------

RULES = """\
retention:
  - {rule: LEAVERS, entity: people, when: "name = '007'", reason: left long ago}
regions:
  - {rule: ABROAD, entity: course, when: "code = 'A1'", reason: stays abroad}
"""


def test_records_stay_behind_under_the_name_of_their_rule_and_what_needs_them_with_them(folder: Path) -> None:
    result = bench(folder, RULES).run()
    found = ended(result)
    assert found["people", "5"] == ("excluded", "RET-LEAVERS")
    assert found["courses", "2"] == ("excluded", "REG-ABROAD")
    assert {key: found["enrolments", key] for key in ("2", "5", "7")} == {
        "2": ("excluded", "REG-ABROAD"), "5": ("excluded", "RET-LEAVERS"), "7": ("excluded", "REG-ABROAD"),
    }  # fmt: skip
    assert found["enrolments", "6"][0] == "created"
    # The course can do without its teacher.
    assert found["courses", "3"][0] == "created"
    assert result.summary["balanced"]
    kept = {file.name for file in (result.folder / "archive").glob("RE*.parquet")}
    assert kept == {
        "RET-LEAVERS.people.parquet", "RET-LEAVERS.enrolments.parquet", "REG-ABROAD.courses.parquet",
        "REG-ABROAD.enrolments.parquet",
    }  # fmt: skip
    (row,) = pq.read_table(result.folder / "archive/RET-LEAVERS.people.parquet").to_pylist()
    assert (row["name"], row["rule"], row["rule__reason"]) == ("007", "RET-LEAVERS", "left long ago")
    with (result.folder / "archive/RET-LEAVERS.people.csv").open(encoding="utf-8") as stream:
        assert [r["rule"] for r in csv.DictReader(stream)] == ["RET-LEAVERS"]
    assert facts(result)["archive"]["RET-LEAVERS"]["tables"]["people"]["archived"] == 1
    assert facts(result)["entities"]["people"]["left_out"]["RET-LEAVERS"] == "left long ago"


def test_what_is_left_is_neither_moved_nor_archived(folder: Path) -> None:
    result = bench(folder, RULES.replace("reason: left long ago", "reason: left long ago, treatment: leave")).run()
    assert ended(result)["people", "5"] == ("excluded", "RET-LEAVERS")
    assert not list((result.folder / "archive").glob("RET*"))
    assert "5" not in {str(r["id"]) for r in pq.read_table(result.folder / "archive/user.parquet").to_pylist()}
    assert 5 not in pq.read_table(result.folder / "archive/enrol.parquet")["id"].to_pylist()
    tables = facts(result)["archive"]["all"]["tables"]
    assert (tables["user"]["source"], tables["user"]["archived"], tables["user"]["left"]) == (6, 5, 1)


def test_a_rule_is_checked_where_it_stands(folder: Path) -> None:
    (folder / "privacy.yaml").write_text(RULES.replace("name = '007'", "nme = '007'"), "utf-8")
    ended = within("check", folder)
    assert ended.code == 2
    assert "privacy.yaml:2:37: unknown field" in ended.text
    assert "nme" in ended.text


def test_no_rule_no_change(folder: Path) -> None:
    plain = Bench.of(folder).run()
    empty = bench(folder, "roles: {}\n").run()
    assert ended(empty) == ended(plain)


# The suppression list ------------------------------------------------------------------------------------------------


def test_an_erased_person_is_counted_and_nowhere_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench(folder, SUPPRESSION)
    assert suppress(folder, " DI@X.org ", monkeypatch=monkeypatch).code == 0
    result = Bench.of(folder).run()
    found = ended(result)
    assert found["people", "6"] == ("excluded", "PRV-SUPPRESSED")
    assert found["enrolments", "7"] == ("excluded", "PRV-SUPPRESSED")
    assert result.summary["balanced"]
    assert [name for name, text in everything(result) if "di@x.org" in text.lower() or "Di Example" in text] == []
    assert facts(result)["suppression"] == {"entries": 1, "rows": {"user": 1, "enrol": 1}}
    assert 7 not in pq.read_table(result.folder / "archive/enrol.parquet")["id"].to_pylist()
    others = Bench.of(folder)
    (folder / "suppressed.csv").unlink()
    without = ended(others.run())
    assert {k: v for k, v in found.items() if k not in {("people", "6"), ("enrolments", "7")}} == {
        k: v for k, v in without.items() if k not in {("people", "6"), ("enrolments", "7")}
    }


def test_an_erased_survivor_of_a_merge_hands_nothing_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts 2 and 4 share an address; the one that survives is erased by its login alone."""
    bench(folder, SUPPRESSION)
    assert ended(Bench.of(folder).run())["people", "2"] == ("merged", "USR-MERGE")
    suppress(folder, "ana2", monkeypatch=monkeypatch, kind="login")
    found = ended(Bench.of(folder).run())
    assert found["people", "4"] == ("excluded", "PRV-SUPPRESSED")
    assert found["people", "2"][0] == "created"


def test_what_was_erased_stays_out_without_the_rules_of_the_contract(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing says whom an enrolment is about: it still goes with the person."""
    bench(folder, SUPPRESSION.replace("  about: {enrol: userid}\n", ""))
    suppress(folder, "di@x.org", monkeypatch=monkeypatch)
    assert ended(Bench.of(folder).run())["enrolments", "7"] == ("excluded", "PRV-SUPPRESSED")


def test_the_list_names_nobody_and_grows_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench(folder, SUPPRESSION)
    assert "2 of 2" in suppress(folder, "di@x.org", "bo@x.org", "", monkeypatch=monkeypatch).out
    before = (folder / "suppressed.csv").read_bytes()
    ledger = open_ledger("sqlite:///ledger.sqlite", folder)
    assert ledger is not None
    assert "0 of 2" in suppress(folder, "DI@x.org ", "bo@x.org", monkeypatch=monkeypatch).out
    assert (folder / "suppressed.csv").read_bytes() == before
    assert b"x.org" not in before
    (entry,) = ledger.trail()
    ledger.close()
    assert entry.event == "people suppressed"
    assert json.loads(entry.detail) == {
        "kind": "email", "new": 0, "entries": 2, "sha256": hashlib.sha256(before).hexdigest(),
    }  # fmt: skip
    listed = within("suppress", folder, "--list")
    assert (listed.code, "2 identifiers" in listed.out, "request 1" in listed.out) == (0, True, True)


def with_ledger(folder: Path) -> None:
    """Make the ledger: lists are noted in its trail from now on."""
    ledger = open_ledger("sqlite:///ledger.sqlite", folder)
    assert ledger is not None
    ledger.close()


def test_who_is_taken_off_the_list_is_loaded_again_and_the_trail_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench(folder, SUPPRESSION)
    suppress(folder, "di@x.org", "somebody@x.org", monkeypatch=monkeypatch)
    before = (folder / "suppressed.csv").read_bytes()
    wrong = suppress(folder, "di@x.org", "nobody@x.org", monkeypatch=monkeypatch, more=("--remove",))
    assert wrong.code == 2
    assert "1 of 2 identifiers are not on the list as email: number 2" in wrong.text
    assert "nobody@x.org" not in wrong.text
    assert (folder / "suppressed.csv").read_bytes() == before
    assert not (folder / "ledger.sqlite").exists()
    done = suppress(folder, "DI@x.org ", monkeypatch=monkeypatch, more=("--remove",))
    assert (done.code, "1 are on it now" in done.out) == (0, True)
    (entry,) = trail(folder)
    assert entry.event == "people taken off the suppression list"
    told = json.loads(entry.detail)
    assert (told["reason"], told["by"], told["removed"], told["entries"]) == ("request 1", "officer", 1, 1)
    assert told["sha256"] == hashlib.sha256((folder / "suppressed.csv").read_bytes()).hexdigest()
    assert "x.org" not in entry.detail
    found = Bench.of(folder).run()
    assert ended(found)["people", "6"][0] == "created"
    assert "PRV-LIST-CHANGED" not in found.summary["findings"]


def test_a_list_that_lost_a_line_is_found_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench(folder, SUPPRESSION)
    with_ledger(folder)
    suppress(folder, "di@x.org", "bo@x.org", monkeypatch=monkeypatch)
    assert within("check", folder).code == 0
    whole = (folder / "suppressed.csv").read_bytes()
    for kept in (b"".join(whole.splitlines(keepends=True)[:-1]), whole.replace(b"officer", b"nobody"), None):
        if kept is None:
            (folder / "suppressed.csv").unlink()
        else:
            (folder / "suppressed.csv").write_bytes(kept)
        for said in (
            within("check", folder),
            within("suppress", folder, "--list"),
            suppress(folder, "ana@x.org", monkeypatch=monkeypatch),
        ):
            assert said.code in (1, 2)
            assert "the suppression list is not the one that the audit trail knows: it had 2 identifiers" in said.text
            assert f"lms-migrate suppress {folder} --accept" in said.text
    result = Bench.of(folder).run()
    assert (result.exit_code, result.summary["findings"]["PRV-LIST-CHANGED"]) == (1, 1)
    (row,) = [r for r in pq.read_table(result.folder / "findings.parquet").to_pylist() if r["code"] == "PRV-LIST-CHANGED"]
    assert "now it is gone" in row["message"]
    settings = folder / "migration.yaml"
    settings.write_text(settings.read_text("utf-8").replace("  system: hub", "  system: hub\n  deliver: ../out"), "utf-8")
    with pytest.raises(ConfigurationError, match="the live run does not start") as refused:
        Bench.of(folder).run(live=True)
    assert "PRV-LIST-CHANGED" in str(refused.value)
    # Put back, or accepted by somebody who says why, it is the list to go by.
    (folder / "suppressed.csv").write_bytes(whole)
    assert "PRV-LIST-CHANGED" not in Bench.of(folder).run().summary["findings"]
    assert "nothing to accept" in within("suppress", folder, "--accept", "--reason", "r", "--by", "b").out
    (folder / "suppressed.csv").unlink()
    assert "--reason is missing" in within("suppress", folder, "--accept", "--by", "b").text
    assert within("suppress", folder, "--accept", "--reason", "moved", "--by", "officer").code == 0
    assert json.loads(trail(folder)[-1].detail) == {"entries": 0, "sha256": None, "reason": "moved", "by": "officer"}
    assert "PRV-LIST-CHANGED" not in Bench.of(folder).run().summary["findings"]


def test_a_list_that_cannot_be_used_is_never_an_empty_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = bench(folder, SUPPRESSION)
    suppress(folder, "di@x.org", monkeypatch=monkeypatch)
    monkeypatch.setenv("SUPPRESSION_KEY", "another key " * 3)
    with pytest.raises(ConfigurationError, match="not the key"):
        checked.run()
    assert suppress(folder, "bo@x.org", monkeypatch=monkeypatch).code == 2
    monkeypatch.delenv("SUPPRESSION_KEY")
    with pytest.raises(ConfigurationError, match="not set"):
        checked.run()
    monkeypatch.setenv("SUPPRESSION_KEY", "short")
    with pytest.raises(ConfigurationError, match="guessed"):
        checked.run()
    monkeypatch.setenv("SUPPRESSION_KEY", KEYS["SUPPRESSION_KEY"])
    (folder / "privacy.yaml").unlink()
    with pytest.raises(ConfigurationError, match="does not"):
        Bench.of(folder).run()
    bench(folder, SUPPRESSION)
    lines = (folder / "suppressed.csv").read_text("utf-8").splitlines()
    for emptied in ("", lines[0] + "\n"):
        (folder / "suppressed.csv").write_text(emptied, "utf-8")
        with pytest.raises(ConfigurationError, match="emptied"):
            Bench.of(folder).run()
        assert suppress(folder, "bo@x.org", monkeypatch=monkeypatch).code == 2
    (folder / "suppressed.csv").write_text("\n".join([*lines, "di@x.org,email,,,"]), "utf-8")
    with pytest.raises(ConfigurationError, match="not what lms-migrate suppress writes"):
        Bench.of(folder).run()
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kind", "phone", "--reason", "r", "--by", "b"], "allowed: email, login"),
        (["--kind", "email", "--by", "b"], "--reason is missing"),
        (["--kind", "email", "--reason", "erase di@x.org", "--by", "b"], "--reason holds an address"),
    ],
)
def test_suppress_says_what_is_wrong(folder: Path, arguments: list[str], said: str) -> None:
    bench(folder, SUPPRESSION)
    found = within("suppress", folder, *arguments)
    assert found.code == 2
    assert said in found.text
    assert not (folder / "suppressed.csv").exists()


def test_the_second_barrier_holds_where_the_first_is_gone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench(folder, SUPPRESSION)
    suppress(folder, "di@x.org", monkeypatch=monkeypatch)
    monkeypatch.setattr(Erasing, "rows", lambda self, entity, batches, keep: batches)
    result = Bench.of(folder).run()
    assert result.exit_code == 3
    assert "PRV-SUPPRESSED" in str(result.failure)
    assert "1 of people" in str(result.failure)
    assert "di@x.org" not in str(result.failure)
    assert not (result.folder / "4_load").exists()
    monkeypatch.setattr(Barrier, "check", lambda *_: None)
    assert "di@x.org" in (Bench.of(folder).run().folder / "4_load/people.csv").read_text("utf-8")


# Pseudonyms ----------------------------------------------------------------------------------------------------------


def test_a_rehearsal_with_pseudonyms_counts_as_one_without(folder: Path) -> None:
    plain = bench(folder, "mask:\n  key: ${MASK_KEY}\n").run()
    expected = (ended(plain), plain.summary["findings"])
    masked = Bench.of(folder).run(mask=True)
    assert (ended(masked), masked.summary["findings"]) == expected
    real = ("ana", "lúcia", "x.org", "di example")
    texts = [(name, text.lower()) for name, text in everything(masked) if name not in ("run.json", "report.html")]
    people = [(n, t) for n, t in texts if n in ("user.parquet", "people.parquet", "people.csv", "user.csv", "findings.parquet")]
    assert people
    assert [(name, one) for name, text in people for one in real if one in text] == []
    again = pq.read_table(masked.folder / "1_extract/user.parquet").to_pylist()
    assert facts(masked)["pseudonyms"] is True
    other = Bench.of(folder).run(mask=True)
    assert pq.read_table(other.folder / "1_extract/user.parquet").to_pylist() == again
    # The address that two accounts share is still one, and 'guest' is what the mapping itself calls it.
    mails = {int(row["id"]): row["email"] for row in again}
    assert mails[2] != mails[4]
    assert mails[2].lower() == mails[4].lower()
    assert "guest" in {row["login"] for row in again}


def test_without_a_key_no_two_runs_compare(folder: Path) -> None:
    one, two = (
        pq.read_table(Bench.of(folder).run(mask=True).folder / "1_extract/user.parquet")["login"].to_pylist() for _ in "12"
    )
    assert one != two


def test_a_run_says_that_nobody_keeps_its_key(folder: Path) -> None:
    said = "cannot be compared with others"
    assert said in within("run", folder, "--mask").err
    bench(folder, "mask:\n  key: ${MASK_KEY}\n")
    assert said not in within("run", folder, "--mask").err


def test_pseudonyms_never_go_live(folder: Path) -> None:
    ended = within("run", folder, "--mask", "--live")
    assert ended.code == 2
    assert "rehearsals" in ended.text
    assert not (folder / "runs").exists()


def test_erased_people_are_found_by_the_names_they_had(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench(folder, SUPPRESSION)
    suppress(folder, "di@x.org", monkeypatch=monkeypatch)
    assert ended(Bench.of(folder).run(mask=True))["people", "6"] == ("excluded", "PRV-SUPPRESSED")


# Roles ---------------------------------------------------------------------------------------------------------------


def test_a_role_sees_its_classes_and_no_others(folder: Path) -> None:
    text = (folder / "migration.yaml").read_text("utf-8").replace("mask: false", "mask: true")
    (folder / "migration.yaml").write_text(text, "utf-8")
    rows = {**ROWS, "user": [*ROWS["user"], {"id": 7, "login": "eve", "name": "Eve", "email": "no address", "active": 1},
                             {"id": 8, "login": "eve", "name": "E " * 40, "email": "e@x.org", "active": 1}]}  # fmt: skip
    result = bench(folder, "roles: {registrar: [email], clerk: []}\n").run(rows)
    run = result.folder.name
    for role, sees in (("registrar", True), ("clerk", False)):
        said = within("report", folder, "--role", role)
        assert said.code == 0
        page = page_text(folder / "runs" / run / f"report-{role}.html")
        assert ("no address" in page) is sees
        assert "E E E E E" not in page
    wrong = within("report", folder, "--role", "boss")
    assert wrong.code == 2
    assert "allowed: registrar, clerk" in wrong.text
