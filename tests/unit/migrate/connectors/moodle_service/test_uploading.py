"""Files for the upload pages of a Moodle: what is in them, what a person reads, and what is refused."""

from __future__ import annotations

import csv
import datetime as dt
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from migrate.connectors.moodle_service import MoodleTarget, uploading
from migrate.connectors.target import HandsOver, Outcome, Record, Standing, Waiting
from migrate.contracts.load import LoadedContract, load_contract
from migrate.errors import ConfigurationError, TargetRefused
from migrate.resources import contract_file

if TYPE_CHECKING:
    from moodle_server import MoodleServer

    Opener = Callable[..., MoodleTarget]

ENTITIES = ("users", "profile_values", "cohorts", "cohort_members", "enrolments")
START = dt.datetime(2020, 9, 1)


@pytest.fixture
def by_file(opened: Opener) -> MoodleTarget:
    """A target that takes all that it can by file."""
    return opened(by_file=ENTITIES)


def person(name: str, **values: Any) -> Record:
    return Record(name, {"username": name, "firstname": "A", "lastname": "B", "email": f"{name}@example.invalid", **values})


def joined(entity: str, first: str, user: str, **values: Any) -> Record:
    field = {"cohort_members": "cohort", "enrolments": "course"}[entity]
    return Record(f"{first}|{user}", {field: first, "user": user, **values})


def profile(user: str, field: str, value: str = "x") -> Record:
    return Record(f"{user}|{field}", {"user": user, "field": field, "value": value})


def hand_over(
    target: MoodleTarget, folder: Path, standing: Standing = "new", **records: Sequence[Record]
) -> Mapping[str, Sequence[Outcome]]:
    return target.hand_over({entity: [Waiting(one, standing) for one in some] for entity, some in records.items()}, folder)


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """Cells without what Moodle cuts off."""
    with (folder / "upload" / name).open(encoding="utf-8", newline="") as stream:
        return [{column: text.strip() for column, text in row.items()} for row in csv.DictReader(stream)]


def test_what_goes_by_file_is_neither_written_nor_changed_nor_removed(server: MoodleServer, by_file: MoodleTarget) -> None:
    assert isinstance(by_file, HandsOver)
    abilities = {entity: by_file.ability(entity) for entity in (*ENTITIES, "groups", "grades")}
    assert len({abilities[entity].together for entity in ENTITIES}) == 1
    assert abilities["groups"].together == ""
    assert abilities["grades"].together not in ("", abilities["users"].together)
    assert all(abilities[e].find and not abilities[e].update and not abilities[e].remove for e in ENTITIES)
    assert all(abilities[e].unwritable == () for e in ENTITIES)
    (outcome,) = by_file.write("users", "create", [person("a")])
    assert (outcome.result, "by_file" in outcome.message) == ("refused", True)
    assert "a" not in {row["username"] for row in server.site.tables["users"].values()}


def test_only_what_the_workspace_names_goes_by_file(opened: Opener) -> None:
    target = opened(by_file=["cohorts"])
    assert target.ability("cohorts").together
    assert target.ability("users").together == ""
    with pytest.raises(TargetRefused) as refused:
        opened(by_file=["cohorts", "groups"])
    assert "names no entity" in str(refused.value)
    assert "cohort_members" in str(refused.value)


def test_the_service_needs_only_what_shows_them(server: MoodleServer, by_file: MoodleTarget, opened: Opener) -> None:
    writing = ("create", "update", "delete", "add_", "enrol_manual")
    server.functions = tuple(name for name in server.functions if not any(word in name for word in writing))
    warned = {one.code: one for one in by_file.preflight(ENTITIES)}
    assert warned.keys() == {"MOODLE-MAIL-PASSWORDS", "MOODLE-SLOW-EMAIL-CHECK"}
    assert warned["MOODLE-MAIL-PASSWORDS"].blocking
    with pytest.raises(TargetRefused, match="lacks"):
        opened().preflight(["users"])


