"""What systems hold, and what a pair of them loses: as text, as Markdown and as a page."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table

from migrate.capabilities.comparison import MEANING, Comparison
from migrate.capabilities.matrix import Matrix, Row
from reports.documents.render import markdown, page


def drawn(found: Comparison | Matrix, form: str) -> str:
    """``form``: text, markdown or html."""
    name = "compare" if isinstance(found, Comparison) else "matrix"
    if form == "html":
        return page(f"{name}.html.j2", document=found, meaning=MEANING, share=share)
    if form == "markdown":
        return markdown(f"{name}.md.j2", document=found, meaning=MEANING, share=share)
    return _comparison(found) if isinstance(found, Comparison) else _matrix(found)


def share(row: Row, system: str) -> str:
    """How many of a concept's fields a target holds; a question mark where some of it is unconfirmed."""
    cell = row.cells.get(system)
    if cell is None:
        return "-"
    return f"{len(cell.fields)}/{len(row.of)}{'?' if cell.unconfirmed else ''}"


def _matrix(found: Matrix) -> str:
    table = Table(box=None, pad_edge=False)
    table.add_column("concept")
    for system in found.targets:
        table.add_column(system, justify="right")
    for row in found.rows:
        table.add_row(row.concept, *(share(row, system) for system in found.targets))
    about = f"of what {found.source} holds" if found.source else "of all that systems hold"
    said = f"Fields that each target has a place for, {about}. ?: something of it is unconfirmed.\n"
    return f"{said}\n{_text(table)}\n"


def _comparison(found: Comparison) -> str:
    lines = [f"{found.labels[0]} to {found.labels[1]}", ""]
    lines += [f"  {found.count(outcome):4}  {outcome:9} {meaning}" for outcome, meaning in MEANING.items()]
    lines += [f"  {found.unnamed:4}  fields of the source hold no concept; nothing is said of them", ""]
    table = Table(box=None, pad_edge=False)
    for heading in ("field", "", "from", "to", "why"):
        table.add_column(heading, overflow="fold")
    for concept in found.concepts:
        for one in concept.fields:
            if one.outcome != "held":
                table.add_row(
                    f"{concept.concept}.{one.field}", one.outcome, one.source[-1], ", ".join(one.target), "; ".join(one.why)
                )
    lines.append(_text(table))
    if found.needed:
        lines += [f"The target needs, and nothing of the source says: {', '.join(found.needed)}", ""]
    lines += [f"not confirmed: {said}" for said in found.unconfirmed]
    return "\n".join(lines) + "\n"


def _text(table: Table) -> str:
    stream = io.StringIO()
    Console(file=stream, width=180, no_color=True).print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
