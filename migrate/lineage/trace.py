"""From compiled mappings to links: lets, lookups, pivots, references and views are followed to the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from migrate.compiler.mapping import Compiled
from migrate.compiler.plan import Plan
from migrate.expressions import columns_of, parse_order
from migrate.lineage.links import Kind, Lineage, Link, lineage
from migrate.lineage.views import Column, view_lineage
from migrate.located_yaml import Keys

Path = tuple[str, ...]
MADE_OF: tuple[Kind, ...] = ("value", "reference", "join")


@dataclass(frozen=True)
class _Read:
    """A field of a source entity, as one place of a mapping reads it."""

    entity: str
    field: str
    kind: Kind
    path: Path


def trace(plan: Plan) -> Lineage:
    """The lineage of every mapping of ``plan``."""
    tracing = _Tracing(plan)
    links = {link for name in plan.names for link in tracing.mapping(name)}
    linked = {(link.entity, link.source) for link in links}
    return lineage(links, tracing.read() - linked)


class _Tracing:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.contract = plan, plan.pair.source.model
        self.view = view_lineage(self.contract)

    def read(self) -> set[Column]:
        """Everything that mappings read, and the views below them."""
        found = {(e, f) for one in self.plan.rows.values() for e, fields in one.needs.items() for f in fields}
        queue = [entity for entity, _ in found]
        seen: set[str] = set()
        while queue:
            entity = queue.pop()
            if entity in seen or not self.contract.entities[entity].sql:
                continue
            seen.add(entity)
            found |= self.view(entity).all
            queue += [e for e, _ in self.view(entity).all]
        return found

    def mapping(self, name: str) -> Iterator[Link]:
        """The links of one mapping, fields first."""
        compiled = self.plan.rows[name]
        for field in compiled.fields:
            for read in self._field(name, field, ()):
                yield from self._down(Link(read.entity, read.field, name, field, read.kind, read.path))
        for read in self._records(compiled):
            yield from self._down(Link(read.entity, read.field, name, None, "record", read.path))
        for view in sorted(e for e in compiled.needs if self.contract.entities[e].sql):
            for entity, field in sorted(self.view(view).rows):
                yield from self._down(Link(entity, field, name, None, "record", (f"rows of the view {view}",)))

    def _down(self, link: Link) -> Iterator[Link]:
        """The link, and where its source is a field of a view, the links from what that field is made of."""
        yield link
        if not self.contract.entities[link.entity].sql:
            return
        step = f"view {link.from_}"
        columns = self.view(link.entity)
        for entity, field in sorted(columns.values.get(link.source, ())):
            yield from self._down(replace(link, entity=entity, source=field, path=(*link.path, step)))
        if link.field is None:  # rows of a view below a view
            for entity, field in sorted(columns.rows):
                yield from self._down(
                    replace(link, entity=entity, source=field, path=(*link.path, f"rows of the view {link.entity}"))
                )

    # Target fields -------------------------------------------------------------------------------------------------

    def _field(self, name: str, field: str, above: tuple[tuple[str, str], ...]) -> Iterator[_Read]:
        compiled = self.plan.rows[name]
        rule = compiled.mapping.model.fields[field]
        base: Keys = ("fields", field)
        yield from self._at(compiled, (*base, "from"), "value")
        yield from self._at(compiled, (*base, "expr"), "value")
        yield from self._at(compiled, (*base, "by"), "reference")
        for keys in compiled.reads:
            if keys[:3] == (*base, "check"):
                yield from self._at(compiled, keys, "check")
        if rule.ref is None or (name, field) in above or rule.ref not in self.plan.rows:
            return
        other = self.plan.rows[rule.ref]
        for wanted in (rule.field,) if rule.field else other.mapping.target.key:
            if wanted in other.fields:
                step = f"reference {rule.ref}.{wanted}"
                for read in self._field(rule.ref, wanted, (*above, (name, field))):
                    if read.kind in MADE_OF:
                        yield replace(read, kind="reference", path=(step, *read.path))

    def _at(self, compiled: Compiled, keys: Keys, kind: Kind, path: Path = ()) -> Iterator[_Read]:
        """What the expression at ``keys`` reads, with the names in it followed."""
        model, source = compiled.mapping.model, compiled.mapping.source_name
        joined: Kind = "join" if kind in MADE_OF else kind
        for qualifier, name in sorted(compiled.reads.get(keys, ())):
            if qualifier in model.lookup:
                look = model.lookup[qualifier]
                step = (*path, f"lookup {qualifier}")
                yield _Read(look.entity, name, kind, step)
                yield from self._lookup(compiled, qualifier, joined, step)
            elif qualifier in model.pivot:
                pivot = model.pivot[qualifier]
                step = (*path, f"pivot {qualifier}.{name}")
                yield _Read(pivot.entity, pivot.value, kind, step)
                yield _Read(pivot.entity, pivot.name, joined, step)
                yield _Read(pivot.entity, pivot.by, joined, step)
                yield from (_Read(source, key, joined, step) for key in compiled.mapping.source.key)
            elif name in model.let:
                yield from self._at(compiled, ("let", name), kind, (*path, f"let {name}"))
            else:
                yield _Read(source, name, kind, path)

    def _lookup(self, compiled: Compiled, look: str, kind: Kind, path: Path) -> Iterator[_Read]:
        rule = compiled.mapping.model.lookup[look]
        for field in rule.on:
            yield _Read(rule.entity, field, kind, path)
            yield from self._at(compiled, ("lookup", look, "on", field), kind, path)

    # Records -------------------------------------------------------------------------------------------------------

    def _records(self, compiled: Compiled) -> Iterator[_Read]:
        mapping, model = compiled.mapping, compiled.mapping.model
        yield from (_Read(mapping.source_name, key, "record", ("key of the source",)) for key in mapping.source.key)
        for index, exclusion in enumerate(model.exclude):
            yield from self._at(compiled, ("exclude", index, "when"), "record", (f"exclusion {exclusion.code}",))
        for field, rule in model.fields.items():
            if rule.excluded:
                step = (f"exclusion {rule.excluded.code}",)
                yield from self._at(compiled, ("fields", field, "by"), "record", step)
            if rule.joined:
                step = (f"rights {rule.joined.code}",)
                yield from self._at(compiled, ("fields", field, "joined", "when"), "record", step)
        yield from self._merged(compiled)
        if model.only and model.only.mapping in self.plan.rows:
            above = f"only what {model.only.mapping} merged"
            for read in self._merged(self.plan.rows[model.only.mapping]):
                yield replace(read, path=(above, *read.path))
        if model.fold:
            ordered = (c for item in parse_order(model.fold.keep) for _, c in columns_of(item.this))
            for field in dict.fromkeys((*model.fold.by, *ordered)):
                if field in compiled.fields:
                    above = f"fold {model.fold.code} by {field}"
                    for read in self._field(mapping.name, field, ()):
                        yield replace(read, path=(above, *read.path))
        for look, looked in model.lookup.items():
            step = (f"lookup {look}",)
            yield from self._lookup(compiled, look, "record", step)
            yield from (_Read(looked.entity, key, "record", step) for key in self.contract.entities[looked.entity].key)
        for pivot, given in model.pivot.items():
            names: Iterable[str] = (given.by, given.name, given.value)
            yield from (_Read(given.entity, name, "record", (f"pivot {pivot}",)) for name in names)

    def _merged(self, compiled: Compiled) -> Iterator[_Read]:
        merge = compiled.mapping.model.merge
        if merge:
            for word in ("by", "when", "keep"):
                yield from self._at(compiled, ("merge", word), "record", (f"merge {merge.code}",))
        match = self.plan.pair.matched(compiled.mapping.name)
        if match is not None:
            for number, tier in enumerate(match.tiers):
                for field in tier.on:
                    step = (f"match {match.code} by {tier.name}",)
                    yield from self._at(compiled, ("match", "tiers", number, "on", field), "record", step)
            yield from self._at(compiled, ("match", "keep"), "record", (f"match {match.code}",))
