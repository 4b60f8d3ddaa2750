"""References across rows: who waits for whom, which rows the target would refuse, and who closes a circle.

Works on the mapped rows as they lie in their files, and on what left them. A row leaves for one reason, which is its disposition,
code and root cause; the rows that refer to it follow, until nothing changes any more. Few leave, so only they are held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from migrate.compiler.shared import MAPPED
from migrate.compiler.source import SQL_TYPES, query_needs, query_sql
from migrate.compiler.text import key_text, literal, name
from migrate.compiler.values import typed_literal
from migrate.contracts.model import Contract
from migrate.engine import Engine
from migrate.engine import number as counted
from migrate.expressions import read_query
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.mapping.model import Outcome
from validators.looking import GONE, LOST, TARGET, not_in_source, referring_to_lost, standing, unknown_to_target

REPLACED, OPEN, REFERRING = "replaced", "open", "referring"
_SCHEMAS = (LOST, REPLACED, OPEN, REFERRING, TARGET)
"""Schemas with a table or view for each mapping, and of ``TARGET`` for each entity."""
_NOBODY = "CAST(NULL AS VARCHAR)"
"""The root cause of a row that leaves by its own fault."""
ROUNDS = 10_000
"""A bound on the propagation, far above the depth of any organisation; reaching it is a defect of ours."""


def gate_failures(connection: Engine) -> None:
    """Make the table of what the gate finds."""
    connection.execute(
        "CREATE TEMP TABLE gate_failures (entity VARCHAR, key VARCHAR, code VARCHAR, field VARCHAR, value VARCHAR)"
    )


@dataclass
class Referential:
    """Settles the references of all mappings of a run.

    Reads ``mapped."name"``, the rows as the map stage left them, and ``gate_failures`` (entity, key, code, field, value). Fills
    ``lost."name"`` (key, disposition, code, root, late: was it lost after the map stage?) with the rows that will not load, those
    of the map stage included, and ``replaced."name"`` (key, field) with the references that gave way to what the mapping puts in
    their place. ``open."name"`` shows what may load: key, target_key, into (the survivor of a merge or fold), the source keys it
    refers to (``ref:field``) and, of :func:`values_looked_at`, its target values (``to:field``).
    """

    connection: Engine
    pair: LoadedPair
    names: list[str]
    _versions: Counter[str] = field(default_factory=Counter)
    """How often something changed in a mapping."""
    _seen: dict[tuple[str, ...], list[int]] = field(default_factory=dict)
    """``{question: versions of the mappings it looks at}``, as they were when it was asked."""

    def settle(self) -> None:
        """Propagate until nothing changes."""
        self._begin()
        for mapping in self._mappings():
            self._open(mapping)
        self._build_target_views()
        order = [n for n in self.pair.by_dependency if n in self.names]
        for _ in range(ROUNDS):
            if not (sum(self._block(n) for n in order) or self._fall()):
                self._name_causes(order)
                return
        raise RuntimeError("references do not settle")

    def settle_one(self, mapping_name: str, excluded: Mapping[str, str]) -> None:
        """Propagate within one mapping, and ask nothing of the target's rules. ``excluded``: for the mappings that it refers to,
        a SELECT of the ``key`` of each record that is left behind."""
        for schema in _SCHEMAS:
            self.connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        self._begin()
        self._open(self.pair.mappings[mapping_name])
        for other, keys in excluded.items():
            rows = (
                f"SELECT key, 'excluded' AS disposition, {_NOBODY} AS code, {literal(other + '/')} || key AS root, FALSE AS late"
            )
            if other == mapping_name:
                unseen = f"key NOT IN (SELECT _key FROM {name(MAPPED, other)})"
                self.connection.execute(f"INSERT INTO {name(LOST, other)} {rows} FROM ({keys}) WHERE {unseen}")
            else:
                self.connection.execute(f"CREATE TABLE {name(LOST, other)} AS {rows} FROM ({keys})")
        while self._block(mapping_name):
            pass
        self._name_causes([mapping_name])

    def findings_sql(self) -> str:
        """The findings of this step, in the columns of findings.parquet."""
        return "SELECT code, severity, entity, key, field, value, message, root AS root_cause FROM _refused"

    def changed_sql(self, mapping: LoadedMapping) -> str:
        """A SELECT of what this stage changed of a mapping's rows: ``_key``, ``_disposition`` and ``_code`` as they are now, and
        ``to:field`` of the fields that may have given way."""
        lost, replaced = name(LOST, mapping.name), name(REPLACED, mapping.name)
        fields = replaceable(mapping)
        if not fields:
            return f"SELECT key AS _key, disposition AS _disposition, code AS _code FROM {lost} WHERE late"
        values = "".join(f", {self._value(mapping, f)} AS {name('to:' + f)}" for f in fields)
        return (
            f"SELECT m._key, coalesce(l.disposition, m._disposition) AS _disposition, "
            f"CASE WHEN l.key IS NULL THEN m._code ELSE l.code END AS _code{values} FROM {name(MAPPED, mapping.name)} AS m "
            f"LEFT JOIN {lost} AS l ON l.key = m._key "
            f"SEMI JOIN (SELECT key FROM {lost} WHERE late UNION SELECT key FROM {replaced}) AS c ON c.key = m._key"
        )

    def loading(self, mapping_name: str) -> int:
        """How many rows of a mapping may load."""
        mapped, lost = name(MAPPED, mapping_name), name(LOST, mapping_name)
        candidates = counted(self.connection, f"SELECT count(*) FROM {mapped} WHERE _disposition = 'candidate'")
        late = counted(self.connection, f"SELECT count(*) FROM {lost} WHERE late")
        merged = f"SELECT count(*) FROM {mapped} AS m SEMI JOIN {lost} AS l ON l.key = m._key WHERE m._disposition = 'merged'"
        return candidates - late + counted(self.connection, merged)

    def outcomes(self, mapping: LoadedMapping) -> dict[str, dict[str, int]]:
        """Per reference field: resolved, empty and blocked, over every record that is neither excluded nor merged."""
        references = {f: rule.ref for f, rule in mapping.model.fields.items() if rule.ref}
        if not references:
            return {}
        columns = [name("ref:" + f) for f in references]
        given = ", ".join(f"count({column})" for column in columns)
        row = self.connection.execute(f"SELECT count(*), {given} FROM ({standing(mapping.name, columns)}) AS s").fetchone()
        assert row is not None
        rows, *filled = map(int, row)
        found = {}
        for (target_field, other), number in zip(references.items(), filled, strict=True):
            blocked = counted(self.connection, not_in_source(mapping.name, target_field, other))
            if other in self.names:
                lost = f"SELECT count(*) FROM ({self._referring(mapping.name, target_field, other)}) AS s"
                again = f"SELECT key FROM {name(LOST, mapping.name)}"
                blocked += counted(
                    self.connection, f"{lost} WHERE s.was NOT IN {GONE} OR (s.was = 'merged' AND s.key IN ({again}))"
                )
            found[target_field] = {"resolved": number - blocked, "empty": rows - number, "blocked": blocked}
        return found

    def _begin(self) -> None:
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE _refused (entity VARCHAR, key VARCHAR, code VARCHAR, severity VARCHAR, "
            "field VARCHAR, value VARCHAR, message VARCHAR, root VARCHAR)"
        )
        for schema in _SCHEMAS:
            self.connection.execute(f"CREATE SCHEMA {schema}")

    # One round -------------------------------------------------------------------------------------------------

    def _block(self, mapping_name: str) -> int:
        """Close the open rows of a mapping that need a record which is not loaded."""
        mapping = self.pair.mappings[mapping_name]
        changed = self._follow_survivors(mapping_name)
        for target_field, rule in mapping.model.fields.items():
            if rule.ref is None or rule.ref not in self.names or self._known("block", mapping_name, target_field, of=[rule.ref]):
                continue
            outcome = rule.missing
            rows = self._waiting_for(mapping_name, target_field, rule.ref)
            message = outcome.message if outcome and outcome.message else ""
            message = message or _not_loaded(rule.ref)
            required = mapping.target.fields[target_field].required
            if outcome is not None and outcome.severity == "warn" and outcome.set is None and required:
                # What the gate says of a record that refers to nothing; the one referred to fell after the gate.
                number = self._close(mapping_name, rows, "GATE-REQUIRED", "quarantine", target_field, message)
            elif outcome is not None and outcome.severity == "warn":
                number = self._note(mapping_name, rows, outcome.code, "warn", target_field, message)
                if number:
                    self._versions[mapping_name] += 1
                    self.connection.execute(
                        f"INSERT INTO {name(REPLACED, mapping_name)} SELECT DISTINCT key, {literal(target_field)} FROM _noted"
                    )
            else:
                code = outcome.code if outcome else "REF-BLOCKED"
                severity = outcome.severity if outcome else "blocked"
                number = self._close(mapping_name, rows, code, severity, target_field, message)
            changed += number
        return changed

    def _waiting_for(self, mapping_name: str, target_field: str, other: str) -> str:
        """(key, value, root) of the open rows that refer to lost records of another mapping, unless that gave way already."""
        mapping, kept = self.pair.mappings[mapping_name], ""
        if target_field in replaceable(mapping):
            replaced = f"SELECT key FROM {name(REPLACED, mapping_name)} WHERE field = {literal(target_field)}"
            now = f"s.{name('to:' + target_field)}"
            kept = f" AND {now} IS DISTINCT FROM {_replacement(mapping, target_field)} AND s.key NOT IN ({replaced})"
        return (
            f"SELECT s.key, s.value, s.root FROM ({self._referring(mapping_name, target_field, other)}) AS s "
            f"WHERE s.was = 'candidate' AND s.key NOT IN (SELECT key FROM {name(LOST, mapping_name)}){kept}"
        )

    def _referring(self, mapping_name: str, target_field: str, other: str) -> str:
        """A SELECT of the rows of a mapping that refer to lost records of another: ``key``, ``value`` of the reference, ``root``
        of the lost record, ``was`` (the disposition of the map stage) and what may have given way."""
        mapping, table = self.pair.mappings[mapping_name], name(REFERRING, mapping_name)
        references = {f: rule.ref for f, rule in mapping.model.fields.items() if rule.ref in self.names and rule.ref}
        if not self._known("referring", mapping_name, of=list(references.values())):
            rows = referring_to_lost(mapping_name, references, [f for f in replaceable(mapping) if f in references])
            self.connection.execute(f"CREATE OR REPLACE TABLE {table} AS {rows}")
        reference = name("ref:" + target_field)
        return (
            f"SELECT r.*, r.{reference} AS value, l.root FROM {table} AS r JOIN {name(LOST, other)} AS l ON l.key = r.{reference}"
        )

    def _name_causes(self, order: list[str]) -> None:
        """A row leaves for one reason; what else it refers to in vain is named too, for it would wait for that next."""
        for mapping_name in order:
            for target_field, rule in self.pair.mappings[mapping_name].model.fields.items():
                if rule.ref is None or rule.ref not in self.names:
                    continue
                outcome = rule.missing
                rows = (
                    f"SELECT s.key, s.value, s.root FROM ({self._referring(mapping_name, target_field, rule.ref)}) AS s "
                    f"LEFT JOIN {name(LOST, mapping_name)} AS x ON x.key = s.key "
                    f"WHERE coalesce(x.disposition, s.was) NOT IN {GONE} AND s.key NOT IN (SELECT key FROM _refused "
                    f"WHERE entity = {literal(mapping_name)} AND field = {literal(target_field)})"
                )
                code, severity = (outcome.code, outcome.severity) if outcome else ("REF-BLOCKED", "blocked")
                message = (outcome.message if outcome else "") or _not_loaded(rule.ref)
                self._note(mapping_name, rows, code, severity, target_field, message)

    def _follow_survivors(self, mapping_name: str) -> int:
        """A merged record whose survivor is not loaded is not merged: it waits for the survivor."""
        if self._known("survivors", mapping_name, of=[mapping_name]):
            return 0
        lost = name(LOST, mapping_name)
        rows = (
            f"SELECT s.key, s.value, s.root FROM (SELECT m._key AS key, m._into AS value, l.root "
            f"FROM {name(MAPPED, mapping_name)} AS m JOIN {lost} AS l ON l.key = m._into WHERE m._disposition = 'merged') AS s "
            f"WHERE s.key NOT IN (SELECT key FROM {lost})"
        )
        message = "the record it was merged into is not loaded"
        return self._close(mapping_name, rows, "REF-BLOCKED", "blocked", None, message)

    def _fall(self) -> int:
        """Close rows by the first fault that there is, once nobody refers to a lost row any more. Whoever refers to these rows
        has to wait for them before the next question is asked: it would seem to have a fault of its own."""
        faults = (self._shared_keys(), self._shared_values(), self._cycles(), self._target_references(), self._refusals())
        return next(filter(None, chain.from_iterable(faults)), 0)

    def _cycles(self) -> Iterator[int]:
        """Rows of a self-referring mapping that no root leads to: parents cannot be loaded before children."""
        for mapping in self._mappings():
            for target_field, rule in mapping.model.fields.items():
                if rule.ref != mapping.name or (rule.missing and rule.missing.severity == "warn"):
                    continue
                if self._known("cycles", mapping.name, target_field, of=[mapping.name]):
                    continue
                reference = name("ref:" + target_field)
                self.connection.execute(
                    f"CREATE OR REPLACE TEMP TABLE _climbing AS SELECT s.key, s.{reference} AS value, "
                    f"coalesce(p._into, p._key) AS up FROM {name(OPEN, mapping.name)} AS s "
                    f"LEFT JOIN {name(MAPPED, mapping.name)} AS p ON p._key = s.{reference}"
                )
                rows = (
                    "WITH RECURSIVE known AS (SELECT key FROM _climbing WHERE value IS NULL UNION "
                    "SELECT s.key FROM _climbing AS s JOIN known AS k ON k.key = s.up) "
                    f"SELECT key, value, {literal(mapping.name + '/')} || key AS root FROM _climbing "
                    "WHERE key NOT IN (SELECT key FROM known)"
                )
                message = "its chain of parents comes back to itself or never reaches a top"
                yield self._close(mapping.name, rows, "REF-CYCLE", "quarantine", target_field, message)

    def _shared_keys(self) -> Iterator[int]:
        """Two mappings that give rows of one target entity the same key: the later mapping's row steps back."""
        earlier: dict[str, list[str]] = {}
        for mapping in self._mappings():
            others = earlier.setdefault(mapping.target_name, [])
            if others and not self._known("keys", mapping.name, of=[mapping.name, *others]):
                taken = " UNION ALL ".join(f"SELECT target_key FROM {name(OPEN, n)}" for n in others)
                own = f"SELECT key, target_key AS value, {_NOBODY} AS root FROM {name(OPEN, mapping.name)}"
                rows = f"{own} WHERE target_key IN ({taken})"
                message = "a record of another mapping has the same key in the target"
                yield self._close(mapping.name, rows, "KEY-DUPLICATE", "quarantine", None, message)
            others.append(mapping.name)

    def _shared_values(self) -> Iterator[int]:
        """A value that the target wants once, in rows of several mappings: nobody knows which is right, so none loads.
        Within one mapping the map stage has seen to it."""
        for entity_name, entity in self.pair.target.model.entities.items():
            mappings = [m for m in self._mappings() if m.target_name == entity_name]
            for target_field, rule in entity.fields.items():
                mapped = [m for m in mappings if target_field in m.model.fields]
                if not rule.unique or entity.key == (target_field,) or len(mapped) < 2:
                    continue
                if self._known("values", entity_name, target_field, of=[m.name for m in mapped]):
                    continue
                column = name("to:" + target_field)
                values = {m.name: f"SELECT {column} AS v FROM {name(OPEN, m.name)}" for m in mapped}
                self.connection.execute(
                    f"CREATE OR REPLACE TEMP TABLE _shared AS SELECT v FROM ({' UNION ALL '.join(values.values())}) "
                    "WHERE v IS NOT NULL GROUP BY v HAVING count(*) > 1"
                )
                changed = 0
                for mapping in mapped:
                    outcome = mapping.model.fields[target_field].unique or Outcome(code="GATE-UNIQUE")
                    rows = (
                        f"SELECT s.key, s.{column} AS value, {_NOBODY} AS root FROM {name(OPEN, mapping.name)} AS s "
                        f"WHERE s.{column} IN (SELECT v FROM _shared)"
                    )
                    if outcome.severity == "warn":  # told once, in whatever round it is
                        told = f"{literal(mapping.name)}, s.key, {literal(outcome.code)}, {literal(target_field)}"
                        rows += f" AND ({told}) NOT IN (SELECT (entity, key, code, field) FROM _refused)"
                    message = outcome.message or "a record of another mapping has this value"
                    if outcome.severity == "warn":
                        self._note(mapping.name, rows, outcome.code, outcome.severity, target_field, message)
                    else:
                        changed += self._close(mapping.name, rows, outcome.code, outcome.severity, target_field, message)
                yield changed

    def _target_references(self) -> Iterator[int]:
        """References that the target's own contract states, whatever way the value was made."""
        for mapping in self._mappings():
            asked: dict[str, tuple[str, str]] = {}
            for target_field, rule in mapping.target.fields.items():
                reference = rule.references
                if reference is None or reference.unknown == "keep" or target_field not in mapping.model.fields:
                    continue
                if not self._loads(reference.entity):
                    continue
                looked_at = [mapping.name, *(m.name for m in self._mappings() if m.target_name == reference.entity)]
                if not self._known("target", mapping.name, target_field, of=looked_at):
                    key = self.pair.target.model.entities[reference.entity].key
                    asked[target_field] = reference.entity, reference.field or key[0]
            if not asked:
                continue
            values = {f: self._value(mapping, f) for f in asked}
            known = {f: f"SELECT DISTINCT {name(other)} AS v FROM {name(TARGET, entity)}" for f, (entity, other) in asked.items()}
            rows = unknown_to_target(mapping.name, values, known)
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE _unknown AS {rows}")
            changed = 0
            for target_field, (entity, other) in asked.items():
                rows = (
                    f"SELECT s.key, s.{name('value:' + target_field)} AS value, {_NOBODY} AS root FROM _unknown AS s "
                    f"WHERE s.{name('unknown:' + target_field)} AND s.key NOT IN (SELECT key FROM {name(LOST, mapping.name)})"
                )
                message = f"the target would find no {entity} with this {other}"
                changed += self._close(mapping.name, rows, "GATE-REFERENCE", "quarantine", target_field, message)
            yield changed

    def _refusals(self) -> Iterator[int]:
        """Rules of the target that look at several rows at once (``refuses`` in its contract)."""
        if self._known("refusals", of=self.names):
            return
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
                    root, causes = _NOBODY, ""
                    if refusal.waits_for is not None and refusal.cause is not None:
                        self._build_waiting(refusal.waits_for)
                        root, causes = "w.cause", (
                            f"LEFT JOIN (SELECT {key} AS key, min(r.cause) AS cause "
                            f"FROM ({query_sql(refusal.cause, TARGET)}) AS r GROUP BY 1) AS w ON w.key = s.target_key "
                        )  # fmt: skip
                    rows = (
                        f"SELECT s.key, s.target_key AS value, {root} AS root FROM {name(OPEN, mapping.name)} AS s {causes}"
                        f"WHERE s.target_key IN (SELECT {key} FROM ({query_sql(refusal.sql, TARGET)}) AS r)"
                    )
                    yield self._close(mapping.name, rows, refusal.code, refusal.severity, None, refusal.message)

    # Helpers -----------------------------------------------------------------------------------------------------

    def _open(self, mapping: LoadedMapping) -> None:
        """Make the tables and the view of a mapping, with what the map stage and the gate set aside."""
        mapped, lost = name(MAPPED, mapping.name), name(LOST, mapping.name)
        root = f"{literal(mapping.name + '/')} ||"
        self.connection.execute(
            f"CREATE TABLE {lost} AS SELECT _key AS key, _disposition AS disposition, _code AS code, {root} _key AS root, "
            f"FALSE AS late FROM {mapped} WHERE _disposition NOT IN ('candidate', 'merged') UNION ALL "
            f"SELECT key, 'quarantined', min(code), {root} key, TRUE FROM gate_failures "
            f"WHERE entity = {literal(mapping.name)} GROUP BY key"
        )
        self.connection.execute(f"CREATE TABLE {name(REPLACED, mapping.name)} (key VARCHAR, field VARCHAR)")
        columns = ["m._key AS key", "m._target_key AS target_key", 'm._into AS "into"']
        columns += [f"m.{name('ref:' + f)}" for f, rule in mapping.model.fields.items() if rule.ref]
        looked_at = values_looked_at(self.pair, mapping)
        values = {f: self._value(mapping, f) for f in mapping.target.fields if f in looked_at and f in mapping.model.fields}
        columns += [f"{value} AS {name('to:' + f)}" for f, value in values.items()]
        self.connection.execute(
            f"CREATE VIEW {name(OPEN, mapping.name)} AS SELECT {', '.join(columns)} FROM {mapped} AS m "
            f"ANTI JOIN {lost} AS l ON l.key = m._key WHERE m._disposition = 'candidate'"
        )

    @staticmethod
    def _value(mapping: LoadedMapping, target_field: str) -> str:
        """The value of a field in a mapped row ``m``, or what stands in its place."""
        own = f"m.{name('to:' + target_field)}"
        if target_field not in replaceable(mapping):
            return own
        gave_way = f"SELECT key FROM {name(REPLACED, mapping.name)} WHERE field = {literal(target_field)}"
        return f"CASE WHEN m._key IN ({gave_way}) THEN {_replacement(mapping, target_field)} ELSE {own} END"

    def _mappings(self) -> list[LoadedMapping]:
        return [self.pair.mappings[n] for n in self.names]

    def _loads(self, entity: str) -> bool:
        return any(m.target_name == entity for m in self._mappings())

    def _build_target_views(self) -> None:
        """``target."entity"``: the rows that would load, of all mappings to the entity, with the fields that are looked at."""
        for entity_name, entity in self.pair.target.model.entities.items():
            fields = self._looked_at(entity_name)
            selects = [
                f"SELECT {', '.join(_target_columns(mapping, fields))} FROM {name(OPEN, mapping.name)}"
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
            f"SELECT {', '.join(_target_columns(mapping, fields, self._value))}, l.root AS cause "
            f"FROM {name(MAPPED, mapping.name)} AS m JOIN {name(LOST, mapping.name)} AS l ON l.key = m._key"
            for mapping in self._mappings()
            if mapping.target_name == entity
        ]
        self.connection.execute(f"CREATE OR REPLACE VIEW {name(TARGET, 'waiting')} AS {' UNION ALL '.join(selects)}")

    def _note(self, mapping: str, rows: str, code: str, severity: str, target_field: str | None, message: str) -> int:
        """Write the findings of ``rows`` (key, value, root); gives how many there were."""
        found = counted(self.connection, f"CREATE OR REPLACE TEMP TABLE _noted AS {rows}")
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
            self._versions[mapping] += 1
            self.connection.execute(
                f"INSERT INTO {name(LOST, mapping)} SELECT key, {literal(disposition)}, {literal(code)}, "
                f"coalesce(min(root), {literal(mapping + '/')} || key), TRUE FROM _noted GROUP BY key"
            )
        return found

    def _known(self, *question: str, of: list[str]) -> bool:
        """Was this asked before, and nothing has changed since in the mappings it looks at? Rows only ever leave, so that a
        question finds nothing new."""
        now = [self._versions[mapping] for mapping in of]
        before, self._seen[question] = self._seen.get(question), now
        return before == now


def replaceable(mapping: LoadedMapping) -> list[str]:
    """Reference fields in which something else may stand when what they refer to is lost."""
    return [f for f, rule in mapping.model.fields.items() if rule.ref and rule.missing and rule.missing.severity == "warn"]


def _replacement(mapping: LoadedMapping, target_field: str) -> str:
    missing = mapping.model.fields[target_field].missing
    assert missing is not None
    return typed_literal(missing.set, mapping.target.fields[target_field].type)


def _not_loaded(mapping_name: str) -> str:
    return f"refers to a record of {mapping_name} that is not loaded"


def _target_columns(
    mapping: LoadedMapping, fields: Iterable[str], value: Callable[[LoadedMapping, str], str] = lambda _, f: name("to:" + f)
) -> list[str]:
    types = {f: SQL_TYPES[mapping.target.fields[f].type] for f in fields}
    return [
        f"{value(mapping, f)} AS {name(f)}" if f in mapping.model.fields else f"CAST(NULL AS {kind}) AS {name(f)}"
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
