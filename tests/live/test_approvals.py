"""No live run without the approvals that the workspace demands, and each refusal says what is missing and what changed."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import database_servers as servers
import pytest
from click.testing import CliRunner
from signed_school import ROLES, SIGNERS, SignedSchool, Stages, later
from small_pair import CLEAN_ROWS

from migrate.approvals.listing import approvals, gates_of
from migrate.approvals.signing import approve, withdraw
from migrate.cli import cli
from migrate.errors import ConfigurationError
from migrate.ledger import open_ledger
from migrate.pipeline import run
from migrate.trail import trail, verify


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    return Stages(tmp_path_factory.mktemp("signed"))


@pytest.fixture
def school(stages: Stages) -> SignedSchool:
    """Nothing was run in it."""
    return stages.at("fresh")


@pytest.fixture
def rehearsed(stages: Stages) -> SignedSchool:
    return stages.at("rehearsed")


@pytest.fixture
def approved(stages: Stages) -> SignedSchool:
    return stages.at("approved")


def states(school: SignedSchool) -> list[tuple[str, str]]:
    return [(one.standing.approval.signed.role, one.standing.state) for one in approvals(school.folder).listed]


def test_the_whole_way(rehearsed: SignedSchool, stages: Stages) -> None:
    refused = rehearsed.refused()
    assert all(f"the approval of the role {role} is missing" in refused for role in ROLES)
    assert not (rehearsed.folder / "ledger.sqlite").exists()
    first = rehearsed.approve("data_owner")
    assert first.open_roles == ["quality"]
    refused = rehearsed.refused()
    assert "the role quality is missing" in refused
    assert "data_owner is missing" not in refused
    assert f"lms-migrate approve {rehearsed.folder} --run {stages.rehearsal.name} --role quality" in refused
    assert rehearsed.approve("quality").open_roles == []
    live = rehearsed.live()
    assert live.exit_code == 0
    assert len(rehearsed.held()["people"]) == 3
    facts = json.loads((live.folder / "run.json").read_text("utf-8"))
    assert [(a["role"], a["name"], a["rehearsal"]) for a in facts["approvals"]] == [
        (role, SIGNERS[role], stages.rehearsal.name) for role in ROLES
    ]
    assert all(gate["passed"] for gate in facts["gates"])
    began = next(entry for entry in trail(rehearsed.folder) if entry.event == "live began")
    assert json.loads(began.detail)["approvals"] == [a["entry"] for a in facts["approvals"]] == [1, 2]
    assert verify(rehearsed.folder).problems == []
    assert rehearsed.live(delta=True).exit_code == 0


def test_what_is_signed_says_who_when_why_and_what(rehearsed: SignedSchool, stages: Stages) -> None:
    signed = rehearsed.approve("data_owner", " Ann\t Lee ").approval.signed
    assert (signed.name, signed.role, signed.reason) == ("Ann Lee", "data_owner", "it is as agreed")
    assert signed.meaning
    assert signed.account
    facts = json.loads((stages.rehearsal / "run.json").read_text("utf-8"))
    assert signed.parts == {name: digest for name, digest in facts["parts"].items() if name != "suppression"}
    (entry,) = trail(rehearsed.folder)
    assert (entry.event, entry.run, json.loads(entry.detail)) == ("approved", stages.rehearsal.name, signed.model_dump())
    (noted,) = json.loads((stages.rehearsal / "approvals.json").read_text("utf-8"))["entries"]
    assert noted.items() >= signed.model_dump().items()
    assert (stages.rehearsal / "approved/mapping/people.yaml").read_bytes() == (
        rehearsed.folder / "mapping/people.yaml"
    ).read_bytes()


def test_the_data_may_change_between_rehearsal_and_run(approved: SignedSchool) -> None:
    approved.rows({**CLEAN_ROWS, "user": [*CLEAN_ROWS["user"], {"id": 9, "login": "new", "active": 1}]})
    assert approved.live().exit_code == 0
    assert len(approved.held()["people"]) == 4


def test_approvals_end_where_people_come_off_the_suppression_list(approved: SignedSchool) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", approved.folder)
    assert ledger is not None
    ledger.note(None, "people suppressed", {"kind": "email", "new": 0, "entries": 0, "sha256": None})
    assert [state for _, state in states(approved)] == ["valid", "valid"]
    ledger.note(None, "people taken off the suppression list", {"removed": 1, "entries": 0, "sha256": None})
    ledger.close()
    assert [state for _, state in states(approved)] == ["superseded", "superseded"]
    assert "people came off the suppression list since (entry 4" in approved.refused()
    with pytest.raises(ConfigurationError, match="people came off the suppression list at"):
        approved.approve("quality")
    time.sleep(1)  # rehearsals are named after the second in which they begin
    approved.approved()
    assert approved.live().exit_code == 0


PEOPLE_EDIT = ("mapping/people.yaml", "do: [trim, lower], unique", "do: [lower, trim], unique")
CHANGED = {
    "a mapping": (PEOPLE_EDIT, r"mapping: people\.yaml changed .*\(fields\.login\); it touches 3 records of people"),
    "the tests of a mapping": (
        ("mapping/people.yaml", "a person arrives", "somebody arrives"), r"people\.yaml .*\(tests\); it touches 0 records",
    ),
    "the pair": (
        ("mapping/pair.yaml", "label: School to Hub", "label: School to Hub\ndrop: {nothing: none}"),
        r"pair\.yaml .*\(drop\); it touches 10 records of all mappings",
    ),
    "what the report draws": (
        ("mapping/pair.yaml", "label: School to Hub", "label: School to Hub\ncharts: {}"),
        r"pair\.yaml .*\(charts\); it touches 0 records",
    ),
    "a crosswalk's entry": (
        ("crosswalks/levels.csv", "1,,,basic", "1,,,advanced"),
        r"crosswalks: levels\.csv .*\(entries '1'\); it touches 2 records whose value they are in courses\.level",
    ),
    "an entry that no row uses": (
        ("crosswalks/levels.csv", "ana,2026-01-01,\n", "ana,2026-01-01,\n7,,,basic,equal,,confirmed,ana,2026-01-02,\n"),
        r"levels\.csv .*\(entries '7'\); it touches 0 records",
    ),
    "a word in a crosswalk": (
        ("crosswalks/levels.csv", "ana,2026-01-01", "bo,2026-01-02"),
        r"levels\.csv .*\(no target and no status\); it touches 0 records",
    ),
    "an entity of the target": (
        ("systems/hub.yaml", "title: {required: true, max_length: 60}", "title: {required: true, max_length: 61}"),
        r"contracts: target/hub\.yaml .*\(entities\.courses\); it touches 2 records of courses",
    ),
    "an entity of the source": (
        ("systems/school.yaml", "      role: {}", "      role: {max_length: 9}"),
        r"contracts: source/school\.yaml .*\(entities\.enrol\); it touches 5 records of enrolments",
    ),
    "a setting": (
        ("migration.yaml", "as_of: 2026-01-01", "as_of: 2026-01-02"),
        r"settings: migration\.yaml .*\(as_of\); it touches 10 records of all mappings",
    ),
    "how the report looks": (("migration.yaml", "mask: false", "mask: true"), r"\(report\.mask\); it touches 0 records"),
    "a comment": (("migration.yaml", "label:", "# seen\nlabel:"), r"\(comments or layout only\); it touches 0 records"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGED)
def test_what_changed_is_named_with_the_records_it_touches(approved: SignedSchool, change: str) -> None:
    (file, old, new), said = CHANGED[change]
    approved.edit(file, old, new)
    refused = approved.refused()
    assert re.search(said, refused), refused
    assert len(re.findall("changed since it was approved", refused)) == 1
    assert f"lms-migrate run {approved.folder}, then lms-migrate approve" in refused


def test_a_mapping_that_got_another_name(approved: SignedSchool) -> None:
    (approved.folder / "mapping/enrolments.yaml").rename(approved.folder / "mapping/places.yaml")
    refused = approved.refused()
    assert "mapping: enrolments.yaml changed since it was approved (it is gone); it touches 5 records of enrolments" in refused
    assert "mapping: places.yaml changed since it was approved (it is new); nobody can say" in refused


def test_without_the_copies_the_number_is_that_of_everything(approved: SignedSchool, stages: Stages) -> None:
    shutil.rmtree(stages.rehearsal / "approved")
    approved.edit("crosswalks/levels.csv", "1,,,basic", "1,,,advanced")
    assert "(nobody can say which entries); it touches 2 records of courses" in approved.refused()


def test_a_copy_that_was_altered_is_not_compared_with(approved: SignedSchool, stages: Stages) -> None:
    approved.edit(*PEOPLE_EDIT)
    shutil.copy(approved.folder / "mapping/people.yaml", stages.rehearsal / "approved/mapping/people.yaml")
    assert "(what was signed is not here to compare with); it touches 3 records of people" in approved.refused()


def test_what_is_put_back_is_approved_again(approved: SignedSchool) -> None:
    approved.edit(*PEOPLE_EDIT)
    assert states(approved) == [("data_owner", "superseded"), ("quality", "superseded")]
    approved.edit(PEOPLE_EDIT[0], PEOPLE_EDIT[2], PEOPLE_EDIT[1])
    assert states(approved) == [("data_owner", "valid"), ("quality", "valid")]


def test_another_version_of_the_program_is_another_thing(approved: SignedSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("standing", "changes"):
        monkeypatch.setattr(f"migrate.approvals.{module}.__version__", "9.9")
    refused = approved.refused()
    assert "tool: lms-migrate changed since it was approved (version 0.1.0, now 9.9); it touches 10 records" in refused


def test_an_approval_ends_at_its_hour(rehearsed: SignedSchool) -> None:
    rehearsed.approve("data_owner", now=lambda: later(-13.9))
    rehearsed.approve("quality", now=lambda: later(-14.1))
    refused = rehearsed.refused()
    assert re.search(r"role quality is missing: Bo Rix approved .* it expired on \d{4}-\d\d-\d\d", refused)
    assert "data_owner is missing" not in refused
    assert "it expired" in rehearsed.refused(now=lambda: later(0.2))
    assert states(rehearsed) == [("data_owner", "valid"), ("quality", "expired")]
    rehearsed.approve("quality")
    assert rehearsed.live().exit_code == 0


def test_one_person_signs_for_one_role(rehearsed: SignedSchool) -> None:
    rehearsed.approve("data_owner", "Ann Lee")
    with pytest.raises(ConfigurationError, match="approved this rehearsal as data_owner already"):
        rehearsed.approve("quality", "ANN  lee")
    assert [entry.event for entry in trail(rehearsed.folder)] == ["approved"]


def test_one_person_may_sign_for_two_where_the_workspace_says_so(school: SignedSchool) -> None:
    school.edit("migration.yaml", "quality]}", "quality], separate_people: false}")
    school.rehearse()
    for role in ROLES:
        school.approve(role, "Ann Lee")
    assert school.live().exit_code == 0


def test_the_roles_have_to_sign_for_one_rehearsal(rehearsed: SignedSchool, stages: Stages) -> None:
    rehearsed.approve("data_owner")
    second = rehearsed.rehearse()
    rehearsed.approve("quality")
    assert second.folder != stages.rehearsal
    refused = rehearsed.refused()
    assert "is missing: " in refused
    assert f"the other roles approved rehearsal {second.folder.name}" in refused
    rehearsed.approve("quality", run=stages.rehearsal.name)
    assert rehearsed.live().exit_code == 0


def test_a_withdrawn_approval_counts_no_more(approved: SignedSchool) -> None:
    (withdrawn,) = withdraw(approved.folder, "quality", "Cy", "the counts of May are wrong")
    assert withdrawn.signed.name == "Bo Rix"
    assert "role quality is missing: Bo Rix approved" in (refused := approved.refused())
    assert "Cy withdrew it on" in refused
    assert "the counts of May are wrong" in refused
    assert states(approved) == [("data_owner", "valid"), ("quality", "withdrawn")]
    assert verify(approved.folder).problems == []
    with pytest.raises(ConfigurationError, match="nothing was withdrawn"):
        withdraw(approved.folder, "quality", "Cy", "again")
    approved.approve("quality")
    assert approved.live().exit_code == 0


MISSED = """
gates:
  verdict: pass
  findings: {CRS-LEVEL: 1}
  severities: {blocked: 2}
  every: {held: 1}
  entities: {courses: {loaded: 0.5}, people: {held: 0}}
