"""References across rows: who waits for whom, which rows the target would refuse, and who closes a circle.

Works on one table of open rows per mapping, in the engine. A row leaves it for one reason, which is its disposition, code
and root cause; the rows that refer to it follow, until nothing changes any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrate.compiler.source import SQL_TYPES, query_needs, query_sql
from migrate.compiler.text import key_text, literal, name
from migrate.compiler.values import typed_literal
from migrate.contracts.model import Contract
from migrate.engine import Engine
from migrate.expressions import read_query
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.mapping.model import Outcome

STATE, TARGET = "state", "target"
ROUNDS = 10_000
"""A bound on the propagation, far above the depth of any organisation; reaching it is a defect of ours."""


def open_schemas(connection: Engine) -> None:
    """Make room for the state of mappings, and for what the gate found (``gate_failures``)."""
    connection.execute(f"CREATE SCHEMA {STATE}; CREATE SCHEMA {TARGET}")
    connection.execute(
        "CREATE TEMP TABLE gate_failures (entity VARCHAR, key VARCHAR, code VARCHAR, field VARCHAR, value VARCHAR)"
    )


def open_state(connection: Engine, pair: LoadedPair, mapping_name: str, rows: str) -> None:
    """Make the state of a mapping of its mapped ``rows``, a relation, and of what the gate found of them."""
    mapping = pair.mappings[mapping_name]
    looked_at = values_looked_at(pair, mapping)
    references = [f for f, rule in mapping.model.fields.items() if rule.ref]
    columns = ["m._key AS key", "m._target_key AS target_key", 'm._into AS "into"']
    columns += [f"m.{name('ref:' + f)}" for f in references]
    columns += [f"m.{name('to:' + f)}" for f in mapping.target.fields if f in looked_at and f in mapping.model.fields]
    # A row that the map stage blocked (its reference names nothing in the source) hands on its own root cause.
    open_ = "g.key IS NULL AND m._disposition IN ('candidate', 'merged', 'excluded')"
    connection.execute(
        f"CREATE OR REPLACE TABLE {name(STATE, mapping.name)} AS SELECT {', '.join(columns)}, "
        "CASE WHEN g.key IS NULL THEN m._disposition ELSE 'quarantined' END AS disposition, "
        "CASE WHEN g.key IS NULL THEN m._code ELSE g.code END AS code, "
        f"CASE WHEN NOT ({open_}) THEN {literal(mapping.name + '/')} || m._key END AS root "
        f"FROM {rows} AS m LEFT JOIN (SELECT key, min(code) AS code FROM gate_failures "
        f"WHERE entity = {literal(mapping.name)} GROUP BY key) AS g ON g.key = m._key"
    )


@dataclass
class Referential:
    """Holds the state of all mappings of a run while references settle.

    For each mapping ``state."name"`` holds: key, target_key, disposition ('candidate' while open), code, root, into (the
    survivor of a merge or fold), the source keys it refers to (``ref:field``) and, of :func:`values_looked_at`, its target values
    (``to:field``).
    """

    connection: Engine
    pair: LoadedPair
    names: list[str]

    def settle(self) -> None:
        """Propagate until nothing changes."""
        self._refuse_nothing()
        self._build_target_views()
        order = [n for n in self.pair.by_dependency if n in self.names]
        for _ in range(ROUNDS):
            changed = sum(self._block(n) for n in order)
            if not changed:
                changed = (
                    self._shared_keys() + self._shared_values() + self._cycles() + self._target_references() + self._refusals()
                )
            if not changed:
                self._name_causes(order)
                return
        raise RuntimeError("references do not settle")

    def settle_one(self, mapping_name: str) -> None:
        """Propagate within one mapping. The state of those that it refers to is given, and the target's rules are not asked."""
        self._refuse_nothing()
        while self._block(mapping_name):
            pass
        self._name_causes([mapping_name])

    def findings_sql(self) -> str:
        """The findings of this step, in the columns of findings.parquet."""
        return "SELECT code, severity, entity, key, field, value, message, root AS root_cause FROM _refused"

    def _refuse_nothing(self) -> None:
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE _refused (entity VARCHAR, key VARCHAR, code VARCHAR, severity VARCHAR, "
            "field VARCHAR, value VARCHAR, message VARCHAR, root VARCHAR)"
        )

    # One round -------------------------------------------------------------------------------------------------

    def _block(self, mapping_name: str) -> int:
        """Close the open rows of a mapping that need a record which is not loaded."""
        mapping = self.pair.mappings[mapping_name]
        state = name(STATE, mapping_name)
        changed = self._follow_survivors(mapping_name)
        for target_field, rule in mapping.model.fields.items():
            if rule.ref is None or rule.ref not in self.names:
                continue
            outcome = rule.missing
            lost = self._lost(rule.ref)
            reference = name("ref:" + target_field)
            rows = (
                f"SELECT s.key, s.{reference} AS value, l.root FROM {state} AS s JOIN ({lost}) AS l "
                f"ON l.key = s.{reference} WHERE s.disposition = 'candidate'"
            )
            message = outcome.message if outcome and outcome.message else ""
            message = message or _not_loaded(rule.ref)
            required = mapping.target.fields[target_field].required
            if outcome is not None and outcome.severity == "warn" and outcome.set is None and required:
                # What the gate says of a record that refers to nothing; the one referred to fell after the gate.
                number = self._close(mapping_name, rows, "GATE-REQUIRED", "quarantine", target_field, message)
            elif outcome is not None and outcome.severity == "warn":
                replacement = typed_literal(outcome.set, mapping.target.fields[target_field].type)
                rows += f" AND s.{name('to:' + target_field)} IS DISTINCT FROM {replacement}"
                number = self._note(mapping_name, rows, outcome.code, "warn", target_field, message)
                if number:
                    self.connection.execute(
                        f"UPDATE {state} SET {name('to:' + target_field)} = {replacement} WHERE key IN (SELECT key FROM ({rows}))"
                    )
            else:
                code = outcome.code if outcome else "REF-BLOCKED"
                severity = outcome.severity if outcome else "blocked"
                number = self._close(mapping_name, rows, code, severity, target_field, message)
            changed += number
        return changed

    def _name_causes(self, order: list[str]) -> None:
        """A row leaves for one reason; what else it refers to in vain is named too, for it would wait for that next."""
        for mapping_name in order:
            for target_field, rule in self.pair.mappings[mapping_name].model.fields.items():
                if rule.ref is None or rule.ref not in self.names:
                    continue
                outcome, reference = rule.missing, name("ref:" + target_field)
                rows = (
                    f"SELECT s.key, s.{reference} AS value, l.root FROM {name(STATE, mapping_name)} AS s "
                    f"JOIN ({self._lost(rule.ref)}) AS l ON l.key = s.{reference} "
                    f"WHERE s.disposition NOT IN ('excluded', 'merged') AND s.key NOT IN (SELECT key FROM _refused "
                    f"WHERE entity = {literal(mapping_name)} AND field = {literal(target_field)})"
                )
                code, severity = (outcome.code, outcome.severity) if outcome else ("REF-BLOCKED", "blocked")
                message = (outcome.message if outcome else "") or _not_loaded(rule.ref)
                self._note(mapping_name, rows, code, severity, target_field, message)

    def _lost(self, mapping_name: str) -> str:
        """Records of a mapping that will not be there, each with its root cause."""
        state = name(STATE, mapping_name)
        return (
            f"SELECT key, coalesce(root, {literal(mapping_name + '/')} || key) AS root FROM {state} "
            "WHERE disposition NOT IN ('candidate', 'merged')"
        )

    def _follow_survivors(self, mapping_name: str) -> int:
        """A merged record whose survivor is not loaded is not merged: it waits for the survivor."""
        state = name(STATE, mapping_name)
        rows = (
            f'SELECT m.key, m."into" AS value, l.root FROM {state} AS m JOIN ({self._lost(mapping_name)}) AS l '
            "ON l.key = m.\"into\" WHERE m.disposition = 'merged'"
        )
        message = "the record it was merged into is not loaded"
        return self._close(mapping_name, rows, "REF-BLOCKED", "blocked", None, message)

    def _cycles(self) -> int:
        """Rows of a self-referring mapping that no root leads to: parents cannot be loaded before children."""
        changed = 0
        for mapping in self._mappings():
            for target_field, rule in mapping.model.fields.items():
                if rule.ref != mapping.name or (rule.missing and rule.missing.severity == "warn"):
                    continue
                state, reference = name(STATE, mapping.name), name("ref:" + target_field)
                rows = (
                    f"WITH RECURSIVE known AS (SELECT key FROM {state} WHERE disposition = 'candidate' "
                    f"AND {reference} IS NULL UNION SELECT s.key FROM {state} AS s "
                    f"LEFT JOIN {state} AS p ON p.key = s.{reference} "
                    "JOIN known AS k ON k.key = coalesce(p.\"into\", p.key) WHERE s.disposition = 'candidate') "
                    f"SELECT s.key, s.{reference} AS value, {literal(mapping.name + '/')} || s.key AS root "
                    f"FROM {state} AS s WHERE s.disposition = 'candidate' "
                    "AND s.key NOT IN (SELECT key FROM known)"
                )
                message = "its chain of parents comes back to itself or never reaches a top"
                changed += self._close(mapping.name, rows, "REF-CYCLE", "quarantine", target_field, message)
        return changed

    def _shared_keys(self) -> int:
        """Two mappings that give rows of one target entity the same key: the later mapping's row steps back."""
        changed = 0
        earlier: dict[str, list[str]] = {}
        for mapping in self._mappings():
            others = earlier.setdefault(mapping.target_name, [])
            if others:
                taken = " UNION ALL ".join(
                    f"SELECT target_key FROM {name(STATE, n)} WHERE disposition = 'candidate'" for n in others
                )
                rows = (
                    f"SELECT key, target_key AS value, NULL AS root FROM {name(STATE, mapping.name)} "
                    f"WHERE disposition = 'candidate' AND target_key IN ({taken})"
                )
                message = "a record of another mapping has the same key in the target"
                changed += self._close(mapping.name, rows, "KEY-DUPLICATE", "quarantine", None, message)
            others.append(mapping.name)
        return changed

    def _shared_values(self) -> int:
        """A value that the target wants once, in rows of several mappings: nobody knows which is right, so none loads.
        Within one mapping the map stage has seen to it."""
        changed = 0
        for entity_name, entity in self.pair.target.model.entities.items():
            mappings = [m for m in self._mappings() if m.target_name == entity_name]
            for target_field, rule in entity.fields.items():
                mapped = [m for m in mappings if target_field in m.model.fields]
                if not rule.unique or entity.key == (target_field,) or len(mapped) < 2:
                    continue
                column = name("to:" + target_field)
                values = {
                    m.name: f"SELECT {column} AS v FROM {name(STATE, m.name)} WHERE disposition = 'candidate'" for m in mapped
                }
                self.connection.execute(
                    f"CREATE OR REPLACE TEMP TABLE _shared AS SELECT v FROM ({' UNION ALL '.join(values.values())}) "
                    "WHERE v IS NOT NULL GROUP BY v HAVING count(*) > 1"
                )
                for mapping in mapped:
                    outcome = mapping.model.fields[target_field].unique or Outcome(code="GATE-UNIQUE")
                    rows = (
                        f"SELECT s.key, s.{column} AS value, NULL AS root FROM {name(STATE, mapping.name)} AS s "
                        f"WHERE s.disposition = 'candidate' AND s.{column} IN (SELECT v FROM _shared)"
                    )
                    if outcome.severity == "warn":  # told once, in whatever round it is
                        told = f"{literal(mapping.name)}, s.key, {literal(outcome.code)}, {literal(target_field)}"
                        rows += f" AND ({told}) NOT IN (SELECT (entity, key, code, field) FROM _refused)"
                    message = outcome.message or "a record of another mapping has this value"
                    if outcome.severity == "warn":
                        self._note(mapping.name, rows, outcome.code, outcome.severity, target_field, message)
                    else:
                        changed += self._close(mapping.name, rows, outcome.code, outcome.severity, target_field, message)
        return changed

    def _target_references(self) -> int:
        """References that the target's own contract states, whatever way the value was made."""
        changed = 0
        contract = self.pair.target.model
        for mapping in self._mappings():
            for target_field, rule in mapping.target.fields.items():
                reference = rule.references
                if reference is None or reference.unknown == "keep" or target_field not in mapping.model.fields:
                    continue
                if not self._loads(reference.entity):
                    continue
                other = reference.field or contract.entities[reference.entity].key[0]
                column = name("to:" + target_field)
                rows = (
                    f"SELECT s.key, s.{column} AS value, NULL AS root FROM {name(STATE, mapping.name)} AS s "
                    f"WHERE s.disposition = 'candidate' AND s.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
                    f"{name(TARGET, reference.entity)} AS t WHERE t.{name(other)} = s.{column})"
                )
                message = f"the target would find no {reference.entity} with this {other}"
                changed += self._close(mapping.name, rows, "GATE-REFERENCE", "quarantine", target_field, message)
        return changed

    def _refusals(self) -> int:
        """Rules of the target that look at several rows at once (``refuses`` in its contract)."""
        changed = 0
        contract = self.pair.target.model
        for entity_name, entity in contract.entities.items():
            for refusal in entity.refuses:
                needed = {*tables_of(refusal.sql, contract), *([refusal.waits_for] if refusal.waits_for else [])}
                if not all(self._loads(other) for other in needed):
                    continue
                key = key_text(f"r.{name(part)}" for part in entity.key)
                for mapping in self._mappings():
                    if mapping.target_name != entity_name:
                        continue
                    root, causes = "NULL", ""
                    if refusal.waits_for is not None and refusal.cause is not None:
                        self._build_waiting(refusal.waits_for)
                        root, causes = "w.cause", (
                            f"LEFT JOIN (SELECT {key} AS key, min(r.cause) AS cause "
                            f"FROM ({query_sql(refusal.cause, TARGET)}) AS r GROUP BY 1) AS w ON w.key = s.target_key "
                        )  # fmt: skip
                    rows = (
                        f"SELECT s.key, s.target_key AS value, {root} AS root FROM {name(STATE, mapping.name)} AS s {causes}"
                        f"WHERE s.disposition = 'candidate' AND s.target_key IN "
                        f"(SELECT {key} FROM ({query_sql(refusal.sql, TARGET)}) AS r)"
                    )
                    changed += self._close(mapping.name, rows, refusal.code, refusal.severity, None, refusal.message)
        return changed

    # Helpers -----------------------------------------------------------------------------------------------------

    def _mappings(self) -> list[LoadedMapping]:
        return [self.pair.mappings[n] for n in self.names]

    def _loads(self, entity: str) -> bool:
        return any(m.target_name == entity for m in self._mappings())

    def _build_target_views(self) -> None:
        """``target."entity"``: the rows that would load, of all mappings to the entity, with the fields that are looked at."""
        for entity_name, entity in self.pair.target.model.entities.items():
            fields = self._looked_at(entity_name)
            selects = [
                f"SELECT {', '.join(_target_columns(mapping, fields))} FROM {name(STATE, mapping.name)} "
                "WHERE disposition = 'candidate'"
                for mapping in self._mappings()
                if mapping.target_name == entity_name
            ]
            if not selects:
                nothing = ", ".join(f"CAST(NULL AS VARCHAR) AS {name(f)}" for f in entity.fields)
                selects = [f"SELECT {nothing} WHERE FALSE"]
            self.connection.execute(f"CREATE OR REPLACE VIEW {name(TARGET, entity_name)} AS {' UNION ALL '.join(selects)}")

    def _looked_at(self, entity: str) -> list[str]:
        looked = {f for m in self._mappings() if m.target_name == entity for f in values_looked_at(self.pair, m)}
        return [f for f in self.pair.target.model.entities[entity].fields if f in looked]

    def _build_waiting(self, entity: str) -> None:
        """``target."waiting"``: the rows of an entity that are not loaded, each with its root cause."""
        fields = self._looked_at(entity)
        selects = [
            f"SELECT {', '.join(_target_columns(mapping, fields))}, "
            f"coalesce(root, {literal(mapping.name + '/')} || key) AS cause FROM {name(STATE, mapping.name)} "
            "WHERE disposition NOT IN ('candidate', 'merged')"
            for mapping in self._mappings()
            if mapping.target_name == entity
        ]
        self.connection.execute(f"CREATE OR REPLACE VIEW {name(TARGET, 'waiting')} AS {' UNION ALL '.join(selects)}")

    def _note(self, mapping: str, rows: str, code: str, severity: str, target_field: str | None, message: str) -> int:
        """Write the findings of ``rows`` (key, value, root); gives how many there were."""
        row = self.connection.execute(f"CREATE OR REPLACE TEMP TABLE _noted AS {rows}").fetchone()
        found = int(row[0]) if row else 0
        if found:
            self.connection.execute(
                f"INSERT INTO _refused SELECT {literal(mapping)}, key, {literal(code)}, {literal(severity)}, "
                f"{literal(target_field)}, CAST(value AS VARCHAR), {literal(message)}, root FROM _noted"
            )
        return found

    def _close(self, mapping: str, rows: str, code: str, severity: str, target_field: str | None, message: str) -> int:
        """Write the findings of ``rows``, and close these rows; gives how many findings there were."""
        found = self._note(mapping, rows, code, severity, target_field, message)
        if found:
            disposition = {"blocked": "blocked", "hold": "held"}.get(severity, "quarantined")
            self.connection.execute(
                f"UPDATE {name(STATE, mapping)} AS s SET disposition = {literal(disposition)}, code = {literal(code)}, "
                f"root = c.root FROM (SELECT key, min(root) AS root FROM _noted GROUP BY key) AS c WHERE c.key = s.key"
            )
        return found


