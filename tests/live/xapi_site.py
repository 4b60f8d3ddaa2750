"""A small site whose history goes live into a record store, and ways to change the one and look at the other."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from migrate.pipeline import RunResult, run

NUMBER = 30
SYSTEM = """
system: old
label: Old
source: {kind: database}
entities:
  done:
    key: id
    fields:
      id: {type: int}
      person: {pii: identifier}
      course: {}
      points: {type: decimal}
      at: {type: epoch}
"""
MAPPING = """
from: old.done
to: xapi.statements
fields:
  id:
    expr: >-
      uuid5('6ba7b811-9dad-11d1-80b4-00c04fd430c8',
      concat_ws('/', parameter('edition'), person, course, strftime(at, '%Y%m%d%H%M%S')))
  actor_home: {const: "https://old.example.org"}
  actor_account: {from: person}
  verb: {const: "http://adlnet.gov/expapi/verbs/completed"}
  object: {expr: "'https://old.example.org/' || course"}
  object_name: {from: course}
  score_raw: {from: points}
  completion: {const: true}
  source_record: {expr: "'done/' || cast(id as text)"}
  timestamp: {from: at}
"""
PAIR = """
from: old
to: xapi
label: Old into a store
parameters: {edition: {about: part of every id, default: "1"}}
"""
SETTINGS = """
label: Old into a store
approvals: {{roles: []}}
source: {{system: old, url: "sqlite:///old.sqlite"}}
parameters: {{edition: "{edition}"}}
as_of: 2026-01-01 00:00:00
target:
  system: xapi
  url: {url}
  options: {{poll_ms: 5, retry_seconds: {patience}, consistent_seconds: 20, batch: 10}}
  acknowledge: {{XAPI-NOT-ENCRYPTED: on this machine, XAPI-FOR-EVER: it is a test, XAPI-DASHBOARDS: nobody listens}}
  max_deletions: 50
"""


class Site:
    """A workspace and its store."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        for name in ("systems", "mapping"):
            (folder / name).mkdir(parents=True)
        (folder / "systems/old.yaml").write_text(SYSTEM, "utf-8")
        (folder / "mapping/pair.yaml").write_text(PAIR, "utf-8")
        (folder / "mapping/done.yaml").write_text(MAPPING, "utf-8")
        self.sql("CREATE TABLE done (id INTEGER PRIMARY KEY, person TEXT, course TEXT, points REAL, at INTEGER)")
        for n in range(1, NUMBER + 1):
            row = [n, f"P{n % 7}", f"C{n}", None if n % 5 == 0 else n + 0.25, 1_700_000_000 + n]
            self.sql("INSERT INTO done VALUES (?, ?, ?, ?, ?)", *row)
        self.set()

    def set(self, edition: str = "1", patience: int = 10) -> None:
        """Write the settings."""
        text = SETTINGS.format(url=self.url, edition=edition, patience=patience)
        (self.folder / "migration.yaml").write_text(text, "utf-8")

    def sql(self, statement: str, *values: Any) -> None:
        """Change the source."""
        with closing(sqlite3.connect(self.folder / "old.sqlite")) as database, database:
            database.execute(statement, values)

    def live(self, **how: Any) -> RunResult:
        return run(self.folder, live=True, **how)

    def rehearse(self) -> RunResult:
        return run(self.folder)


def written(result: RunResult) -> dict[str, dict[str, Any]]:
    """The statements of a run's file, by id."""
    lines = (result.folder / "4_load" / "statements.jsonl").read_text("utf-8").splitlines()
    return {one["id"]: one for one in map(json.loads, lines)}
