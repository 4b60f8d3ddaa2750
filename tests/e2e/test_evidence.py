"""Evidence packs from the command line, and forgeries that only counting again finds."""

from __future__ import annotations

import errno
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from evidence_packs import Change, edit, failed, forge, manifest, members, read_key, replaced, table, told, with_value
from small_pair import GOOD_ROWS, Bench

from migrate.cli import cli
from migrate.errors import ConfigurationError, OutOfSpace
from migrate.evidence.verify import verify

BAD_ROWS = {
    **GOOD_ROWS,
    "user": [*GOOD_ROWS["user"], {"id": 6, "login": "dee", "name": "Dee Xu", "email": "dee.xu at x.org", "active": 1}],
}
DIFFERENCES = "run/6_reconcile/differences.parquet"
PEOPLE = (b"Ana L", b"ana@x.org", b"ANA@x.org", b"dee.xu at", b"Dee Xu")


@dataclass(frozen=True)
class Packed:
    """A rehearsal with findings, its workspace, its signed pack and the signer."""

    workspace: Path
    run: Path
    pack: Path
    key: Ed25519PrivateKey
    fingerprint: str
    public: Path


def lms(*words: object) -> Result:
    result = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def answer_all(workspace: Path, run: Path) -> None:
    """Send every item of a run back to the owner of the source."""
    items = pq.read_table(run / "worklist.parquet").column("item").to_pylist()
    lines = [f"{item},return,,known for years,Bo Rix,2026-01-01T10:00:00+00:00,{run.name}" for item in items]
    answers = workspace.parent / "answers.csv"
    answers.write_text("\n".join(["item,decision,new_value,reason,by,at,run", *lines, ""]), "utf-8")
    assert lms("worklist", "import", workspace, answers).return_value == 0


def waived(content: dict[str, bytes]) -> None:
    """The items are waived, and all numbers fit."""
    table("run/worklist.parquet", with_value("state", 0, "waived"))(content)
    edit("run/summary.json", lambda s: s.update(worklist={"waived": sum(s["worklist"].values())}))(content)


def passed(content: dict[str, bytes]) -> None:
    """The run passes by all that says so in a word."""
    edit("run/summary.json", lambda summary: summary.update(verdict="pass"))(content)
    edit("manifest.json", lambda told: told["run"].update(verdict="pass"))(content)


def differing(content: dict[str, bytes]) -> None:
    """Somebody of the target has another login than the mapping gives."""
    row = {"entity": "people", "key": "1", "target_key": "1", "field": "login", "kind": "different"}
    table(DIFFERENCES, lambda t: pa.concat_tables([t, pa.Table.from_pylist([row], t.schema)]))(content)


def undone(content: dict[str, bytes]) -> None:
    """The summary tells a difference, and the pack has none."""
    content.pop(DIFFERENCES)
    edit("run/summary.json", lambda summary: summary["entities"]["people"].update(extra=1))(content)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packed]:
    folder = tmp_path_factory.mktemp("evidence")
    bench = Bench(folder / "school")
    settings = bench.folder / "migration.yaml"
    settings.write_text(settings.read_text("utf-8") + "evidence: {key: '${EVIDENCE_KEY}'}\n", "utf-8")
    bench = Bench.of(bench.folder)
    answer_all(bench.folder, bench.run(BAD_ROWS).folder)
    bench = Bench.of(bench.folder)
    run = bench.run(BAD_ROWS).folder
    made = lms("evidence", "key", folder / "key.pem")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIDENCE_KEY", str(folder / "key.pem"))
        result = lms("evidence", bench.folder, "--run", run.name)
        assert result.return_value == 0, result.output
        pack = bench.folder / "evidence" / f"{run.name}.zip"
        fingerprint = made.output.partition("fingerprint: ")[2].split()[0]
        yield Packed(bench.folder, run, pack, read_key(folder / "key.pem"), fingerprint, folder / "key.pem.pub")


@pytest.fixture
def own(packed: Packed, tmp_path: Path) -> Path:
    """The workspace, to be spoiled."""
    return shutil.copytree(packed.workspace, tmp_path / "own", ignore=shutil.ignore_patterns("evidence"))


