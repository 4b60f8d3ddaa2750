"""Comparing what a target holds with what it should hold: rows of twelve fields, some of them changed.

    python benchmarks/comparing.py make ROWS FOLDER       both sides, with one difference planted in about every 50,000 rows
    python benchmarks/comparing.py reconcile|join|ends|datacompy FOLDER

Each of the last four prints how many fields differ and how many records are missing or extra, as JSON. ``reconcile`` is the
stage of lms-migrate, ``join`` a full outer join written by hand for DuckDB, ``ends`` the same with a file of where each record
ended, by key, as the stage writes one, and ``datacompy`` that library on pandas.
"""

from __future__ import annotations

import json
import shutil
import sys
from functools import partial
from pathlib import Path

import duckdb

TEXTS, NUMBERS, INSTANTS = ("name", "login", "email", "city", "note"), ("score", "credits", "percent"), ("starts", "ends", "seen")
FIELDS = ("number", *TEXTS, *NUMBERS, *INSTANTS)
RARE = 50_000
CONTRACT = """\
system: {0}
label: Made up
{1}
entities:
  record:
    key: number
    fields:
      number: {{required: true}}
{2}
"""
MAPPING = "from: left.record\nto: right.record\nfields:\n" + "".join(f"  {f}: {{from: {f}}}\n" for f in FIELDS)


def make(rows: int, folder: Path) -> dict[str, int]:
    """Write ``expected.parquet`` and ``actual.parquet``; gives what was planted."""
    from migrate.engine import copy_to_parquet

    folder.mkdir(parents=True, exist_ok=True)
    texts = ", ".join(f"'{f} ' || (hash('{f}', n) % 100000) AS {f}" for f in TEXTS)
    numbers = ", ".join(f"(hash('{f}', n) % 100000) / 7.0 AS {f}" for f in NUMBERS)
    instants = ", ".join(f"make_timestamp((1400000000 + hash('{f}', n) % 300000000)::BIGINT * 1000000) AS {f}" for f in INSTANTS)
    with duckdb.connect() as engine:
        engine.execute(f"CREATE TABLE e AS SELECT 'n-' || n AS number, {texts}, {numbers}, {instants} FROM range({rows}) AS r(n)")
        # Traps for those who normalise: a blank at the end, another Unicode form, the last digit of a number, a microsecond.
        changed = {
            "name": "name || ' '", "city": "'é' || city", "note": "NULL", "score": "score + 1e-9", "percent": "NULL",
            "seen": "seen + INTERVAL 1 MICROSECOND",
        }  # fmt: skip
        engine.execute("CREATE TABLE a AS SELECT * FROM e")
        engine.execute(f"UPDATE e SET city = 'e\u0301' || city WHERE hash('city!', number) % {RARE} = 0")
        planted = 0
        for field, sql in changed.items():
            done = engine.execute(f"UPDATE a SET {field} = {sql} WHERE hash('{field}!', number) % {RARE} = 0").fetchone()
            planted += done[0] if done else 0
        gone = engine.execute(f"DELETE FROM a WHERE hash('gone', number) % {RARE} = 1").fetchone()
        planted -= engine.execute(
            "SELECT " + " + ".join(f"count(*) FILTER (hash('{f}!', number) % {RARE} = 0)" for f in changed)
            + f" FROM e WHERE hash('gone', number) % {RARE} = 1"
        ).fetchone()[0]  # type: ignore[index]  # fmt: skip
        engine.execute(f"INSERT INTO a SELECT * REPLACE ('x-' || number AS number) FROM a WHERE hash('new', number) % {RARE} = 0")
        more = engine.execute("SELECT count(*) FROM a WHERE number LIKE 'x-%'").fetchone()
        extra = more[0] if more else 0
        for side, table in (("expected", "e"), ("actual", "a")):
            sql = f"SELECT number AS _key, number AS _target_key, * FROM {table}"
            copy_to_parquet(engine, sql, folder / f"{side}.parquet")  # as the stages write
    answer = {"different": planted, "missing": gone[0] if gone else 0, "extra": extra}
    (folder / "planted.json").write_text(json.dumps(answer))
    return answer


def prepare(folder: Path) -> None:
    """Both sides as the artefacts of a run, up to what was read back."""
    from benchmarks.validated import lay
    from migrate.artefacts import Loaded, ReadBack, write_manifest
    from migrate.engine import scan, session
    from migrate.findings import write_findings
    from migrate.run_folder import RunFolder

    workspace = folder / "workspace"
    for inside in ("systems", "mapping"):
        (workspace / inside).mkdir(parents=True, exist_ok=True)
    kinds = {**dict.fromkeys(TEXTS, "string"), **dict.fromkeys(NUMBERS, "decimal"), **dict.fromkeys(INSTANTS, "datetime")}
    fields = "".join(f"      {field}: {{type: {kind}}}\n" for field, kind in kinds.items())
    ends = {"left": "source: {kind: files}", "right": "target: {kind: files}"}
    for system, end in ends.items():
        (workspace / "systems" / f"{system}.yaml").write_text(CONTRACT.format(system, end, fields))
    (workspace / "mapping" / "pair.yaml").write_text("from: left\nto: right\nlabel: Twelve fields\n")
    (workspace / "mapping" / "record.yaml").write_text(MAPPING)
    (workspace / "migration.yaml").write_text(
        "label: Twelve fields\nsource: {system: left, folder: .}\ntarget: {system: right}\n"
    )
    shutil.rmtree(folder / "run", ignore_errors=True)
    run = RunFolder(folder / "run")
    loaded, back = (run.stage(stage) for stage in ("load", "read_back"))
    with session() as connection:
        validated = lay(connection, run, "record", list(FIELDS), scan(folder / "expected.parquet"), "number")
    (back / "record.parquet").hardlink_to(folder / "actual.parquet")
    absent = ("code", "message", "native", "blamed", "key", "source_key")
    done = ", ".join(
        ["'record' AS entity", "'created' AS result", "'record' AS mapping", *(f"NULL::VARCHAR AS {n}" for n in absent)]
    )
    duckdb.sql(f"COPY (SELECT {done}) TO '{loaded / 'results.parquet'}' (FORMAT parquet)")
    write_findings([], back / "findings.parquet")
    duckdb.sql(
        f"COPY (SELECT '' AS entity, '' AS key, '' AS reason WHERE FALSE) TO '{back / 'refused.parquet'}' (FORMAT parquet)"
    )
    write_manifest(Loaded, loaded, validated, loaded.glob("*.parquet"))
    write_manifest(ReadBack, back, Loaded(loaded), back.glob("*.parquet"))


