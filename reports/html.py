"""The report as one HTML page that needs nothing but itself: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from migrate.decisions.model import MEANING, NEEDS_VALUE, TAKES_VALUE, VERBS
from reports import links, model, visible
from reports.build import MOST_ROWS, build
from reports.compiled import CompiledTemplates
from reports.fresh import fresh
from reports.instants import instant
from reports.parts import Table
from reports.payload import encode
from reports.reconciliation.model import VERDICT_WORDS

TEMPLATES = Path(__file__).parent / "templates"
STYLES = ("report.css", "deciding.css", "acceptance.css", "reconciliation.css", "records.css", "overview.css")
SCRIPTS = (
    "report.js", "crumbs.js", "fields.js", "related.js", "search.js", "worklist.js", "marks.js", "deciding.js",
    "decisions_file.js", "rows_file.js", "overview.js",
)  # fmt: skip
"""Parts of the page's one script, which share their names."""


def render(
    run_folder: Path, *, most_rows: int = MOST_ROWS, roles: Mapping[str, Any] | None = None, role: str | None = None
) -> Path:
    """Write ``report.html`` into ``run_folder`` and give its path; for a role ``report-ROLE.html``."""
    return write(build(run_folder, most_rows=most_rows, roles=roles, role=role), run_folder, role)


def write(report: model.Report, run_folder: Path, role: str | None = None) -> Path:
    """The same for a report already built, when more than one rendering is wanted."""
    file = run_folder / ("report.html" if role is None else f"report-{role}.html")
    with fresh(file) as part:
        part.write_text(page(report), encoding="utf-8", errors="replace", newline="\n")
    return file


def page(report: model.Report) -> str:
    """The whole page as text. Equal reports give equal pages."""
    style = "".join(map(own, STYLES)) + margins(report)
    parts = "\n".join(own(name) for name in SCRIPTS)
    script = f'"use strict";\n(() => {{\n{parts}\nroute();\n}})();\n'
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            words=model,
            rule_words=VERDICT_WORDS,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=policy(style, script),
            tables=[
                (table.name, encode(table))
                for table in (*report.tables, *_more(report), *report.about_records, _codes(report), _verbs())
            ],
        )
    )


def margins(report: model.Report) -> str:
    """What stands in the margins of a printed page: the run, and the number of the page."""
    run = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in report.run)[:60]
    font = "font: 8pt system-ui, sans-serif; color: #444;"
    boxes = {
        "top-left": '"Reconciliation report"',
        "top-right": f'"run {run}, {report.verdict.word}"',
        "bottom-left": '"lms-migrate"',
        "bottom-right": '"page " counter(page) " of " counter(pages)',
    }
    return "@page { " + " ".join(f"@{place} {{ content: {text}; {font} }}" for place, text in boxes.items()) + " }\n"


def _more(report: model.Report) -> tuple[Table, ...]:
    return report.overview.tables if report.overview is not None else ()


def duration(seconds: float) -> list[tuple[str, str]]:
    """Numbers with their units: ``3.2 s``, ``4 min 5 s``, ``2 h 10 min``."""
    if seconds < 59.95:
        return [(f"{seconds:.1f}", "s")]
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return [(str(minutes), "min"), (str(rest), "s")]
    return [(str(minutes // 60), "h"), (str(minutes % 60), "min")]


def _codes(report: model.Report) -> Table:
    """What each code means; an entity's reason for leaving records out goes before the general title."""
    rows: list[tuple[str | None, str | None, str]] = [
        *((row.entity, row.code, row.reason) for row in report.left_out),
        *((None, code, title) for code, title in report.titles.items()),
    ]
    names = ("entity", "code", "meaning")
    return Table("codes", "run.json", len(rows), {name: [row[at] for row in rows] for at, name in enumerate(names)})


def _verbs() -> Table:
    """What may be decided: its meaning, the new value that it takes, and whether it needs one."""
    columns: dict[str, list[str | None]] = {
        "decision": list(VERBS),
        "meaning": [MEANING[verb] for verb in VERBS],
        "value": [TAKES_VALUE.get(verb) for verb in VERBS],
        "needed": ["yes" if verb in NEEDS_VALUE else None for verb in VERBS],
    }
    return Table("verbs", "", len(VERBS), columns)


def own(name: str) -> str:
    """The text of one of our own files beside the templates."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def policy(style: str, script: str) -> str:
    """Nothing is loaded, and only our own style and script, told by their hashes, take effect."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

    return (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def environment() -> Environment:
    """The templates of pages, with everything escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=CompiledTemplates(TEMPLATES),
        autoescape=select_autoescape(("html", "html.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": lambda n: f"{n:,}", "duration": duration, "pieces": visible.pieces, "instant": instant}
    environment.filters["where_they_differ"] = visible.where_they_differ
    environment.globals["look_alike"] = visible.LOOK_ALIKE
    environment.globals["entity_href"] = links.entity
    return environment
