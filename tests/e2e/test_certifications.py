"""Certification states: a sound run tells nothing, and each way of being wrong is told about the person whom it is about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from certified_pair import GOOD, Plant, Rows, at, counted, differing, entry, told
from run_reading import dispositions, facts, findings, table
from sample_runs import NOW as SAMPLE_NOW
from sample_runs import write_sample_workspace
from summaries import faults

from migrate import pipeline
from migrate.errors import ConfigurationError

ENDS, BERLIN = "    from: ends\n", "    do: [{date: Europe/Berlin}]\n    check"


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return Plant(tmp_path_factory.mktemp("certified") / "plant")


def rows(changed: Mapping[int, Mapping[str, Any]] | None = None, *more: Mapping[str, Any], **tables: Any) -> Rows:
    """The good rows, with other values in some awards, further awards, and other tables."""
    awards = [{**award, **(changed or {}).get(award["id"], {})} for award in GOOD["award"]]
    return {**GOOD, "award": [*awards, *more], **tables}


def codes(found: Mapping[tuple[str, str | None], str]) -> dict[str | None, str]:
    """``{key: code}``."""
    return {key: code for code, key in found}


# What is right -------------------------------------------------------------------------------------------------------


def test_a_sound_run_finds_everybody_in_the_same_state(plant: Plant) -> None:
    result = plant.run()
    assert told(result) == {}
    assert entry(result) == {
        "verdict": "equal", "people": 4, "unnamed": 0, "equal": 4, "different": 0, "explained": 0, "excused": 0, "aside": 0,
        "kinds": {},
    }  # fmt: skip
    assert result.summary["verdict"] == "pass"
    assert faults(result.summary) == []
    days = counted(result)
    fork = {
        day: (n["source_certified"], n["source_window_open"], n["target_certified"], n["target_window_open"])
        for (code, day), n in days.items()
        if code == "C-FORK"
    }
    assert fork == {
        "2026-01-01": (2, 0, 2, 0),
        "2026-01-31": (2, 0, 2, 0),
        "2026-04-01": (2, 0, 2, 0),
        "2027-01-01": (1, 1, 1, 1),
    }, "one until 2028; the other until 2027-03-01, and renews from 90 days before"
    weld = days["C-WELD", "2026-04-01"]
    assert (weld["source_window_open"], weld["target_window_open"], weld["source_expired"], weld["target_expired"]) == (
        1,
        1,
        1,
        1,
    )


def test_states_follow_one_another(plant: Plant) -> None:
    states = table(plant.run().folder / "6_reconcile" / "certification_states.parquet")
    for side, records in (("source", ("1", "2")), ("target", ("p-1|C-FORK|2022-05-10", "p-1|C-FORK|2025-04-01"))):
        ana = [(s["first"].isoformat(), s["state"], s["record"]) for s in states if (s["side"], s["person"]) == (side, "p-1")]
        assert sorted(ana) == [
            ("2022-05-10", "certified", records[0]),
            ("2025-02-09", "window open", records[0]),
            ("2025-04-01", "certified", records[1]),
            ("2028-02-10", "window open", records[1]),
            ("2028-05-10", "expired", records[1]),
        ], "the earlier cycle ends where the later one begins"


def test_who_was_merged_counts_as_the_survivor(plant: Plant) -> None:
    people = [*GOOD["worker"], {"id": 9, "mail": "BO@x.org"}]
    renewed = {"id": 9, "worker": 9, "licence": "FORK", "earned": at("2026-12-24"), "ends": at("2029-12-24")}
    result = plant.run(rows({}, renewed, worker=people))
    assert told(result) == {}
    states = {(s["side"], s["first"].isoformat(), s["state"]) for s in table(states_of(result)) if s["person"] == "p-2"}
    assert ("source", "2026-12-24", "certified") in states
    assert ("target", "2026-12-24", "certified") in states


def states_of(result: Any) -> Path:
    return Path(result.folder) / "6_reconcile" / "certification_states.parquet"


# Mappings that are wrong: fields and target agree, and the states do not -------------------------------------------------


def agrees_with_itself(result: Any) -> bool:
    return not any(entity["differences"] or entity["missing"] for entity in result.summary["entities"].values())


def test_a_mapping_that_shifts_the_expiry_by_a_day(tmp_path: Path) -> None:
    result = Plant(tmp_path / "late", holdings=(ENDS, "    expr: ends + interval 1 day\n")).run()
    assert agrees_with_itself(result)
    assert told(result) == {
        ("REC-CERT-LATER", "2"): "expired in the source, window open in the target from 2028-05-10 until 2028-05-11",
        ("REC-CERT-LATER", "3"): "expired in the source, window open in the target from 2027-03-01 until 2027-03-02",
        ("REC-CERT-LATER", "4"): "expired in the source, window open in the target from 2026-04-30 until 2026-05-01",
    }, "who expired before the cutover is in the same state from it on"
    assert [(row["days"], row["kind"]) for row in differing(result)] == [(1, "later")] * 3
    assert entry(result)["kinds"] == {"later": 3}
    assert result.summary["verdict"] == "attention"
    assert {f["item"] for f in table(result.folder / "findings.parquet")} != {None}


def test_a_mapping_that_slips_across_midnight(tmp_path: Path) -> None:
    """Midnight in Berlin is the day before in UTC."""
    result = Plant(tmp_path / "slip", holdings=(BERLIN, BERLIN.replace("Europe/Berlin", "UTC"))).run()
    assert agrees_with_itself(result)
    assert codes(told(result)) == dict.fromkeys(("2", "3", "4"), "REC-CERT-EARLIER")


def test_a_workspace_that_says_the_wrong_zone(tmp_path: Path) -> None:
    zone = ("certifications: {", "certifications: {source_zone: America/New_York, ")
    assert codes(told(Plant(tmp_path / "zone", migration=zone).run())) == dict.fromkeys(("2", "3", "4"), "REC-CERT-LATER")


def test_a_mapping_that_drops_the_window(tmp_path: Path) -> None:
    notice = ('notice: {expr: "cast(notice as text)', 'notice: {expr: "null || cast(notice as text)')
    result = Plant(tmp_path / "dropped", certificates=notice).run()
    assert agrees_with_itself(result)
    assert codes(told(result)) == dict.fromkeys(("2", "3", "4"), "REC-CERT-UNKNOWN"), "expired ones have no window any more"


def test_a_mapping_that_writes_no_window(tmp_path: Path) -> None:
    notice = ('notice: {expr: "cast(notice as text)', 'notice: {expr: "cast(notice * 0 as text)')
    result = Plant(tmp_path / "none", certificates=notice).run()
    assert agrees_with_itself(result)
    assert codes(told(result)) == dict.fromkeys(("2", "3", "4"), "REC-CERT-WINDOW")
    (row,) = (row for row in differing(result) if row["key"] == "3")
    assert (row["first"].isoformat(), row["days"], row["source"], row["target"]) == ("2026-12-01", 90, "window open", "certified")


def test_a_mapping_that_counts_a_window_in_other_units(tmp_path: Path) -> None:
    unit = ("when 'M' then ' month'", "when 'M' then ' week'")
    assert codes(told(Plant(tmp_path / "unit", certificates=unit).run())) == {"4": "REC-CERT-WINDOW"}


def test_a_mapping_that_gives_an_award_to_another_is_told_of_both(tmp_path: Path) -> None:
    result = Plant(tmp_path / "other", holdings=("by: worker}", "by: case when id = 3 then 3 else worker end}")).run()
    assert {(code, key) for code, key in told(result)} == {("REC-CERT-MISSING", "3"), ("REC-CERT-INVENTED", "3")}
    assert {(row["person"], row["kind"]) for row in differing(result)} == {("p-2", "missing"), ("p-3", "invented")}


# Targets that are wrong ------------------------------------------------------------------------------------------------


def test_a_record_that_is_lost(plant: Plant) -> None:
    def lose(there: list[dict[str, str]]) -> None:
        there[:] = [row for row in there if not (row["person_id"] == "p-2" and row["code"] == "C-FORK")]

    result = plant.damaged("holdings.csv", lose)
    assert told(result) == {("REC-CERT-MISSING", "3"): "certified in the source, none in the target from the cutover on"}
    assert ("REC-MISSING", "3") in {(f["code"], f["key"]) for f in findings(result.folder)}, "which is no explanation"


def test_a_renewal_that_is_lost_is_told_about_the_renewal(plant: Plant) -> None:
    def lose(there: list[dict[str, str]]) -> None:
        there[:] = [row for row in there if row["earned"] != "2025-04-01"]

    assert told(plant.damaged("holdings.csv", lose)) == {
        ("REC-CERT-EARLIER", "2"): "certified in the source, expired in the target from the cutover until 2028-05-10"
    }


def test_two_people_who_change_places_are_found_though_all_counts_agree(plant: Plant) -> None:
    def swap(there: list[dict[str, str]]) -> None:
        weld = [row for row in there if row["code"] == "C-WELD"]
        weld[0]["person_id"], weld[1]["person_id"] = weld[1]["person_id"], weld[0]["person_id"]

    result = plant.damaged("holdings.csv", swap)
    days = counted(result)["C-WELD", "2026-01-01"]
    assert days["source_certified"] == days["target_certified"] == 1
    assert sorted(key or "" for code, key in told(result)) == ["4", "5"]


def test_a_person_who_is_lost(plant: Plant) -> None:
    def lose(there: list[dict[str, str]]) -> None:
        there[:] = [row for row in there if row["person_id"] != "p-1"]

    result = plant.damaged("people.csv", lose)
    assert codes(told(result))["2"] == "REC-CERT-MISSING"


# What is accounted for ---------------------------------------------------------------------------------------------------


def test_what_is_held_explains_the_difference_that_it_makes_and_no_other(tmp_path: Path, plant: Plant) -> None:
    held = rows({3: {"ends": 0}})
    result = plant.run(held)
    assert told(result) == {}
    assert [(d["outcome"], d["kind"], d["code"], d["key"]) for d in differing(result)] == [
        ("explained", "missing", "AWD-ENDLESS", "3")
    ]
    assert counted(result)["C-FORK", "2026-01-01"]["explained"] == 1
    # An old cycle that is held explains nothing about the current one.
    late = Plant(tmp_path / "late", holdings=(ENDS, "    expr: ends + interval 1 day\n"))
    result = late.run(rows({1: {"ends": 0}}))
    assert {d["key"]: d["disposition"] for d in dispositions(result.folder)}["1"] in ("held", "created")
    assert "2" in codes(told(result))


def test_awards_that_do_not_count_are_nobodys(plant: Plant) -> None:
    assert told(plant.run(rows({3: {"revoked": 1}}))) == {}
    assert entry(plant.run(rows({3: {"revoked": 1}})))["people"] == 3


def test_an_exclusion_explains(tmp_path: Path) -> None:
    more = (", reason: it counts no more}", ', reason: it counts no more}\n  - {code: AWD-OLD, when: "id = 5", reason: too old}')
    result = Plant(tmp_path / "old", holdings=more).run()
    assert told(result) == {}
    assert [(d["outcome"], d["code"], d["source"], d["target"]) for d in differing(result)] == [
        ("explained", "AWD-OLD", "expired", "none")
    ]


EXPLAINED = (
    "identities: {worker: people, licence: certificates}\ncertifications: {explained: {AWD-DATES: {differs: [%s], reason: so}}}"
)


@pytest.mark.long
@pytest.mark.parametrize(("way", "outcome"), [("later", "explained"), ("earlier", "different")])
def test_a_finding_explains_only_the_ways_that_are_named(tmp_path: Path, way: str, outcome: str) -> None:
    changed = {
        "holdings": (ENDS, "    expr: ends + interval 1 day\n"),
        "pair": ("identities: {worker: people, licence: certificates}", EXPLAINED % way),
    }
    plant = Plant(tmp_path / "plant", **changed)
    text = (plant.folder / "mapping" / "holdings.yaml").read_text("utf-8").replace("to: ends > earned", "to: id <> 3")
    (plant.folder / "mapping" / "holdings.yaml").write_text(text, "utf-8")
    plant = Plant.of(plant.folder)
    result = plant.run()
    assert {row["key"]: row["outcome"] for row in differing(result)} == {"2": "different", "3": outcome, "4": "different"}


@pytest.mark.long
@pytest.mark.parametrize(("tolerance", "left"), [("{later: 1}", 3), ("{later: 1, window: 1}", 0), ("{earlier: 9, window: 9}", 3)])
def test_a_tolerance_excuses_so_many_days_in_each_way(tmp_path: Path, tolerance: str, left: int) -> None:
    changed = {
        "holdings": (ENDS, "    expr: ends + interval 1 day\n"),
        "migration": ("certifications: {", f"certifications: {{tolerance: {tolerance}, "),
    }
    result = Plant(tmp_path / "plant", **changed).run()
    assert (entry(result)["different"], entry(result)["excused"]) == (left, 3 - left)
    assert len(told(result)) == left


def test_nobody_knows_is_never_nothing(tmp_path: Path) -> None:
    lenient = Plant(
        tmp_path / "plant", holdings=("      not_blank: {code: AWD-ENDLESS, severity: hold, message: no expiry}\n", "")
    )
    result = lenient.run(rows({3: {"ends": 0}}))
    assert told(result) == {("REC-CERT-UNKNOWN", "3"): "unknown in the source, unknown in the target from the cutover on"}


def test_records_of_nobody_are_counted(plant: Plant) -> None:
    result = plant.run(rows({}, {"id": 8, "licence": "FORK", "earned": at("2024-01-01"), "ends": at("2027-01-01")}))
    assert entry(result)["unnamed"] == 1
    assert told(result) == {}


@pytest.mark.long
def test_a_day_before_the_cutover_is_compared_where_somebody_asks(tmp_path: Path) -> None:
    late = {"holdings": (ENDS, '    expr: "case when id = 5 then ends + interval 1 day else ends end"\n')}
    assert told(Plant(tmp_path / "plain", **late).run()) == {}
    asked = Plant(
        tmp_path / "asked", **late, migration=("certifications: {", "certifications: {dates: [2022-02-28, 2021-01-01], ")
    )
    assert told(asked.run()) == {
        ("REC-CERT-LATER", "5"): "expired in the source, window open in the target from 2022-02-28 until 2022-03-01"
    }
    earlier = Plant(tmp_path / "earlier", **late, migration=("certifications: {", "certifications: {cutover: 2020-01-01, "))
    assert len(told(earlier.run())) == 1


# Targets that get none, and runs that cannot tell ------------------------------------------------------------------------


IDENTITIES = "licence: certificates}"
WITHOUT = ("    certification:\n      window_opens: {period: definition.notice, months: last_day}\n", "")


def test_a_target_without_states_needs_a_reason(tmp_path: Path) -> None:
    result = Plant(tmp_path / "silent", academy=WITHOUT).run()
    (fork, weld) = (f for f in findings(result.folder) if f["code"] == "REC-CERT-NOT-CARRIED")
    assert (fork["value"], weld["value"]) == ("FORK: 2 people", "WELD: 2 people")
    assert (fork["severity"], fork["entity"]) == ("hold", "award")
    assert entry(result)["verdict"] == "not carried"
    said = ("licence: certificates}", IDENTITIES + "\ncertifications: {not_carried: by hand}")
    result = Plant(tmp_path / "said", academy=WITHOUT, pair=said).run()
    assert told(result) == {}
    assert entry(result) == {"verdict": "not carried", "why": "by hand", "people": 4, "unnamed": 0}
    assert counted(result)["FORK", "2026-01-01"]["source_certified"] == 2
    assert faults(result.summary) == []


def test_a_target_that_cannot_be_matched_is_told(tmp_path: Path) -> None:
    """Nothing says what a licence is called in the target."""
    plain = Plant(tmp_path / "plain", pair=(", licence: certificates}", "}")).run()
    assert "certification of an award" in entry(plain)["why"]
    assert {code for code, _ in told(plain)} == {"REC-CERT-NOT-CARRIED"}
    said = ("licence: certificates}", IDENTITIES + "\ncertifications: {certification: {ref: certificates}}")
    assert entry(Plant(tmp_path / "said", pair=said).run())["verdict"] == "equal"


def test_a_run_of_some_mappings_compares_nothing(plant: Plant) -> None:
    result = plant.run(only="people")
    assert entry(result) == {"verdict": "not asked", "why": "mappings that it needs are not part of this run"}
    assert entry(plant.run(only="holdings"))["verdict"] == "equal"


def test_a_side_without_windows_is_compared_without_them(tmp_path: Path) -> None:
    no_window = ("      window_opens: {period: definition.notice, months: last_day}\n", "      note: none\n")
    result = Plant(tmp_path / "plant", academy=no_window).run()
    assert told(result) == {}
    assert facts(result.folder)["certifications"]["windows"] is False


# What cannot work is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"plant": ("counts: not coalesce(revoked, false)", "counts: gone = 1")}, "award has no such field"),
        ({"plant": ("counts: not coalesce(revoked, false)", "counts: read_csv('x')")}, "not in the vocabulary"),
        ({"plant": ("counts: not coalesce(revoked, false)", "certified: licence")}, "neither a date nor an instant"),
        ({"plant": ("period: definition.notice", "period: definition.gone")}, "licence has no such field"),
        ({"plant": ("period: definition.notice", "period: other.notice")}, "its own fields, or definition.field"),
        ({"plant": ("      certification: licence\n", "")}, "certification has to be said"),
        ({"plant": ("zone: Europe/Berlin", "zone: Europe/Atlantis")}, "no time zone"),
        ({"plant": (", months: last_day", "")}, "months says what becomes of the 31st"),
        ({"plant": ("window_opens: {", "window_opens: {from: earned, ")}, "counted back from the expiry"),
        ({"academy": ("    certification:\n", "    certification:\n      expires: {period: \"'1 year'\", months: last_day}\n")},
         "from what is the period counted"),
        ({"academy": ("    certification:\n", "    certification:\n      definition: nothing\n")}, "names no entity"),
        ({"pair": (IDENTITIES, IDENTITIES + "\ncertifications: {mappings: [nobody]}")}, "no such mapping"),
        ({"pair": (IDENTITIES, IDENTITIES + "\ncertifications: {person: {ref: nobody}}")}, "no such mapping"),
        ({"pair": (IDENTITIES, IDENTITIES + "\ncrosswalks: []\ncertifications: {certification: {crosswalk: codes}}")},
         "no field is mapped by this crosswalk"),
        ({"pair": (IDENTITIES, IDENTITIES + "\ncertifications: {mappings: [people]}")}, "does not lead to holdings"),
        ({"migration": ("certifications: {", "certifications: {dates: [2026-02-30], ")}, "is not a day"),
        ({"migration": ("certifications: {", "certifications: {source_zone: Berlin, ")}, "not a time zone"),
        ({"migration": ("certifications: {", "certifications: {tolerance: {later: -1}, ")}, "greater than or equal to 0"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_its_place(tmp_path: Path, changed: dict[str, tuple[str, str]], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Plant(tmp_path / "plant", **changed)
    places = [str(problem) for problem in refused.value.problems if said in str(problem)]
    assert places, str(refused.value)
    assert ".yaml:" in places[0]


# The pair that ships ---------------------------------------------------------------------------------------------------------


def shipped(folder: Path, file: str, before: str, after: str) -> Any:
    """A rehearsal of the training history into Totara with a mapping that is wrong, and whose tests do not know better. The
    cutover is the day after the export."""
    workspace = write_sample_workspace(folder / "history", "csv_history_to_totara")
    mapping = workspace / "mapping" / file
    text = mapping.read_text("utf-8")
    assert before in text
    mapping.write_text(text.replace(before, after).partition("\ntests:\n")[0] + "\n", "utf-8")
    settings = workspace / "migration.yaml"
    settings.write_text(settings.read_text("utf-8") + "certifications: {cutover: 2025-02-01}\n", "utf-8")
    result = pipeline.run(workspace, now=lambda: SAMPLE_NOW)
    assert result.failure is None, result.failure
    return result


@pytest.mark.long
def test_a_shift_of_the_completion_in_the_shipped_pair_is_told_of_whoever_is_still_certified(tmp_path: Path) -> None:
    before, after = (
        "completiondate:\n    from: completed\n",
        "completiondate:\n    expr: cast(completed + interval 1 day as date)\n",
    )
    result = shipped(tmp_path, "certification_completions.yaml", before, after)
    by_code: dict[str, set[str | None]] = {}
    for code, key in told(result):
        by_code.setdefault(code, set()).add(key)
    # Where the due date is the base a day later changes nothing, but for who kept the due date on the last day.
    awards = {row["key"]: row for row in dispositions(result.folder) if row["entity"] == "certification_completions"}
    assert set(by_code) == {"REC-CERT-LATER"}
    assert len(by_code["REC-CERT-LATER"]) > 60
    assert {awards[str(key)]["disposition"] for key in by_code["REC-CERT-LATER"]} == {"created"}
    days = [row["days"] for row in differing(result) if row["outcome"] == "different"]
    assert days.count(1) == len([n for n in days if n < 300]), "a day each, and a period for who was in time until the last day"


@pytest.mark.long
def test_another_window_in_the_sheet_of_the_shipped_pair_is_told(tmp_path: Path) -> None:
    before = "case upper(trim(renewal_window_unit)) when 'D' then ' day'"
    result = shipped(tmp_path, "certifications.yaml", before, before.replace("' day'", "' week'"))
    assert {code for code, _ in told(result)} == {"REC-CERT-WINDOW"}
    assert {row["certification"] for row in differing(result) if row["outcome"] == "different"} == {"FORK", "FIRST-AID", "LOTO"}
