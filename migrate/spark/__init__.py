"""The statements of the engine on PySpark: Spark joins, groups, sorts and stores; see docs/adr/0024-spark.md."""
