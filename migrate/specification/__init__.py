"""The mapping specification: what a workspace says, gathered for people to read and sign."""

from migrate.specification.build import specification

__all__ = ["specification"]
