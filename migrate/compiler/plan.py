"""The whole pair compiled: every mapping's SQL, the order of the steps, and what has to be extracted for them."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter

from migrate.compiler.decided import NOBODY, Decided
from migrate.compiler.mapping import Compiled, MappingCompiler
from migrate.compiler.source import query_needs
from migrate.crosswalks.targets import target_problems
from migrate.errors import ConfigurationError, Problem
from migrate.expressions import ExpressionError
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.mapping.tolerance import ABOUT
from migrate.reconciliation.both_sides import Rule
from migrate.reconciliation.both_sides import rules as rules_of_both_sides
from migrate.reconciliation.certification_rule import CertificationPlan, certification_plan
from migrate.said import number_of


@dataclass(frozen=True)
class Plan:
    """What a run does, before any row is read."""

    pair: LoadedPair
    as_of: str
    names: list[str]
    """The mappings of this run, in load order."""
    rows: dict[str, Compiled]
    identities: dict[str, Compiled]
    """In the order in which they can be computed."""
    physical: dict[str, list[str]]
    """Tables or files to extract, with their fields."""
    views: list[str]
    """Views of the contract to build, those used by others first."""
    archives: dict[str, list[str]] = field(default_factory=dict)
    """Archive name to the contract's entities in it (patterns for undeclared tables are resolved at extract)."""
    unique: frozenset[str] = frozenset()
    """Source entities whose keys were seen to be unique."""
    both_sides: tuple[Rule, ...] = ()
    """The rules over both sides that a run of these mappings can ask."""
    certifications: CertificationPlan | None = None
    """How the states of certifications are compared; None where the source tells none."""

    def by_itself(self, mapping: str) -> Plan:
        """The plan with no more of the source than one mapping reads itself, where what it refers to is given."""
        physical, views = _extract_needs(self.pair, [self.rows[mapping]], {}, {}, [])
        names = self.pair.closure([mapping])
        wanted = _identity_fields(self.pair, names, [])
        identities = {name: compiled for name, compiled in self.identities.items() if name in wanted}
        return replace(self, names=names, identities=identities, physical=physical, views=views)

    def with_decided(self, mapping: str, decided: Decided) -> Plan:
        """The plan with one mapping compiled anew, so that it applies what people decided."""
        own = {mapping: decided}
        rows = {**self.rows, mapping: _compile(self.pair, mapping, self.as_of, None, [], self.unique, own)}
        identities = dict(self.identities)
        if mapping in identities:
            fields = set(identities[mapping].fields)
            identities[mapping] = _compile(self.pair, mapping, self.as_of, fields, [], self.unique, own)
        return replace(self, rows=rows, identities=identities)


def make_plan(
    pair: LoadedPair,
    as_of: str,
    only: list[str] | None = None,
    *,
    with_archives: bool = True,
    unique: frozenset[str] = frozenset(),
) -> Plan:
    """Compile ``pair`` (or the mappings in ``only`` and what they refer to). Raises ConfigurationError.

    ``as_of`` is the run's instant in UTC, as ``YYYY-MM-DD HH:MM:SS``; ``unique`` names source entities whose keys were
    seen to be unique, which spares a sort.
    """
    problems: list[Problem] = []
    names = list(pair.mappings) if only is None else pair.closure(only)
    rows = {name: _compile(pair, name, as_of, None, problems, unique) for name in names}
    problems += _unmapped_required(pair, names)
    problems += _lost_identities(pair, names)
    wanted = _identity_fields(pair, names, problems)
    order = _identity_order(pair, wanted, problems)
    identities = {name: _compile(pair, name, as_of, wanted[name], [], unique) for name in order}
    archives = _archives(pair, problems) if with_archives else {}
    problems += target_problems(pair)
    problems += _foreign_tolerances(pair, names)
    labels = _label_needs(pair, names, problems)
    both_sides = rules_of_both_sides(pair, names, problems)
    for rule in both_sides:
        for entity, fields in rule.source_needs.items():
            labels.setdefault(entity, set()).update(fields)
    certifications = certification_plan(pair, names, problems)
    if certifications is not None and not certifications.partly:
        for entity, fields in certifications.source_needs.items():
            labels.setdefault(entity, set()).update(fields)
    if len(names) == len(pair.mappings):  # what is left behind is counted where all is
        for view in pair.dropped_views:
            labels.setdefault(view, set())
    physical, views = _extract_needs(pair, list(rows.values()), archives, labels, problems)
    if problems:
        raise ConfigurationError(f"{number_of(len(problems), 'problem')} in the mapping", problems=problems)
    return Plan(pair, as_of, names, rows, identities, physical, views, archives, unique, tuple(both_sides), certifications)


