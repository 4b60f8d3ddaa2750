"""From ``acceptance/`` of a run folder to :class:`~reports.acceptance.model.Acceptance`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from migrate.acceptance.results import FAILING, idle, not_as_signed, read_results
from migrate.engine import scan, session
from migrate.errors import RunFailed
from reports import links
from reports.acceptance.model import WORDS, Acceptance, Expected, State, Unexpected
from reports.masking import HIDDEN, Masker

SAMPLE = 20
"""Records listed per expectation."""
_ORDER = {"failed": 0, "error": 1, "passed": 2}
Json = Mapping[str, Any]


def acceptance(run_folder: Path, summary: Json, run: Json, masker: Masker) -> Acceptance | None:
    """The expectations of a run; None where its workspace had none."""
    said: Json | None = summary.get("acceptance")
    if not said:
        return None
    judged = bool(said.get("judged"))
    runs = run_folder.resolve().parent
    workspace = runs.parent.name if runs.name == "runs" else "WORKSPACE"
    found = Acceptance(
        judged=judged,
        number=int(said.get("expectations") or 0),
        gates=int(said.get("gates") or 0),
        by=str((run.get("acceptance") or {}).get("by") or ""),
        file=FAILING,
        command=f"lms-migrate acceptance {workspace} --run {run_folder.name}",
    )
    if not judged:
        return found
    try:
        not_as_signed(run_folder, run)
        rows = read_results(run_folder) or []
        samples = _samples(run_folder, masker)
    except RunFailed as error:
        return Acceptance(**{**found.__dict__, "wrong": (error.message.replace(f"{run_folder}/", ""),)})
    rows.sort(key=lambda row: (_ORDER.get(row["state"], 0), not row["gate"], row["code"]))
    expected = tuple(_expected(row, *samples.get(row["code"], ((), 0)), masker) for row in rows)
    counted = {state: sum(one.state == state for one in expected) for state in WORDS}
    wrong = tuple(
        f"{state}: the summary says {said.get(state, 0)} expectations, {n} are in the file"
        for state, n in counted.items()
        if said.get(state, 0) != n
    )
    return Acceptance(**{**found.__dict__, "expected": expected, "wrong": wrong})


def _expected(row: Json, sample: tuple[Unexpected, ...], more: int, masker: Masker) -> Expected:
    observed = row["observed"]
    if observed and row["observes"] == "values":
        observed = _value(masker, row["entity"], row["field"], observed)
    state: State = row["state"] if row["state"] in WORDS else "error"
    return Expected(
        code=row["code"], suite=row["suite"], says=row["says"], reason=row["reason"], requirement=row["requirement"] or "",
        gate=row["gate"], state=state, records=row["records"], values=row["values"], unexpected=row["unexpected"],
        observed=observed, why=masker.free(row["why"]) or "", sample=sample, more=more,
        idle=idle(state, row["field"], row["records"], row["values"]),
    )  # fmt: skip


def _samples(run_folder: Path, masker: Masker) -> dict[str, tuple[tuple[Unexpected, ...], int]]:
    """``{code: (the first records that are not as expected, how many more there are)}``."""
    failing, ended = run_folder / FAILING, run_folder / "dispositions.parquet"
    with session() as connection:
        rows = connection.execute(
            "WITH numbered AS (SELECT code, entity, target_key, list({'field': field, 'value': value} ORDER BY field) AS found, "
            "row_number() OVER (PARTITION BY code ORDER BY target_key NULLS FIRST) AS number, "
            f"count(*) OVER (PARTITION BY code) AS total FROM {scan(failing)} GROUP BY code, entity, target_key) "
            f"SELECT * FROM numbered WHERE number <= {SAMPLE} ORDER BY code, number"
        ).fetchall()
        places = _places(connection, ended, [(row[1], row[2]) for row in rows])
    found: dict[str, tuple[list[Unexpected], int]] = {}
    for code, entity, key, values, _, total in rows:
        place = places.get((entity, key))
        shown = (masker.target_key(entity, key) if entity else HIDDEN) or ""
        fields = tuple((one["field"], _value(masker, entity, one["field"], one["value"])) for one in values if one["field"])
        href = links.record(entity, None, place) if place is not None else None
        found.setdefault(code, ([], total))[0].append(Unexpected(shown, href, fields))
    return {code: (tuple(records), total - len(records)) for code, (records, total) in found.items()}


def _places(connection: duckdb.DuckDBPyConnection, ended: Path, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Rows of ``dispositions.parquet``, by mapping and target key."""
    if not ended.is_file() or not wanted:
        return {}
    keys = sorted({key for _, key in wanted if key is not None})
    rows = connection.execute(
        f"SELECT entity, target_key, min(file_row_number) + 1 FROM {scan(ended)[:-1]}, file_row_number = true) "
        "WHERE target_key IN (SELECT unnest(?)) AND disposition IN ('created', 'updated', 'unchanged') GROUP BY 1, 2",
        [keys],
    ).fetchall()
    return {(entity, key): int(row) for entity, key, row in rows}


def _value(masker: Masker, entity: str | None, field: str | None, value: str | None) -> str | None:
    """Where nobody says what is personal, nothing is shown."""
    return masker.value(entity, field, value) if entity else (value and HIDDEN)