# The way a person goes ------------------------------------------------------------------------------------------


def test_a_pack_is_verified_by_whoever_knows_the_signer(packed: Packed, tmp_path: Path) -> None:
    elsewhere = shutil.copy(packed.pack, tmp_path / "a.zip")
    for key in (packed.fingerprint, packed.public):
        result = lms("evidence", "verify", elsewhere, "--key", key)
        assert result.return_value == 0
        assert {line.split()[0] for line in result.output.splitlines()[:-1]} == {"pass"}
    result = lms("evidence", "verify", elsewhere)
    assert result.return_value == 1
    assert packed.fingerprint in result.output
    assert "nobody vouches" in result.output
    result = lms("evidence", "verify", elsewhere, "--key", "SHA256:" + "0" * 64)
    assert result.return_value == 3


def test_it_works_beside_no_workspace_and_no_ledger(packed: Packed, tmp_path: Path, monkeypatch: Any) -> None:
    import migrate.ledger.ledger
    import migrate.workspace

    monkeypatch.chdir(tmp_path)
    for module, name in ((migrate.workspace, "open_workspace"), (migrate.ledger.ledger, "create_engine")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("it was opened"))
    pack = shutil.copy(packed.pack, tmp_path / "a.zip")
    assert verify(pack, packed.fingerprint).status == "pass"
    assert list(tmp_path.iterdir()) == [pack]


def test_show_says_what_is_in_it(packed: Packed) -> None:
    text = lms("evidence", "show", packed.pack).output
    for words in (
        "rehearsal",
        "attention",
        packed.fingerprint,
        "run/dispositions.parquet",
        "(masked copy)",
        "4_load/results.parquet",
    ):
        assert words in text


def test_show_says_that_people_had_pseudonyms(packed: Packed, own: Path) -> None:
    assert "pseudonyms" not in lms("evidence", "show", packed.pack).output
    facts = next((own / "runs").iterdir()) / "run.json"
    facts.write_text(facts.read_text("utf-8").replace('"pseudonyms": false', '"pseudonyms": true'), "utf-8")
    pack = own / "evidence" / f"{packed.run.name}.zip"
    lms("evidence", own)
    assert "pseudonyms:    in place of people's names" in lms("evidence", "show", pack).output
    assert "people had pseudonyms in it (--mask)" in told(verify(pack), "run")


def test_the_word_make_may_stand_there(packed: Packed) -> None:
    before = packed.pack.read_bytes()
    made = lms("evidence", "make", packed.workspace)
    assert made.return_value == 0
    assert f"next: lms-migrate evidence verify {packed.pack} --key {packed.fingerprint}" in made.output
    assert lms("evidence", "--run", packed.run.name, packed.workspace).return_value == 0
    assert packed.pack.read_bytes() == before
    assert "verify" in lms("evidence", "--help").output


