"""Rows between the connector and the run folder: erased people and pseudonyms."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from migrate.contracts.model import Contract
from migrate.privacy.about import About
from migrate.privacy.classes import personal_fields
from migrate.privacy.erasing import Erasing
from migrate.privacy.masking import Masking
from migrate.privacy.pseudonyms import Pseudonyms
from migrate.privacy.settings import Suppression
from migrate.privacy.suppression import Entry, Suppressed

CONTRACT = Contract.model_validate_json(
    json.dumps(
        {
            "system": "old", "label": "Old", "source": {"kind": "files"},
            "conventions": {"userid": "person", "changedby": "person"},
            "entities": {
                "person": {"key": ["id"], "fields": {
                    "id": {}, "mail": {"pii": "email"}, "name": {"pii": "name", "never": ["n/a"]}, "age": {"type": "int"},
                    "phone": {"type": "int", "pii": "contact"}, "country": {"pii": "contact"},
                }},
                "grade": {"key": ["id"], "fields": {
                    "id": {}, "changedby": {"references": {"entity": "person"}},
                    "who": {"references": {"entity": "person"}, "concept": "grade.person"}, "remark": {"pii": "free_text"},
                }},
                "visit": {"key": ["id"], "fields": {"id": {}, "userid": {"references": {"entity": "person"}}}},
                "course": {"key": ["id"], "fields": {"id": {}, "changedby": {"references": {"entity": "person"}}}},
                "file": {"key": ["id"], "fields": {
                    "id": {}, "grade": {"references": {"entity": "grade"}}, "text": {"pii": "free_text"},
                }},
                "login": {"key": ["id"], "fields": {"id": {}, "mail": {"references": {"entity": "person", "field": "mail"}}}},
            },
        }
    )
)  # fmt: skip
KEY = b"k" * 16


def batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    names = list(dict.fromkeys(name for row in rows for name in row))
    for number, row in enumerate(rows, start=1):
        row |= {"_row": number, "_fault": row.get("_fault"), "_fault_value": row.get("_fault_value")}
    columns = [pa.array([row.get(name) for row in rows]) for name in [n for n in names if not n.startswith("_")]]
    columns += [pa.array([row[n] for row in rows], pa.int64() if n == "_row" else pa.string()) for n in ENGINE]
    return pa.RecordBatch.from_arrays(columns, names=[*(n for n in names if not n.startswith("_")), *ENGINE])


ENGINE = ("_row", "_fault", "_fault_value")


def erasing(*identifiers: str, about: str = "{}") -> Erasing:
    settings = Suppression.model_validate_json(
        f'{{"key": "${{K}}", "kinds": {{"mail": {{"person": "mail"}}}}, "about": {about}}}'
    )
    hashes = [Suppressed((), KEY).hash("mail", one) for one in identifiers]
    suppressed = Suppressed(tuple(Entry(h, "mail") for h in hashes), KEY, frozenset(hashes))
    return Erasing(CONTRACT, suppressed, settings)


def read(by: Erasing, entity: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        row for part in by.rows(entity, iter([batch(rows)]), list(CONTRACT.entities[entity].fields)) for row in part.to_pylist()
    ]


PEOPLE = [{"id": "1", "mail": "Di@x.org", "name": "Di", "age": "30"}, {"id": "2", "mail": "bo@x.org", "name": "Bo", "age": "31"}]


def test_an_erased_person_keeps_a_key_and_nothing_personal() -> None:
    first, second = read(erasing("di@x.org"), "person", PEOPLE)
    assert (first["id"], first["mail"], first["name"], first["age"]) == ("1", None, None, "30")
    assert first["_fault"] == "PRV-SUPPRESSED"
    assert (second["mail"], second["_fault"]) == ("bo@x.org", None)


def test_a_broken_row_is_searched_and_emptied() -> None:
    rows = [{"id": "1", "mail": "x", "name": "di@x.org", "_fault": "SRC-SHAPE", "_fault_value": "1;x;di@x.org;Di"}]
    (row,) = read(erasing("di@x.org"), "person", rows)
    assert (row["_fault"], row["_fault_value"], row["name"]) == ("PRV-SUPPRESSED", None, None)


def test_no_cell_of_a_broken_row_keeps_a_text_of_the_person() -> None:
    broken = [{"id": "1", "mail": "di@x.org", "name": "Di", "age": "Lima", "_fault": "SRC-ENCODING"}]
    (row,) = read(erasing("di@x.org"), "person", broken)
    assert (row["id"], row["age"], row["_fault"]) == ("1", None, "PRV-SUPPRESSED")
    shifted = [{"id": "Di Lima", "mail": "1", "name": "di@x.org", "age": "Lima", "_fault": "SRC-SHAPE"}, dict(PEOPLE[1])]
    row, other = read(erasing("di@x.org"), "person", shifted)
    assert (row["id"], row["mail"], row["age"], row["_fault"]) == (None, None, None, "PRV-SUPPRESSED")
    assert other["age"] == "31"


def test_rows_about_the_person_go_along_and_rows_that_the_person_changed_do_not() -> None:
    by = erasing("di@x.org")
    read(by, "person", PEOPLE)
    grades = read(by, "grade", [{"id": "1", "who": "1", "changedby": "2", "remark": "Di is ill"},
                                {"id": "2", "who": "2", "changedby": "1", "remark": "good"}])  # fmt: skip
    assert [(r["_fault"], r["remark"], r["who"]) for r in grades] == [("PRV-SUPPRESSED", None, "1"), (None, "good", "2")]
    assert [r["_fault"] for r in read(by, "visit", [{"id": "1", "userid": "1"}])] == ["PRV-SUPPRESSED"]
    assert [r["_fault"] for r in read(by, "course", [{"id": "1", "changedby": "1"}])] == [None]
    files = read(by, "file", [{"id": "1", "grade": "1", "text": "mine"}, {"id": "2", "grade": "2", "text": "yours"}])
    assert [r["text"] for r in files] == [None, "yours"]
    assert by.counts == {"person": 1, "grade": 1, "visit": 1, "file": 1}


def test_a_workspace_says_whom_a_row_is_about() -> None:
    by = erasing("di@x.org", about='{"course": "changedby", "visit": null}')
    read(by, "person", PEOPLE)
    assert [r["_fault"] for r in read(by, "course", [{"id": "1", "changedby": "1"}])] == ["PRV-SUPPRESSED"]
    assert [r["_fault"] for r in read(by, "visit", [{"id": "1", "userid": "1"}])] == [None]


def test_people_are_read_first_and_what_belongs_to_them_after() -> None:
    order = erasing("di@x.org").order(["file", "course", "grade", "visit", "person"])
    assert order[0] == "person"
    assert order.index("grade") < order.index("file")


def test_a_table_that_nobody_described_loses_rows_about_the_person() -> None:
    by = erasing("di@x.org")
    read(by, "person", PEOPLE)
    rows = [{"UserID": "1", "note": "a"}, {"UserID": "2", "note": "b"}, {"UserID": "2", "note": "mail;DI@x.org;1"}]
    (left,) = by.undeclared("extra", iter([batch(rows)]))
    assert left["note"].to_pylist() == ["b"]
    assert by.counts["extra"] == 2


def test_whom_a_row_is_about() -> None:
    about = About(CONTRACT, ["person"], {})
    fields = {entity: about.field(entity) for entity in CONTRACT.entities}
    assert fields == {"person": None, "grade": "who", "visit": "userid", "course": None, "file": None, "login": None}
    assert about.column("t", ["id", "UserId", "changedby"]) == ("UserId", "person")
    assert about.column("t", ["id", "changedby"]) is None


def test_a_field_that_refers_to_a_personal_one_is_personal() -> None:
    assert personal_fields(CONTRACT)["login"] == {"mail": "email"}
    assert "visit" not in personal_fields(CONTRACT)


# Pseudonyms ----------------------------------------------------------------------------------------------------------


def masked(entity: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by = Masking(CONTRACT, Pseudonyms(KEY))
    return [row for part in by.rows(entity, iter([batch(rows)])) for row in part.to_pylist()]


def test_what_is_personal_gets_a_pseudonym_and_the_rest_stays() -> None:
    row = {"id": "1", "mail": "di@x.org", "name": "Di Do", "age": "30", "phone": 491234567, "country": "DE"}
    (found,) = masked("person", [dict(row)])
    assert (found["id"], found["age"], found["country"]) == ("1", "30", "DE")
    assert found["mail"].endswith(".test")
    assert found["name"] != "Di Do"
    assert isinstance(found["phone"], int)
    assert len(str(found["phone"])) == 9
    assert found["phone"] != 491234567


def test_null_blank_and_sentinels_stay() -> None:
    rows = [{"id": "1", "name": None, "mail": ""}, {"id": "2", "name": "n/a", "mail": " "}]
    assert [(r["name"], r["mail"]) for r in masked("person", rows)] == [(None, ""), ("n/a", " ")]


def test_a_value_has_one_pseudonym_in_every_table() -> None:
    (person,), (login,) = masked("person", [{"id": "1", "mail": "di@x.org"}]), masked("login", [{"id": "1", "mail": "di@x.org"}])
    assert person["mail"] == login["mail"] != "di@x.org"


def test_a_broken_row_has_no_name_in_any_cell() -> None:
    rows = [{"id": "7", "age": "Lima", "_fault": "SRC-ENCODING", "_fault_value": "7;Lima"}, {"id": "8", "age": "Lima"},
            {"id": "Lima", "age": "x", "_fault": "SRC-SHAPE", "_fault_value": None}]  # fmt: skip
    first, second, third = masked("person", rows)
    assert (first["id"], second["age"]) == ("7", "Lima")
    assert "Lima" not in (first["age"], first["_fault_value"], third["id"])


def test_the_row_of_an_erased_person_is_not_broken() -> None:
    """What a view joins by, such as the component that gave a role, has to be the same as without pseudonyms."""
    (row,) = masked("person", [{"id": "1", "mail": None, "name": None, "age": "thirty", "_fault": "PRV-SUPPRESSED"}])
    assert (row["id"], row["age"]) == ("1", "thirty")


def test_in_a_table_that_nobody_described_every_text_may_be_a_name() -> None:
    (found,) = Masking(CONTRACT, Pseudonyms(KEY)).undeclared("t", iter([batch([{"id": 1, "x": "Lima", "y": "DE"}])]))
    (row,) = found.to_pylist()
    assert (row["id"], row["y"], row["x"] != "Lima") == (1, "DE", True)


def test_an_address_with_something_behind_it_is_another_identifier() -> None:
    """Moodle keeps the address of a deleted account so. docs/privacy.md says to list all of it."""
    deleted = "ana@example.org.1795480347"
    rows = [{"id": "1", "mail": deleted, "name": "Ana"}, {"id": "2", "mail": "ana@example.org", "name": "Ana"}]
    for listed, erased in (("ana@example.org", ["Ana", None]), (deleted.upper(), [None, "Ana"])):
        found = read(erasing(listed), "person", [dict(row) for row in rows])
        assert [row["name"] for row in found] == erased


def test_days_and_flags_of_files_stay_and_what_is_none_does_not() -> None:
    fields = {
        "id": {}, "born": {"type": "date", "formats": ["%d.%m.%Y", "%Y-%m-%d"], "pii": "identifier"},
        "seen": {"type": "datetime", "pii": "identifier"}, "ill": {"type": "flag", "pii": "free_text"},
    }  # fmt: skip
    source = {"kind": "files", "format": {"true": "ja", "false": "nein"}}
    entities = {"person": {"key": ["id"], "file": "person.csv", "fields": fields}}
    contract = Contract.model_validate_json(json.dumps({"system": "s", "label": "S", "source": source, "entities": entities}))
    rows = [
        {"id": "1", "born": "31.12.1975", "seen": "2024-01-02 03:04:05", "ill": "Ja"},
        {"id": "2", "born": "1975-12-31", "seen": "2024-01-02T03:04:05Z", "ill": "0"},
        {"id": "3", "born": "Ana Roy", "seen": "when Ana left", "ill": "asthma"},
    ]
    (found,) = Masking(contract, Pseudonyms(KEY)).rows("person", iter([batch(rows)]))
    one, two, three = found.to_pylist()
    assert (one["born"], one["seen"], one["ill"]) == ("31.12.1975", "2024-01-02 03:04:05", "Ja")
    assert (two["born"], two["seen"], two["ill"]) == ("1975-12-31", "2024-01-02T03:04:05Z", "0")
    assert not {"Ana Roy", "when Ana left", "asthma"} & set(three.values())
