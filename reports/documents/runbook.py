"""The cutover runbook as a page that is printed and ticked, and as Markdown. Equal inputs give equal bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from migrate.errors import ConfigurationError
from migrate.runbook.book import Book
from migrate.runbook.instants import show_local, show_minutes, show_offset
from migrate.runbook.load import Loaded
from migrate.runbook.plan import Plan
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


def needs(book: Book) -> list[str]:
    """What a person has to settle before one may rely on the plan."""
    plan, loaded = book.plan, book.loaded
    window, zero = plan.window, plan.zero
    lines = []
    if zero is None:
        lines.append("cutover: is null, so the plan has no clock times")
    if loaded.freeze is None:
        lines.append("no freeze window is declared, so nobody knows whether the plan and the way back fit")
    roles = {one.placed.step.owner for one in (*plan.steps, *plan.back)}
    roles |= {one.placed.step.gate.decider for one in plan.steps if one.placed.step.gate is not None}
    if unnamed := [role for role in loaded.model.people if role in roles and loaded.model.people[role].name is None]:
        lines.append(f"nobody is named for: {', '.join(unnamed)}")
    if unmeasured := [one.placed.id for one in (*plan.steps, *plan.back) if one.planned.minutes is None]:
        lines.append(f"the total is incomplete, {len(unmeasured)} step(s) are not measured: {', '.join(unmeasured)}")
    if window.freeze is not None and window.fits is False:
        early, late = window.freeze[0] - window.first, window.last - window.freeze[1]
        told = [f"begins {show_minutes(early)} before the freeze"] if early > 0 else []
        told += [f"ends {show_minutes(late)} after it"] if late > 0 else []
        lines.append(f"the plan does not fit into the freeze window: it {' and '.join(told)}")
    for turning in plan.turnings:
        if turning.back and turning.fits is False and turning.latest is not None:
            lines.append(f"gate {turning.step}: the way back fits no more when it is decided, {clock(plan, turning.at)}")
    if plan.too_late is not None:
        declared = f"before {plan.no_return.step}, which is declared" if plan.no_return else "and none is declared"
        lines.append(f"the point of no return is the end of {plan.too_late}, {declared}: the way back fits no more then")
    if plan.no_return is None:
        lines.append("no step is the point of no return")
    return lines + list(plan.warnings)


def clock(plan: Plan, minutes: int) -> str:
    """Minutes from T as a clock shows them, or from T where nobody knows when that is."""
    if plan.zero is None:
        return show_offset(minutes)
    return show_local(runbook_view.instant(plan.zero, minutes), plan.loaded.zone)


def people(loaded: Loaded, role: str) -> str:
    """Who holds a role: ``source-admin (A. Sato)``."""
    person = loaded.model.people[role]
    return f"{role} ({person.name or 'nobody named'})"


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
    environment.filters |= {
        "minutes": show_minutes, "offset": show_offset, "plain": lambda text: plain(str(text)), "md": markdown, "code": code,
    }  # fmt: skip
    return environment