def with_reconcile(folder: Path) -> dict[str, int]:
    """The stage, on artefacts as the stages before it leave them."""
    from migrate.artefacts import Loaded, ReadBack, Validated
    from migrate.compiler.plan import make_plan
    from migrate.progress import Silent
    from migrate.run_folder import RunFolder
    from migrate.stages.reconcile import reconcile
    from migrate.workspace import open_workspace

    plan = make_plan(open_workspace(folder / "workspace").pair, "2026-01-01 00:00:00")
    run = RunFolder(folder / "run")
    shutil.rmtree(run.path / "6_reconcile", ignore_errors=True)
    run.summary = {
        "mode": "rehearsal",
        "entities": {"record": {"source": _count(folder), "references": {}}},
        "findings": {},
        "loss_register": [],
    }
    run.facts = {"codes": {}, "entities": {"record": {}}}
    validated, loaded, back = (run.stage(stage) for stage in ("validate", "load", "read_back"))
    reconcile(Validated(validated), Loaded(loaded), ReadBack(back), plan, run, Silent(), "1GB")
    about = run.summary["entities"]["record"]
    return {"different": sum(about["differences"].values()), "missing": about["missing"], "extra": about["extra"]}


def with_join(folder: Path, ends: bool = False) -> dict[str, int]:
    """A full outer join by hand; it writes the differences too, and where asked for, where each record ended."""
    with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder / "spill")}) as engine:
        pairs = ", ".join(f"e.{f} AS e_{f}, a.{f} AS a_{f}, e.{f} IS DISTINCT FROM a.{f} AS u_{f}" for f in FIELDS[1:])
        unequal = " OR ".join(f"e.{f} IS DISTINCT FROM a.{f}" for f in FIELDS[1:])
        expected, actual = (f"read_parquet('{folder / side}.parquet')" for side in ("expected", "actual"))
        engine.execute(
            f"CREATE TABLE p AS SELECT e.number AS e_number, a.number AS a_number, {pairs} "
            f"FROM {expected} AS e FULL JOIN {actual} AS a ON a.number = e.number "
            f"WHERE e.number IS NULL OR a.number IS NULL OR {unequal}"
        )
        both = "e_number IS NOT NULL AND a_number IS NOT NULL"
        listed = " UNION ALL ".join(
            f"SELECT e_number, '{f}' AS field, CAST(e_{f} AS VARCHAR), CAST(a_{f} AS VARCHAR) FROM p WHERE u_{f} AND {both}"
            for f in FIELDS[1:]
        )
        engine.execute(f"COPY ({listed}) TO '{folder / 'by_hand.parquet'}' (FORMAT parquet)")
        if ends:
            from migrate.engine import copy_to_parquet

            gone = "SELECT e_number FROM p WHERE a_number IS NULL"
            sql = f"SELECT number AS key, IF(number IN ({gone}), 'failed', 'created') AS disposition, number AS target_key"
            copy_to_parquet(engine, f"{sql} FROM {expected} ORDER BY key", folder / "ends.parquet")
        sql = (
            f"SELECT (SELECT count(*) FROM '{folder / 'by_hand.parquet'}'), count(*) FILTER (a_number IS NULL), "
            "count(*) FILTER (e_number IS NULL) FROM p"
        )
        return dict(zip(("different", "missing", "extra"), engine.execute(sql).fetchall()[0], strict=True))


def with_datacompy(folder: Path) -> dict[str, int]:
    """The library, without tolerances."""
    import datacompy
    import pandas as pd

    expected, actual = (pd.read_parquet(folder / f"{side}.parquet", columns=list(FIELDS)) for side in ("expected", "actual"))
    compared = datacompy.Compare(expected, actual, join_columns=["number"])
    different = sum(stat["unequal_cnt"] for stat in compared.column_stats)
    return {"different": int(different), "missing": len(compared.df1_unq_rows), "extra": len(compared.df2_unq_rows)}


def _count(folder: Path) -> int:
    row = duckdb.sql(f"SELECT count(*) FROM '{folder / 'expected.parquet'}'").fetchone()
    return int(row[0]) if row else 0


WAYS = {"reconcile": with_reconcile, "join": with_join, "ends": partial(with_join, ends=True), "datacompy": with_datacompy}

if __name__ == "__main__":
    if sys.argv[1] == "make":
        print(json.dumps(make(int(sys.argv[2]), Path(sys.argv[3]))))
        prepare(Path(sys.argv[3]))
    else:
        print(json.dumps(WAYS[sys.argv[1]](Path(sys.argv[2]))))
