"""Contracts: what a system holds, as data (``mappings/systems/*.yaml``)."""

from migrate.contracts.load import LoadedContract, load_contract
from migrate.contracts.model import Contract, Entity, Field

__all__ = ["Contract", "Entity", "Field", "LoadedContract", "load_contract"]
