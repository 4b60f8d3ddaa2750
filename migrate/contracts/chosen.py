"""A contract that a person names on the command line: the name of a system that ships, or a file of their own."""

from __future__ import annotations

from pathlib import Path

from migrate.contracts.load import load_contract
from migrate.contracts.model import Contract
from migrate.errors import Problem
from migrate.resources import Role, contract_file, known_systems


def own_file(given: str) -> Path | None:
    """The file, where ``given`` names one and no system."""
    return Path(given) if Path(given).suffix in (".yaml", ".yml") else None


def problem_of(given: str, word: str) -> Problem | None:
    """What is wrong with the name that stands at ``word``, before any contract is read."""
    file = own_file(given)
    if file is None:
        known = tuple(known_systems())
        return None if given in known else Problem(f"{word} names no system", value=given, allowed=(*known, "FILE.yaml"))
    hint = f"lms-migrate draft-contract FOLDER_OR_ADDRESS --out {file} drafts one"
    return None if file.is_file() else Problem(f"{word} names no file", value=given, hint=hint)


def chosen(given: str, role: Role) -> Contract:
    """The contract of a name that has no problem. Raises ConfigurationError where the contract itself has one."""
    return load_contract(own_file(given) or contract_file(given, role)).model
