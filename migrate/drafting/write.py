"""A draft as files of a workspace: mappings, ``pair.yaml``, crosswalks, and ``DRAFT.md`` for people."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, PackageLoader, StrictUndefined

from migrate.crosswalks.file import COLUMNS
from migrate.csv_line import csv_line
from migrate.drafting.draft import Draft, DraftedMapping
from migrate.drafting.fields import DraftedField
from migrate.undecided import flow


def written(draft: Draft) -> dict[str, str]:
    """``{path in the workspace: text}``."""
    files = {f"mapping/{name}.yaml": _mapping(draft, name, mapping) for name, mapping in draft.mappings.items()}
    files["mapping/pair.yaml"] = _pair(draft)
    for crosswalk in _crosswalks(draft):
        files[f"crosswalks/{crosswalk}.csv"] = csv_line(COLUMNS)
    files["DRAFT.md"] = _for_people(draft)
    return files


def _for_people(draft: Draft) -> str:
    templates = Environment(
        loader=PackageLoader("migrate", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown; words of contracts go through `cell`
    )
    templates.filters["sentence"] = lambda text: text if text.endswith(("?", ".")) else f"{text}."
    templates.filters["cell"] = lambda text: " ".join(str(text).replace("|", "\\|").replace("<", "&lt;").split())
    return templates.get_template("DRAFT.md.j2").render(draft=draft, flow=flow)


def _mapping(draft: Draft, name: str, mapping: DraftedMapping) -> str:
    lines = [
        "# A draft. What stands under undecided waits for a person; lms-migrate check names each of them. What is under",
        "# fields is what both contracts call the same.",
        "",
        f"from: {draft.source.system}.{mapping.origin.entity}",
        f"to: {draft.target.system}.{name}",
    ]
    certain = [one for one in mapping.fields if one.certain]
    lines += ["", "fields:" if certain else "fields: {}"]
    for one in certain:
        lines += [f"  # {one.reason}", f"  {one.name}: {flow(one.rule)}"]
    waiting = [one for one in mapping.fields if not one.certain]
    if waiting:
        lines += ["", "undecided:"]
        for one in waiting:
            lines += _undecided(one)
    return "\n".join(lines) + "\n"


def _undecided(one: DraftedField) -> Iterator[str]:
    yield f"  {one.name}:"
    yield f"    question: {flow(one.question)}"
    if one.rule is not None:
        yield f"    proposed: {flow(one.rule)}"
        yield f"    confidence: {one.confidence}"
        yield f"    reason: {flow(one.reason)}"


def _pair(draft: Draft) -> str:
    lines = [
        f"from: {draft.source.system}",
        f"to: {draft.target.system}",
        f"label: {flow(f'{draft.source.label} to {draft.target.label}')}",
    ]
    identities: dict[str, str] = {}
    for name, mapping in draft.mappings.items():
        identities.setdefault(mapping.origin.entity, name)
    if identities:
        lines += ["", "# Which mapping says what a record of the source is called in the target.", "identities:"]
        lines += [f"  {entity}: {name}" for entity, name in identities.items()]
    if crosswalks := list(_crosswalks(draft)):
        lines += ["", "# Values that nobody listed are held. After a rehearsal: lms-migrate crosswalk suggest", "crosswalks:"]
        lines += [f"  {crosswalk}: {{}}" for crosswalk in crosswalks]
    questions = {name: mapping.question for name, mapping in draft.mappings.items() if mapping.question}
    if questions:
        lines += ["", "undecided:"]
        lines += [f"  {name}: {flow(question)}" for name, question in questions.items()]
    if tables := [name for name in draft.unheld if draft.source.entities[name].sql is None]:
        lines += [
            "",
            "# No mapping reads these. To keep them readable beside the target, give a code and a reason:",
            "# archive:",
        ]
        lines += [f"#   rest: {{tables: [{', '.join(tables)}], code: ..., reason: ...}}"]
    return "\n".join(lines) + "\n"


def _crosswalks(draft: Draft) -> Iterator[str]:
    for mapping in draft.mappings.values():
        for one in mapping.fields:
            if one.crosswalk and one.rule is not None:
                yield one.crosswalk
