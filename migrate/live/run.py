"""The live parts of the stages `load` and `read_back`, each in a session of the engine of its own."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from migrate.artefacts import Loaded, ReadBack, Validated, write_manifest
from migrate.compiler.plan import Plan
from migrate.compiler.text import literal, name
from migrate.engine import copy_to_parquet, scan, session
from migrate.findings import write_findings
from migrate.ledger import Ledger
from migrate.live.already import already, runs_since
from migrate.live.changes import KNOWN, RESULT_SCHEMA, RESULTS, TODO, Changes
from migrate.live.load import Live, LiveLoad
from migrate.live.names import ONLY_LIVE, PREDICTED_HELD, RESULTS_FILE
from migrate.live.prediction import predicted
from migrate.live.read import LiveReading
from migrate.live.removal import left_over
from migrate.live.renamed import RENAMED
from migrate.matching.evidence import MATCHED
from migrate.progress import Progress
from migrate.run_folder import RunFolder

HAND_OVER = "hand_over"
"""The folder of a run for files that a person gives to the target."""
INSTRUCTIONS = "README.txt"
_PREDICTED = (
    "CASE WHEN old_key IS NOT NULL THEN 'held' WHEN action = 'look' THEN 'created' WHEN action = 'unchanged' THEN 'unchanged' "
    "ELSE 'updated' END"
)
_HANDED_OVER, _UNCHANGEABLE, _RENAMED = map(literal, PREDICTED_HELD)
_PREDICTED_CODE = (
    f"CASE WHEN old_key IS NOT NULL THEN {_RENAMED} WHEN action = 'look' THEN {_HANDED_OVER} "
    f"WHEN action <> 'unchanged' THEN {_UNCHANGEABLE} END"
)
"""Of a record that goes in a file: why a live run would hold it."""
_PREDICTED_WHY = {
    _HANDED_OVER: "a live run puts it into a file that a person gives to the target, and looks for it afterwards",
    _UNCHANGEABLE: "it is not as an earlier run handed it over, and a file cannot change what is there",
    _RENAMED: "an earlier run handed it over under another key",
}


def write_live(
    validated: Validated, plan: Plan, run: RunFolder, progress: Progress, memory: str, live: Live, folder: Path, *, whole: bool
) -> None:
    """Write the target; ``folder`` gets the results, whatever happens. ``whole``: does the run cover every mapping?"""
    with session(run.scratch, memory) as connection:
        changes = Changes(connection, plan, validated, live.ledger, whole)
        load = LiveLoad(changes, live, run.id, progress, run.path / HAND_OVER)
        try:
            load.go()
        finally:
            _write_results(changes, folder)
        since = runs_since(live.ledger, predicted(run.path.parent, run), run.id)
        run.facts["live"] = {
            "target": {"address": live.connector.info.address, "version": live.connector.info.version},
            "delta": live.delta,
            "lost": load.lost,
            "entities": {entity: _counts(changes, entity) for entity in changes.entities()},
            "handed_over": _handed_over(run.path / HAND_OVER),
            "already": already(changes, live.ledger, since),
        }


def predict(
    validated: Validated, plan: Plan, run: RunFolder, memory: str, ledger: Ledger | None, folder: Path, *, whole: bool,
    held: Collection[str] = (), handed: Collection[str] = (), adopts: Collection[str] = (),
) -> None:  # fmt: skip
    """What a live run would do, as far as the ledger knows the target. Nothing is asked of the target.

    Records of the entities in ``held`` wait for a live run, those of the entities in ``handed`` go in files that a person gives
    to the target. Of the entities in ``adopts`` it takes as they are those that were matched with somebody of the target.
    """
    with session(run.scratch, memory) as connection:
        changes = Changes(connection, plan, validated, ledger, whole)
        changes.together = frozenset(handed)
        columns = "(entity, key, result, code, message, native, mapping, source_key)"
        at_once = ledger is None and not handed and not adopts  # which is all there is to say of millions of records
        unasked = _unasked(plan, validated, held, known=ledger is not None, each=not at_once)
        if unasked and at_once:
            copy_to_parquet(connection, unasked, folder / RESULTS_FILE)
            return
        if unasked:
            connection.execute(f"INSERT INTO {RESULTS} {unasked}")
        for entity in changes.entities() if ledger is not None else ():
            if entity in held:
                continue
            changes.recall(entity)
            changes.compare(entity)
            connection.execute(f"DELETE FROM {RESULTS} WHERE entity = ?", [entity])
            connection.execute(
                f"INSERT INTO {RESULTS} {columns} SELECT {literal(entity)}, key, {_PREDICTED}, "
                f"CASE WHEN old_key IS NOT NULL THEN {_RENAMED} END, {literal(RENAMED)} || old_key, native, mapping, source_key "
                f"FROM {name(TODO, entity)}"
            )
        for entity in changes.entities():
            if entity in handed and entity not in held:
                _predict_handed_over(changes, entity, known=ledger is not None)
        for entity in adopts:
            keeps = f"SELECT key FROM {name(KNOWN, entity)} WHERE origin = 'adopted'" if ledger is not None else "SELECT NULL"
            connection.execute(
                f"UPDATE {RESULTS} AS r SET result = 'unchanged', code = NULL, message = NULL FROM {MATCHED} AS mt "
                f"WHERE mt.mapping = r.mapping AND mt.key = r.source_key AND mt.there AND r.entity = {literal(entity)} "
                f""
                f"AND (r.result = 'created' OR r.code = {_HANDED_OVER} OR (r.result = 'updated' AND r.key IN ({keeps})))"
            )
        for entity in changes.entities() if ledger is not None else ():
            if entity not in held:
                changes.enter(left_over(changes, entity))
        _write_results(changes, folder)


def _predict_handed_over(changes: Changes, entity: str, *, known: bool) -> None:
    """Predict what becomes of records that go in files: the ledger never says that one has arrived, only that it was found."""
    codes = f"(SELECT key, {_PREDICTED_CODE} AS code FROM {name(TODO, entity)})"
    if not known:
        codes = f"(SELECT key, {_HANDED_OVER} AS code FROM {RESULTS} WHERE entity = {literal(entity)})"
    why = " ".join(f"WHEN {code} THEN {literal(message)}" for code, message in _PREDICTED_WHY.items())
    changes.connection.execute(
        f"UPDATE {RESULTS} AS r SET result = 'held', code = c.code, message = CASE c.code {why} END FROM {codes} AS c "
        f"WHERE r.entity = {literal(entity)} AND r.key = c.key AND c.code IS NOT NULL"
    )


def _unasked(plan: Plan, validated: Validated, held: Collection[str], *, known: bool, each: bool) -> str:
    """A SELECT, in the columns of RESULT_SCHEMA, of the records of which no ledger has to be asked: those that wait for a live
    run, and without a ledger (``known``) all others, which would be created. Blank where there are none.

    Of mappings whose records would all be created one row says so, without keys, where not ``each`` record is needed.
    """
    message = "no file carries it; run --live with target: {url: ...} does"
    waits = {"result": "held", "code": ONLY_LIVE, "message": message}
    parts = []
    for mapping in plan.names:
        target = plan.pair.mappings[mapping].target_name
        if known and target not in held:
            continue
        said = {"entity": target, "mapping": mapping, **(waits if target in held else {"result": "created"})}
        values = {column: _constant(said.get(column)) for column in RESULT_SCHEMA.names}
        rows = ""
        if each or target in held:
            values |= {"key": "_target_key", "source_key": "_key"}
            rows = f" FROM ({validated.loading(mapping)})"
        parts.append(f"SELECT {', '.join(f'{sql} AS {name(column)}' for column, sql in values.items())}{rows}")
    return " UNION ALL ".join(parts)


def _constant(text: str | None) -> str:
    """A column of one text. As an enumeration it is written in a fraction of the time that texts take."""
    return f"CAST({literal(text)} AS {'VARCHAR' if text is None else f'ENUM ({literal(text)})'})"


def read_live(
    loaded: Loaded, validated: Validated, plan: Plan, run: RunFolder, progress: Progress, memory: str, live: Live
) -> ReadBack:
    """Ask the target what it holds of the records of this run. One Parquet per target entity."""
    loaded.verify()
    validated.verify()
    folder = run.stage("read_back")
    with session(run.scratch, memory) as connection:
        changes = Changes(connection, plan, validated, live.ledger, whole=False)
        for entity in changes.entities():
            changes.recall(entity)
            changes.compare(entity)
        connection.execute(f"DELETE FROM {RESULTS}; INSERT INTO {RESULTS} SELECT * FROM {scan(loaded.folder / RESULTS_FILE)}")
        reading = LiveReading(changes, live, progress)
        reading.go(folder, lost=run.facts["live"]["lost"])
        unshown = connection.execute("SELECT entity || '.' || field, count(*) FROM unshown GROUP BY 1 ORDER BY 1").fetchall()
        run.facts["live"] |= {
            "lost": reading.lost,
            "unseen": {entity: fields for entity, fields in reading.unseen.items() if fields},
            "unshown": dict(unshown),
        }
    write_findings([], folder / "findings.parquet")
    write_manifest(ReadBack, folder, loaded, folder.glob("*.parquet"))
    return ReadBack(folder)


def _handed_over(folder: Path) -> str | None:
    """Where a person reads what to do with the files of this run, in the run folder; None where there are none."""
    if not folder.is_dir():
        return None
    return f"{HAND_OVER}/{INSTRUCTIONS}" if (folder / INSTRUCTIONS).is_file() else HAND_OVER


def _write_results(changes: Changes, folder: Path) -> None:
    copy_to_parquet(changes.connection, f"SELECT * FROM {RESULTS}", folder / RESULTS_FILE)


def _counts(changes: Changes, entity: str) -> dict[str, int]:
    rows = changes.connection.execute(
        f"SELECT result, count(*) FROM {RESULTS} WHERE entity = ? GROUP BY 1 ORDER BY 1", [entity]
    ).fetchall()
    return {result: int(number) for result, number in rows}
