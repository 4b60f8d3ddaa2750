"""A bench for the engine's unit tests: tiny contracts and mappings, rows given, results asked for."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.artefacts import Extracted, Validated, write_manifest
from migrate.compiler.plan import Plan, make_plan
from migrate.compiler.source import RAW
from migrate.compiler.text import name
from migrate.contracts.load import LoadedContract, load_contract
from migrate.crosswalks import file as crosswalks
from migrate.decisions.file import in_force
from migrate.decisions.model import Decision, Verb
from migrate.engine import session
from migrate.errors import ConfigurationError, Problem
from migrate.findings import write_findings
from migrate.mapper import build_identities, build_source, findings_sql, map_rows
from migrate.mapping.load import LoadedPair, load_pair
from migrate.matching.lists import PeopleList
from migrate.matching.register import build_lists
from migrate.progress import Silent
from migrate.run_folder import RunFolder
from migrate.stages.map import map_stage
from migrate.stages.validate import validate
from migrate.worklist.build import build_worklist

AS_OF = "2025-06-30 12:00:00"
Given = dict[str, list[dict[str, Any]]]

SOURCE = """
system: old
label: Old
source: {kind: database}
entities:
  person:
    key: id
    fields:
      id: {type: int}
      name: {}
      mail: {}
      boss: {type: int, never: [0]}
      born: {type: date, formats: ["%d/%m/%Y", "%m/%d/%Y"]}
      age: {type: int}
      active: {type: flag}
      secret: {pii: secret}
"""
TARGET = """
system: new
label: New
target: {kind: files}
entities:
  users:
    key: user_id
    file: users.csv
    fields:
      user_id: {required: true}
      name: {}
      email: {}
      manager: {}
      status: {}
      age: {type: int}
      score: {type: decimal}
      active: {type: flag}
      born: {type: date}
      seen: {type: datetime}