def test_a_file_holds_every_field_and_a_cell_for_each_default_of_the_page(by_file: MoodleTarget, tmp_path: Path) -> None:
    full = {"auth": "ldap", "suspended": True, "idnumber": "007", "lang": "en", "timezone": "Europe/Berlin", "country": "DE",
            "city": "Köln", "institution": "I", "department": "D", "phone1": "+49 1", "phone2": "2", "address": "A, 1",
            "description": "<p>x</p>", "middlename": "M", "alternatename": "@alt"}  # fmt: skip
    outcomes = hand_over(by_file, tmp_path, users=[person("a", **full), person("b", suspended=None)])["users"]
    assert [one.result for one in outcomes] == ["handed_over"] * 2
    one, other = rows(tmp_path, "users.csv")
    assert one == {**person("a", **full).values, "suspended": "1", "descriptionformat": "1"}
    assert other["auth"] == "manual"
    assert (other["suspended"], other["timezone"], other["city"], other["lang"]) == ("0", "99", "", "")
    assert "password" not in one


def test_dates_of_enrolments_are_exact_or_refused(by_file: MoodleTarget, tmp_path: Path) -> None:
    made = [
        joined("enrolments", "A", "a", role="student", timestart=START, timeend=START + dt.timedelta(days=10), suspended=True),
        joined("enrolments", "A", "b", role="student"),
        joined("enrolments", "A", "c", role="student", timestart=START, timeend=START + dt.timedelta(days=1, seconds=1)),
        joined("enrolments", "A", "d", role="5"),
    ]
    outcomes = {one.key: one for one in hand_over(by_file, tmp_path, enrolments=made)["enrolments"]}
    assert {key: one.result for key, one in outcomes.items()} == {
        "A|a": "handed_over", "A|b": "handed_over", "A|c": "refused", "A|d": "refused",
    }  # fmt: skip
    assert "timeend" in outcomes["A|c"].message
    assert "role is the number 5" in outcomes["A|d"].message
    dated, plain = ([row[f"enrol{n}1"] for n in ("status", "timestart", "period")] for row in rows(tmp_path, "enrolments.csv"))
    assert dated == ["1", "@1598918400", "10"]
    assert plain == ["0", "@0", "-1"]


def test_a_cohort_of_digits_is_named_by_its_number_in_the_site(
    server: MoodleServer, target: MoodleTarget, by_file: MoodleTarget, tmp_path: Path
) -> None:
    from moodle_upload import upload

    cohort = Record("77", {"idnumber": "77", "name": "Seventy-seven"})
    (there,) = target.write("cohorts", "create", [cohort])
    target.write("users", "create", [person("a"), person("b")])
    known = replace(joined("cohort_members", "77", "a"), links={"cohort": str(there.native)})
    outcomes = hand_over(by_file, tmp_path, cohort_members=[known, joined("cohort_members", "77", "b")])["cohort_members"]
    assert {one.key: one.result for one in outcomes} == {"77|a": "handed_over", "77|b": "refused"}
    assert upload(server.site, tmp_path / "upload") == []
    assert [held.key for held in by_file.find("cohort_members", [known])] == ["77|a"]


def test_profile_values_have_a_file_for_each_field(
    server: MoodleServer, target: MoodleTarget, by_file: MoodleTarget, tmp_path: Path
) -> None:
    from moodle_upload import upload

    target.write("users", "create", [person("a"), person("b")])
    made = [profile("a", "staffno"), profile("b", "staffno", "=y"), profile("a", "nosuch"), profile("b", "a b")]
    outcomes = {one.key: one for one in hand_over(by_file, tmp_path, profile_values=made)["profile_values"]}
    assert outcomes["b|a b"].result == "refused"
    assert rows(tmp_path, "profile-staffno.csv")[1] == {"username": "b", "profile_field_staffno": "=y"}
    (said,) = upload(server.site, tmp_path / "upload")
    assert "profile_field_nosuch" in said  # that file alone is refused
    assert {held.key for held in by_file.find("profile_values", made)} == {"a|staffno", "b|staffno"}