def _not_loaded(mapping_name: str) -> str:
    return f"refers to a record of {mapping_name} that is not loaded"


def _target_columns(mapping: LoadedMapping, fields: Iterable[str]) -> list[str]:
    types = {f: SQL_TYPES[mapping.target.fields[f].type] for f in fields}
    return [
        f"{name('to:' + f)} AS {name(f)}" if f in mapping.model.fields else f"CAST(NULL AS {kind}) AS {name(f)}"
        for f, kind in types.items()
    ]


def values_looked_at(pair: LoadedPair, mapping: LoadedMapping) -> set[str]:
    """Target fields whose values decide what may load: keys, references both ways, what has to be unique, what refusals read,
    and what stands in the place of a lost reference. The other values of a record need not be held while references settle."""
    entities = pair.target.model.entities
    entity, fields = mapping.target_name, mapping.target.fields
    wanted = {*mapping.target.key, *(f for f, rule in fields.items() if rule.unique or rule.references)}
    wanted |= {f for f, rule in mapping.model.fields.items() if rule.ref}
    for other in entities.values():
        named = (r.references.field for r in other.fields.values() if r.references and r.references.entity == entity)
        wanted |= {field_name for field_name in named if field_name is not None}
        for refusal in other.refuses:
            if refusal.waits_for == entity:
                return set(fields)
            for sql in filter(None, (refusal.sql, refusal.cause)):
                wanted |= query_needs(pair.target.model, sql).get(entity, set())
    return wanted & set(fields)


def tables_of(sql: str, contract: Contract) -> list[str]:
    """The target entities a refusal's query reads."""
    from sqlglot import exp

    return [t.name for t in read_query(sql).find_all(exp.Table) if t.name in contract.entities]
