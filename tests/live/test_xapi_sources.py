"""From a record store, or from files of its statements, into another system: the same records, and nothing lost unseen."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from live_school import dispositions
from lrs_server import VOIDED, LrsServer

from migrate.pipeline import RunResult, run

VERBS = "http://adlnet.gov/expapi/verbs/"
HUB = """
system: hub
label: Hub
target: {kind: files}
entities:
  people:
    key: number
    file: people.csv
    fields: {number: {required: true, pii: identifier}, name: {pii: name}}
  done:
    key: id
    file: done.csv
    fields:
      id: {required: true}
      person: {required: true, references: {entity: people}}
      course: {}
      status: {}
      points: {type: decimal}
      at: {type: datetime, required: true}
"""
MAPPINGS = {
    "pair": """
from: xapi
to: hub
label: Store to hub
archive:
  statements: {tables: [statements], code: ARC-STATEMENTS, reason: the hub keeps no statements}
drop: {"statements.context.extensions.https://example.org/x": what a player noted for itself}
""",
    "people": """
from: xapi.person
to: hub.people
fields: {number: {from: number}, name: {from: name}}
drop: {email: the hub writes to nobody, login: as number}
""",
    "done": """
from: xapi.completion
to: hub.done
fields:
  id: {from: id}
  person: {ref: people, by: person}
  course: {from: activity}
  status: {from: status}
  points: {from: score}
  at: {from: completed}
drop: {enrolled: the hub does not ask, started: the hub does not ask}
""",
}


def statements() -> list[dict[str, Any]]:
    """Statements as several tools would have written them."""
    people = [
        {"mbox": "mailto:ana@example.org", "name": "Ana Roy"}, {"account": {"homePage": "https://a.example.org", "name": "0042"}},
        {"objectType": "Agent", "mbox_sha1sum": "a" * 40},
    ]  # fmt: skip
    made = []
    for n in range(9):
        verb, result = [("completed", {}), ("passed", {"score": {"raw": 8.5}}), ("failed", {"score": {"scaled": 0.3}})][n % 3]
        made.append({
            "id": f"00000000-0000-4000-8000-00000000000{n}", "actor": people[n // 3], "verb": {"id": VERBS + verb},
            "object": {"id": f"https://a.example.org/{n}", "definition": {"name": {"en-US": f"Thing {n}"}}}, "result": result,
            "timestamp": f"2024-01-0{n + 1}T10:00:00+02:00",
        })  # fmt: skip
    made.append({**made[0], "id": "00000000-0000-4000-8000-0000000000aa", "verb": {"id": VERBS + "experienced"}})
    made[1]["context"] = {"extensions": {"https://example.org/x": "kept by a player"}}
    made[2]["result"]["extensions"] = {"https://example.org/y": {"deep": [1]}}
    void = {"objectType": "StatementRef", "id": made[4]["id"]}
    made.append({"id": "00000000-0000-4000-8000-0000000000bb", "actor": people[0], "verb": {"id": VOIDED}, "object": void})
    return made


@pytest.fixture
def lrs() -> Iterator[LrsServer]:
    with LrsServer() as server:
        server.state.most, server.state.clock = 3, -dt.timedelta(minutes=1)
        for one in statements():
            server.state.store(one)
        server.state.clock = dt.timedelta()
        yield server


def workspace(folder: Path, source: str) -> Path:
    for name in ("systems", "mapping"):
        (folder / name).mkdir(parents=True)
    (folder / "systems/hub.yaml").write_text(HUB, "utf-8")
    for name, text in MAPPINGS.items():
        (folder / f"mapping/{name}.yaml").write_text(text, "utf-8")
    settings = f"label: Store to hub\nsource: {{system: xapi, {source}}}\ntarget: {{system: hub}}\nas_of: 2026-01-01 00:00:00\n"
    (folder / "migration.yaml").write_text(settings, "utf-8")
    return folder


def rows(result: RunResult, name: str) -> list[dict[str, str]]:
    with (result.folder / "4_load" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def codes(result: RunResult) -> dict[str, str]:
    return {row["code"]: row["field"] for row in pq.read_table(result.folder / "findings.parquet").to_pylist()}


def check(result: RunResult) -> None:
    assert result.failure is None
    assert dispositions(result) == {"people": {"created": 3}, "done": {"created": 8}}
    assert {row["number"] for row in rows(result, "people.csv")} == {
        "mailto:ana@example.org", "0042 https://a.example.org", "a" * 40,
    }  # fmt: skip
    done = {row["id"][-1]: row for row in rows(result, "done.csv")}
    assert done.keys() == set("01235678")  # 4 was voided
    assert done["1"] == {
        "id": "00000000-0000-4000-8000-000000000001", "person": "mailto:ana@example.org", "course": "https://a.example.org/1",
        "status": "passed", "points": "8.5", "at": "2024-01-02T08:00:00Z",
    }  # fmt: skip
    assert (done["2"]["status"], done["2"]["points"]) == ("failed", "30")
    assert codes(result) == {"SRC-UNKNOWN-COLUMN": "result.extensions.https://example.org/y.deep.*"}
    dropped = [entry for entry in result.summary["loss_register"] if "https://example.org/x" in str(entry)]
    assert [(entry["treatment"], entry["rows"]) for entry in dropped] == [("dropped", 1)]


def test_a_store_is_read_over_http(lrs: LrsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRS_SECRET", "lrs/stand-in@secret")
    url = lrs.url.replace("lrs%2Fstand-in%40secret", "${LRS_SECRET}")
    result = run(workspace(tmp_path / "w", f"url: '{url}'"))
    check(result)
    assert "stand-in" not in (result.folder / "run.json").read_text("utf-8")


def test_files_of_statements_give_the_same(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w", "folder: export")
    (folder / "export").mkdir()
    for name, part in {"1.jsonl": statements()[:5], "2.jsonl": statements()[5:]}.items():
        (folder / "export" / name).write_text("".join(json.dumps(one) + "\n" for one in part), "utf-8")
    check(run(folder))


def test_a_line_that_is_broken_and_a_statement_that_stands_twice_are_records_for_a_person(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w", "folder: export")
    (folder / "export").mkdir()
    lines = [json.dumps(one) for one in statements()]
    (folder / "export/all.jsonl").write_text("\n".join([*lines, lines[0], '{"id": "x"', ""]), "utf-8")
    result = run(folder)
    assert result.failure is None
    archived = pq.read_table(next((result.folder / "archive").glob("statements.parquet"))).num_rows
    assert archived == len(lines) + 2
    assert result.exit_code == 1


def test_a_store_that_stops_in_the_middle_ends_the_run_in_words(
    lrs: LrsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from migrate.connectors.xapi import source

    monkeypatch.setattr(source, "PATIENCE", 0.2)
    monkeypatch.setattr(source.open_statements, "__defaults__", (0.2, 0.01))
    folder = workspace(tmp_path / "w", f"url: '{lrs.url.replace('lrs%2Fstand-in%40secret', '${LRS_SECRET}')}'")
    monkeypatch.setenv("LRS_SECRET", "lrs/stand-in@secret")
    original = source.read_all

    def breaking(*given: Any, **asked: Any) -> Any:
        lrs.state.fail("502", "GET", 1000)
        return original(*given, **asked)

    monkeypatch.setattr(source, "read_all", breaking)
    result = run(folder)
    assert result.exit_code == 3
    assert "answered with a fault (502)" in str(result.failure)
