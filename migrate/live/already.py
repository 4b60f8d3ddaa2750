"""What live runs since the rehearsal had written already: predicted to be written, and found as it is meant by this run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from migrate.compiler.text import name
from migrate.ledger import Ledger
from migrate.live.changes import RESULTS, TODO, Changes

Already = dict[str, dict[str, dict[str, int]]]
"""``{mapping: {as it was predicted: {as it ended: records}}}``"""
_WRITTEN = "written_since"
_WORDS = "CASE w.action WHEN 'create' THEN 'created' ELSE 'updated' END"


def runs_since(ledger: Ledger, rehearsal: Mapping[str, Any] | None, run: str) -> list[str]:
    """Live runs before ``run`` that wrote the target after the rehearsal began, the oldest first."""
    began = _instant((rehearsal or {}).get("started"))
    if began is None:
        return []
    wrote = (one for one in ledger.runs() if one.kind != "rollback" and one.id != run)
    return [one.id for one in wrote if (started := _instant(one.started)) is not None and started > began]


def already(changes: Changes, ledger: Ledger, runs: Sequence[str]) -> Already:
    """Count them, after everything was compared and written."""
    found: Already = {}
    for entity in changes.entities() if runs else ():
        changes.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_WRITTEN} (key VARCHAR, action VARCHAR)")
        for batch in ledger.written(entity, runs):
            changes.connection.register("_batch", batch)
            changes.connection.execute(f"INSERT INTO {_WRITTEN} SELECT key, action FROM _batch")
            changes.connection.unregister("_batch")
        # Of what was cut off before its end, this run writes the rest.
        rows = changes.connection.execute(
            f"SELECT t.mapping, {_WORDS}, r.result, count(*) FROM {name(TODO, entity)} AS t "
            f"JOIN {_WRITTEN} AS w ON w.key = t.key JOIN {RESULTS} AS r ON r.entity = ? AND r.key = t.key "
            "WHERE (t.same OR t.action IN ('unchanged', 'finish')) AND r.result IN ('unchanged', 'updated') "
            "GROUP BY ALL ORDER BY ALL",
            [entity],
        ).fetchall()
        for mapping, predicted, ended, number in rows:
            found.setdefault(mapping, {}).setdefault(predicted, {})[ended] = int(number)
    return found


def _instant(text: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC) if isinstance(text, str) else None
    except ValueError:
        return None
