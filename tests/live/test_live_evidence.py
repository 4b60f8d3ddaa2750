"""Evidence of live runs: the audit trail, approvals, the rehearsal before, and what was taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from evidence_packs import Change, Members, chained, edit, failed, failures, forge, manifest, members, told, with_trail
from live_school import LiveSchool
from small_pair import GOOD_ROWS

from migrate.errors import ConfigurationError
from migrate.evidence import show
from migrate.evidence.gather import TRAIL
from migrate.evidence.make import make
from migrate.evidence.verify import verify
from migrate.pipeline import run
from migrate.rollback import rollback

Entries = list[dict[str, Any]]


@dataclass(frozen=True)
class Gone:
    """A live run after a rehearsal, and its pack."""

    school: LiveSchool
    run: str
    rehearsal: str
    pack: Path


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Gone:
    folder = tmp_path_factory.mktemp("live-evidence")
    school = LiveSchool(folder / "school", f"sqlite:///{folder / 'hub.sqlite'}", GOOD_ROWS)
    rehearsal = run(school.folder).folder.name
    done = school.live().folder.name
    return Gone(school, done, rehearsal, make(school.folder, done).file)


def trail(pack: Path) -> Entries:
    return [json.loads(line) for line in members(pack)[TRAIL].decode().splitlines()]


def test_a_live_run_brings_the_trail_and_the_rehearsal_before_it(live: Gone) -> None:
    found = verify(live.pack)
    assert not failed(found)
    assert "ends were noted outside" in told(found, "trail")
    assert [entry["event"] for entry in trail(live.pack)][:1] == ["live began"]
    assert f"related/{live.rehearsal}/summary.json" in members(live.pack)
    assert "sha256 of the JSON list" in members(live.pack)["README.md"].decode()


def test_what_a_person_was_told_to_do_is_in_the_pack_wherever_it_lies(tmp_path: Path) -> None:
    school = LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}", GOOD_ROWS)
    done = school.live()
    told_to = {"hand_over/README.txt": "restore these", "hand_over/upload/README.txt": "upload these first"}
    for name, text in told_to.items():
        (done.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (done.folder / name).write_text(text, "utf-8")
    packed = members(make(school.folder, done.folder.name).file)
    assert {name: packed[f"run/{name}"].decode() for name in told_to} == told_to


def test_a_rollback_is_in_the_pack_of_the_run_it_took_back(tmp_path: Path) -> None:
    school = LiveSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}", GOOD_ROWS)
    done = school.live().folder.name
    before = make(school.folder, done, out=tmp_path / "before.zip")
    _, back = rollback(school.folder, done, execute=True)
    assert back is not None
    after = make(school.folder, done, out=tmp_path / "after.zip")
    assert f"rollbacks/{back.name}/rollback.json" in members(after.file)
    told_first = members(after.file)["README.md"].decode()
    assert f"**This run was taken back**, by `rollbacks/{back.name}`" in told_first
    assert "openssl" not in told_first, "the pack is not signed"
    assert len(trail(after.file)) > len(trail(before.file))
    assert not failures(after.file) | failures(before.file)
    assert b"ana@x.org" not in after.file.read_bytes()
    with pytest.raises(ConfigurationError) as caught:
        make(school.folder, back.name)
    assert done in str(caught.value)


# Tampering with the trail ----------------------------------------------------------------------------------------


def lines(change: Callable[[Entries], Any]) -> Change:
    """Another trail, whose entries are not hashed again."""

    def apply(content: Members) -> None:
        entries = [json.loads(line) for line in content[TRAIL].decode().splitlines()]
        change(entries)
        content[TRAIL] = "".join(json.dumps(entry) + "\n" for entry in entries).encode()

    return apply


SPOILED: dict[str, Change] = {
    "the first is gone": lines(lambda e: e.pop(0)),
    "the last is gone": lines(lambda e: e.pop()),
    "all are gone": lines(lambda e: e.clear()),
    "the file is gone": lambda content: content.pop(TRAIL) and None,
    "two are swapped": lines(lambda e: e.reverse()),
    "the time is another": lines(lambda e: e[0].update(at="2020-01-01")),
    "the run is another": lines(lambda e: e[-1].update(run="x")),
    "the detail is another": lines(lambda e: e[-1].update(detail="{}")),
    "a hash is another": lines(lambda e: e[-1].update(hash="0" * 64)),
    "one is added": lines(lambda e: e.append(e[-1] | {"id": len(e) + 1, "previous": e[-1]["hash"]})),
    "a column is added": lines(lambda e: e[0].update(more=1)),
    "a number is a text": lines(lambda e: e[0].update(id="1")),
    "it is no JSON": lambda content: content.update({TRAIL: b"{\n"}),
    "it is no text": lambda content: content.update({TRAIL: b"\xff\n"}),
    "the run noted another end": edit("run/run.json", lambda facts: facts["trail"].update(hash="0" * 64)),
    "the run noted a later end": edit("run/run.json", lambda facts: facts["trail"].update(entries=99)),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_trail_that_was_touched_is_found_though_all_hashes_of_files_are_right(what: str, live: Gone, tmp_path: Path) -> None:
    assert "trail" in failures(forge(live.pack, tmp_path / "a.zip", SPOILED[what]))


def test_a_trail_that_was_made_anew_ends_elsewhere_than_the_run_noted(live: Gone, tmp_path: Path) -> None:
    entries = trail(live.pack)
    anew = chained([entry | {"at": "2020-01-01T00:00:00.000+00:00"} for entry in entries])
    forged = forge(live.pack, tmp_path / "a.zip", lines(lambda e: e.__setitem__(slice(None), anew)))
    assert "run/run.json ended with another entry" in told(verify(forged), "trail")


# Approvals ------------------------------------------------------------------------------------------------------


def approved(live: Gone, change: Callable[[Entries], Any] = lambda _: None) -> Change:
    """The pack as if two people had approved the rehearsal before the run began."""
    own = json.loads(members(live.pack)["run/run.json"])
    known = {file["path"]: (file["original"] or file)["sha256"] for file in manifest(live.pack)["files"]}
    evidence = {name: known[f"related/{live.rehearsal}/{name}"] for name in ("summary.json", "run.json")}
    signed = [
        {"at": f"2026-01-0{n}T00:00:00+00:00", "run": live.rehearsal, "event": "approved",
         "detail": {"role": role, "name": name, "at": f"2026-01-0{n}", "parts": dict(own["parts"]), "evidence": dict(evidence)}}
        for n, role, name in ((1, "data_owner", "Ana Ferreira"), (2, "quality", "Bo Chen"))
    ]  # fmt: skip
    entries = [*signed, *trail(live.pack)]
    began = next(entry for entry in entries if entry["event"] == "live began")
    began["detail"] = {"target": "x", "approvals": [1, 2]}
    change(entries)
    return with_trail(chained(entries))


def test_it_is_said_who_approved_what(live: Gone, tmp_path: Path) -> None:
    found = verify(forge(live.pack, tmp_path / "a.zip", approved(live)))
    assert not failed(found)
    text = told(found, "approvals")
    assert "Ana Ferreira as data_owner" in text
    assert f"Bo Chen as quality at 2026-01-02 for rehearsal {live.rehearsal}" in text


def test_each_signature_is_shown_with_name_time_and_meaning(live: Gone, tmp_path: Path) -> None:
    def signed(entries: Entries) -> None:
        entries[0]["detail"].update(meaning="I judged it", reason="all \x1b[2J well")

    assert not any("signatures" in line for line in show.lines(live.pack))
    text = "\n".join(show.lines(forge(live.pack, tmp_path / "a.zip", approved(live, signed))))
    assert f"1: approved: Ana Ferreira as data_owner, 2026-01-01, rehearsal {live.rehearsal}" in text
    assert "meaning: I judged it" in text
    assert "\x1b" not in text


def test_a_live_run_without_approvals_is_an_open_question(live: Gone) -> None:
    found = verify(live.pack)
    assert [check.status for check in found.checks if check.name == "approvals"] == ["open"]


def demanding(settings: str, change: Change) -> Change:
    """The pack of a workspace that demands approvals. Its hash is another then, which is not what is asked here."""

    def apply(content: Members) -> None:
        change(content)
        name = "workspace/settings/migration.yaml"
        assert b"approvals: {roles: []}" in content[name]
        content[name] = content[name].replace(b"approvals: {roles: []}", f"approvals: {settings}".encode())

    return apply


BOTH = "{roles: [data_owner, quality]}"
DEMANDS: dict[str, tuple[str, Callable[[Entries], Any] | None, str | None]] = {
    "both roles": (BOTH, lambda _: None, None),
    "no role": (BOTH, None, "nobody approved as data_owner"),
    "one role": (BOTH, lambda e: e[2]["detail"].update(approvals=[1]), "nobody approved as quality"),
    "another role": ("{roles: [data_owner, officer]}", lambda _: None, "nobody approved as officer"),
    "one person": (BOTH, lambda e: e[1]["detail"].update(name=" ana FERREIRA"), "nobody may sign for two roles"),
    "one person, who may": (
        "{roles: [data_owner, quality], separate_people: false}", lambda e: e[1]["detail"].update(name="Ana Ferreira"), None
    ),
    "two rehearsals": (BOTH, lambda e: e[1].update(run="20200101-000000"), "all roles approve one rehearsal"),
}  # fmt: skip


@pytest.mark.parametrize("what", DEMANDS)
def test_approvals_have_to_be_those_that_the_packed_settings_demand(what: str, live: Gone, tmp_path: Path) -> None:
    settings, change, words = DEMANDS[what]
    signed: Change = (lambda _: None) if change is None else approved(live, change)
    found = verify(forge(live.pack, tmp_path / "a.zip", demanding(settings, signed)))
    text = told(found, "approvals")
    assert (words or "Ana Ferreira as data_owner") in text
    assert ("approvals" in failed(found)) == (words is not None)


def given_after(entries: Entries) -> None:
    entries.append(entries[0] | {"at": "2027-01-01T00:00:00+00:00"})
    entries[2]["detail"].update(approvals=[1, len(entries)])


WITHDRAWAL = {"at": "2026-01-03", "run": "r", "event": "approval withdrawn", "detail": {"of": 1}}
LOST = {"at": "2026-01-03", "run": None, "event": "suppression list accepted", "detail": {"entries": 0, "sha256": None}}
UNFIT: dict[str, tuple[Callable[[Entries], Any], str]] = {
    "other parts": (lambda e: e[0]["detail"]["parts"].update(mapping="0" * 64), "another mapping than the run had"),
    "another rehearsal's numbers": (
        lambda e: e[1]["detail"]["evidence"].update({"summary.json": "0" * 64}), "summary.json than the pack has"
    ),
    "withdrawn before": (lambda e: e.insert(2, WITHDRAWAL), "had been withdrawn"),
    "expired before": (lambda e: e[1]["detail"].update(expires="2026-01-03T00:00:00+00:00"), "had expired"),
    "the list lost people": (lambda e: e.insert(2, LOST), "before people came off the suppression list"),
    "given after": (given_after, "was given after the run began"),
    "one that is none": (lambda e: e[2]["detail"].update(approvals=[1, 9]), "none of that number"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNFIT)
def test_an_approval_that_does_not_fit_is_found(what: str, live: Gone, tmp_path: Path) -> None:
    change, words = UNFIT[what]
    found = verify(forge(live.pack, tmp_path / "a.zip", approved(live, change)))
    assert "approvals" in failed(found)
    assert words in told(found, "approvals")


def test_notes_of_approvals_have_to_stand_in_the_trail(live: Gone, tmp_path: Path) -> None:
    def noted(content: Members) -> None:
        approved(live)(content)
        first = json.loads(content[TRAIL].decode().splitlines()[0])
        notes = [{"entry": 1, "hash": first["hash"]}, {"entry": 2, "hash": "0" * 64}]
        content[f"related/{live.rehearsal}/approvals.json"] = json.dumps({"entries": notes}).encode()

    found = verify(forge(live.pack, tmp_path / "a.zip", noted))
    assert "entry 2 is not in the trail so" in told(found, "approvals")
    assert "entry 1" not in told(found, "approvals")