def test_another_pack_is_never_overwritten(packed: Packed, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"another")
    with pytest.raises(ConfigurationError) as caught:
        lms("evidence", packed.workspace, "--out", tmp_path / "a.zip")
    assert "none is overwritten" in str(caught.value)
    assert (tmp_path / "a.zip").read_bytes() == b"another"
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("run", ["none", "..", "../school"])
def test_a_run_that_is_not_there_is_named(packed: Packed, run: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        lms("evidence", packed.workspace, "--run", run)
    assert packed.run.name in str(caught.value)


# Personal data --------------------------------------------------------------------------------------------------


def test_a_pack_shows_nobody_unless_it_is_asked_to(packed: Packed, tmp_path: Path) -> None:
    """The workspace of this pair does not mask its reports; the pack does all the same."""
    assert not json.loads((packed.run / "run.json").read_text("utf-8"))["mask"]
    assert any(word in (packed.run / "findings.parquet").read_bytes() for word in PEOPLE)
    content = packed.pack.read_bytes()
    assert not [word for word in PEOPLE if word in content]
    rows = pq.read_table(io.BytesIO(members(packed.pack)["run/findings.parquet"])).to_pylist()
    assert {row["value"] for row in rows if row["code"] == "USR-EMAIL"} == {"d•••g"}

    assert lms("evidence", packed.workspace, "--with-personal-data", "--out", tmp_path / "a.zip").return_value == 0
    inside = members(tmp_path / "a.zip")
    assert inside["run/findings.parquet"] == (packed.run / "findings.parquet").read_bytes()
    assert inside["run/4_load/results.parquet"] == (packed.run / "4_load/results.parquet").read_bytes()
    assert (tmp_path / "a.zip").stat().st_mode & 0o77 == 0


def test_what_a_masked_pack_leaves_out_can_be_shown_to_be_the_same(packed: Packed, tmp_path: Path) -> None:
    lms("evidence", packed.workspace, "--with-personal-data", "--out", tmp_path / "a.zip")
    whole = {file["path"]: file["sha256"] for file in manifest(tmp_path / "a.zip")["files"]}
    masked = manifest(packed.pack)
    raw = {file["path"]: file["original"]["sha256"] for file in masked["files"] if file["original"]}
    raw |= {file["path"]: file["sha256"] for file in masked["withheld"]}
    assert {"run/dispositions.parquet", "run/findings.parquet", "run/4_load/results.parquet"} <= raw.keys()
    assert {path: whole[path] for path in raw} == raw


def test_documents_follow_the_reports(packed: Packed, own: Path) -> None:
    """Where reports are not masked, documents are not either, and a masked pack knows them by hash alone."""
    file, run = own / "documents/test_plan.html", own / "runs" / packed.run.name / "run.json"
    file.parent.mkdir()
    file.write_text("Ana L", "utf-8")
    lms("evidence", own, "--out", own / "a.zip")
    assert [one["path"] for one in manifest(own / "a.zip")["withheld"]] == [
        "run/4_load/results.parquet", "run/6_reconcile/excused.parquet", "workspace/documents/test_plan.html",
    ]  # fmt: skip
    run.write_text(run.read_text("utf-8").replace('"mask": false', '"mask": true'), "utf-8")
    lms("evidence", own, "--out", own / "b.zip")
    assert members(own / "b.zip")["workspace/documents/test_plan.html"] == b"Ana L"


# Runs that are not whole ----------------------------------------------------------------------------------------


def test_a_stopped_run_has_a_pack_that_says_so(packed: Packed, own: Path) -> None:
    run = Bench.of(own).run(BAD_ROWS, stop_after="map").folder
    result = lms("evidence", own, "--run", run.name)
    assert result.return_value == 0
    pack = own / "evidence" / f"{run.name}.zip"
    found = verify(pack, packed.fingerprint)
    assert found.status == "pass"
    assert "stopped at map" in told(found, "run")
    assert "does not claim that they balance" in told(found, "sums")
    absent = {one["path"]: one["why"] for one in manifest(pack)["absent"]}
    assert absent["run/dispositions.parquet"] == "the run stopped at map"
    told_first = members(pack)["README.md"].decode()
    assert "stopped at `map`" in told_first
    assert "openssl pkeyutl -verify" in told_first
    assert "taken back" not in told_first


def test_a_run_that_failed_and_one_that_was_killed(packed: Packed, own: Path) -> None:
    file = own / "runs" / packed.run.name / "run.json"
    facts = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(facts | {"ended": None, "stopped_at": "load", "failure": "login ana@x.org was lost"}), "utf-8")
    summary = own / "runs" / packed.run.name / "summary.json"
    summary.write_text(json.dumps(json.loads(summary.read_text("utf-8")) | {"verdict": "fail"}), "utf-8")
    result = lms("evidence", own, "--out", own / "a.zip")
    assert result.return_value == 1
    assert "killed" in result.output
    assert manifest(own / "a.zip")["run"]["failure"] == "login a***@***.org was lost"
    assert b"ana@x.org" not in (own / "a.zip").read_bytes()


