"""Gates, trend, header, signatures and charts of fields, as the first view has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reports.build import build
from reports.html import render
from reports.overview.model import Overview

Lay = Callable[..., Path]
NOW = "20310504-091000"
TOLD = [("USR-004", "warn", "users", "7", "email", "a@b", "odd", None), ("CRS-1", "hold", "courses", "1", "n", "x", "y", None)]
GATES = [
    {"gate": "balanced", "entity": None, "says": "sums", "value": "yes", "limit": "yes", "passed": True},
    {
        "gate": "findings CRS-1",
        "entity": None,
        "says": "findings of this code",
        "value": 3,
        "limit": "at most 1",
        "passed": False,
    },
    {"gate": "users failed", "entity": "users", "says": "failed", "value": 0, "limit": "at most 0", "passed": True},
    {"gate": "courses held", "entity": "courses", "says": "held", "value": 2, "limit": "at most 0", "passed": False},
]
RECORDS = [
    *(("users", str(at), "created", f"E-{at}", None) for at in range(3)), ("users", "9", "excluded", None, "X"),
    ("courses", "1", "held", None, "CRS-1"),
]  # fmt: skip


def view(folder: Path) -> Overview:
    found = build(folder).overview
    assert found is not None
    return found


def test_gates_are_judged_by_entity_and_for_the_run(lay_run: Lay) -> None:
    folder = lay_run(NOW, TOLD, RECORDS, gates=GATES, gates_declared=True)
    gates = view(folder).gates
    assert gates.declared is True
    assert [(each.gate, each.passed) for each in gates.all] == [("balanced", True), ("findings CRS-1", False)]
    users, courses = gates.entities
    assert (users.reached, users.loaded, users.missed) == (True, 100.0, ())
    assert (courses.reached, courses.loaded) == (False, 0.0)
    assert [(each.gate, each.value, each.limit) for each in courses.missed] == [("courses held", 2, "at most 0")]
    page = render(folder).read_text()
    assert "Nobody declared gates" not in page
    assert "courses held" in page


def test_without_gates_the_page_says_what_to_declare(lay_run: Lay) -> None:
    page = render(lay_run(NOW, TOLD, RECORDS, gates=GATES[:1], gates_declared=False)).read_text()
    assert "Nobody declared gates for this migration" in page
    assert ">CRS-1</bdi>: 0" in page
    assert "USR-004</bdi>: 0" not in page  # a warning
    old = lay_run("20310504-100000", TOLD, RECORDS)
    assert view(old).gates.declared is None
    assert view(old).gates.entities[0].reached is None
    assert "its run.json has none" in render(old).read_text()


@pytest.mark.parametrize("gates", [[None], ["x"], [{"gate": 3}], [{"gate": "a", "value": None}], "text", None])
def test_gates_of_another_shape_are_left_out(lay_run: Lay, gates: Any) -> None:
    assert view(lay_run(NOW, TOLD, RECORDS, gates=gates)).gates.all == ()


def test_the_trend_has_every_run_and_says_which_cannot_be_compared(lay_run: Lay) -> None:
    lay_run("20310501-000000", [*TOLD, *TOLD], RECORDS)
    lay_run("20310502-000000", TOLD, RECORDS, stopped_at="map")
    lay_run("20310502-100000", TOLD, RECORDS, summary={"findings": [], "entities": {"users": 3}, "timings": None, "worklist": 7})
    trend = view(lay_run(NOW, TOLD, RECORDS)).trend
    assert [(each.run, each.why) for each in trend.runs] == [
        ("20310501-000000", ""), ("20310502-000000", "it stopped at map"), ("20310502-100000", ""), (NOW, ""),
    ]  # fmt: skip
    tables = {drawing.title: drawing.behind.rows for drawing in trend.charts}
    assert [row[1:] for row in tables["Findings"]] == [(4, 2), (2, 1), (None, None), (2, 1)]
    assert [row[1:] for row in tables["Where records ended"]] == [(3, 1, 1), (3, 1, 1), (None, None, None), (3, 1, 1)]
    assert [row[1] for row in tables["Time"]] == [90.5, 90.5, None, 90.5]
    assert tables["Findings"][1][0] == "20310502-000000 (not comparable)"


def test_one_run_has_no_trend(lay_run: Lay) -> None:
    assert view(lay_run(NOW, TOLD, RECORDS)).trend.charts == ()


def test_the_header_says_what_is_not_recorded(lay_run: Lay) -> None:
    facts = {fact.label: fact.value for fact in view(lay_run(NOW, TOLD)).header}
    assert facts["Operator"] == "not recorded"
    assert facts["Machine"] == "not recorded"
    assert facts["Workspace at commit"] == "no git repository was found"
    known = lay_run(
        "20310505-000000", TOLD, operator={"account": "svc", "name": "R. Okafor"}, commit="c" * 40,
        environment={"system": "Linux 6", "machine": "x86_64", "processors": 2, "python": "CPython 3.11.7"},
        extracted={"first": "2031-05-05T00:00:01+00:00", "last": "2031-05-05T00:00:09+00:00"},
        parts={"mapping": "a" * 64, "decisions": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    )  # fmt: skip
    facts = {fact.label: fact.value for fact in view(known).header}
    assert facts["Operator"] == "R. Okafor, account svc"
    assert facts["Machine"] == "Linux 6, x86_64, 2 processors"
    assert facts["Last table read"] == "2031-05-05T00:00:09+00:00"
    assert (facts["Hash of mapping"], facts["Hash of decisions"]) == ("a" * 16, "no file")
    assert '<time datetime="2031-05-05T00:00:09Z">2031-05-05 00:00:09 UTC</time>' in render(known).read_text()


def test_every_role_has_a_box_and_who_signed_stands_in_it(lay_run: Lay) -> None:
    folder = lay_run(NOW, TOLD, approval_roles=["registrar", "quality"])
    entries = [
        {"entry": 1, "hash": "a", "event": "approved", "role": "registrar", "name": "<b>Ana</b>", "at": "2031-05-05"},
        {"entry": 2, "hash": "b", "event": "approved", "role": "quality", "name": "Ben", "at": "2031-05-05"},
        {"entry": 3, "hash": "c", "event": "withdrawn", "role": "quality", "name": "Ben", "at": "2031-05-06", "of": 2},
    ]
    (folder / "approvals.json").write_text(json.dumps({"run": NOW, "entries": entries}))
    assert [(each.role, each.name, each.at) for each in view(folder).signatures] == [
        ("registrar", "<b>Ana</b>", "2031-05-05"), ("quality", None, ""),
    ]  # fmt: skip
    page = render(folder).read_text()
    assert "<b>Ana" not in page
    (folder / "approvals.json").write_text("[")
    assert [each.role for each in view(folder).signatures] == ["registrar", "quality"]


def test_the_boxes_of_a_live_run_say_with_whose_approval_it_was_started(lay_run: Lay) -> None:
    given = {
        "entry": 4,
        "hash": "d",
        "rehearsal": "20310504-070000",
        "role": "quality",
        "name": "Ben",
        "at": "2031-05-04T09:00:00+00:00",
    }
    live = lay_run(NOW, TOLD, RECORDS, approval_roles=["registrar", "quality"], approvals=[given], summary={"mode": "live"})
    assert [(each.role, each.name, each.rehearsal) for each in view(live).signatures] == [
        ("registrar", None, ""), ("quality", "Ben", "20310504-070000"),
    ]  # fmt: skip
    page = render(live).read_text()
    assert "lms-migrate approve" not in page, "it takes rehearsals alone"
    assert '<time datetime="2031-05-04T09:00:00Z">' in page.partition('id="sign"')[2]


def test_a_run_that_missed_a_gate_names_no_command_that_would_refuse_it(lay_run: Lay) -> None:
    assert "lms-migrate approve" not in render(lay_run(NOW, TOLD, RECORDS, gates=GATES)).read_text()
    reached = [{**gate, "passed": True} for gate in GATES]
    assert "lms-migrate approve" in render(lay_run("20310505-000000", TOLD, RECORDS, gates=reached)).read_text()


def test_no_gate_of_a_run_that_stopped_is_called_reached(lay_run: Lay) -> None:
    reached = [{**gate, "passed": True} for gate in GATES]
    page = render(lay_run(NOW, TOLD, RECORDS, gates=reached, stopped_at="map")).read_text()
    section = page.partition('id="gates"')[2].partition("</section>")[0]
    assert "reached</span>" not in section
    assert "All reached" not in section
    assert section.count("not judged") > len(GATES) / 2


def held(folder: Path, **columns: list[Any]) -> None:
    """What the mapping gave of users 0 to 3 and 9, and what the target holds of 0 to 2."""
    for stage in ("2_map", "5_read_back"):
        (folder / stage).mkdir()
    mapped = {f"to:{name}": values for name, values in columns.items()}
    pq.write_table(pa.table({"_key": ["0", "1", "2", "9", "no"], **mapped}), folder / "2_map" / "users.parquet")
    back = {name: values[:3] for name, values in columns.items()}
    pq.write_table(pa.table({"_target_key": ["E-0", "E-1", "E-2"], **back}), folder / "5_read_back" / "users.parquet")


def charts(**fields: str) -> dict[str, Any]:
    described = {"from": "moodle.user", "to": "canvas.users", "key": ["id"], "target_key": ["user_id"], "charts": fields}
    return {"users": described}


def test_fields_are_counted_on_both_sides_without_what_was_left_out(lay_run: Lay) -> None:
    records = [*RECORDS[:3], ("users", "9", "held", None, "X"), ("users", "no", "excluded", None, "X")]
    folder = lay_run(NOW, [], records, entities=charts(status="value", born="year"))
    stamps = pa.array(["2020-01-01", "2021-01-01", None, "2021-05-05", "1900-01-01"]).cast(pa.timestamp("us"))
    held(folder, status=["active", "active", "</script>", "held back", "left out"], born=stamps)
    ((entity, drawings),) = view(folder).sides
    assert entity == "users"
    status, born = drawings
    assert {row[0]: row[1:] for row in status.behind.rows} == {
        "active": (2, 2, 0), "</script>": (1, 1, 0), "held back": (1, 0, -1),
    }  # fmt: skip
    assert born.behind.rows == (("2020", 1, 1, 0), ("2021", 2, 1, -1), ("(blank)", 1, 1, 0))
    assert "<td>&lt;/script" in render(folder).read_text() or "&lt;/script&gt;" in render(folder).read_text()


def test_rows_of_others_in_the_target_are_not_counted(lay_run: Lay) -> None:
    records = [*RECORDS[:3], ("users", "9", "held", None, "X"), ("users", "no", "excluded", None, "X")]
    folder = lay_run(NOW, [], records, entities=charts(status="value"))
    held(folder, status=["active", "active", "idle", "held back", "left out"])
    table = pa.table({"_target_key": ["E-0", "E-1", "E-2", "E-other"], "status": ["active", "active", "idle", "of another"]})
    pq.write_table(table, folder / "5_read_back" / "users.parquet")
    ((_, (status,)),) = view(folder).sides
    assert {row[0] for row in status.behind.rows} == {"active", "idle", "held back"}


def test_personal_fields_are_not_counted(lay_run: Lay) -> None:
    folder = lay_run(NOW, [], RECORDS[:4], entities=charts(full_name="value"), mask=False)
    held(folder, full_name=["Ana", "Ben", "Cy", "Di", "Ed"])
    assert view(folder).sides == ()
    assert "Ana" not in render(folder).read_text()


def test_rows_that_are_not_there_are_said(lay_run: Lay) -> None:
    folder = lay_run(NOW, [], RECORDS[:4], entities=charts(status="value"))
    assert view(folder).sides_note.endswith("users.status.")
    held(folder, status=["a", "a", "a", "a", "b"])
    (folder / "5_read_back" / "users.parquet").write_bytes(b"PAR1")
    assert view(folder).sides == ()
    assert "users.status" in render(folder).read_text()
