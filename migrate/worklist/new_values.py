"""May a new value be what somebody wrote? Checked when it is taken in, by the rules that it meets in the next run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import duckdb
import polars as pl

from migrate.compiler.decided import Decided, DecidedSql, Signature
from migrate.compiler.text import name
from migrate.compiler.values import target_value
from migrate.contracts.model import Field
from migrate.decisions.model import NEEDS_VALUE, NO_VALUE, TAKES_VALUE
from migrate.engine import scan, session
from migrate.errors import RunFailed
from migrate.mapping.load import LoadedMapping
from migrate.worklist.current import Worklist
from migrate.worklist.groups import group_keys
from migrate.workspace import Workspace

Item = Mapping[str, Any]
KEYS_SHOWN = 20


@dataclass(frozen=True)
class Given:
    """A new value that a decision about an item has."""

    item: Item
    decision: str
    value: str


@dataclass(frozen=True)
class Wrong:
    """Why a new value cannot be taken."""

    message: str
    allowed: tuple[str, ...] = ()


@dataclass
class NewValues:
    """Checks against the contracts and the rows of the run whose worklist it is."""

    workspace: Workspace
    worklist: Worklist
    _gated: dict[tuple[str, str, str], Wrong | None] = field(default_factory=dict)

    def wrong(self, given: Iterable[Given]) -> list[Wrong | None]:
        """For each: what is wrong with it; None where it may be taken."""
        asked = list(given)
        merges = {g.item["item"] for g in asked if g.decision in ("survivor", "separate") and g.item["kind"] == "merge"}
        groups = group_keys(self.worklist, merges)
        self._gate_all(asked)
        return [self._wrong(g, groups) for g in asked]

    def _wrong(self, given: Given, groups: Mapping[str, list[str]]) -> Wrong | None:
        decision, value, item = given.decision, given.value, given.item
        if decision not in TAKES_VALUE:
            return Wrong(f"{decision} takes no new value", ("blank",)) if value else None
        if decision in NEEDS_VALUE and value == "":
            return Wrong(f"{decision} needs a new value", ("NULL stands for no value",) if decision == "override" else ())
        if decision == "separate" and item["kind"] != "merge":
            return Wrong("a record that a match found is separate as a whole: no new value", ("blank",)) if value else None
        if decision in ("survivor", "separate"):
            return self._of_group(given, groups)
        if decision == "confirm" and value == "" and not self._proposed(item):
            return Wrong("the crosswalk proposes no target for this value: confirm needs one")
        if value == "":
            return None
        if value == NO_VALUE and decision != "override":
            return Wrong(f"{decision} takes no {NO_VALUE}")
        for mapping, target_field in self._fields(given):
            if (wrong := self._of_field(mapping, target_field, value, item)) is not None:
                return wrong
        return None

    def _of_group(self, given: Given, groups: Mapping[str, list[str]]) -> Wrong | None:
        keys = groups.get(given.item["item"])
        if keys is None:
            return Wrong("the keys of the group are not known any more", ("run again",))
        wanted = [given.value] if given.decision == "survivor" else [key.strip() for key in given.value.split(",") if given.value]
        strange = [key for key in wanted if key not in keys]
        shown = (*keys[:KEYS_SHOWN], *(["..."] if len(keys) > KEYS_SHOWN else []))
        return Wrong(f"no record of the group has the key {strange[0]!r}", shown) if strange else None

    def _proposed(self, item: Item) -> bool:
        crosswalk = self.workspace.crosswalks.get(item["about"] or "")
        if crosswalk is None:
            return False
        entries = crosswalk.entries
        return bool(((entries["source"] == item["value"]) & (entries["target"] != "")).any())

    def _fields(self, given: Given) -> list[tuple[LoadedMapping, str]]:
        """The fields that the value goes into."""
        mappings, item = self.workspace.pair.mappings, given.item
        if given.decision == "confirm":
            return [
                (mapping, target_field)
                for mapping in mappings.values()
                for target_field, rule in mapping.model.fields.items()
                if rule.crosswalk == item["about"]
            ]
        mapping = mappings.get(item["entity"] or "")
        if mapping is None:
            return []
        if given.decision == "map":
            return [(mapping, mapping.target.key[0])] if len(mapping.target.key) == 1 else []
        return [(mapping, item["field"])] if item["field"] else []

    def _of_field(self, mapping: LoadedMapping, target_field: str, value: str, item: Item) -> Wrong | None:
        rule = mapping.model.fields.get(target_field)
        if rule is not None and rule.ref and not self._of_source(mapping, target_field, item):
            if value == NO_VALUE:
                return _needed(mapping.target.fields[target_field])
            known = self._keys(rule.ref)
            return Wrong(f"{rule.ref} has no source record of this key") if known is not None and value not in known else None
        return self._gated.get((mapping.name, self._side(mapping, target_field, item), value))

    def _side(self, mapping: LoadedMapping, field_name: str, item: Item) -> str:
        return ("from:" if self._of_source(mapping, field_name, item) else "to:") + field_name

    @staticmethod
    def _of_source(mapping: LoadedMapping, field_name: str, item: Item) -> bool:
        """Is the value that of a field of the source, which could not be read?"""
        if item["field"] != field_name or item["entity"] != mapping.name:
            return False
        signature = Signature(item["kind"], item["code"], field_name, frozenset({"override"}))
        return DecidedSql(mapping, Decided((signature,))).of_source(signature)

    def _gate_all(self, asked: Iterable[Given]) -> None:
        """Pass all values of a field through its gate at once."""
        from validators.gate import MESSAGES, failures, gate_schema

        wanted: dict[tuple[str, str], dict[str, None]] = {}
        for given in asked:
            if given.decision in ("override", "map", "confirm") and given.value:
                for mapping, field_name in self._fields(given):
                    wanted.setdefault((mapping.name, self._side(mapping, field_name, given.item)), {})[given.value] = None
        with session() as connection:
            for (mapping_name, side), values in wanted.items():
                mapping = self.workspace.pair.mappings[mapping_name]
                way, _, field_name = side.partition(":")
                rule = (mapping.source if way == "from" else mapping.target).fields[field_name]
                typed = self._typed(connection, values, rule.type, mapping_name, side)
                if way == "to" and NO_VALUE in values:
                    self._gated[mapping_name, side, NO_VALUE] = _needed(rule)
                if way == "from" or not typed:
                    continue
                keys = pl.Series(list(typed))
                frame = pl.from_arrow(_column(connection, list(typed), rule.type, field_name))
                assert isinstance(frame, pl.DataFrame)
                for key, code, _, _ in failures(gate_schema(mapping.target, [field_name]), frame, keys):
                    self._gated[mapping_name, side, key] = Wrong(
                        f"{MESSAGES[code]} ({mapping.target_name}.{field_name})", _allowed(rule)
                    )

    def _typed(
        self, connection: duckdb.DuckDBPyConnection, values: Iterable[str], kind: str, mapping: str, side: str
    ) -> dict[str, None]:
        """Those of ``values`` that are of the field's type; the others are noted as wrong."""
        fitting: dict[str, None] = {}
        for value in values:
            row = connection.execute(f"SELECT {target_value('$1', kind)} IS NOT NULL", [value]).fetchone()
            if value == NO_VALUE:
                continue
            if row is not None and row[0]:
                fitting[value] = None
            else:
                self._gated[mapping, side, value] = Wrong(f"the value is no {kind}", _examples(kind))
        return fitting

    def _keys(self, mapping: str) -> set[str] | None:
        return self._all_keys.setdefault(mapping, self._read_keys(mapping))

    @cached_property
    def _all_keys(self) -> dict[str, set[str] | None]:
        return {}

    def _read_keys(self, mapping: str) -> set[str] | None:
        """Source keys of a mapping's records; None where the run had not that mapping, or its rows are gone."""
        if mapping in self._all_keys:
            return self._all_keys[mapping]
        file = self.worklist.stage("2_map") / f"{mapping}.parquet"
        if not file.is_file():
            return None
        try:
            with session() as connection:
                return {key for (key,) in connection.execute(f"SELECT _key FROM {scan(file)}").fetchall()}
        except RunFailed:
            return None


