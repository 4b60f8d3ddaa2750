"""How many rows are few, and what is done otherwise with few. None of it changes what comes out."""

from __future__ import annotations

FEW = 50_000
"""Rows up to which a statement is one task that DuckDB answers: Spark plans longer than that takes."""
WITH_DRIVER = 1_000
"""Rows up to which a statement is answered by the driver itself, and a result stays in its memory."""
WRITTEN_OUT = 40
"""Rows that the driver has are written into a statement of Spark, up to this number."""
FOR_FEW = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Settings of a statement that is one task: there is nothing to plan."""
