"""Addresses of databases: shown without passwords, and what no address of a source may ask of a driver."""

from __future__ import annotations

from sqlalchemy.engine import URL

from migrate.connectors.source import SECRET_WORDS

_MORE_THAN_READING = frozenset({"init_command", "local_infile", "read_default_file", "read_default_group"})
"""A statement before the session is read-only; files of this machine that the server may ask for; another address in a file."""


def shown(url: URL) -> str:
    """The address without any password, also without one in its query."""
    query = {key: "***" if key.lower() in SECRET_WORDS else value for key, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True)


def refused_options(url: URL) -> list[str]:
    """Options in the query of a source's address that no source may have."""
    return sorted(key for key in url.query if key.lower() in _MORE_THAN_READING)
