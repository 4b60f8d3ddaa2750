"""What was matched, by what evidence: ``2_map/matches.parquet``, and the counts of it in ``run.json``."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from pathlib import Path
from typing import Any, Literal, get_args

from migrate.compiler.plan import Plan
from migrate.compiler.shared import MAPPED
from migrate.compiler.text import literal, name
from migrate.engine import Engine, copy_to_parquet, scan
from migrate.matching.lists import PeopleList
from migrate.run_folder import STAGES

FILE = "matches.parquet"
State = Literal["taken", "confirmed", "mapped", "confirm", "several", "many", "refused"]
STATES: tuple[State, ...] = get_args(State)
OPEN: tuple[State, ...] = ("confirm", "several", "many")
"""States that wait for a person."""
MATCHED = "matched"
"""Table in the engine of a live load: (mapping, key, there) of records that are somebody of a list."""


def write_evidence(connection: Engine, plan: Plan, lists: Dict[str, PeopleList], folder: Path) -> dict[str, Any]:
    """Write the evidence of the mappings that matched, and give the counts; no file where none did."""
    parts = []
    for mapping in plan.names:
        match = plan.pair.matched(mapping)
        if match is not None:
            given = lists.get(match.against)
            there = literal(given.there if given else True)
            parts.append(
                f"SELECT {literal(mapping)} AS entity, _key AS key, _match_into AS survivor, {literal(match.against)} AS list, "
                f"{there} AS there, _match_tier AS tier, _match_state AS state, _match AS target_key, "
                f"array_to_string(_match_found, ', ') AS candidates, _match_agreed AS agreed FROM {name(MAPPED, mapping)} "
                "WHERE _match IS NOT NULL OR _match_agreed IS NOT NULL"
            )
    if not parts:
        return {}
    file = folder / FILE
    copy_to_parquet(connection, f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY entity, key", file)
    rows = connection.execute(
        f"SELECT entity, tier, state, count(*) FROM {scan(file)} WHERE agreed IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    counts: dict[str, dict[str, dict[str, int]]] = {m: {} for m in plan.names if plan.pair.matched(m)}
    for mapping, tier, state, number in rows:
        counts[mapping].setdefault(tier, {})[state] = int(number)
    about = {name_: {"rows": given.rows.num_rows, "sha256": given.digest, "there": given.there} for name_, given in lists.items()}
    return {"lists": about, "mappings": counts}


def evidence_file(run: Path) -> Path:
    """Where the evidence of a run lies, if anybody was matched."""
    return run / f"{STAGES.index('map') + 1}_map" / FILE


def know_matched(connection: Engine, run: Path) -> None:
    """Make ``MATCHED`` known from the folder of a run: the records that are somebody whom the target has, or will have."""
    connection.execute(f"CREATE OR REPLACE TABLE {MATCHED} (mapping VARCHAR, key VARCHAR, there BOOLEAN)")
    if (file := evidence_file(run)).is_file():
        connection.execute(f"INSERT INTO {MATCHED} SELECT entity, key, there FROM {scan(file)} WHERE target_key IS NOT NULL")
