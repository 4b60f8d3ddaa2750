"""Reading a run folder for the records that can be picked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from migrate.artefacts import Validated
from migrate.compiler.text import literal, name
from migrate.engine import scan, session
from migrate.errors import ConfigurationError, Problem
from migrate.run_folder import latest_run, stage_folder
from migrate.test_plan.words import Directed
from reports.model import LOADED

WORKLIST = "worklist.parquet"


@dataclass(frozen=True)
class Record:
    """A record of a lot, or a candidate for a directed case."""

    key: str
    target_key: str | None
    stratum: tuple[str, ...] = ()


def find_run(workspace: Path, run: str | None) -> Path:
    """The folder of a run that came to its end; the latest run by default. Raises ConfigurationError."""
    runs = workspace / "runs"
    folder = runs / run if run else latest_run(runs)
    if folder is None or folder.parent != runs or not (folder / "summary.json").is_file():
        there = tuple(sorted(p.name for p in runs.iterdir() if p.is_dir())) if runs.is_dir() else ()
        problem = Problem("there is no such run", value=run, allowed=there)
        raise ConfigurationError("no test plan was written", problems=[problem], hint=f"lms-migrate run {workspace}")
    if facts(folder)[1].get("pseudonyms"):
        problem = Problem("its people have pseudonyms, so nobody can look them up", value=folder.name)
        raise ConfigurationError("no test plan was written", problems=[problem], hint="--run ID of a run without --mask")
    if not (folder / "dispositions.parquet").is_file():
        problem = Problem("the run stopped before it was reconciled: nobody knows where its records ended", value=folder.name)
        raise ConfigurationError("no test plan was written", problems=[problem], hint=f"lms-migrate run {workspace}")
    return folder


def facts(run_folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """``(summary.json, run.json)``. Raises ConfigurationError where they cannot be read."""
    try:
        summary, run = (json.loads((run_folder / n).read_text("utf-8")) for n in ("summary.json", "run.json"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{run_folder} cannot be read: {error}") from None
    return summary, run


@contextmanager
def lots(run_folder: Path) -> Iterator[Lots]:
    """The records of a run."""
    with session() as connection:
        yield Lots(run_folder, connection)


class Lots:
    """Answers from the files of one run."""

    def __init__(self, run_folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.folder, self.connection = run_folder, connection
        connection.execute(f"CREATE VIEW ended AS SELECT * FROM {scan(run_folder / 'dispositions.parquet')}")

    def loaded(self, entity: str, strata: Sequence[str] = ()) -> list[Record]:
        """The lot: every record of an entity that is in the target (of a rehearsal: would be), with the fields of ``strata``."""
        rows = f"ended AS d WHERE d.entity = {literal(entity)} AND d.disposition IN ({', '.join(map(literal, LOADED))})"
        if not strata:
            return [Record(key, target) for key, target in self._ask(f"SELECT d.key, d.target_key FROM {rows}")]
        listed = ", ".join(f"coalesce(CAST(v.{name(f)} AS VARCHAR), '')" for f in strata)
        joined = rows.replace("ended AS d", f"ended AS d LEFT JOIN {self._values(entity)} AS v ON v._key = d.key")
        return [
            Record(key, target, tuple(found))
            for key, target, found in self._ask(f"SELECT d.key, d.target_key, [{listed}] FROM {joined}")
        ]

    def directed(self, case: Directed) -> list[Record]:
        """The candidates of a directed case. Those with the longest value come in order, all others in none."""
        of_entity = f"d.entity = {literal(case.entity)}"
        loaded = f"{of_entity} AND d.disposition IN ({', '.join(map(literal, LOADED))})"
        match case.which:
            case "keys":
                where = f"{of_entity} AND d.key IN ({', '.join(map(literal, case.keys))})"
            case "survivors":
                merged = (
                    f"SELECT m.target_key FROM ended AS m WHERE m.entity = {literal(case.entity)} AND m.disposition = 'merged'"
                )
                where = f"{loaded} AND d.target_key IN ({merged})"
            case "findings":
                of_code = f" AND f.code = {literal(case.code)}" if case.code else ""
                findings = scan(self.folder / "findings.parquet")
                where = (
                    f"{loaded} AND d.key IN (SELECT f.key FROM {findings} AS f WHERE f.entity = {literal(case.entity)}{of_code})"
                )
            case "decided":
                where = f"{loaded} AND d.key IN ({self._decided(case.entity)})"
            case "longest":
                values = self._values(case.entity)
                length = f"length(CAST(v.{name(case.field or '')} AS VARCHAR))"
                sql = f"SELECT d.key, d.target_key FROM ended AS d JOIN {values} AS v ON v._key = d.key WHERE {loaded}"
                return [Record(k, t) for k, t in self._ask(f"{sql} ORDER BY {length} DESC NULLS LAST, d.key LIMIT {case.most}")]
            case _:
                where = f"{of_entity} AND d.disposition = {literal(case.which)}"
        return [Record(key, target) for key, target in self._ask(f"SELECT d.key, d.target_key FROM ended AS d WHERE {where}")]

    def values(self, entity: str, keys: Sequence[str], fields: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """``{key: {field: text}}`` of what the mapping says, for the records that load."""
        if not keys or not fields:
            return {}
        listed = ", ".join(f"CAST(v.{name(f)} AS VARCHAR)" for f in fields)
        wanted = ", ".join(map(literal, keys))
        rows = self._ask(f"SELECT v._key, [{listed}] FROM {self._values(entity)} AS v WHERE v._key IN ({wanted})")
        return {key: dict(zip(fields, found, strict=True)) for key, found in rows}

    def findings(self) -> dict[tuple[str, str], int]:
        """``{(entity, field): findings}``."""
        file = self.folder / "findings.parquet"
        if not file.is_file():
            return {}
        rows = self._ask(f"SELECT entity, coalesce(field, ''), count(*) FROM {scan(file)} GROUP BY ALL")
        return {(entity, field): n for entity, field, n in rows}

    def _decided(self, entity: str) -> str:
        file = self.folder / WORKLIST
        if not file.is_file() or not {"key", "entity", "state"} <= set(pq.read_schema(file).names):
            return "SELECT NULL WHERE FALSE"
        return f"SELECT w.key FROM {scan(file)} AS w WHERE w.entity = {literal(entity)} AND w.state = 'decided'"

    def _values(self, entity: str) -> str:
        return f"({Validated(self.folder / stage_folder(Validated.stage)).loading(entity)})"

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()