def _compile(
    pair: LoadedPair,
    name: str,
    as_of: str,
    fields: set[str] | None,
    problems: list[Problem],
    unique: frozenset[str],
    decided: Dict[str, Decided] | None = None,
) -> Compiled:
    mapping = pair.mappings[name]
    own = (decided or {}).get(name, NOBODY)
    compiler = MappingCompiler(pair, mapping, as_of, mapping.source_name not in unique, problems, own)
    return compiler.compile(fields)


def _identity_fields(pair: LoadedPair, names: list[str], problems: list[Problem]) -> dict[str, set[str]]:
    """``{mapping: fields}`` whose values others ask for: the target key and what `ref` with `field` names."""
    wanted: dict[str, set[str]] = {}
    for name in names:
        model = pair.mappings[name].model
        if model.only:
            wanted.setdefault(model.only.mapping, set())
        for rule in model.fields.values():
            if rule.ref:
                wanted.setdefault(rule.ref, set()).update({rule.field} if rule.field else ())
    for entity, name in pair.model.identities.items():
        place = pair.document.place("identities", entity)
        if name not in pair.mappings:
            problems.append(Problem("identities names no mapping", place, name, tuple(pair.mappings)))
        elif pair.mappings[name].source_name != entity and not _same_key(pair, entity, name):
            problems.append(Problem(f"{name} is not made from {entity}, nor from a view with its key", place, name))
        elif name in names:
            wanted.setdefault(name, set())
    for name in list(wanted):
        if name not in pair.mappings:  # complained about where the reference stands
            del wanted[name]
            continue
        mapping = pair.mappings[name]
        wanted[name] |= {part for part in mapping.target.key if part in mapping.model.fields}
    return wanted


def _unmapped_required(pair: LoadedPair, names: list[str]) -> list[Problem]:
    """Fields that a row of the target cannot do without and that no rule gives a value."""
    problems = []
    for name in names:
        mapping = pair.mappings[name]
        for wanted, rule in mapping.target.fields.items():
            is_key = wanted in mapping.target.key
            if (is_key or rule.required) and wanted not in mapping.model.fields:
                what = "key field" if is_key else "required field"
                place = mapping.document.place("fields")
                problems.append(Problem(f"the target's {what} {wanted} is not mapped", place, hint=f"add {wanted}: ..."))
    return problems


def _foreign_tolerances(pair: LoadedPair, names: list[str]) -> list[Problem]:
    """Rules of ``compare`` on fields whose type they are not about."""
    problems = []
    for name in names:
        mapping = pair.mappings[name]
        for field_name, rule in mapping.model.fields.items():
            known = mapping.target.fields.get(field_name)
            for tolerance in rule.compare if known is not None else ():
                types = ABOUT[tolerance.kind]
                if known is not None and known.type not in types:
                    place = mapping.document.place("fields", field_name, "compare")
                    message = f"{tolerance.kind} is about {' and '.join(types)}; {field_name} is {known.type} in the target"
                    allowed = tuple(kind for kind, about in ABOUT.items() if known.type in about)
                    problems.append(Problem(message, place, tolerance.kind, ("exact", *allowed)))
    return problems


