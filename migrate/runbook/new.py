"""A first runbook for a workspace: its steps follow from what the workspace has."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from migrate.connectors.opening import handed_over
from migrate.errors import ConfigurationError
from migrate.located_yaml import parse
from migrate.runbook.load import FILE, checked
from migrate.workspace import Workspace, open_workspace


def new_runbook(folder: Path, *, cutover: str | None = None, zone: str = "UTC") -> Path:
    """Write ``runbook.yaml``. Raises ConfigurationError where there is one, and for a cutover or a zone that is none."""
    workspace, file = open_workspace(folder), folder / FILE
    if file.exists():
        raise ConfigurationError(f"{file} is there already, and is not overwritten", hint="edit it, or move it away")
    text = render(workspace, cutover, zone)
    checked(parse(text, file), "")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None
    return file


def render(workspace: Workspace, cutover: str | None, zone: str) -> str:
    """The text of a first runbook."""
    templates = Environment(
        loader=PackageLoader("migrate", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - YAML; every value from elsewhere goes through `text`
    )
    templates.filters |= {"text": _text, "slug": lambda code: code.lower().replace("_", "-")}
    source, target = workspace.source.model, workspace.target.model
    assert source.source is not None
    assert target.target is not None
    live = workspace.settings.target.url is not None
    return templates.get_template(f"{FILE}.j2").render(
        label=workspace.settings.label,
        cutover=cutover,
        zone=zone,
        source_label=_line(source.label),
        target_label=_line(target.label),
        source_kind=source.source.kind,
        has_crosswalks=bool(workspace.crosswalks),
        effects=target.target.side_effects if live else (),
        live=live,
        roles=workspace.settings.approvals.roles,
        handed=sorted(handed_over(workspace)),
        package=target.target.package,
        archives=list(workspace.pair.model.archive),
        judged=bool(workspace.expectations) and workspace.settings.acceptance.when == "by_hand",
    )


def _text(value: str) -> str:
    """A value as YAML text in quotation marks."""
    return json.dumps(_line(value), ensure_ascii=False)


def _line(value: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())
