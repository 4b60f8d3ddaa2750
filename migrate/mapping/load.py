"""Reading the mapping files of a pair of systems from a folder."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from migrate.contracts.load import LoadedContract, colliding
from migrate.contracts.model import Entity
from migrate.errors import ConfigurationError, Place, Problem
from migrate.expressions import ExpressionError, operators, unread_casts
from migrate.located_yaml import Document, read
from migrate.mapping.model import FieldRule, Mapping, Match, Pair, Step
from migrate.mapping.policy import PolicyRule
from migrate.models import build
from migrate.said import number_of

PAIR_FILE = "pair.yaml"
RESERVED = frozenset({"dispositions", "findings", "table_findings", "undecided", "standing", "crosswalks", "matches"})
"""Files that stages write beside those of the mappings."""


@dataclass(frozen=True)
class LoadedMapping:
    """A mapping, the document it was read from and the entities on both of its sides."""

    name: str
    model: Mapping
    document: Document
    source_name: str
    source: Entity
    target_name: str
    target: Entity

    def references(self) -> list[str]:
        """Names of the mappings that this one refers to, itself included where it does."""
        named = [rule.ref for rule in self.model.fields.values() if rule.ref]
        if self.model.only:
            named.append(self.model.only.mapping)
        return sorted(set(named))

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The target fields that are compared with what files carried: those, too, that no rule fills, for they have to be empty
        there. The only field of a key need not be: files are read back by its text, so rows of one key have the same value there.
        """
        return tuple(field for field in self.target.fields if not self._told_by_key(field))

    def _told_by_key(self, field: str) -> bool:
        if self.target.key != (field,) or field not in self.model.fields or self.model.fields[field].compare:
            return False
        return self.target.fields[field].type == "string" and self.target.fields[field].references is None

    @cached_property
    def casting(self) -> frozenset[str]:
        """The lets in which something is cast, or that name such a let."""
        found: set[str] = set()
        for let, text in self.model.let.items():
            with suppress(ExpressionError):  # told where it is compiled
                if unread_casts(str(text), found) is not None:
                    found.add(let)
        return frozenset(found)

    def casts(self, field: str) -> dict[str, str]:
        """``{word: expression}`` of what a field is made of and in which something is cast."""
        rule = self.model.fields[field]
        given = {"expr": rule.expr, "by": rule.by, "from": f'"{rule.source}"' if rule.source in self.casting else None}
        found = {}
        for word, text in given.items():
            with suppress(ExpressionError):  # told where it is compiled
                if text is not None and unread_casts(str(text), self.casting) is not None:
                    found[word] = str(text)
        return found


@dataclass(frozen=True)
class LoadedPair:
    """Everything a pair of systems is described by."""

    model: Pair
    document: Document
    source: LoadedContract
    target: LoadedContract
    mappings: dict[str, LoadedMapping]
    """In load order: by the target's order of entities, then by name."""
    parameters: dict[str, str] = field(default_factory=dict)
    """What the workspace sets; the pair's own defaults hold for the others."""
    policies: tuple[PolicyRule, ...] = ()
    """Rules of the workspace by which records stay behind, in the order in which they are asked."""
    lists: frozenset[str] | None = None
    """The lists that the workspace has to match with; None: all that mappings name."""

    def parameter(self, name: str) -> str:
        """The value of a parameter. Raises KeyError where the pair has none of this name."""
        return self.parameters.get(name, self.model.parameters[name].default)

    @property
    def used_crosswalks(self) -> tuple[str, ...]:
        """The crosswalks that fields are mapped by; a run knows the entries of no other."""
        rules = (rule for mapping in self.mappings.values() for rule in mapping.model.fields.values())
        return tuple(dict.fromkeys(rule.crosswalk for rule in rules if rule.crosswalk is not None))

    def matched(self, mapping: str) -> Match | None:
        """The match of a mapping, where there is the list that it compares with."""
        match = self.mappings[mapping].model.match
        return match if match is not None and (self.lists is None or match.against in self.lists) else None

    def with_lists(self, lists: Iterable[str] | None) -> LoadedPair:
        """The same pair with the lists that there are; with None, as ``check`` and inline tests see it."""
        return replace(self, lists=None if lists is None else frozenset(lists))

    def steps(self, rule: FieldRule) -> tuple[Step, ...]:
        """The steps of ``do``, with the values of parameters. Raises OperatorError where the pair has none of a name."""
        return operators.filled(rule.do, {name: self.parameter(name) for name in self.model.parameters})

    def with_parameters(self, given: dict[str, str]) -> LoadedPair:
        """The same pair with values of a workspace; with none, as inline tests see it."""
        return replace(self, parameters=given)

    def with_policies(self, given: Iterable[PolicyRule]) -> LoadedPair:
        """The same pair with rules of a workspace; with none, as inline tests see it."""
        return replace(self, policies=tuple(given))

    @cached_property
    def dropped_views(self) -> dict[str, str]:
        """Views of the source that the pair leaves behind by name, with the reason. Patterns are about tables."""
        entities = self.source.model.entities
        return {view: reason for view, reason in self.model.drop.items() if view in entities and entities[view].sql is not None}

    def policies_of(self, name: str) -> list[PolicyRule]:
        """The rules that hold for a mapping."""
        return [rule for rule in self.policies if rule.entity in (None, name, self.mappings[name].source_name)]

    def follows(self, name: str, target_field: str) -> bool:
        """Does a record stay behind with the one that this field refers to? Not where it can do without it, nor where two
        mappings refer to each other and this one comes first."""
        mapping = self.mappings[name]
        rule = mapping.model.fields[target_field]
        if not self.policies or rule.ref is None or rule.ref not in self.mappings or rule.ref == name:
            return False
        if rule.missing is not None and rule.missing.severity == "warn":
            known = mapping.target.fields.get(target_field)
            if rule.missing.set is not None or known is None or not known.required:
                return False
        order = self.by_dependency
        return order.index(rule.ref) < order.index(name)

    @cached_property
    def by_dependency(self) -> list[str]:
        """Mapping names, those referred to first. Cycles are broken at an arbitrary but fixed place."""
        graph = {name: set(m.references()) - {name} for name, m in self.mappings.items()}
        while True:
            try:
                return list(TopologicalSorter(graph).static_order())
            except CycleError as error:
                later, earlier = error.args[1][1], error.args[1][0]
                graph[later].discard(earlier)

    def closure(self, names: list[str]) -> list[str]:
        """``names`` and every mapping they refer to, in load order."""
        wanted, queue = set(names), list(names)
        while queue:
            for other in self.mappings[queue.pop()].references():
                if other in self.mappings and other not in wanted:
                    wanted.add(other)
                    queue.append(other)
        return [name for name in self.mappings if name in wanted]