"""


def test_a_rehearsal_that_missed_gates_is_not_signed(tmp_path: Path) -> None:
    school = SignedSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}", MISSED)
    school.rows({**CLEAN_ROWS, "course": [{**row, "level": "9"} for row in CLEAN_ROWS["course"]]})
    rehearsal = school.rehearse()
    with pytest.raises(ConfigurationError, match=r"nothing was signed: 5 gates missed") as caught:
        school.approve("quality")
    missed = re.findall(r"missed a gate: (.*?) \(", str(caught.value))
    assert missed == ["verdict", "findings blocked", "findings CRS-LEVEL", "courses loaded", "courses held"]
    kept = json.loads((rehearsal.folder / "run.json").read_text("utf-8"))["gates"]
    assert [one["gate"] for one in kept if not one["passed"]] == missed
    assert not (school.folder / "ledger.sqlite").exists()


def test_a_newer_rehearsal_that_missed_a_gate_stops_the_run(tmp_path: Path) -> None:
    settings = "\ngates: {findings: {CRS-LEVEL: 1}}"
    school = SignedSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}", settings)
    school.approved()
    school.rows({**CLEAN_ROWS, "course": [{**row, "level": "9"} for row in CLEAN_ROWS["course"]]})
    newer = school.rehearse()
    refused = school.refused()
    assert f"the newest rehearsal, {newer.folder.name}, missed a gate: findings CRS-LEVEL" in refused
    assert "value:   2" in refused
    assert "allowed: at most 1" in refused
    # It does not go away with its folder: the trail knows it.
    (older,) = (path for path in (school.folder / "runs").iterdir() if path != newer.folder)
    shutil.rmtree(newer.folder)
    said = f"the newest rehearsal, {newer.folder.name}"
    assert said in (refused := school.refused())
    assert "missed gates (findings CRS-LEVEL)" in refused
    assert f"put the folder back, or rehearse again: lms-migrate run {school.folder}" in refused
    for command in (lambda: school.approve("quality"), lambda: gates_of(school.folder)):
        with pytest.raises(ConfigurationError, match=said):
            command()
    assert gates_of(school.folder, older.name)[0].id == older.name
    school.rows(CLEAN_ROWS)
    good = school.rehearse().folder
    assert gates_of(school.folder)[0].id == good.name
    # One that reached its gates is not missed: it says what the older one says.
    shutil.rmtree(good)
    assert school.live().exit_code == 0


def test_a_part_of_a_rehearsal_is_not_signed(school: SignedSchool) -> None:
    parts = {"it ran only people": {"only": "people"}, "it stopped at validate": {"stop_after": "validate"}}
    folders = {why: run(school.folder, **options).folder for why, options in parts.items()}  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="no whole rehearsal"):
        school.approve("quality")
    for why, folder in folders.items():
        with pytest.raises(ConfigurationError, match=why):
            school.approve("quality", run=folder.name)
    with pytest.raises(ConfigurationError, match="no such run"):
        school.approve("quality", run="../school")


def test_a_live_run_is_no_rehearsal(approved: SignedSchool) -> None:
    live = approved.live()
    with pytest.raises(ConfigurationError, match="it is a live run"):
        approved.approve("quality", run=live.folder.name)


def test_what_was_not_rehearsed_is_not_signed(rehearsed: SignedSchool) -> None:
    rehearsed.edit(*PEOPLE_EDIT)
    with pytest.raises(ConfigurationError, match="not rehearsed") as caught:
        rehearsed.approve("quality")
    assert "mapping changed since rehearsal" in str(caught.value)
    assert "people.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("role", "name", "reason", "said"),
    [
        ("boss", "Ann", "fine", "--role names no role"), ("quality", " \t", "fine", "--as is blank"),
        ("quality", "Ann", "", "--reason is blank"), ("quality", "A" * 101, "fine", "longer than 100"),
        ("quality", "A\u202enn", "fine", "cannot be printed"),
    ],
)  # fmt: skip
def test_a_signature_without_its_words(school: SignedSchool, role: str, name: str, reason: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        approve(school.folder, role, name, reason)


def test_nobody_signs_while_a_live_run_goes(rehearsed: SignedSchool) -> None:
    ledger = open_ledger("sqlite:///ledger.sqlite", rehearsed.folder)
    assert ledger is not None
    with ledger.locked(), pytest.raises(ConfigurationError, match="another live run"):
        rehearsed.approve("quality")
    ledger.close()


def test_files_are_not_delivered_without_approvals(school: SignedSchool, stages: Stages) -> None:
    text = (school.folder / "migration.yaml").read_text("utf-8")
    url = re.search(r"  url: sqlite:///.*hub.sqlite", text)
    assert url is not None
    school.edit("migration.yaml", url[0], "  deliver: ../outbox")
    assert "the approval of the role quality is missing" in school.refused()
    assert not (stages.base / "now/outbox").exists()
    school.edit("systems/hub.yaml", "kind: database", "kind: files")
    hub = (school.folder / "systems/hub.yaml").read_text("utf-8")
    hub = re.sub(r"    write: .*\n", lambda _: "    file: FILE\n", hub)
    for name in ("people", "courses", "enrolments"):
        hub = hub.replace("file: FILE", f"file: {name}.csv", 1)
    (school.folder / "systems/hub.yaml").write_text(hub, "utf-8")
    school.approved()
    live = school.live()
    assert live.exit_code == 0
    assert (stages.base / "now/outbox/people.csv").is_file()
    assert [entry.event for entry in trail(school.folder)] == ["approved", "approved", "delivery began", "finished"]
    assert verify(school.folder).problems == []
    assert verify(school.folder).loose == 0


@pytest.mark.database
def test_a_team_signs_in_postgresql(tmp_path: Path) -> None:
    with servers.server("postgresql").database() as database:
        url = database.server.engine(database.name).url.render_as_string(hide_password=False)
        school = SignedSchool(tmp_path / "school", f"sqlite:///{tmp_path / 'hub.sqlite'}", f"\nledger: {url}")
        school.approved()
        withdraw(school.folder, "quality", "Cy", "not yet")
        assert "Cy withdrew it" in school.refused()
        school.approve("quality")
        assert school.live().exit_code == 0
        assert states(school) == [("data_owner", "valid"), ("quality", "withdrawn"), ("quality", "valid")]
        assert verify(school.folder).problems == []


def test_the_commands(school: SignedSchool) -> None:
    def ran(*arguments: str) -> tuple[int, str]:
        outcome = CliRunner().invoke(cli, list(arguments), standalone_mode=False)
        if isinstance(outcome.exception, ConfigurationError):
            return 2, str(outcome.exception)
        assert outcome.exception is None
        return outcome.return_value, outcome.output

    folder = str(school.folder)
    assert ran("approvals", folder) == (1, "what the workspace is now: still to approve: data_owner, quality\n")
    assert ran("gates", folder)[0] == 2
    run(school.folder, stop_after="validate")
    code, text = ran("gates", folder)
    assert (code, "MISSED  whole" in text, "so far  undeclared" in text, "passed" in text) == (1, True, True, False)
    school.rehearse()
    code, text = ran("gates", folder)
    assert (code, text.splitlines()[-1].endswith("18 gates, 0 missed")) == (0, True)
    code, text = ran("approve", folder, "--role", "quality", "--as", "Bo", "--reason", "counts agree")
    assert (code, "still to approve: data_owner" in text) == (0, True)
    code, text = ran("approve", folder, "--role", "data_owner", "--as", "Ann", "--reason", "as agreed")
    assert (code, f"next: lms-migrate run {folder} --live" in text) == (0, True)
    code, text = ran("approvals", folder)
    assert (code, text.count("valid: rehearsal"), "approved by every role" in text) == (0, 2, True)
    code, text = ran("approve", folder, "--role", "quality", "--as", "Bo", "--reason", "wrong", "--withdraw")
    assert (code, text.startswith("withdrawn: quality by Bo of ")) == (0, True)
    code, text = ran("approvals", folder)
    assert (code, "    withdrawn: Bo withdrew it on " in text) == (1, True)
