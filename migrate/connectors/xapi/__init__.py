"""Learning record stores, by the Experience API 1.0.3: statements written to one, and read from one."""

from migrate.connectors.xapi.source import XapiSource, open_statements
from migrate.connectors.xapi.target import XapiTarget

__all__ = ["XapiSource", "XapiTarget", "open_statements"]