def _lost_identities(pair: LoadedPair, names: list[str]) -> list[Problem]:
    """Rules by which a record would be known under a key that no row of the target has."""
    problems = []
    for name in names:
        model, mapping = pair.mappings[name].model, pair.mappings[name]
        key = mapping.target.key
        if model.fold and not set(key) <= set(model.fold.by):
            place = mapping.document.place("fold", "by")
            message = f"rows that fold have one target key, so every field of it has to stand here: {', '.join(key)}"
            problems.append(Problem(message, place, ", ".join(model.fold.by)))
        for target_field, rule in model.fields.items():
            if target_field in key and rule.ref and rule.missing and rule.missing.severity == "warn":
                place = mapping.document.place("fields", target_field, "missing", "severity")
                message = f"{target_field} is part of the target's key, and a row without it is no record"
                hint = "keep the record back with another severity, or exclude it"
                problems.append(Problem(message, place, "warn", hint=hint))
        if model.only and model.only.mapping in pair.mappings and pair.mappings[model.only.mapping].model.merge is None:
            message = f"{model.only.mapping} has no merge, so it leaves no record to take"
            problems.append(Problem(message, mapping.document.place("only", "mapping"), model.only.mapping))
    return problems


def _same_key(pair: LoadedPair, entity: str, name: str) -> bool:
    known = pair.source.model.entities.get(entity)
    return known is not None and known.key == pair.mappings[name].source.key


def _identity_order(pair: LoadedPair, wanted: dict[str, set[str]], problems: list[Problem]) -> list[str]:
    graph: dict[str, set[str]] = {}
    for name, fields in wanted.items():
        model = pair.mappings[name].model
        needs = {r.ref for f, r in model.fields.items() if r.ref and (f in fields or r.excluded or pair.follows(name, f))}
        if model.only:
            needs.add(model.only.mapping)
        graph[name] = {ref for ref in needs if ref in wanted}
    try:
        return [name for name in TopologicalSorter(graph).static_order() if name in wanted]
    except CycleError as error:
        cycle = " -> ".join(error.args[1])
        place = pair.mappings[error.args[1][0]].document.place("fields")
        hint = "a reference that is part of a key, or excludes, cannot run in a circle"
        problems.append(Problem(f"the keys of these mappings depend on each other: {cycle}", place, hint=hint))
        return []


def _archives(pair: LoadedPair, problems: list[Problem]) -> dict[str, list[str]]:
    """The described tables of each archive. Views have no rows of their own; one that is named is a problem."""
    entities = pair.source.model.entities
    tables = [name for name, entity in entities.items() if entity.sql is None]
    for archive, rule in pair.model.archive.items():
        for number, pattern in enumerate(rule.tables):
            if pattern in entities and pattern not in tables:
                place = pair.document.place("archive", archive, "tables", number)
                read = tuple(sorted(_tables_behind(pair, pattern)))
                problems.append(
                    Problem("an archive holds tables, and this is a view of the contract over some", place, pattern, read)
                )
    return {
        archive: [t for t in tables if any(fnmatchcase(t, pattern) for pattern in rule.tables)]
        for archive, rule in pair.model.archive.items()
    }


def _tables_behind(pair: LoadedPair, view: str) -> set[str]:
    """The tables that a view reads, be it through other views; none where its SQL cannot be read, which is told elsewhere."""
    entities, found, queue = pair.source.model.entities, set[str](), [view]
    while queue:
        entity = queue.pop()
        if entity in found:
            continue
        found.add(entity)
        try:
            queue += query_needs(pair.source.model, entities[entity].sql or "") if entities[entity].sql else ()
        except ExpressionError:
            return set()
    return {entity for entity in found if not entities[entity].sql}


