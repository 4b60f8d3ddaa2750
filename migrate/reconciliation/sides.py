"""The two sides of a comparison: the rows of a mapping as they are meant, and what was read back of its target entity."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.artefacts import ReadBack, Validated
from migrate.compiler.source import SQL_TYPES
from migrate.compiler.text import literal, name
from migrate.engine import scan
from migrate.live.names import ASKED, ONLY_LIVE
from migrate.mapping.load import LoadedMapping
from migrate.run_folder import RunFolder


@dataclass(frozen=True)
class Sides:
    """What of a mapping is compared, and how."""

    mapping: LoadedMapping
    expected: str
    """SQL of the rows that the target was asked for, or that files were to carry: ``_key``, ``_target_key`` and the fields."""
    hashes: str | None
    """SELECT of the same rows: ``_target_key`` and ``_hash`` of :attr:`fields`, as the map stage stored it. None: it did not."""
    actual: str
    """SQL of the rows that were read back of the target entity, of whichever mapping: ``_target_key`` and the fields."""
    fields: tuple[str, ...]
    unfilled: frozenset[str]
    """Those of the fields that no rule fills."""
    texts: frozenset[str]
    """Those of the fields that are compared as text, in which blank and absent are one."""
    limited: bool
    """Are some of the rows of the mapping that may load not expected?"""

    @property
    def forms(self) -> tuple[tuple[str, bool], ...]:
        """``(field, as text?)``. Mappings whose forms are the same compare in the same way."""
        return tuple((field, field in self.texts) for field in self.fields)

    def value(self, field: str, row: str) -> str:
        """SQL of what is compared of a field of the row that is called ``row``."""
        column = f"{row}.{name(field)}"
        return f"nullif(CAST({column} AS VARCHAR), '')" if field in self.texts else column

    def unequal(self, field: str, expected: str = "e", actual: str = "a") -> str:
        """The condition under which two rows differ in a field, whatever a tolerance says."""
        return f"{self.value(field, expected)} IS DISTINCT FROM {self.value(field, actual)}"


def sides_of(mapping: LoadedMapping, validated: Validated, back: ReadBack, run: RunFolder, *, waits: bool) -> Sides:
    """The sides of a mapping in a run. ``waits``: are there records of its target entity that only a live run carries?"""
    live = run.facts.get("live")
    if live is None:
        fields, texts = list(mapping.compared), []
    else:
        # A live target fills in what it likes by itself, and may not show all that it holds.
        hidden = live.get("unseen", {}).get(mapping.target_name, ())
        fields = [f for f in mapping.target.fields if f in mapping.model.fields and f not in hidden]
        # Blank and absent are one to a live target. References are read back as text: an id of the target that nobody knows
        # stands there as it is.
        texts = [f for f in fields if mapping.target.fields[f].references or mapping.target.fields[f].type == "string"]
    unfilled = {f: SQL_TYPES[mapping.target.fields[f].type] for f in fields if f not in mapping.model.fields}
    columns = "".join(f", CAST(NULL AS {kind}) AS {name(f)}" for f, kind in unfilled.items())
    limited = live is not None or waits
    asked_for = asked(mapping.target_name, back, run) if limited else ""
    expected = f"(SELECT *{columns} FROM ({validated.loading(mapping.name)}){asked_for})"
    stored = None if texts else validated.hashes(mapping.name, fields)
    hashes = f"SELECT _target_key, _hash FROM ({stored}){asked_for}" if stored else None
    actual = scan(back.parquet(mapping.target_name))
    return Sides(mapping, expected, hashes, actual, tuple(fields), frozenset(unfilled), frozenset(texts), limited)


def asked(entity: str, back: ReadBack, run: RunFolder) -> str:
    """WHERE clause: a live target is compared in what it was asked for, files in what they were to carry."""
    if run.facts.get("live") is None:
        return f" WHERE _target_key NOT IN (SELECT key FROM results WHERE entity = {literal(entity)} AND code = '{ONLY_LIVE}')"
    return f" WHERE _target_key IN (SELECT key FROM {scan(back.parquet(ASKED))} WHERE entity = {literal(entity)})"