def _column(connection: duckdb.DuckDBPyConnection, values: list[str], kind: str, field_name: str) -> Any:
    given = "(SELECT unnest($1) AS v, generate_subscripts($1, 1) AS n)"
    sql = f"SELECT {target_value('v', kind)} AS {name(field_name)} FROM {given} ORDER BY n"
    return connection.execute(sql, [values]).to_arrow_table()


def _needed(rule: Field) -> Wrong | None:
    return Wrong("the target requires a value") if rule.required else None


def _allowed(rule: Field) -> tuple[str, ...]:
    """What a field takes, in words."""
    if rule.enum:
        return tuple(str(each) for each in rule.enum)
    bounds = (
        ("at least {} characters", rule.min_length), ("at most {} characters", rule.max_length), ("of the form {}", rule.pattern),
        ("{} or more", rule.min), ("{} or less", rule.max),
    )  # fmt: skip
    return tuple(text.format(bound) for text, bound in bounds if bound is not None)


def _examples(kind: str) -> tuple[str, ...]:
    return {
        "int": ("12",), "decimal": ("12.5",), "flag": ("true", "false", "1", "0"), "date": ("2026-01-31",),
        "datetime": ("2026-01-31 17:05:00",), "epoch": ("2026-01-31 17:05:00",),
    }.get(kind, ())  # fmt: skip
