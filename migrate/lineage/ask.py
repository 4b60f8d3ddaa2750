"""One question about lineage, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migrate import losses
from migrate.compiler.plan import Plan, make_plan
from migrate.errors import ConfigurationError, Problem
from migrate.inline_tests.run import AS_OF
from migrate.lineage.links import Lineage, Link
from migrate.lineage.trace import trace
from migrate.workspace import open_workspace


@dataclass(frozen=True)
class Answer:
    """Links in both directions, and what is to be said where there are none."""

    comes_from: tuple[Link, ...]
    goes_to: tuple[Link, ...]
    notes: tuple[str, ...]

    def tables(self) -> Iterator[tuple[str, tuple[Link, ...]]]:
        """The directions that have something to show."""
        if self.comes_from:
            yield "comes from", self.comes_from
        if self.goes_to:
            yield "goes to", self.goes_to


def ask(workspace: Path, name: str) -> Answer:
    """What a workspace knows of ``NAME`` or ``NAME.FIELD``. Raises ConfigurationError for names that nothing has."""
    opened = open_workspace(workspace)
    plan = make_plan(opened.pair, opened.settings.as_of or AS_OF)
    head, _, field = name.partition(".")
    mappings, entities = plan.pair.mappings, plan.pair.source.model.entities
    fields = [*mappings[head].model.fields] if head in mappings else []
    fields += [f for f in (entities[head].fields if head in entities else ()) if f not in fields]
    problem = None
    if head not in mappings and head not in entities:
        problem = Problem(
            "neither a mapping nor an entity of the source has this name", value=head, allowed=(*mappings, *entities)
        )
    elif field and field not in fields:
        problem = Problem(f"{head} has no such field", value=field, allowed=tuple(fields))
    if problem:
        raise ConfigurationError("no lineage can be shown", problems=[problem])
    lineage = trace(plan)
    comes, goes = lineage.of_target(head, field or None), lineage.of_source(head, field or None)
    return Answer(comes, goes, tuple(_notes(plan, lineage, head, field)))


def _notes(plan: Plan, lineage: Lineage, head: str, field: str) -> Iterator[str]:
    mapping = plan.pair.mappings.get(head)
    if mapping and field in mapping.model.fields and not lineage.of_target(head, field):
        yield f"{head}.{field} has the same value in every record; no field of the source reaches it"
    for loss in losses.register(plan):
        if loss.entity == head and (not field or loss.field in (None, field)):
            yield f"{loss.source}: {loss.treatment}{', ' + loss.reason if loss.reason else ''}"
    for entity, idle in lineage.idle:
        if entity == head and field in ("", idle):
            yield f"{entity}.{idle}: read by a view for a field that no mapping uses"
