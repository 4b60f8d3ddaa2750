"""Schemas of files that other programs read, published as they stand. That of profiles is made of their model."""

from __future__ import annotations

from importlib.resources import files

SCHEMAS = {"summary": "summary.schema.json", "profile": "profile.schema.json"}
"""What can be asked for, and its file."""
SUMMARY = "urn:lms-migrate:summary:1"
"""What a ``summary.json`` says of itself, and the schema's ``$id``: a name, and no address. Its number changes when a key goes,
or comes to mean something else; keys may come at any time."""


def schema_text(name: str) -> str:
    """The schema as it is published. Raises KeyError for a name that is none of SCHEMAS."""
    return (files(__name__) / SCHEMAS[name]).read_text("utf-8")
