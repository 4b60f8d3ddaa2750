"""Lineage: which fields of the source reach which fields of the target, read off the compiled mappings."""

from migrate.lineage.links import Kind, Lineage, Link
from migrate.lineage.trace import trace

__all__ = ["Kind", "Lineage", "Link", "trace"]