def test_files_that_changed_since_the_run_are_not_packed_as_if_they_were_its(packed: Packed, own: Path) -> None:
    (own / "mapping" / "people.yaml").write_text((own / "mapping" / "people.yaml").read_text("utf-8") + "\n# more\n", "utf-8")
    result = lms("evidence", own, "--out", own / "a.zip")
    assert result.return_value == 1
    assert "people.yaml changed since" in result.output
    inside = members(own / "a.zip")
    assert "workspace/mapping/people.yaml" not in inside
    assert "workspace/mapping/courses.yaml" in inside
    assert verify(own / "a.zip", packed.fingerprint).status == "open"


def test_copies_that_were_kept_with_an_approval_are_packed_instead(packed: Packed, own: Path) -> None:
    file, kept = own / "mapping/people.yaml", own / "runs" / packed.run.name / "approved/mapping/people.yaml"
    kept.parent.mkdir(parents=True)
    used = file.read_bytes()
    kept.write_bytes(used)
    file.write_bytes(used + b"\n# more\n")
    assert lms("evidence", own, "--out", own / "a.zip").return_value == 0
    assert members(own / "a.zip")["workspace/mapping/people.yaml"] == used


def test_a_run_folder_that_was_altered_before_it_was_packed_is_found(packed: Packed, own: Path) -> None:
    run = own / "runs" / packed.run.name
    (run / "1_extract/user.parquet").write_bytes(b"another")
    (run / "2_map/people.parquet").unlink()
    result = lms("evidence", own, "--out", own / "a.zip")
    assert result.return_value == 3
    assert "1_extract/user.parquet was altered" in result.output
    assert "give this pack to nobody" in result.output
    assert "next: " not in result.output
    assert failed(verify(own / "a.zip", packed.fingerprint)) == {"stages"}


def test_dispositions_that_were_swapped_before_they_were_packed_are_found(packed: Packed, own: Path) -> None:
    file = own / "runs" / packed.run.name / "dispositions.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    assert lms("evidence", own, "--out", own / "a.zip").return_value == 3
    assert failed(verify(own / "a.zip", packed.fingerprint)) == {"sums"}


