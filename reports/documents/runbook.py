"""The cutover runbook as a page that is printed and ticked, and as Markdown. Equal inputs give equal bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from migrate.errors import ConfigurationError
from migrate.runbook.book import Book
from migrate.runbook.instants import show_minutes, show_offset
from reports.documents import runbook_view
from reports.visible import plain

FOLDER = "documents"
TEMPLATES = Path(__file__).parents[1] / "templates" / "documents"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|&~!])")


def write_runbook(book: Book) -> list[Path]:
    """Write ``documents/runbook.html`` and ``documents/runbook.md``. Raises ConfigurationError where that cannot be."""
    folder = book.workspace.folder / FOLDER
    view = runbook_view.build(book)
    style = (TEMPLATES / "runbook.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    files = []
    try:
        folder.mkdir(exist_ok=True)
        for name in ("runbook.html", "runbook.md"):
            template = _environment().get_template(f"{name}.j2")
            text = template.render(view=view, style=Markup(style), policy=policy)  # noqa: S704 - our own file
            part = folder / f".{name}.part"
            part.write_text(text, "utf-8", errors="replace", newline="\n")
            part.replace(folder / name)
            files.append(folder / name)
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}") from None
    return files


def markdown(value: object) -> str:
    """Text that Markdown takes for text, in one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(plain(str(value)).split()))


def code(value: object) -> str:
    """A command in Markdown: as code where that is possible."""
    text = " ".join(plain(str(value)).split())
    return markdown(text) if "`" in text or "|" in text else f"`{text}`"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html", "html.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[..., str]] = {"minutes": show_minutes, "offset": show_offset, "md": markdown, "code": code}
    environment.filters |= filters | {"plain": lambda text: plain(str(text)) if text else ""}
    return environment
