"""From a workspace to the connector of its source. A new kind of source is entered here."""

from __future__ import annotations

from migrate.connectors.database import DatabaseSource
from migrate.connectors.delimited import DelimitedSource
from migrate.connectors.source import SourceConnector
from migrate.errors import ConfigurationError
from migrate.workspace import Workspace


def open_source(workspace: Workspace) -> SourceConnector:
    """The connector of the workspace's source. Raises SourceRefused where it cannot be opened."""
    source = workspace.source.model.source
    assert source is not None
    if source.kind == "database":
        prefix = workspace.settings.source.prefix
        chosen = prefix if prefix is not None else source.prefix or ""
        return DatabaseSource(workspace.source_url(), chosen, workspace.source.model, workspace.folder)
    if source.kind == "files":
        return DelimitedSource(workspace.source_folder(), workspace.source.model)
    raise ConfigurationError(f"no connector reads systems of kind {source.kind}")
