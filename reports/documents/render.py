"""Documents as pages that need nothing but themselves, and as Markdown."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.documents.specification import Specification
from reports.html import TEMPLATES, environment, own, policy
from reports.visible import plain

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")


def specification_page(document: Specification) -> str:
    """The specification as a page."""
    return page("specification.html.j2", document=document)


def specification_text(document: Specification) -> str:
    """The specification as Markdown."""
    return markdown("specification.md.j2", document=document)


def page(template: str, script: str = "", **words: Any) -> str:
    """A page drawn from a template of ``documents/``. ``script`` is the name of its script there, if it has one."""
    style = own("report.css") + own("documents/document.css")
    code = own(f"documents/{script}") if script else ""
    return (
        environment()
        .get_template(f"documents/{template}")
        .render(
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(code),  # noqa: S704 - our own file
            policy=policy(style, code),
            anchor=anchor,
            **words,
        )
    )


def markdown(template: str, **words: Any) -> str:
    """Markdown drawn from a template of ``documents/``: whatever is filled in is escaped and stays within its line."""
    text = _markdown().get_template(f"documents/{template}").render(anchor=anchor, **words)
    return re.sub(r"\n{3,}", "\n\n", text)


def anchor(*parts: str) -> str:
    """The name of a place in a page."""
    return "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", part) for part in parts)


def escaped(value: object) -> str:
    """Text that Markdown shows as it is, in one line."""
    if value is None or value == "":
        return ""
    return _SPECIAL.sub(r"\\\1", plain(str(value)))


def write(file: Path, text: str) -> Path:
    """Write a document in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    part.replace(file)
    return file


@cache
def _markdown() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        finalize=escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no page; finalize escapes what Markdown would take for markup
    )
