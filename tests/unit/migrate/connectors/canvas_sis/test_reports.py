"""Lines of a report as records."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from migrate.connectors.canvas_sis.reports import held, instant, typed
from migrate.connectors.canvas_sis.words import Report
from migrate.connectors.target import Held, Record
from migrate.contracts.model import Entity, Field, Reference

ENTITY = Entity(
    key=("place", "who"),
    fields={
        "place": Field(references=Reference(entity="places")), "who": Field(references=Reference(entity="people")),
        "status": Field(), "above": Field(references=Reference(entity="places")), "size": Field(type="int"),
    },
)  # fmt: skip
REPORT = Report(
    parameter="things", native="own", fields=("place", "who", "status", "size"), columns={"size": "how_big"},
    links={"who": "who_id", "above": "above_id"}, root=("above",), only={"size": {"kind": "big"}},
    absent={"status": ("deleted",)}, words={"status": {"concluded": ("completed", "ended"), "": ("none",)}},
)  # fmt: skip


def found(line: dict[str, str], **record: Any) -> list[Held]:
    values = {"place": "p", "who": "w", **record.pop("values", {})}
    whole = {
        "own": "5",
        "place": "p",
        "who": "w",
        "who_id": "77",
        "status": "active",
        "above_id": "1",
        "kind": "big",
        "how_big": "3",
    }
    return list(held(ENTITY, REPORT, iter([{**whole, **line}]), [Record("p|w", values, **record)], root="1"))


def test_a_line_is_a_record_with_its_types() -> None:
    (one,) = found({})
    assert one == Held("p|w", "5", {"place": "p", "who": "w", "status": "active", "size": 3, "above": None})


def test_lines_of_what_is_gone_or_was_not_asked_for_are_none() -> None:
    assert found({"status": "deleted"}) == []
    assert found({"who": "x"}) == []


def test_words_are_translated_by_what_was_meant() -> None:
    assert found({"status": "concluded"})[0].values["status"] == "completed"
    assert found({"status": "concluded"}, values={"status": "ended"})[0].values["status"] == "ended"
    assert found({"status": "concluded"}, values={"status": "active"})[0].values["status"] == "completed"
    assert found({"status": ""})[0].values["status"] is None
    assert found({"status": ""}, values={"status": "none"})[0].values["status"] == "none"


def test_a_field_counts_only_where_its_column_says_so() -> None:
    assert found({"kind": "small"})[0].values["size"] is None


def test_links_stand_for_what_has_no_name() -> None:
    assert found({"above_id": "9"})[0].links == {"above": "9"}


def test_a_record_is_found_by_another_name_of_what_its_key_refers_to() -> None:
    (one,) = found({"who": "other name"}, links={"who": "77"})
    assert one.key == "p|w"
    assert one.links == {"who": "77"}
    assert "who" not in one.values
    assert found({"who": "other name"}, links={"who": "78"}) == []


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "7", 7), ("int", "x", "x"), ("decimal", "1.50", 1.5), ("flag", "True", True), ("flag", "f", False),
        ("flag", "perhaps", "perhaps"), ("string", "007", "007"), ("string", "", None),
        ("date", "2024-09-01", dt.date(2024, 9, 1)),
        ("datetime", "2024-09-01T08:00:00-06:00", dt.datetime(2024, 9, 1, 14)), ("datetime", "soon", "soon"),
    ],
)  # fmt: skip
def test_cells_are_read_by_type(kind: Any, text: str, value: Any) -> None:
    assert typed(Field(type=kind), text) == value


def test_instants_are_in_utc() -> None:
    assert instant("2024-02-29T00:30:00+02:00") == dt.datetime(2024, 2, 28, 22, 30)
    assert instant("2024-02-29T00:30:00Z") == instant("2024-02-29T00:30:00")
