"""The part of a specification that is about one mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from migrate.compiler.plan import Plan
from migrate.errors import Place
from migrate.lineage import Lineage, Link
from migrate.mapping.load import LoadedMapping
from migrate.mapping.model import FieldRule
from migrate.specification.wording import checks_of, contract_words, step_words, without
from migrate.test_plan.policy import Policy
from migrate.workspace import Workspace
from reports.documents.specification import Entry, Line, MappingPart, Named, Origin, Rule, Unmapped


@dataclass(frozen=True)
class MappingContext:
    """What all mappings of a workspace share."""

    workspace: Workspace
    plan: Plan
    lineage: Lineage
    policy: Policy | None
    shown: Callable[[Place], str]


def mapping_part(context: MappingContext, name: str) -> MappingPart:
    """The part about ``name``."""
    mapping = context.plan.pair.mappings[name]
    model = mapping.model
    lines = tuple(_line(context, mapping, field) for field in model.fields)
    target = context.plan.pair.target.model
    return MappingPart(
        name=name,
        note=model.note,
        source=model.source,
        source_label=mapping.source.label,
        target=model.to,
        target_label=mapping.target.label,
        key=mapping.source.key,
        target_key=mapping.target.key,
        place=context.shown(mapping.document.place("fields")).rpartition(":")[0],
        rules=tuple(_rules(context, mapping)),
        names=tuple(_names(mapping)),
        lines=lines,
        unmapped=tuple(
            Unmapped(field, contract_words(rule), without(rule, target))
            for field, rule in mapping.target.fields.items()
            if field not in model.fields
        ),
        records=tuple(_origins(context.lineage.of_records(name))),
        tests=tuple(test.name for test in model.tests),
        untested=tuple(line.id for line in lines if not line.tests),
    )


def tests_of(mapping: LoadedMapping, field: str) -> tuple[str, ...]:
    """Inline tests that exercise a line: they expect a value of it, or a code that only its checks give."""
    codes = {check.code for check in checks_of(mapping, field)}
    others = {check.code for other in mapping.model.fields if other != field for check in checks_of(mapping, other)}
    own = codes - others
    return tuple(t.name for t in mapping.model.tests if any(field in row for row in t.expect) or own.intersection(t.findings))


def _line(context: MappingContext, mapping: LoadedMapping, field: str) -> Line:
    rule, contract = mapping.model.fields[field], mapping.target.fields[field]
    id_ = f"{mapping.name}.{field}"
    policy = context.policy
    base, value = _base(rule)
    return Line(
        id=id_,
        field=field,
        contract=contract_words(contract),
        pii=contract.pii or "",
        base=base,
        value=value,
        steps=tuple(map(step_words, rule.do)),
        entries=tuple(_entries(context, rule)),
        crosswalk=rule.crosswalk or "",
        checks=tuple(checks_of(mapping, field)),
        compare="; ".join(tolerance.in_words for tolerance in rule.compare),
        note=rule.note,
        place=context.shown(mapping.document.place("fields", field)),
        risk=(policy.risk(id_) or "") if policy else "",
        requirements=tuple(r.id for r in policy.covering(id_)) if policy else (),
        tests=tests_of(mapping, field),
        origins=tuple(_origins(context.lineage.of_target(mapping.name, field))),
    )


def _base(rule: FieldRule) -> tuple[str, str]:
    if rule.source is not None:
        return "from", rule.source
    if rule.expr is not None:
        return "expr", str(rule.expr)
    if rule.ref is not None:
        given = rule.field or "key in the target"
        return "ref", f"{given} of the record of {rule.ref} that is named by {rule.by}"
    return "const", "null" if rule.const is None else str(rule.const)


def _entries(context: MappingContext, rule: FieldRule) -> Iterator[Entry]:
    if rule.values is not None:
        yield from (Entry(source, "null" if to is None else str(to)) for source, to in rule.values.items())
    elif rule.crosswalk in context.workspace.crosswalks:
        for row in context.workspace.crosswalks[rule.crosswalk].entries.to_dict("records"):
            said = " ".join(part for part in (row["by"], row["at"], row["reason"]) if part)
            yield Entry(f"{row['source']} {row['label']}".strip(), row["target"], row["status"], f"{row['equivalence']}; {said}")


def _rules(context: MappingContext, mapping: LoadedMapping) -> Iterator[Rule]:
    model, document = mapping.model, mapping.document

    def at(*keys: str | int) -> str:
        return context.shown(document.place(*keys))

    if model.only:
        text = f"only records that {model.only.mapping} ended as {model.only.disposition}"
        yield Rule("only", model.only.code, text, model.only.reason, at("only"))
    for number, exclusion in enumerate(model.exclude):
        yield Rule("exclude", exclusion.code, exclusion.when, exclusion.reason, at("exclude", number))
    for field, rule in model.fields.items():
        if rule.excluded:
            text = f"the record that {field} refers to was excluded"
            yield Rule("exclude", rule.excluded.code, text, rule.excluded.reason, at("fields", field, "excluded"))
    if merge := model.merge:
        asked = "; a person confirms each group" if merge.confirm else ""
        text = f"records with one {merge.by}, where {merge.when}, are one; the first by {merge.keep} survives{asked}"
        yield Rule("merge", merge.code, text, merge.reason, at("merge"))
    if match := model.match:
        for number, tier in enumerate(match.tiers):
            on = " and ".join(f"{field} = {text}" for field, text in tier.on.items())
            asked = "; a person confirms each" if tier.confirm else ""
            text = f"{tier.name}: the record is the one of the list {match.against} with {on}{asked}"
            yield Rule("match", match.code, text, match.reason, at("match", "tiers", number))
    if fold := model.fold:
        combined = "".join(f"; {field} is the {how.replace('_', ' ')} of them" for field, how in fold.combine.items())
        text = f"rows with one {', '.join(fold.by)} are one; the first by {fold.keep} loads{combined}"
        yield Rule("fold", fold.code, text, fold.reason, at("fold"))


def _names(mapping: LoadedMapping) -> Iterator[Named]:
    for name, look in mapping.model.lookup.items():
        on = " and ".join(f"{field} = {text}" for field, text in look.on.items())
        yield Named("lookup", name, f"the record of {look.entity} with {on} ({look.cardinality})")
    for name, pivot in mapping.model.pivot.items():
        text = f"{pivot.value} of {pivot.entity} by {pivot.name}, where {pivot.by} is the key: {', '.join(pivot.names)}"
        yield Named("pivot", name, text)
    for name, text in mapping.model.let.items():
        yield Named("let", name, str(text))


def _origins(links: Iterable[Link]) -> Iterator[Origin]:
    for link in links:
        yield Origin(link.from_, link.kind, ", ".join(link.path))
