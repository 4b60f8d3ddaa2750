"""Which fields are personal: those that the contract says, and those that hold the key of a record by such a field."""

from __future__ import annotations

from migrate.compiler.plan import Plan
from migrate.contracts.model import Contract


def personal_fields(contract: Contract) -> dict[str, dict[str, str]]:
    """``{entity: {field: class of personal data}}``; entities without any are not listed."""
    found: dict[str, dict[str, str]] = {}
    for entity, model in contract.entities.items():
        classes = {field: pii for field in model.fields if (pii := _class(contract, entity, field, ())) is not None}
        if classes:
            found[entity] = classes
    return found


def personal_of_mappings(plan: Plan) -> dict[str, dict[str, str]]:
    """Personal fields by mapping: those of the target, and those of the source, which findings also name."""
    source, target = personal_fields(plan.pair.source.model), personal_fields(plan.pair.target.model)
    named = {name: plan.pair.mappings[name] for name in plan.names}
    return source | {name: source.get(m.source_name, {}) | target.get(m.target_name, {}) for name, m in named.items()}


def _class(contract: Contract, entity: str, field: str, above: tuple[tuple[str, str], ...]) -> str | None:
    rule = contract.entities[entity].fields[field]
    if rule.pii is not None or rule.references is None or rule.references.entity not in contract.entities:
        return rule.pii
    to = rule.references.entity, rule.references.field or contract.entities[rule.references.entity].key[0]
    known = to not in above and to[1] in contract.entities[to[0]].fields
    return _class(contract, *to, (*above, (entity, field))) if known else None