def _archived_by_policy(pair: LoadedPair, mappings: list[LoadedMapping]) -> set[str]:
    """Source entities whose records may be kept in the archive under the name of a rule, and so are read whole."""
    if not any(rule.archived for rule in pair.policies):
        return set()
    return {
        mapping.source_name
        for mapping in mappings
        if any(rule.archived for rule in pair.policies_of(mapping.name))
        or any(pair.follows(mapping.name, target_field) for target_field in mapping.model.fields)
    }


def _label_needs(pair: LoadedPair, names: list[str], problems: list[Problem]) -> dict[str, set[str]]:
    """Source entities and fields that say what the values of crosswalks are called, of those that the mappings use."""
    entities, needs = pair.source.model.entities, dict[str, set[str]]()
    used = {rule.crosswalk for n in names for rule in pair.mappings[n].model.fields.values()}
    for crosswalk, rule in pair.model.crosswalks.items():
        labels = rule.labels
        if labels is None:
            continue
        at = ("crosswalks", crosswalk, "labels")
        if labels.entity not in entities:
            place = pair.document.place(*at, "from")
            problems.append(Problem("labels come from no entity of the source", place, labels.entity, tuple(entities)))
            continue
        fields = entities[labels.entity].fields
        for word, field_name in (("key", labels.key), ("name", labels.name)):
            place = pair.document.place(*at, word)
            if field_name not in fields:
                problems.append(Problem(f"{labels.entity} has no such field", place, field_name, tuple(fields)))
            elif fields[field_name].pii == "secret":
                problems.append(Problem("a field of class secret is never read", place, field_name))
            elif crosswalk in used:
                needs.setdefault(labels.entity, set()).add(field_name)
    return needs


def _extract_needs(
    pair: LoadedPair,
    compiled: list[Compiled],
    archives: dict[str, list[str]],
    labels: dict[str, set[str]],
    problems: list[Problem],
) -> tuple[dict[str, list[str]], list[str]]:
    entities = pair.source.model.entities
    needs: dict[str, set[str]] = {entity: set(fields) for entity, fields in labels.items()}
    for one in compiled:
        for entity, fields in one.needs.items():
            needs.setdefault(entity, set()).update(fields)
    for listed in archives.values():
        for entity in listed:
            needs.setdefault(entity, set()).update(f for f, rule in entities[entity].fields.items() if rule.pii != "secret")
    for entity in _archived_by_policy(pair, [one.mapping for one in compiled]):
        needs.setdefault(entity, set()).update(f for f, rule in entities[entity].fields.items() if rule.pii != "secret")
    graph: dict[str, set[str]] = {}
    queue = [entity for entity in needs if entities[entity].sql]
    while queue:
        view = queue.pop()
        if view in graph:
            continue
        try:
            inner = query_needs(pair.source.model, entities[view].sql or "")
        except ExpressionError as error:
            place = pair.source.document.place("entities", view, "sql")
            problems.append(Problem(f"{view}: {error}", place, error.value, error.allowed))
            continue
        graph[view] = {e for e in inner if entities[e].sql}
        for entity, fields in inner.items():
            for secret in sorted(f for f in fields if entities[entity].fields[f].pii == "secret"):
                place = pair.source.document.place("entities", view, "sql")
                problems.append(Problem(f"{view}: a field of class secret is never read", place, f"{entity}.{secret}"))
            needs.setdefault(entity, set()).update(fields)
        queue.extend(graph[view])
    physical = {
        entity: [f for f in entities[entity].fields if f in fields or f in entities[entity].key]
        for entity, fields in needs.items()
        if entities[entity].sql is None
    }
    for view in graph:
        for table in entities[view].covers:  # coverage is counted on the covered table's key
            if table not in physical:
                physical[table] = list(entities[table].key)
    try:
        return physical, list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        place = pair.source.document.place("entities", error.args[1][0], "sql")
        problems.append(Problem(f"these views read each other: {' -> '.join(error.args[1])}", place))
        return physical, []