"""
PAIR = "{from: old, to: new, label: Old to new}"


class Result:
    """What became of the rows of each mapping: rows by mapping, and findings by mapping."""

    def __init__(self, rows: dict[str, list[dict[str, Any]]], findings: list[dict[str, Any]]) -> None:
        self._rows, self._findings = rows, findings

    def rows(self, mapping: str = "users") -> list[dict[str, Any]]:
        return self._rows[mapping]

    def by_key(self, column: str, mapping: str = "users") -> dict[str, Any]:
        keys = [row["_key"] for row in self.rows(mapping)]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
        return {row["_key"]: row[column] for row in self.rows(mapping)}

    def values(self, field: str, mapping: str = "users") -> dict[str, Any]:
        return self.by_key("to:" + field, mapping)

    def value(self, field: str, mapping: str = "users") -> Any:
        (row,) = self.rows(mapping)
        return row["to:" + field]

    def dispositions(self, mapping: str = "users") -> dict[str, str]:
        return self.by_key("_disposition", mapping)

    def codes(self, mapping: str = "users") -> dict[str, str | None]:
        return self.by_key("_code", mapping)

    def findings(self, code: str | None = None, mapping: str | None = None) -> list[dict[str, Any]]:
        return [f for f in self._findings if (code is None or f["code"] == code) and (mapping is None or f["entity"] == mapping)]

    def raised(self, mapping: str | None = None) -> list[tuple[str, str | None]]:
        """``(code, key)`` of every finding, sorted."""
        return sorted(((f["code"], f["key"]) for f in self.findings(mapping=mapping)), key=str)


class Settled(Result):
    """The same after validation; ``references`` holds the sums by mapping and field."""

    def __init__(
        self,
        rows: dict[str, list[dict[str, Any]]],
        findings: list[dict[str, Any]],
        references: dict[str, Any],
        loading: dict[str, list[dict[str, Any]]],
        artefact: Validated,
        run: RunFolder,
        plan: Plan,
        items: list[dict[str, Any]],
    ) -> None:
        super().__init__(rows, findings)
        self.references, self.loading, self.artefact, self.run, self.plan = references, loading, artefact, run, plan
        self.items = items

    def item(self, code: str, key: str | None = None, **about: Any) -> dict[str, Any]:
        """The one item of this code (and key, and other columns) that is not closed."""
        wanted = {"code": code, **({"key": key} if key is not None else {}), **about}
        (found,) = (i for i in self.items if i["state"] != "closed" and all(i[word] == value for word, value in wanted.items()))
        return found

    def states(self) -> dict[tuple[str, str | None], str]:
        """``{(code, key): state}``."""
        return {(item["code"], item["key"]): item["state"] for item in self.items}


class Bench:
    """Writes files and runs rows through the engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, path: str, text: str, encoding: str = "utf-8") -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(textwrap.dedent(text).lstrip("\n").encode(encoding))
        return file

    def contract(self, text: str, system: str = "old") -> LoadedContract:
        return load_contract(self.file(f"systems/{system}.yaml", text))

    def pair(self, source: str = SOURCE, target: str = TARGET, pair: str = PAIR, **mappings: str) -> LoadedPair:
        """A pair of two systems; each mapping is given as the text of its file."""
        for file in (self.folder / "mapping").glob("*.yaml"):
            file.unlink()
        for mapping, text in mappings.items():
            self.file(f"mapping/{mapping}.yaml", text)
        self.file("mapping/pair.yaml", pair)
        return load_pair(self.folder / "mapping", self.contract(source, "old"), self.contract(target, "new"))

    def users(self, rest: str, fields: str = "", **kwargs: Any) -> LoadedPair:
        """A pair with one mapping from person to users, whose key is the person's id."""
        text = "from: old.person\nto: new.users\n" + textwrap.dedent(rest).strip("\n")
        text += "\nfields:\n  user_id: {from: id}\n" + textwrap.indent(textwrap.dedent(fields).strip("\n"), "  ") + "\n"
        return self.pair(users=text, **kwargs)

    def map(
        self,
        pair: LoadedPair,
        given: Given,
        *,
        entries: dict[str, list[tuple[str, str, str]]] | None = None,
        lists: dict[str, list[dict[str, str | None]]] | None = None,
        unique: Iterable[str] = (),
    ) -> Result:
        """Run the map step over ``given`` rows: ``{source entity: rows}``."""
        plan = make_plan(pair, AS_OF, unique=frozenset(unique))
        with session() as connection:
            for entity in plan.physical:
                fill(connection, entity, given.get(entity, []))
            build_source(connection, plan)
            for crosswalk in pair.model.crosswalks:
                crosswalks.register(connection, crosswalk, (entries or {}).get(crosswalk, []))
            build_lists(connection, plan, {name_: people(rows_) for name_, rows_ in (lists or {}).items()})
            build_identities(connection, plan)
            rows, findings = {}, []
            for mapping in plan.names:
                map_rows(connection, plan.rows[mapping], self.folder / f"{mapping}.parquet")
                rows[mapping] = records(connection, f"SELECT * FROM mapped.{name(mapping)} ORDER BY _order, _key")
                sql = findings_sql(plan.rows[mapping])
                findings += records(connection, f"{sql} ORDER BY ALL") if sql else []
        return Result(rows, findings)

    @staticmethod
    def answer(item: dict[str, Any], verb: Verb, new_value: str = "", reason: str = "because") -> Decision:
        """The decision that an answer to a worklist item is."""
        return Decision(
            item["item"], item["kind"], verb, new_value, reason, "registrar", "2025-06-30T12:00:00+00:00", item["entity"] or "",
            item["code"], item["field"] or "", str(item["basis_rows"]), item["source"], item["contract"], item["last_run"],
        )  # fmt: skip

    def crosswalk(self, name: str, *lines: str) -> dict[str, crosswalks.Crosswalk]:
        """``{name: crosswalk}`` of lines without the header."""
        file = self.file(f"crosswalks/{name}.csv", "\n".join([",".join(crosswalks.COLUMNS), *lines]) + "\n")
        read, problems = crosswalks.read_crosswalk(name, file)
        assert read is not None
        assert problems == []
        return {name: read}

    def settle(
        self, pair: LoadedPair, given: Given, decisions: Iterable[Decision] = (), *, row_drift: float = 0, run_id: str = "run",
        known: dict[str, crosswalks.Crosswalk] | None = None, mode: str = "rehearsal",
        lists: dict[str, list[dict[str, str | None]]] | None = None,
    ) -> Settled:  # fmt: skip
        """Run the stages map and validate over ``given`` rows, and build the worklist."""
        plan = make_plan(pair, AS_OF, with_archives=False)
        run = RunFolder(self.folder / "runs" / run_id)
        run.summary = {"entities": {}, "loss_register": [], "mode": mode}
        folder = run.stage("extract")
        for entity in plan.physical:
            pq.write_table(table(given.get(entity, [])), folder / f"{entity}.parquet")
        write_findings([], folder / "findings.parquet")
        write_manifest(Extracted, folder, None, folder.glob("*.parquet"))
        decided = (in_force(decisions), row_drift)
        matched = {name_: PeopleList(name_, people(rows_), "", there=True) for name_, rows_ in (lists or {}).items()}
        mapped, settled = map_stage(Extracted(folder), plan, known or {}, run, Silent(), "500MB", *decided, matched)
        validated = validate(mapped, plan, run, Silent(), "500MB")
        build_worklist(mapped, settled, *decided, run, "500MB")
        with session() as connection:
            ended = records(connection, validated.dispositions(*plan.names))
            loading = {m: records(connection, validated.loading(m)) for m in plan.names}
        for m in plan.names:
            assert validated.rows(m) == len(loading[m])
        renamed = {"key": "_key", "disposition": "_disposition", "code": "_code"}
        rows = {m: [{renamed.get(k, k): v for k, v in row.items()} for row in ended if row["entity"] == m] for m in plan.names}
        return Settled(
            rows,
            pq.read_table(validated.parquet("findings")).to_pylist(),
            {m: run.summary["entities"][m]["references"] for m in plan.names},
            loading,
            validated,
            run,
            plan,
            pq.read_table(run.path / "worklist.parquet").to_pylist(),
        )


