"""The loss register: for every field and table of the source, is it mapped, archived, dropped with a reason, or neither?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from migrate.compiler.plan import Plan
from migrate.compiler.source import query_needs
from migrate.errors import Problem

Treatment = Literal["dropped", "archived", "undeclared"]


@dataclass(frozen=True)
class Loss:
    """Something of the source that does not reach the target. ``field`` is None for a whole table."""

    entity: str
    field: str | None
    treatment: Treatment
    reason: str
    code: str | None = None
    archive: str | None = None

    @property
    def source(self) -> str:
        return f"{self.entity}.{self.field}" if self.field else self.entity


def register(plan: Plan) -> list[Loss]:
    """Everything the contract knows of the source that the mapping does not carry over."""
    return [loss for loss in _entities(plan) if loss is not None]


def undeclared(plan: Plan) -> list[Problem]:
    """What is neither mapped, archived nor dropped, as problems with the place where a reason belongs."""
    problems = []
    for loss in register(plan):
        if loss.treatment != "undeclared":
            continue
        mapping = next((m for m in plan.pair.mappings.values() if m.source_name == loss.entity), None)
        document, keys = (mapping.document, ("drop",)) if mapping else (plan.pair.document, ("drop",))
        hint = f'map it, archive it, or write its reason: drop: {{{loss.field if mapping else loss.source}: "..."}}'
        problems.append(
            Problem(
                f"{loss.source} holds data and is neither mapped nor dropped",
                document.place(*keys),
                loss.source,
                hint=hint,
            )
        )
    return problems


def carried_drops(plan: Plan) -> list[Problem]:
    """Views that the pair drops by name although a mapping reads them."""
    message = "the view is dropped, and mappings read it"
    hint = "take its name away here, or what reads it out of the mappings"
    dropped = sorted(_mapped_views(plan) & plan.pair.dropped_views.keys())
    return [Problem(message, plan.pair.document.place("drop", view), view, hint=hint) for view in dropped]


def archived_patterns(plan: Plan) -> list[str]:
    """The tables the pair archives. They go before what the contract calls internal."""
    return [pattern for rule in plan.pair.model.archive.values() for pattern in rule.tables]


def table_treatment(plan: Plan, table: str) -> Loss | None:
    """What the pair says of a table that no contract describes; None where it says nothing."""
    contract, pair = plan.pair.source.model, plan.pair.model
    for archive, rule in pair.archive.items():
        if any(fnmatchcase(table, pattern) for pattern in rule.tables):
            return Loss(table, None, "archived", rule.reason, rule.code, archive)
    for pattern, reason in (*pair.drop.items(), *contract.internal.items()):
        if fnmatchcase(table, pattern):
            return Loss(table, None, "dropped", reason)
    return None


def attribute_treatment(plan: Plan, entity: str, attribute: str) -> Loss:
    """What becomes of an attribute that no pivot lists. It is archived with the tables that its entity is made of."""
    contract, pair = plan.pair.source.model, plan.pair.model
    for pattern, reason in pair.drop.items():
        if attribute and fnmatchcase(f"{entity}.{attribute}", pattern):
            return Loss(entity, attribute, "dropped", reason)
    archived = {table: archive for archive, tables in plan.archives.items() for table in tables}
    covered = tuple(contract.entities[entity].covers) if contract.entities[entity].sql else (entity,)
    if covered and all(table in archived for table in covered):
        rule = pair.archive[archived[covered[0]]]
        return Loss(covered[0], attribute, "archived", rule.reason, rule.code, archived[covered[0]])
    return Loss(entity, attribute, "undeclared", "", "LOSS-UNDECLARED")


def entry(loss: Loss, rows: int | None) -> dict[str, object]:
    """The loss in the words of ``summary.json``; ``rows`` is None as long as nobody counted them."""
    return {
        "source": loss.source,
        "rows": rows,
        "treatment": loss.treatment,
        "code": loss.code,
        "reason": loss.reason,
        "archive": loss.archive,
    }


def _entities(plan: Plan) -> Iterator[Loss]:
    contract = plan.pair.source.model
    mapped = _carried(plan)
    read_elsewhere = _read_by_views_and_lookups(plan)
    archived = {entity: archive for archive, listed in plan.archives.items() for entity in listed}
    for entity, model in contract.entities.items():
        used_as_source = entity in mapped
        if model.sql and not used_as_source:
            if entity in plan.pair.dropped_views:
                yield Loss(entity, None, "dropped", plan.pair.dropped_views[entity])
            continue
        drops = {
            field: reason
            for m in plan.pair.mappings.values()
            if m.source_name == entity
            for field, reason in m.model.drop.items()
        }
        if not used_as_source and entity not in read_elsewhere:
            yield from _whole(plan, entity, archived)
            continue
        for field, rule in model.fields.items():
            loss = _field(plan, entity, field, drops, archived)
            if rule.pii == "secret":
                yield Loss(entity, field, "dropped", "a secret; it is never read")
            elif field in model.key or field in mapped.get(entity, set()):
                continue
            elif field in read_elsewhere.get(entity, set()) and field not in drops:
                continue  # a stated reason stays: a view may read a field only to tell records apart
            else:
                yield loss


def _field(plan: Plan, entity: str, field: str, drops: dict[str, str], archived: dict[str, str]) -> Loss:
    if entity in archived:
        rule = plan.pair.model.archive[archived[entity]]
        return Loss(entity, field, "archived", drops.get(field, rule.reason), rule.code, archived[entity])
    if field in drops:
        return Loss(entity, field, "dropped", drops[field])
    for pattern, reason in plan.pair.model.drop.items():
        if fnmatchcase(f"{entity}.{field}", pattern):
            return Loss(entity, field, "dropped", reason)
    return Loss(entity, field, "undeclared", "")


def _whole(plan: Plan, entity: str, archived: dict[str, str]) -> Iterator[Loss]:
    """A table that no mapping and no view reads."""
    if entity in archived:
        rule = plan.pair.model.archive[archived[entity]]
        yield Loss(entity, None, "archived", rule.reason, rule.code, archived[entity])
    else:
        yield table_treatment(plan, entity) or Loss(entity, None, "undeclared", "")


def _carried(plan: Plan) -> dict[str, set[str]]:
    carried: dict[str, set[str]] = {}
    for compiled in plan.rows.values():
        carried.setdefault(compiled.mapping.source_name, set()).update(compiled.carried)
    return carried


def read_beside_mappings(plan: Plan) -> dict[str, set[str]]:
    """Fields that a view, a lookup or a pivot reads, also one of the mapping that starts from the entity."""
    read = _read_by_views_and_lookups(plan)
    for compiled in plan.rows.values():
        model, source = compiled.mapping.model, compiled.mapping.source_name
        looked_at = {rule.entity for rule in model.lookup.values()} | {rule.entity for rule in model.pivot.values()}
        if source in looked_at:
            read.setdefault(source, set()).update(compiled.needs[source])
    return read


def _read_by_views_and_lookups(plan: Plan) -> dict[str, set[str]]:
    contract = plan.pair.source.model
    read: dict[str, set[str]] = {}
    for compiled in plan.rows.values():
        for entity, fields in compiled.needs.items():
            if entity != compiled.mapping.source_name:
                read.setdefault(entity, set()).update(fields)
    for view in _mapped_views(plan):
        for entity, fields in query_needs(contract, contract.entities[view].sql or "").items():
            read.setdefault(entity, set()).update(fields)
    return read


def _mapped_views(plan: Plan) -> set[str]:
    """The views that mappings read. Others are read to compare or to name things, and carry nothing."""
    contract, found = plan.pair.source.model, set[str]()
    queue = [entity for compiled in plan.rows.values() for entity in compiled.needs]
    while queue:
        entity = queue.pop()
        sql = contract.entities[entity].sql
        if sql and entity not in found:
            found.add(entity)
            queue.extend(query_needs(contract, sql))
    return found