def load_pair(folder: Path, source: LoadedContract, target: LoadedContract) -> LoadedPair:
    """Read ``pair.yaml`` and every other YAML file of ``folder``. Raises ConfigurationError with all problems."""
    if not (folder / PAIR_FILE).is_file():
        raise ConfigurationError(
            f"{folder} holds no {PAIR_FILE}", hint="lms-migrate new DIR --from SYSTEM --to SYSTEM writes one"
        )
    pair_document = read(folder / PAIR_FILE)
    pair = build(Pair, pair_document)
    problems: list[Problem] = []
    for word, given, contract in (("from", pair.source, source), ("to", pair.target, target)):
        if given != contract.system:
            problems.append(
                Problem(
                    f"{word} is not the workspace's system",
                    pair_document.place(word),
                    given,
                    (contract.system,),
                )
            )
    problems += [Problem("a mapping file ends in .yaml", Place(file)) for file in sorted(folder.glob("*.yml"))]
    for first, later in colliding(pair.crosswalks):
        problems.append(Problem(f"is {first} once more; case makes no difference", pair_document.place("crosswalks"), later))
    mappings: dict[str, LoadedMapping] = {}
    for file in sorted(folder.glob("*.yaml")):
        if file.name == PAIR_FILE:
            continue
        try:
            loaded = _load_mapping(file, source, target)
            place = loaded.document.place("entity")
            twin = next((m for m in mappings.values() if m.name.lower() == loaded.name.lower()), None)
            if twin is not None:
                message = f"{twin.document.file.name} has the same name; give one of them another 'entity'"
                problems.append(Problem(message, place, loaded.name))
            if loaded.name.lower() in RESERVED:
                message = "a stage writes a file of this name; give the mapping another 'entity'"
                problems.append(Problem(message, place, loaded.name))
            mappings[loaded.name] = loaded
        except ConfigurationError as error:
            problems.extend(error.problems or [Problem(error.message)])
    if problems:
        raise ConfigurationError(f"{folder}: {number_of(len(problems), 'problem')}", problems=problems)
    order = list(target.model.entities)
    ordered = sorted(mappings.values(), key=lambda m: (order.index(m.target_name), m.name))
    return LoadedPair(pair, pair_document, source, target, {m.name: m for m in ordered})


def _load_mapping(file: Path, source: LoadedContract, target: LoadedContract) -> LoadedMapping:
    document = read(file)
    model = build(Mapping, document)
    problems: list[Problem] = []
    sides: list[tuple[str, Entity]] = []
    for word, given, contract in (("from", model.source, source), ("to", model.to, target)):
        system, _, entity = given.partition(".")
        allowed = tuple(f"{contract.system}.{name}" for name in contract.model.entities)
        if system != contract.system or entity not in contract.model.entities:
            problems.append(Problem(f"{word} names no entity of {contract.system}", document.place(word), given, allowed))
        else:
            sides.append((entity, contract.entity(entity)))
    if problems:
        raise ConfigurationError(f"{file}: {number_of(len(problems), 'problem')}", problems=problems)
    (source_name, source_entity), (target_name, target_entity) = sides
    return LoadedMapping(model.entity or file.stem, model, document, source_name, source_entity, target_name, target_entity)
