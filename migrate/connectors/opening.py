"""From a workspace to its connectors. A new kind of source or target is entered here, or by a package's entry point."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

from pydantic import SecretStr

from migrate.connectors.database import DatabaseSource
from migrate.connectors.delimited import DelimitedSource
from migrate.connectors.json_source import JsonSource
from migrate.connectors.source import SourceConnector
from migrate.connectors.target import TargetConnector
from migrate.contracts.load import LoadedContract
from migrate.errors import ConfigurationError, Problem
from migrate.workspace import SourceSide, Workspace

GROUP = "lms_migrate.targets"
"""The entry-point group by which other packages add target connectors: ``kind = package.module:Class``."""
TARGETS = {
    "database": "migrate.connectors.database_target:DatabaseTarget",
    "moodle_service": "migrate.connectors.moodle_service:MoodleTarget",
    "canvas_sis": "migrate.connectors.canvas_sis:CanvasTarget",
    "xapi": "migrate.connectors.xapi:XapiTarget",
}


class TargetClass(Protocol):
    """What a target connector's class has to offer.

    One that hands files over (:class:`migrate.connectors.target.HandsOver`) also says of which entities, before a site is
    opened: ``handed_over(contract: Contract, options: Mapping) -> Iterable[str]``, a static method. Rehearsals then say so too.
    """

    def open(self, contract: LoadedContract, url: str, token: SecretStr, options: Mapping[str, Any]) -> TargetConnector:
        """A connector for the site at ``url``. Raises TargetRefused where it cannot be opened."""
        ...


def open_source(workspace: SourceSide) -> SourceConnector:
    """The connector of the workspace's source. Raises SourceRefused where it cannot be opened."""
    source = workspace.source.model.source
    assert source is not None
    if source.kind == "database":
        prefix = workspace.settings.source.prefix
        chosen = prefix if prefix is not None else source.prefix or ""
        return DatabaseSource(workspace.source_url(), chosen, workspace.source.model, workspace.folder)
    if source.kind == "xapi" and workspace.settings.source.url:
        from migrate.connectors.xapi.source import open_statements  # its HTTP client takes a tenth of a second

        return open_statements(workspace.source_url(), workspace.source.model)
    if source.kind == "xapi" or source.format.json_:
        return JsonSource(workspace.source_folder(), workspace.source.model)
    if source.kind == "files":
        return DelimitedSource(workspace.source_folder(), workspace.source.model)
    raise ConfigurationError(f"no connector reads systems of kind {source.kind}")


def target_kinds() -> tuple[str, ...]:
    """The kinds of targets that can be written, ``files`` first."""
    return ("files", *dict.fromkeys([*TARGETS, *(point.name for point in entry_points(group=GROUP))]))


def open_target(workspace: Workspace) -> TargetConnector:
    """The connector of the workspace's live target. Raises TargetRefused or ConfigurationError where it cannot be opened."""
    target = workspace.target.model.target
    assert target is not None
    settings = workspace.settings.target
    if settings.url is None or target.kind == "files":
        place = workspace.document.place("target")
        hint = "target: {url: ...}" if target.kind != "files" else "this target takes files: target: {deliver: FOLDER}"
        raise ConfigurationError("--live cannot be used", problems=[Problem("no live target is named", place, hint=hint)])
    url, token = workspace.target_address()
    return _class(target.kind, workspace).open(workspace.target, url, token, settings.options)


def handed_over(workspace: Workspace) -> frozenset[str]:
    """Entities of which a live run of the workspace would write files that a person gives to the target. Nothing is opened."""
    target, settings = workspace.target.model.target, workspace.settings.target
    if target is None or settings.url is None or target.kind == "files":
        return frozenset()
    told = getattr(_class(target.kind, workspace), "handed_over", None)
    return frozenset() if told is None else frozenset(told(workspace.target.model, settings.options))


def _class(kind: str, workspace: Workspace) -> TargetClass:
    for point in entry_points(group=GROUP):
        if point.name == kind:
            return cast(TargetClass, point.load())
    if kind not in TARGETS:
        place = workspace.target.document.place("target", "kind")
        problem = Problem("no connector writes this kind of target", place, kind, target_kinds())
        raise ConfigurationError("the target cannot be written", problems=[problem])
    module, _, name = TARGETS[kind].partition(":")
    return cast(TargetClass, getattr(import_module(module), name))
