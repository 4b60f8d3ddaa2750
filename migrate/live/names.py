"""Names by which other stages find what the live parts of `load` and `read_back` leave."""

from __future__ import annotations

RESULTS_FILE = "results.parquet"
"""What became of each record, in the folder of `load`. A row without keys says it of all records of its mapping that may load."""
ONLY_LIVE = "LIVE-ONLY"
"""Code of a record that no file carries, so that it waits for a live run."""
PREDICTED_HELD = ("LIVE-HANDED-OVER", "LIVE-UNCHANGEABLE", "LIVE-RENAMED")
"""Codes of records that a rehearsal writes and compares, and says that a live run would hold."""
ASKED = "asked"
"""The Parquet file of (entity, key) that were asked for; what was not asked is not compared."""
UNSHOWN = "unshown"
"""The Parquet file of (entity, key, field) that the target did not show of a record that it holds."""
KEPT = "kept"
"""The Parquet file of (entity, key) of records that were matched with what the target has, and keep its values."""