def people(rows: list[dict[str, str | None]]) -> pa.Table:
    """A list to match with, as it is read."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return pa.table({column: pa.array([row.get(column) for row in rows], pa.string()) for column in columns})


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as an extract leaves them: columns of the values' own types, text where all are null."""
    columns = list(dict.fromkeys(column for row in rows for column in row if not column.startswith("_")))
    arrays = []
    for column in columns:
        array = pa.array([row.get(column) for row in rows])
        arrays.append(array.cast(pa.string()) if pa.types.is_null(array.type) else array)
    arrays.append(pa.array(range(1, len(rows) + 1), pa.int64()))
    arrays += [pa.array([row.get(word) for row in rows], pa.string()) for word in ("_fault", "_fault_value")]
    return pa.Table.from_arrays(arrays, names=[*columns, "_row", "_fault", "_fault_value"])


def fill(connection: duckdb.DuckDBPyConnection, entity: str, rows: list[dict[str, Any]]) -> None:
    connection.register("_given", table(rows))
    connection.execute(f"CREATE OR REPLACE TABLE {name(RAW, entity)} AS SELECT * FROM _given")
    connection.unregister("_given")


def records(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = connection.execute(sql)
    columns = [d[0] for d in cursor.description]
    return [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def refused() -> Callable[..., tuple[Problem, ...]]:
    """Calls a function that has to raise ConfigurationError, and gives its problems."""

    def call(function: Callable[..., object], *arguments: Any, **words: Any) -> tuple[Problem, ...]:
        with pytest.raises(ConfigurationError) as caught:
            function(*arguments, **words)
        return caught.value.problems

    return call


@pytest.fixture
def values() -> Callable[..., list[Any]]:
    """Evaluates a SQL expression in the engine, once for each given value of ``x``."""

    def evaluate(sql: str, given: Iterable[Any], sql_type: str = "VARCHAR") -> list[Any]:
        with session() as connection:
            found = []
            for value in given:
                row = connection.execute(f"SELECT {sql} FROM (SELECT CAST(? AS {sql_type}) AS x)", [value]).fetchone()
                assert row is not None
                found.append(row[0])
            return found

    return evaluate
