"""A first ``test_plan.yaml``: the defaults, and every line of the mapping under the requirement that fits its field."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from migrate.errors import ConfigurationError
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.test_plan.defaults import Defaults, defaults
from migrate.test_plan.policy import FILE
from migrate.test_plan.words import Directed
from migrate.workspace import Workspace

LONGEST_PII = ("name",)
MOST_STRATA = 2


@dataclass
class _Requirement:
    id: str
    risk: str
    text: str
    covers: list[str] = field(default_factory=list)


def write_policy(workspace: Workspace) -> Path:
    """Write ``test_plan.yaml`` with a fresh seed. Raises ConfigurationError where it cannot be written."""
    given = defaults()
    templates = Environment(
        loader=PackageLoader("migrate", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - YAML of our own words and of names that the contracts checked
    )
    text = templates.get_template("test_plan.yaml.j2").render(
        directory=workspace.folder.name,
        seed=secrets.token_hex(16),
        defaults=given,
        requirements=_requirements(workspace.pair, given),
        stratify=_strata(workspace.pair),
        directed=_directed(workspace.pair),
    )
    file = workspace.folder / FILE
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None
    return file


def _requirements(pair: LoadedPair, given: Defaults) -> list[_Requirement]:
    found = [_Requirement(r.id, r.risk, r.text) for r in given.requirements]
    for name, mapping in pair.mappings.items():
        for target_field in mapping.model.fields:
            traits = _traits(mapping, target_field)
            fits = next((n for n, r in enumerate(given.requirements) if traits & set(r.traits)), None)
            if fits is not None:
                found[fits].covers.append(f"{name}.{target_field}")
    return [requirement for requirement in found if requirement.covers]


def _traits(mapping: LoadedMapping, target_field: str) -> set[str]:
    contract, rule = mapping.target.fields[target_field], mapping.model.fields[target_field]
    traits = {"any", f"type:{contract.type}"}
    if contract.pii:
        traits.add(f"pii:{contract.pii}")
    if target_field in mapping.target.key:
        traits.add("key")
    if rule.ref or contract.references:
        traits.add("reference")
    if contract.enum or rule.values is not None or rule.crosswalk:
        traits.add("enum")
    return traits


def _strata(pair: LoadedPair) -> dict[str, list[str]]:
    strata = {
        name: [f for f in mapping.model.fields if mapping.target.fields[f].enum][:MOST_STRATA]
        for name, mapping in pair.mappings.items()
    }
    return {name: fields for name, fields in strata.items() if fields}


def _directed(pair: LoadedPair) -> list[Directed]:
    cases = []
    for name, mapping in pair.mappings.items():
        if mapping.model.merge:
            why = "Several records became this one: is it one person, with all that belonged to each of them?"
            cases.append(Directed(entity=name, which="survivors", why=why))
        longest = next((f for f in mapping.model.fields if mapping.target.fields[f].pii in LONGEST_PII), None)
        if longest is not None:
            why = "The longest names are the first to be cut off or to lose a script."
            cases.append(Directed(entity=name, which="longest", field=longest, why=why))
        if mapping.model.exclude:
            cases.append(Directed(entity=name, which="excluded", why="Left out on purpose: is the reason true of this record?"))
    return cases
