"""What the target holds beyond what any mapping expects of it."""

from __future__ import annotations

from collections.abc import Sequence

from migrate.compiler.text import literal
from migrate.engine import Engine, number
from migrate.reconciliation.sides import Sides
from migrate.reconciliation.uneven import in_uneven


def extras(connection: Engine, sides: Sequence[Sides], refused: str) -> tuple[int, int]:
    """Enter the records of a target entity that no mapping expects, be they in the target or among the rows it refused, and
    second rows of one record. Gives their number, and how many of them are in the target.

    They count for the entity's first mapping. Looked at are the buckets of the table ``_uneven`` alone.
    """
    held = f"SELECT _target_key AS k, 1 AS n, 1 AS there FROM {sides[0].actual} UNION ALL SELECT k, 1, 0 FROM ({refused})"
    expected = " UNION ALL ".join(f"SELECT _target_key, -1, -1 FROM {side.expected}" for side in sides)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE _surplus AS "
        "SELECT k, CAST(sum(n) AS BIGINT) AS n, CAST(sum(there) AS BIGINT) AS there "
        f"FROM ({held} UNION ALL {expected}) WHERE {in_uneven('k')} GROUP BY k HAVING sum(n) > 0"
    )
    entered = number(
        connection,
        f"INSERT INTO differences SELECT {literal(sides[0].mapping.name)}, NULL, k, NULL, 'extra', NULL, NULL "
        "FROM (SELECT k, unnest(range(n)) FROM _surplus)",
    )
    return entered, number(connection, "SELECT coalesce(sum(there) FILTER (there > 0), 0) FROM _surplus")
