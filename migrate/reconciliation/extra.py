"""What the target holds beyond what any mapping expects of it."""

from __future__ import annotations

from migrate.compiler.text import literal
from migrate.engine import Engine, number
from migrate.reconciliation.apart import Apart


def extras(connection: Engine, mapping: str, apart: Apart, refused: str) -> tuple[int, int]:
    """Enter the records of a target entity that no mapping expects, be they in the target or among the rows it refused, and
    second rows of one record. Gives their number, and how many of them are in the target.

    They count for ``mapping``, the entity's first. Looked at are the rows alone that may differ.
    """
    held = f"SELECT _target_key AS k, 1 AS n, 1 AS there FROM {apart.actual} UNION ALL SELECT k, 1, 0 FROM ({refused})"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _surplus AS "
        "SELECT k, CAST(sum(n) AS BIGINT) AS n, CAST(sum(there) AS BIGINT) AS there "
        f"FROM ({held} UNION ALL SELECT k, -1, -1 FROM ({apart.awaited})) GROUP BY k HAVING sum(n) > 0"
    )
    entered = number(
        connection,
        f"INSERT INTO differences SELECT {literal(mapping)}, NULL, k, NULL, 'extra', NULL, NULL "
        "FROM (SELECT k, unnest(range(n)) FROM _surplus)",
    )
    return entered, number(connection, "SELECT coalesce(sum(there) FILTER (there > 0), 0) FROM _surplus")
