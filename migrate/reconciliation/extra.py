"""What the target holds beyond what any mapping expects of it."""

from __future__ import annotations

from migrate.artefacts import ReadBack, Validated
from migrate.compiler.plan import Plan
from migrate.compiler.text import literal
from migrate.engine import Engine, number, scan
from migrate.live.read import ASKED
from migrate.live.run import ONLY_LIVE
from migrate.reconciliation.balance import Balance
from migrate.run_folder import RunFolder

BUCKET = "hash(k) % 16384"


def extras(
    connection: Engine,
    plan: Plan,
    validated: Validated,
    back: ReadBack,
    run: RunFolder,
    balances: dict[str, Balance],
) -> None:
    """Records that no mapping expects, be they in the target or among the rows it refused, and second rows of one record.

    They count for the entity's first mapping.
    """
    for entity_name in plan.pair.target.model.entities:
        mappings = [n for n in plan.names if plan.pair.mappings[n].target_name == entity_name]
        if not mappings:
            continue
        compared = asked(entity_name, back, run)
        expected = " UNION ALL ".join(f"SELECT _target_key, -1, -1 FROM ({validated.loading(n)}){compared}" for n in mappings)
        read = scan(back.parquet(entity_name))
        held = (
            f"SELECT _target_key AS k, 1 AS n, 1 AS there FROM {read} UNION ALL "
            f"SELECT key, 1, 0 FROM {scan(back.parquet('refused'))} WHERE entity = {literal(entity_name)}"
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE _uneven AS {uneven(f'{held} UNION ALL {expected}')}")
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE _surplus AS "
            "SELECT k, CAST(sum(n) AS BIGINT) AS n, CAST(sum(there) AS BIGINT) AS there "
            f"FROM ({held} UNION ALL {expected}) WHERE {BUCKET} IN (SELECT bucket FROM _uneven) GROUP BY k HAVING sum(n) > 0"
        )
        run.summary["entities"][mappings[0]]["extra"] = number(
            connection,
            f"INSERT INTO differences SELECT {literal(mappings[0])}, NULL, k, NULL, 'extra', NULL, NULL "
            "FROM (SELECT k, unnest(range(n)) FROM _surplus)",
        )
        balances[entity_name].rows = number(connection, f"SELECT count(*) FROM {read}")
        balances[entity_name].extra = number(connection, "SELECT coalesce(sum(there) FILTER (there > 0), 0) FROM _surplus")


def uneven(counted: str) -> str:
    """A SELECT of the buckets of keys ``k`` that do not count each other out by their ``n``: only those are held side by side.

    Told by the sums of two hashes: for keys that differ to pass for the same, both would have to agree.
    """
    hashes = {"first": "hash(k)", "again": "hash(k, 'again')"}
    columns = ", ".join(f"CAST({sql} AS HUGEINT) AS {column}" for column, sql in hashes.items())
    sums = " OR ".join(f"sum(n * {column}) <> 0" for column in hashes)
    hashed = f"SELECT n, {BUCKET} AS bucket, {columns} FROM ({counted})"
    return f"SELECT bucket FROM ({hashed}) GROUP BY bucket HAVING sum(n) <> 0 OR {sums}"


def asked(entity: str, back: ReadBack, run: RunFolder) -> str:
    """WHERE clause: a live target is compared in what it was asked for, files in what they were to carry."""
    if run.facts.get("live") is None:
        return f" WHERE _target_key NOT IN (SELECT key FROM results WHERE entity = {literal(entity)} AND code = '{ONLY_LIVE}')"
    return f" WHERE _target_key IN (SELECT key FROM {scan(back.parquet(ASKED))} WHERE entity = {literal(entity)})"
