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
from reports.visible import pieces, plain

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


def line(value: object) -> str:
    """Running text in one line, in which no invisible character hides."""
    text = " ".join(str(value).split())
    return plain(text) if text else ""


def typed(command: str) -> str:
    """A command as it is typed: its lines and blanks stay, and other invisible characters are named."""
    shown = []
    for one in command.strip().splitlines():
        parts = (" " * len(p.text) if p.kind == "blank" else f"[{p.text}]" if p.kind == "sign" else p.text for p in pieces(one))
        shown.append("".join(parts) if one else "")
    return "\n".join(shown)


def markdown(value: object) -> str:
    """Text that Markdown takes for text, in one line."""
    return _MARKDOWN.sub(r"\\\1", line(value))


def code(command: str) -> str:
    """A command in a cell of Markdown: as code where that is possible."""
    lines = typed(command).splitlines()
    return "<br>".join(markdown(one) if "`" in one or "|" in one else f"`{one}`" for one in lines if one)


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
    environment.filters |= filters | {"plain": line, "typed": typed}
    return environment
