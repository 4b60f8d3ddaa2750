"""``test_plan.yaml`` read and checked against the workspace's mapping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from migrate.errors import ConfigurationError, Place, Problem
from migrate.located_yaml import Document, read
from migrate.mapping.load import LoadedPair
from migrate.models import build
from migrate.said import number_of
from migrate.test_plan.words import RISKS, PolicyFile, Requirement, Risk
from migrate.workspace import Workspace
from validators.sampling import tables

FILE = "test_plan.yaml"


@dataclass(frozen=True)
class Policy:
    """A checked ``test_plan.yaml``."""

    file: Path
    model: PolicyFile
    covered: dict[str, tuple[str, ...]]
    """``{requirement: mapping lines}``, in the mapping's order."""
    places: dict[str, Place]
    """Of each requirement."""

    def covering(self, line: str) -> list[Requirement]:
        """The requirements that a mapping line belongs to."""
        return [requirement for requirement in self.model.requirements if line in self.covered[requirement.id]]

    def risk(self, line: str) -> Risk | None:
        """The gravest risk of a line; None where no requirement covers it."""
        return min((r.risk for r in self.covering(line)), key=RISKS.index, default=None)


def lines(pair: LoadedPair) -> list[str]:
    """Every line of the mapping by its stable name, ``mapping.field``."""
    return [f"{name}.{field}" for name, mapping in pair.mappings.items() for field in mapping.model.fields]


def read_policy(workspace: Workspace) -> Policy | None:
    """The workspace's policy; None where it has none yet. Raises ConfigurationError with every problem and its place."""
    file = workspace.folder / FILE
    if not file.exists():
        return None
    document = read(file)
    model = build(PolicyFile, document)
    all_lines = lines(workspace.pair)
    covered = {
        r.id: tuple(line for line in all_lines if any(fnmatchcase(line, pattern) for pattern in r.covers))
        for r in model.requirements
    }
    problems = [
        *_class_problems(model, document),
        *_requirement_problems(model, document, all_lines),
        *_record_problems(model, document, workspace.pair),
    ]
    if problems:
        hint = f"mend these, then: lms-migrate test-plan write {workspace.folder}"
        raise ConfigurationError(f"{file}: {number_of(len(problems), 'problem')}", problems=problems, hint=hint)
    places = {r.id: document.place("requirements", number) for number, r in enumerate(model.requirements)}
    return Policy(file, model, covered, places)


def _class_problems(model: PolicyFile, document: Document) -> Iterator[Problem]:
    known = tables().aql
    for risk in RISKS:
        aql = model.classes.of(risk).aql
        if aql is not None and aql not in known:
            allowed = tuple(f"{value:g}" for value in known)
            yield Problem("the tables have no such AQL", document.place("classes", risk, "aql"), aql, allowed)
    switching = model.switching
    for word, value in (("refused", switching.refused), ("accepted", switching.accepted), ("stop", switching.stop)):
        if value < 1:
            yield Problem(f"{word} is a number of lots, 1 or more", document.place("switching", word), value)
    if switching.of < switching.refused:
        yield Problem("of is no less than refused", document.place("switching", "of"), switching.of)


def _requirement_problems(model: PolicyFile, document: Document, all_lines: list[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, requirement in enumerate(model.requirements):
        if requirement.id in seen:
            yield Problem("this id stands twice", document.place("requirements", number, "id"), requirement.id)
        seen.add(requirement.id)
        for at, pattern in enumerate(requirement.covers):
            if not any(fnmatchcase(line, pattern) for line in all_lines):
                place = document.place("requirements", number, "covers", at)
                yield Problem("covers no line of the mapping", place, pattern, tuple(all_lines))


def _record_problems(model: PolicyFile, document: Document, pair: LoadedPair) -> Iterator[Problem]:
    def fields_of(mapping: str) -> tuple[str, ...]:
        return tuple(pair.mappings[mapping].model.fields)

    known = tuple(pair.mappings)
    for mapping, fields in model.stratify.items():
        if mapping not in known:
            yield Problem("no mapping has this name", document.place("stratify", mapping), mapping, known)
            continue
        for at, field in enumerate(fields):
            if field not in fields_of(mapping):
                yield Problem(f"{mapping} maps no such field", document.place("stratify", mapping, at), field, fields_of(mapping))
    for number, case in enumerate(model.directed):
        if case.entity not in known:
            yield Problem("no mapping has this name", document.place("directed", number, "entity"), case.entity, known)
        elif case.field is not None and case.field not in fields_of(case.entity):
            place = document.place("directed", number, "field")
            yield Problem(f"{case.entity} maps no such field", place, case.field, fields_of(case.entity))
