"""What came of the expectations, in the run folder: one row per expectation, and the rows that are not as expected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from migrate.artefacts import sha256
from migrate.errors import RunFailed
from validators.expectations.judge import Judged
from validators.expectations.load import DATES, Wanted
from validators.expectations.rows import KEY

FOLDER = "acceptance"
RESULTS, FAILING = f"{FOLDER}/results.parquet", f"{FOLDER}/rows.parquet"
_TEXT, _NUMBER = pa.string(), pa.int64()
RESULT_SCHEMA = pa.schema(
    [
        ("suite", _TEXT), ("code", _TEXT), ("entity", _TEXT), ("target_entity", _TEXT), ("expectation", _TEXT),
        ("field", _TEXT), ("says", _TEXT), ("gate", pa.bool_()), ("mostly", pa.float64()), ("requirement", _TEXT),
        ("reason", _TEXT), ("state", _TEXT), ("records", _NUMBER), ("values", _NUMBER), ("unexpected", _NUMBER),
        ("observed", _TEXT), ("observes", _TEXT), ("why", _TEXT),
    ]
)  # fmt: skip
"""``entity`` is the mapping by whose personal fields values are masked; null where the run has none for the entity."""
FAILING_SCHEMA = pa.schema([("code", _TEXT), ("entity", _TEXT), ("target_key", _TEXT), ("field", _TEXT), ("value", _TEXT)])
"""One row per record and field that is not as expected."""
_MIDNIGHT, _MICROSECONDS = r" 00:00:00\.0+$", r"\.0+$"


@dataclass(frozen=True)
class Result:
    """An expectation and what came of it."""

    wanted: Wanted
    entity: str | None
    judged: Judged
    gate: bool
    """Does it stand in the way of an approval of this run, where it does not hold?"""

    def row(self) -> dict[str, Any]:
        """A row of ``results.parquet``."""
        wanted, judged, model = self.wanted, self.judged, self.wanted.model
        return {
            "suite": wanted.suite, "code": model.code, "entity": self.entity, "target_entity": model.entity,
            "expectation": wanted.name, "field": ", ".join(model.field) or None, "says": sentence(wanted), "gate": self.gate,
            "mostly": model.mostly, "requirement": model.requirement or None, "reason": model.reason, "state": judged.state,
            "records": judged.records, "values": judged.values, "unexpected": judged.unexpected, "observed": judged.observed,
            "observes": wanted.rule.observes, "why": judged.why or None,
        }  # fmt: skip


def sentence(wanted: Wanted) -> str:
    """The expectation in words: ``users: email holds what this pattern matches (regex: ^.+@)``."""
    model = wanted.model
    given = ", ".join(f"{argument}: {_shown(value)}" for argument, value in wanted.arguments.items())
    about = {"field": f"{' '.join(model.field)} ", "rows": ""}.get(wanted.rule.on, f"{', '.join(model.field)}: ")
    text = f"{model.entity}: {about}{wanted.rule.says}"
    text += f" ({given})" if given else ""
    text += f", where {' '.join(model.where.split())}" if model.where else ""
    return text + (f"; at least {model.mostly * 100:g} % of them" if model.mostly < 1 else "")


def idle(state: str, field: str | None, records: int | None, values: int | None) -> str:
    """Why a pass proves nothing; empty where it proves something, as that there are no records of a kind."""
    if state != "passed" or not field or (records and values != 0):
        return ""
    return "no record has a value to judge" if records else "there was no record to judge"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return str(value).lower() if isinstance(value, bool) else re.sub(_MIDNIGHT.replace(r"\.0+", ""), "", str(value))


@contextmanager
def failing_rows(file: Path) -> Iterator[pq.ParquetWriter]:
    """A writer of ``rows.parquet``."""
    with pq.ParquetWriter(file, FAILING_SCHEMA, compression="zstd") as writer:
        yield writer


def write_failing(writer: pq.ParquetWriter, result: Result, rows: pa.Table) -> None:
    """The rows of one expectation that are not as expected: a row for each of its fields, or one without where it has none."""
    if not result.judged.failing:
        return
    found = rows.take(pa.array(result.judged.failing, pa.int64()))
    columns: list[tuple[str | None, pa.Array]] = [
        (column.path, _texts(found.column(column.path), column.type)) for column in result.wanted.columns
    ]
    for path, texts in columns or [(None, pa.nulls(found.num_rows, _TEXT))]:
        code, entity, field = (pa.repeat(pa.scalar(v, _TEXT), found.num_rows) for v in (result.wanted.code, result.entity, path))
        writer.write_table(pa.table([code, entity, found.column(KEY), field, texts], schema=FAILING_SCHEMA))


def _texts(values: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
    texts = pc.cast(values, _TEXT)
    return pc.replace_substring_regex(texts, _MIDNIGHT if kind == "date" else _MICROSECONDS, "") if kind in DATES else texts


def write_results(results: list[Result], file: Path) -> None:
    """Write ``results.parquet``."""
    pq.write_table(pa.Table.from_pylist([result.row() for result in results], schema=RESULT_SCHEMA), file, compression="zstd")


def not_as_signed(run_folder: Path, facts: Mapping[str, Any]) -> None:
    """Raise RunFailed where a file is not the one that ``run.json`` has the hash of."""
    files: Mapping[str, str] = (facts.get("acceptance") or {}).get("files") or {}
    for name in (RESULTS, FAILING):
        file = run_folder / name
        if not file.is_file() or sha256(file) != files.get(name):
            what = f"{file} is not what was written when the expectations were judged"
            raise RunFailed(what, hint="lms-migrate acceptance WORKSPACE judges them again")


def read_results(run_folder: Path) -> list[dict[str, Any]] | None:
    """The rows of ``results.parquet``; None where there is none. Raises RunFailed where it is damaged."""
    file = run_folder / RESULTS
    if not file.is_file():
        return None
    try:
        table = pq.read_table(file)
        return table.select(RESULT_SCHEMA.names).to_pylist()  # type: ignore[no-any-return]
    except (pa.ArrowException, OSError, KeyError) as error:
        raise RunFailed(f"{file} cannot be read: {str(error)[:200]}", hint="lms-migrate acceptance WORKSPACE") from None
