"""What a pair compares when it compares the states of certifications: both contracts' rules, and what people are called."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from migrate.compiler.source import query_needs
from migrate.contracts.certifications import CertificationStates, certification_states
from migrate.contracts.model import Reference
from migrate.errors import Problem
from migrate.mapping.load import LoadedPair
from migrate.mapping.model import Certifications, Correspondence

WORD = "certifications"


@dataclass(frozen=True)
class CertificationPlan:
    """The states that the source tells, and how they are found again in the target."""

    source: CertificationStates
    source_needs: dict[str, set[str]]
    model: Certifications = field(default_factory=Certifications)
    target: CertificationStates | None = None
    target_needs: dict[str, set[str]] = field(default_factory=dict)
    mappings: tuple[str, ...] = ()
    person: Correspondence | None = None
    certification: Correspondence | None = None
    why_not: str = ""
    """Why the target's states cannot be compared; blank where they can."""
    partly: bool = False
    """The run lacks mappings that the comparison needs."""

    @property
    def compared(self) -> bool:
        return not self.why_not and not self.partly and self.model.not_carried is None

    @property
    def windows(self) -> bool:
        """Do both sides know a window in which people renew?"""
        return self.source.opens is not None and (self.target is None or self.target.opens is not None)


def certification_plan(pair: LoadedPair, names: Collection[str], problems: list[Problem]) -> CertificationPlan | None:
    """None where the source tells no states. Adds what is wrong with ``certifications`` of pair.yaml to ``problems``."""
    said = pair.model.certifications
    source, target = certification_states(pair.source.model), certification_states(pair.target.model)
    if source is None:
        if said is not None:
            hint = "add certification: to the entity of its contract that certifies people"
            problems.append(Problem(f"{pair.source.system} tells no certification states", pair.document.place(WORD), hint=hint))
        return None
    needs = query_needs(pair.source.model, source.sql)
    model, partly = said or Certifications(), not set(pair.mappings) <= set(names)
    if model.not_carried is not None:
        return CertificationPlan(source, needs, model, partly=partly)
    if target is None:
        why = f"{pair.target.system} tells no certification states"
        return CertificationPlan(source, needs, model, why_not=why, partly=partly)
    before = len(problems)
    mappings = model.mappings or tuple(
        name for name, m in pair.mappings.items() if m.source_name == source.entity and m.target_name == target.entity
    )
    _check_mappings(pair, model, source, target, problems)
    ways = {}
    for word, own, theirs in (
        ("person", source.person, target.person),
        ("certification", source.certification, target.certification),
    ):
        given: Correspondence | None = getattr(model, word)
        if given is not None:
            _check_way(pair, word, given, problems)
        ways[word] = given or _way(pair, own, theirs)
    if len(problems) > before:
        return None
    why = "" if mappings else f"no mapping leads from {source.entity} to {target.entity}"
    lacks = [word for word, way in ways.items() if way is None]
    if not why and lacks:
        why = f"neither the contracts nor pair.yaml say what a {' and a '.join(lacks)} of an award is called in the target"
    wanted = {*mappings, *(way.ref for way in ways.values() if way is not None and way.ref is not None)}
    return CertificationPlan(
        source, needs, model, target, query_needs(pair.target.model, target.sql), tuple(mappings), ways["person"],
        ways["certification"], why, partly=partly and (bool(why) or not wanted <= set(names)),
    )  # fmt: skip


def _check_mappings(
    pair: LoadedPair, model: Certifications, source: CertificationStates, target: CertificationStates, problems: list[Problem]
) -> None:
    key = pair.source.model.entities[source.entity].key
    for number, name in enumerate(model.mappings):
        place = pair.document.place(WORD, "mappings", number)
        if name not in pair.mappings:
            problems.append(Problem("there is no such mapping", place, name, tuple(pair.mappings)))
        elif pair.mappings[name].source_name != source.entity and pair.mappings[name].source.key != key:
            problems.append(Problem(f"{name} is not made from {source.entity}, nor from a view with its key", place, name))
        elif pair.mappings[name].target_name != target.entity:
            problems.append(Problem(f"{name} does not lead to {target.entity}", place, name))


def _check_way(pair: LoadedPair, word: str, way: Correspondence, problems: list[Problem]) -> None:
    at = (WORD, word)
    if way.ref is not None and way.ref not in pair.mappings:
        place = pair.document.place(*at, "ref")
        problems.append(Problem("there is no such mapping", place, way.ref, tuple(pair.mappings)))
    elif way.ref is not None and way.field is not None and way.field not in pair.mappings[way.ref].target.fields:
        fields = tuple(pair.mappings[way.ref].target.fields)
        problems.append(Problem(f"{way.ref} has no such field", pair.document.place(*at, "field"), way.field, fields))
    if way.crosswalk is not None and way.crosswalk not in pair.used_crosswalks:
        place = pair.document.place(*at, "crosswalk")
        problems.append(Problem("no field is mapped by this crosswalk", place, way.crosswalk, pair.used_crosswalks))


def _way(pair: LoadedPair, own: Reference | None, theirs: Reference | None) -> Correspondence | None:
    """How a record of one side is called on the other, by the references of both contracts and the pair's identities."""
    if own is None or theirs is None:
        return None
    mapping = pair.mappings.get(pair.model.identities.get(own.entity, ""))
    if mapping is None or mapping.target_name != theirs.entity:
        return None
    whole = len(mapping.target.key) == 1 and theirs.field in (None, mapping.target.key[0])
    if not whole and theirs.field is None:
        return None
    return Correspondence(ref=mapping.name, field=None if whole else theirs.field)