@pytest.mark.parametrize("content", [b"", b"PAR1 no Parquet PAR1"])
def test_a_table_that_is_damaged_is_known_by_its_hash_and_by_the_checks_that_need_it(
    content: bytes, packed: Packed, own: Path
) -> None:
    (own / "runs" / packed.run.name / "dispositions.parquet").write_bytes(content)
    assert lms("evidence", own, "--out", own / "a.zip").return_value == 3
    told_ = {one["path"]: one["why"] for one in manifest(own / "a.zip")["withheld"]}
    assert "not what a run writes" in told_["run/dispositions.parquet"]
    assert failed(verify(own / "a.zip", packed.fingerprint)) == {"sums"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("summary.json", "{", "cannot be read"),
        ("summary.json", "[]", "no object"),
        ("run.json", '{"inputs": 7}', "inputs is not what a run writes"),
        ("run.json", "[" * 100_000, "cannot be read"),
    ],
)
def test_a_run_that_cannot_be_read_gets_no_pack(name: str, content: str, words: str, packed: Packed, own: Path) -> None:
    (own / "runs" / packed.run.name / name).write_text(content, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        lms("evidence", own)
    assert words in str(caught.value)
    assert not list(own.rglob("*.zip"))


def test_names_that_no_pack_can_hold_are_refused_and_links_are_not_followed(packed: Packed, own: Path) -> None:
    documents = own / "documents"
    documents.mkdir()
    (documents / "link.md").symlink_to(own / "source.sqlite")
    lms("evidence", own, "--out", own / "a.zip")
    assert not [one for one in manifest(own / "a.zip")["withheld"] if "link.md" in one["path"]]
    facts = own / "runs" / packed.run.name / "run.json"
    facts.write_text(facts.read_text("utf-8").replace('"mask": false', '"mask": true'), "utf-8")
    (documents / "a\x1b[2J.md").write_text("x")
    with pytest.raises(ConfigurationError) as caught:
        lms("evidence", own, "--out", own / "b.zip")
    assert "no file of this name" in str(caught.value)


def test_a_disk_that_is_full_is_not_called_tampering(packed: Packed, monkeypatch: Any) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(OutOfSpace):
        verify(packed.pack, packed.fingerprint)


def test_a_pack_without_a_key_says_so(packed: Packed, own: Path) -> None:
    file = own / "migration.yaml"
    file.write_text(file.read_text("utf-8").partition("evidence:")[0], "utf-8")
    Bench.of(own).run(BAD_ROWS)
    result = lms("evidence", own)
    assert result.return_value == 1
    assert "not signed" in result.output
    (pack,) = (own / "evidence").glob("*.zip")
    found = verify(pack)
    assert (found.status, failed(found)) == ("open", set())
    assert "signature" in failed(verify(pack, packed.fingerprint))


# Forgeries: somebody makes all hashes right again, and even signs -------------------------------------------------


ENDED, FOUND, SUMMARY, FACTS = "run/dispositions.parquet", "run/findings.parquet", "run/summary.json", "run/run.json"
DECISIONS = "workspace/decisions/decisions.csv"
PEOPLE_YAML, MAP = "workspace/mapping/people.yaml", "run/2_map/manifest.json"
FORGERIES: dict[str, tuple[Change, str, str]] = {
    "a record is lost": (table(ENDED, lambda t: t.slice(1)), "sums", "source records"),
    "a record ends twice": (table(ENDED, with_value("record", 0, 2)), "sums", "dispositions of"),
    "a record ends otherwise": (table(ENDED, with_value("disposition", 0, "created")), "sums", "are counted"),
    "a disposition is made up": (table(ENDED, with_value("disposition", 0, "lost")), "sums", "no disposition"),
    "dispositions are no Parquet": (replaced(ENDED, b"PAR1", b"PAR2"), "sums", "engine"),
    "dispositions are gone": (lambda c: c.pop(ENDED) and None, "sums", "there are no dispositions"),
    "a sum is another": (edit(SUMMARY, lambda s: s["entities"]["people"].update(source=99)), "sums", "99"),
    "a reference is lost": (edit(SUMMARY, lambda s: s["entities"]["enrolments"]["references"]["person_id"].update(blocked=9)),
                            "sums", "references"),
    "an entity is made up": (edit(SUMMARY, lambda s: s["entities"].update(ghosts=s["entities"]["people"])),
                             "sums", "source records, and 0 dispositions"),
    "an entity is left out": (edit(SUMMARY, lambda s: s["entities"].pop("people")), "sums", "that the summary does not know"),
    "a finding is hidden": (table(FOUND, lambda t: t.slice(1)), "findings", "are counted"),
    "findings are gone": (lambda c: c.pop(FOUND) and None, "findings", "missing"),
    "an item is hidden": (table("run/worklist.parquet", lambda t: t.slice(1)), "worklist", "are counted"),
    "another answer was given": (replaced(DECISIONS, b",return,", b",accept,"), "decisions", "says accept"),
    "an item is waived that nobody waived": (waived, "decisions", "is waived by return"),
    "a decision is gone": (lambda c: c.update({DECISIONS: c[DECISIONS].splitlines(True)[0]}), "decisions", "says nothing"),
    "somebody else decided": (table("run/worklist.parquet", with_value("by", 0, "Cy Orr")), "decisions", "(Cy Orr, "),
    "a finding is not told": (edit(SUMMARY, lambda s: s["findings"].pop("USR-EMAIL")), "findings", "says 0, and 1 are counted"),
    "a difference is not told": (differing, "differences", "people.different.login: the summary says 0, and 1 are counted"),
    "a difference is made up": (edit(SUMMARY, lambda s: s["entities"]["people"].update(differences={"login": 1})),
                                "differences", "people.different.login: the summary says 1, and 0 are counted"),
    "differences are gone": (undone, "differences", "differences.parquet is missing"),
    "a difference is hidden": (edit(SUMMARY, lambda s: s["entities"]["people"].update(extra=1)), "differences", "are counted"),
    "the verdict is another": (edit(SUMMARY, lambda s: s.update(verdict="pass")), "run", "verdict"),
    "the verdict is another everywhere": (passed, "run", "all that it says comes to 'attention'"),
    "it stopped elsewhere": (edit("manifest.json", lambda m: m["run"].update(stopped_at="load")), "run", "stopped_at = 'load'"),
    "another version ran": (edit(FACTS, lambda f: f.update(tool_version="9.9")), "run", "versions"),
    "another input was read": (edit(FACTS, lambda f: f["inputs"].update(x="y")), "run", "inputs"),
    "a mapping is another": (replaced(PEOPLE_YAML, b"guest", b"Guest"), "parts", "people.yaml"),
    "a mapping is gone": (lambda c: c.pop(PEOPLE_YAML) and None, "parts", "people.yaml"),
    "a mapping is added": (lambda c: c.update({"workspace/more/x.yaml": b""}), "parts", "belongs to no part"),
    "a mapping is added to the others": (lambda c: c.update({"workspace/mapping/x.yaml": b""}), "parts", "x.yaml belongs to no"),
    "a stage is another": (edit(MAP, lambda m: m["files"].popitem()), "stages", "3_validate/manifest.json does not follow"),
    "a stage is called another": (edit(MAP, lambda m: m.update(stage="load")), "stages", "is the manifest of stage load"),
    "a stage was altered before": (edit("manifest.json", lambda m: m["stages"]["map"]["altered"].append("x.parquet")),
                                   "stages", "x.parquet was altered between"),
    "nobody speaks for a stage": (edit("manifest.json", lambda m: m["stages"].pop("map")), "stages", "nobody says"),
    "a stage is gone": (lambda c: c.pop(MAP) and None, "stages", "2_map/manifest.json is not"),
    "the last stages are gone": (lambda c: [c.pop(f"run/{s}/manifest.json") for s in ("5_read_back", "6_reconcile")] and None,
                                 "stages", "came to its end"),
    "the report is gone": (lambda c: c.pop("run/report.html") and None, "report", "missing"),
    "the summary is no JSON": (lambda c: c.update({SUMMARY: b"{"}), "sums", "no JSON"),
    "the summary is deep": (lambda c: c.update({SUMMARY: b"[" * 100_000}), "sums", "no JSON"),
    "the summary has another form": (lambda c: c.update({SUMMARY: b'{"entities": 7}'}), "sums", "another form"),
    "the run is gone": (lambda c: c.pop(FACTS) and None, "run", "holds no"),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_with_right_hashes_is_found_by_counting_again(what: str, packed: Packed, tmp_path: Path) -> None:
    change, check, words = FORGERIES[what]
    found = verify(forge(packed.pack, tmp_path / "a.zip", change, packed.key), packed.fingerprint)
    assert check in failed(found)
    assert words in told(found, check)
    assert not failed(found) & {"files", "checksums", "archive", "signature"}


def test_a_forgery_of_nothing_passes(packed: Packed, tmp_path: Path) -> None:
    """So the forger's own way of writing is not what is found above."""
    found = verify(forge(packed.pack, tmp_path / "a.zip", lambda _: None, packed.key), packed.fingerprint)
    assert found.status == "pass"


def test_differences_that_the_summary_tells_are_those_of_the_pack(packed: Packed, tmp_path: Path) -> None:
    def apply(content: dict[str, bytes]) -> None:
        differing(content)
        edit(SUMMARY, lambda summary: summary["entities"]["people"].update(differences={"login": 1}))(content)

    found = verify(forge(packed.pack, tmp_path / "a.zip", apply, packed.key), packed.fingerprint)
    assert "differences" not in failed(found)
    assert told(found, "differences") == "1 differences, as the summary says"


def test_a_manifest_of_another_kind_is_refused(packed: Packed, tmp_path: Path) -> None:
    from migrate.evidence import archive

    for content in (b"", b"[]", b'{"format": "x"}', json.dumps(manifest(packed.pack) | {"version": 2}).encode()):
        inside = members(packed.pack) | {archive.MANIFEST: content}
        with (tmp_path / "a.zip").open("wb") as out:
            archive.write_archive(inside, None, out)
        assert failed(verify(tmp_path / "a.zip")) == {"manifest"}