def test_what_waits_goes_along_and_what_is_there_does_not(by_file: MoodleTarget, tmp_path: Path) -> None:
    given = {
        "users": [Waiting(person("a"), "waiting"), Waiting(person("b"), "there"), Waiting(person("c"), "new")],
        "cohorts": [Waiting(Record("k", {"idnumber": "k", "name": "K"}), "there")],
    }
    outcomes = by_file.hand_over(given, tmp_path)
    assert [one.key for one in outcomes["users"]] == ["a", "c"]
    assert [row["username"] for row in rows(tmp_path, "users.csv")] == ["a", "c"]
    assert not (tmp_path / "upload/cohorts.csv").exists()


def test_the_instructions_name_every_file_in_order_with_its_command(by_file: MoodleTarget, tmp_path: Path) -> None:
    records = {
        "enrolments": [joined("enrolments", "A", "a", role="student")], "cohort_members": [joined("cohort_members", "k", "a")],
        "cohorts": [Record("k", {"idnumber": "k", "name": "K"})], "profile_values": [profile("a", "staffno")],
        "users": [person("a")],
    }  # fmt: skip
    outcomes = hand_over(by_file, tmp_path, **records)
    folder = tmp_path / "upload"
    with (folder / "upload.csv").open(encoding="utf-8", newline="") as stream:
        listed = list(csv.reader(stream))
    order = ["users.csv", "profile-staffno.csv", "cohorts.csv", "cohort_members.csv", "enrolments.csv"]
    assert [name for name, *_ in listed] == order
    text = (folder / "README.txt").read_text("utf-8")
    assert sorted(order, key=lambda name: text.index(f". {name} (1 row)")) == order
    for name, way, options in listed:
        message = next(one.message for some in outcomes.values() for one in some if name in one.message)
        if way.endswith(".php"):
            assert f'php {way} --file="$folder/{name}" {options}\n' in text
            assert shlex.split(message) == ["php", way, f"--file={name}", *options.split()]
        else:
            assert f"Page: {way}\n" in text
            assert way in message
    assert "Upload type: Add new only, skip existing users" in text
    modes = {name: options for name, _, options in listed}
    assert "--uutype=0" in modes["users.csv"]
    assert all("--uutype=3" in modes[name] for name in ("profile-staffno.csv", "cohort_members.csv", "enrolments.csv"))


def test_many_rows_make_several_files(by_file: MoodleTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "ROWS", 2)
    outcomes = hand_over(by_file, tmp_path, users=[person(name) for name in "abcde"])["users"]
    assert [len(rows(tmp_path, f"users-{number}.csv")) for number in (1, 2, 3)] == [2, 2, 1]
    assert ["users-3.csv" in one.message for one in outcomes] == [False] * 4 + [True]


def test_a_folder_that_cannot_be_written(by_file: MoodleTarget, tmp_path: Path) -> None:
    (tmp_path / "upload").write_text("a file", "utf-8")
    with pytest.raises(TargetRefused, match="cannot write"):
        hand_over(by_file, tmp_path, users=[person("a")])


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (("{username: user, cohort1", "{username: login, cohort1"), "there is no field of this name"),
        (("days_after: timestart", "days_after: suspended"), "between two dates"),
        (("each: field", "each: fields"), "there is no field of this name"),
        (("trims: true", "trim: true"), "unknown word 'trim'"),
        (("format: {const: 1}", "format: {const: 1, field: description}"), "either field or const"),
    ],
)
def test_words_of_a_contract_are_checked(server: MoodleServer, tmp_path: Path, change: tuple[str, str], part: str) -> None:
    text = contract_file("moodle", "target").read_text("utf-8")
    assert change[0] in text
    (tmp_path / "moodle.target.yaml").write_text(text.replace(*change, 1), "utf-8")
    loaded: LoadedContract = load_contract(tmp_path / "moodle.target.yaml")
    with pytest.raises(ConfigurationError) as refused:
        MoodleTarget.open(loaded, server.url, SecretStr(server.token), {})
    assert part in str(refused.value)
    assert "moodle.target.yaml:" in str(refused.value)
