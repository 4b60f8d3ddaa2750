"""All systems that ship, read once."""

from __future__ import annotations

from functools import cache

from migrate.contracts.load import LoadedContract, load_contract
from migrate.resources import Role, contract_file, known_systems


@cache
def contract(system: str, role: Role) -> LoadedContract:
    return load_contract(contract_file(system, role))


SOURCES = [system for system in known_systems() if contract(system, "source").model.source is not None]
TARGETS = [system for system in known_systems() if contract(system, "target").model.target is not None]
