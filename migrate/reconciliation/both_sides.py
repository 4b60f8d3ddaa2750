"""Rules that have to hold on both sides, checked and compiled: what they read, and the SQL that asks both sides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrate.compiler.source import SOURCE, query_needs, query_sql
from migrate.contracts.load import LoadedContract
from migrate.errors import Problem
from migrate.expressions import ExpressionError, read_query, tables_read
from migrate.mapping.load import LoadedPair
from migrate.mapping.model import BothSides
from migrate.reconciliation.columns import outputs, personal

TARGET = "target"
"""Schema of what was read back, one view per entity."""


@dataclass(frozen=True)
class Rule:
    """One rule, ready to be asked."""

    name: str
    model: BothSides
    source_needs: dict[str, set[str]]
    target_needs: dict[str, set[str]]
    classes: dict[str, str]
    """Columns with personal data, and its class."""

    @property
    def columns(self) -> list[str]:
        """What both queries give beside ``record``."""
        return [*self.model.by, *(c for c, how in self.model.compare.items() if how != "count")]

    @property
    def mappings(self) -> set[str]:
        """The mappings that have to be part of a run, so that the rule can be asked."""
        return {self.model.mapping, *(way.ref for way in self.model.same.values() if way.ref)}

    @property
    def about(self) -> str | None:
        """The first column by which records are grouped that are records themselves: findings are about those."""
        return next((c for c in self.model.by if c in self.model.same and self.model.same[c].ref), None)

    def source_sql(self, as_of: str) -> str:
        return query_sql(self.model.source, SOURCE, as_of)

    def target_sql(self, as_of: str) -> str:
        return query_sql(self.model.target, TARGET, as_of)


def rules(pair: LoadedPair, names: Iterable[str], problems: list[Problem]) -> list[Rule]:
    """The rules of a pair that a run of the mappings ``names`` can ask. Adds what is wrong with any of them to ``problems``."""
    there, found = set(names), []
    for name, model in pair.model.both_sides.items():
        before = len(problems)
        _check_names(pair, name, model, problems)
        source = _needs(pair, name, "source", model, pair.source, problems)
        target = _needs(pair, name, "target", model, pair.target, problems)
        if len(problems) > before:
            continue
        rule = Rule(name, model, source, target, _classes(pair, model))
        if rule.mappings <= there:
            found.append(rule)
    return found


def _check_names(pair: LoadedPair, name: str, model: BothSides, problems: list[Problem]) -> None:
    def complain(message: str, value: str, allowed: Iterable[str], *keys: str) -> None:
        problems.append(Problem(message, pair.document.place("both_sides", name, *keys), value, tuple(allowed)))

    if model.mapping not in pair.mappings:
        complain("there is no such mapping", model.mapping, pair.mappings, "mapping")
    for column, way in model.same.items():
        if way.ref is not None and way.ref not in pair.mappings:
            complain("there is no such mapping", way.ref, pair.mappings, "same", column, "ref")
        elif way.ref is not None and way.field is not None and way.field not in pair.mappings[way.ref].target.fields:
            complain(f"{way.ref} has no such field", way.field, pair.mappings[way.ref].target.fields, "same", column, "field")
        if way.crosswalk is not None and way.crosswalk not in pair.used_crosswalks:
            complain("no field is mapped by this crosswalk", way.crosswalk, pair.used_crosswalks, "same", column, "crosswalk")


def _needs(
    pair: LoadedPair, name: str, side: str, model: BothSides, contract: LoadedContract, problems: list[Problem]
) -> dict[str, set[str]]:
    """The entities and fields that the query of a side reads."""
    sql: str = getattr(model, side)
    place = pair.document.place("both_sides", name, side)
    try:
        tree = read_query(sql)
        unknown = [table.name for table in tables_read(tree) if table.name not in contract.model.entities]
        if unknown:
            problems.append(Problem(f"{contract.system} has no such entity", place, unknown[0], tuple(contract.model.entities)))
            return {}
        given = outputs(sql)
        wanted = ["record", *model.by, *(c for c, how in model.compare.items() if how != "count")]
        problems += [
            Problem(f"the query of the {side} does not give this column", place, column, tuple(given))
            for column in wanted
            if column not in given
        ]
        needs = query_needs(contract.model, sql)
    except ExpressionError as error:
        problems.append(Problem(f"{name}: {error}", place, error.value, error.allowed))
        return {}
    problems += [
        Problem("a field of class secret is never read", place, f"{entity}.{field}")
        for entity, fields in needs.items()
        for field in sorted(fields)
        if contract.model.entities[entity].fields[field].pii == "secret"
    ]
    return needs


def _classes(pair: LoadedPair, model: BothSides) -> dict[str, str]:
    found = {}
    for column in [*model.by, *(c for c, how in model.compare.items() if how in ("min", "max", "set"))]:
        way = model.same.get(column)
        classes = {personal(pair.target.model, model.target, column)}
        if way is not None and way.ref is not None:
            referred = pair.mappings[way.ref].target
            classes |= {referred.fields[field].pii for field in ((way.field,) if way.field else referred.key)}
        else:
            classes.add(personal(pair.source.model, model.source, column))
        known = {pii for pii in classes if pii}
        if known:
            found[column] = known.pop() if len(known) == 1 else "free_text"
    return found
