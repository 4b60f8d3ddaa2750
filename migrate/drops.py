"""Names under ``drop`` of ``pair.yaml`` that match nothing.

Of some that is sure by the contract alone. A table that no contract describes, or a column that it does not know, is in the
source or not: only its profile knows. Without one, such a name is told where it looks like another that is meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from migrate.compiler.plan import Plan
from migrate.errors import Place, Problem
from migrate.mapping.load import LoadedPair
from migrate.near import near

if TYPE_CHECKING:
    from migrate.profiling.model import Profile

ALIKE = 0.85
"""How like a name has to be to another to be taken for it."""
_GLOB = frozenset("*?[")


@dataclass(frozen=True)
class Unmatched:
    """A name that matches nothing that is known."""

    name: str
    place: Place
    near: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place}: drop: nothing is known by the name {self.name!r}; near: {', '.join(self.near)}"


def impossible(pair: LoadedPair) -> list[Problem]:
    """Names that match nothing, whatever the source holds."""
    return [problem for name in pair.model.drop if (problem := _impossible(pair, name)) is not None]


def misspelt(pair: LoadedPair, undeclared: Iterable[str]) -> list[Problem]:
    """Names that match nothing and look like what is neither mapped nor dropped, which nobody may pass over anyway."""
    left, problems = list(undeclared), []
    for name in pair.model.drop if left else ():
        if not _matches(pair, name) and (meant := _alike(name, left)):
            message = "nothing that the contract describes has this name, and another waits for a reason"
            problems.append(Problem(message, pair.document.place("drop", name), name, meant, "correct it, or take it away"))
    return problems


def unmatched(plan: Plan, profile: Profile | None) -> tuple[list[Unmatched], list[str]]:
    """``(names that look like one that is meant, all other names that match nothing)``. Without a profile that was made of the
    source itself nobody can say the latter."""
    pair = plan.pair
    known = None if profile is None or profile.from_run is not None else _Source.of(profile)
    alike: list[Unmatched] = []
    rest: list[str] = []
    for name in pair.model.drop:
        if _matches(pair, name) or (known is not None and known.has(name)):
            continue
        if meant := _alike(name, _others(plan, name, known)):
            alike.append(Unmatched(name, pair.document.place("drop", name), meant))
        elif known is not None:
            rest.append(name)
    return alike, rest


@dataclass(frozen=True)
class _Source:
    """What the source has beyond its contract."""

    tables: frozenset[str]
    columns: frozenset[str]

    @classmethod
    def of(cls, profile: Profile) -> _Source:
        columns = (f"{one.entity}.{column}" for one in profile.entities for column in one.unknown)
        return cls(frozenset(profile.undeclared), frozenset(columns))

    def has(self, name: str) -> bool:
        return name in self.columns or any(fnmatchcase(table, name) for table in self.tables)


def _impossible(pair: LoadedPair, name: str) -> Problem | None:
    head, dot, column = name.partition(".")
    contract = pair.source.model
    if not dot or _matches(pair, name):
        return None
    place = pair.document.place("drop", name)
    heads = [entity for entity in contract.entities if fnmatchcase(entity, head)]
    if not heads:
        if contract.source is None or contract.source.kind != "database":
            return None  # names of files have dots
        allowed = near(head, contract.entities)
        hint = f"correct it; a table that the contract does not describe is dropped whole: {head}"
        return Problem(f"the contract of {contract.system} describes no such table", place, name, allowed, hint)
    if any(_open(pair, entity, exact=not _GLOB & set(name)) for entity in heads):
        return None
    fields = [field for entity in heads for field in contract.entities[entity].fields]
    message = f"{heads[0]} has no such field" if len(heads) == 1 else f"none of {', '.join(heads)} has such a field"
    return Problem(message, place, name, near(column, fields), "correct it, or take it away")


def _open(pair: LoadedPair, entity: str, *, exact: bool) -> bool:
    """May the source have more under this name than the contract says: columns of a table, attributes of a pivot?"""
    pivots = {pivot.entity for mapping in pair.mappings.values() for pivot in mapping.model.pivot.values()}
    return entity in pivots or (exact and pair.source.model.entities[entity].sql is None)


def _matches(pair: LoadedPair, name: str) -> bool:
    """Does the contract describe something of this name?"""
    contract = pair.source.model
    if any(fnmatchcase(entity, name) for entity in contract.entities):
        return True
    if any(fnmatchcase(name, pattern) or fnmatchcase(pattern, name) for pattern in contract.internal):
        return True
    if not _GLOB & set(name):
        head, _, column = name.partition(".")
        return head in contract.entities and column in contract.entities[head].fields
    return any(fnmatchcase(f"{entity}.{field}", name) for entity, model in contract.entities.items() for field in model.fields)


def _others(plan: Plan, name: str, known: _Source | None) -> list[str]:
    """What might be meant: what is there, and what no mapping reads, no archive keeps and no other name of ``drop`` is about."""
    pair = plan.pair
    taken = [other for other in pair.model.drop if other != name]
    taken += [pattern for rule in pair.model.archive.values() for pattern in rule.tables]
    there = [entity for entity in pair.source.model.entities if entity not in plan.physical and entity not in plan.views]
    there += [*known.tables, *known.columns] if known is not None else []
    return [one for one in there if not any(fnmatchcase(one, pattern) for pattern in taken)]


def _alike(name: str, known: Iterable[str]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(name.lower(), sorted(known), n=5, cutoff=ALIKE))
