"""Which names an expression of a mapping may use, and a record of those it did use."""

from __future__ import annotations

from collections.abc import Mapping as Dict

from pydantic import ValidationError
from sqlglot import exp

from migrate.compiler.text import name, translate, translate_text
from migrate.contracts.load import colliding
from migrate.contracts.model import Entity
from migrate.errors import Place, Problem
from migrate.expressions import UNREAD, ExpressionError, columns_of, expression_reads, parse_expression, parse_order, unread_casts
from migrate.located_yaml import Keys
from migrate.mapping.load import LoadedMapping, LoadedPair
from migrate.mapping.model import Outcome


class Scope:
    """Resolves columns of one mapping to SQL, collecting problems with their place in the file."""

    def __init__(self, pair: LoadedPair, mapping: LoadedMapping, as_of: str, problems: list[Problem]) -> None:
        self.pair, self.mapping, self.as_of, self.problems = pair, mapping, as_of, problems
        self.carried: set[str] = set()
        self.consulted: set[str] = set()
        self.reads: dict[Keys, set[tuple[str, str]]] = {}
        """``(qualifier or '', name)`` of what is read at each place of the mapping: the beginning of every lineage."""
        self._at: Keys = ()
        self.source_fields: set[str] = set(mapping.source.key)
        self.lets: dict[str, int] = {}
        self.lookup_fields: dict[str, set[str]] = {look: set() for look in mapping.model.lookup}
        self.lookup_on: dict[str, dict[str, str]] = {}
        self._level = 0
        self._elsewhere: Place | None = None
        """Where an expression stands that is not in the mapping's file."""
        joined = (*mapping.model.lookup, *mapping.model.pivot)
        listed = ((("lookup",), joined), (("let",), mapping.model.let))
        pivots = tuple((("pivot", pivot, "names"), given.names) for pivot, given in mapping.model.pivot.items())
        for keys, names in (*listed, *pivots):
            for first, later in colliding(names):  # the engine would take one for the other
                self.complain(f"differs from {first} in nothing but case", later, (), *keys)
        for look, rule in mapping.model.lookup.items():
            self.lookup_on[look] = {}
            entity = pair.source.model.entities.get(rule.entity)
            if entity is None:
                allowed = tuple(pair.source.model.entities)
                self.complain("the lookup names no entity of the source", rule.entity, allowed, "lookup", look, "from")
                continue
            for field, text in rule.on.items():
                if field in entity.fields and entity.fields[field].pii == "secret":
                    self.complain("a field of class secret is never read", field, (), "lookup", look, "on", field)
                if field not in entity.fields:
                    self.complain(
                        f"{rule.entity} has no such field",
                        field,
                        tuple(entity.fields),
                        "lookup",
                        look,
                        "on",
                        field,
                    )
                self.lookup_on[look][field] = self.expression(text, "lookup", look, "on", field, purpose="map")
        for pivot, given in mapping.model.pivot.items():
            entity = pair.source.model.entities.get(given.entity)
            if entity is None:
                allowed = tuple(pair.source.model.entities)
                self.complain("the pivot names no entity of the source", given.entity, allowed, "pivot", pivot, "from")
                continue
            for word in ("by", "name", "value"):
                if (known := entity.fields.get(getattr(given, word))) is not None and known.pii == "secret":
                    value = getattr(given, word)
                    self.complain("a field of class secret is never read", value, (), "pivot", pivot, word)
                if getattr(given, word) not in entity.fields:
                    value = getattr(given, word)
                    self.complain(f"{given.entity} has no such field", value, tuple(entity.fields), "pivot", pivot, word)

    def needs(self) -> dict[str, set[str]]:
        """Source entities and their fields that this mapping reads."""
        needs = {self.mapping.source_name: set(self.source_fields)}
        for look, rule in self.mapping.model.lookup.items():
            entity = self.pair.source.model.entities.get(rule.entity)
            if entity is not None:
                needs.setdefault(rule.entity, set()).update(self.lookup_fields[look], self.lookup_on[look], entity.key)
        for rule_ in self.mapping.model.pivot.values():
            entity = self.pair.source.model.entities.get(rule_.entity)
            if entity is not None:
                named = {rule_.by, rule_.name, rule_.value}
                needs.setdefault(rule_.entity, set()).update(named & set(entity.fields))
        return needs

    def complain(self, message: str, value: object, allowed: tuple[str, ...], *keys: str | int) -> None:
        """Note a problem at ``keys`` of the mapping's file."""
        place = self._elsewhere or self.mapping.document.place(*keys)
        shown = value if isinstance(value, str | int | float) else None if value is None else str(value)
        self.problems.append(Problem(message, place, shown, tuple(map(str, allowed))))

    def add_let(self, let: str) -> int:
        """Make ``let`` known; gives its level (1 + the highest level of the lets it uses)."""
        if let.lower() in {field.lower() for field in self.mapping.source.fields}:  # the engine would take one for the other
            self.complain("a let may not have the name of a field of the source", let, (), "let", let)
        self.lets[let] = self._level + 1
        return self.lets[let]

    def column(self, field: str, *keys: str | int) -> str:
        """A field of the ``from`` entity, a let name, or NULL (with a problem noted) where there is none."""
        self._at = keys
        try:
            return self._resolve("", field, "map", {})
        except ExpressionError as error:
            self.complain(str(error), error.value, error.allowed, *keys)
            return "NULL"

    def expression(self, text: str, *keys: str | int, purpose: str, extra: Dict[str, str] | None = None) -> str:
        """The SQL of an expression; NULL where it has a problem, which is noted."""
        self._level, self._at = 0, keys
        try:
            columns, parametric = expression_reads(str(text))
            resolved = {column: self._resolve(*column, purpose, extra or {}) for column in columns}
            if parametric:
                tree = self._filled(parse_expression(str(text)))
                return translate(tree, lambda q, c: resolved[q, c], self.as_of)
            return translate_text(str(text), frozenset(resolved.items()), self.as_of)
        except ExpressionError as error:
            self.complain(str(error), error.value, error.allowed, *keys)
            return "NULL"

    def unread(self, text: str, *keys: str | int) -> str | None:
        """SQL of the text that a cast in an expression, or in a let that it names, cannot read; None where nothing is cast."""
        self._at = keys
        casting = self.mapping.casting
        columns = {UNREAD + let: f"s.{name(UNREAD + let)}" for let in casting}
        try:
            tree = unread_casts(str(text), casting)
            if tree is None:
                return None
            return translate(self._filled(tree), lambda q, c: self._resolve(q, c, "map", columns), self.as_of)
        except ExpressionError:  # told where the expression itself was compiled
            return None

    def policy(self, text: str, place: Place) -> str:
        """The SQL of a condition of the workspace, which stands at ``place``. The fields it looks at are not carried over."""
        self._elsewhere = place
        try:
            return self.expression(text, purpose="consult")
        finally:
            self._elsewhere = None

    def _filled(self, tree: exp.Expression) -> exp.Expression:
        """The expression with the workspace's values in place of ``parameter('name')``."""

        def fill(node: exp.Expr) -> exp.Expr:
            if not (isinstance(node, exp.Anonymous) and node.name.lower() == "parameter"):
                return node
            argument = node.expressions[0]
            if not (isinstance(argument, exp.Literal) and argument.is_string):
                raise ExpressionError("a parameter is named by a text", argument.sql())
            if argument.this not in self.pair.model.parameters:
                raise ExpressionError("pair.yaml has no such parameter", argument.this, tuple(self.pair.model.parameters))
            return exp.Literal.string(self.pair.parameter(argument.this))

        filled = tree.transform(fill)
        assert isinstance(filled, exp.Expression)
        return filled

    def order(self, text: str, *keys: str | int, purpose: str, targets: tuple[str, ...] | None = None) -> str:
        """The SQL of an ORDER BY list, over source names or (``targets``) over target fields."""
        extra = {f: f"s.{name('to:' + f)}" for f in targets} if targets is not None else {}
        self._at = keys
        try:
            parts = []
            for item in map(self._filled, parse_order(text)):
                for qualifier, column in columns_of(item.this):
                    if targets is not None and column not in extra:
                        raise ExpressionError("unknown target field", column, targets)
                    self._resolve(qualifier, column, purpose, extra)
                sql = translate(item.this, lambda q, c: self._resolve(q, c, purpose, extra), self.as_of)
                direction = " DESC" if item.args.get("desc") else ""
                nulls = " NULLS FIRST" if item.args.get("nulls_first") else " NULLS LAST"
                parts.append(f"{sql}{direction}{nulls}")
            return ", ".join(parts)
        except ExpressionError as error:
            self.complain(str(error), error.value, error.allowed, *keys)
            return "NULL"

    def outcome(self, words: dict[str, object], *keys: str | int) -> Outcome | None:
        """An Outcome from raw words, or None with the problem noted."""
        try:
            return Outcome.model_validate(words)
        except ValidationError as error:
            for detail in error.errors():
                word = ".".join(str(part) for part in detail["loc"])
                self.complain(f"{word}: {detail['msg']}", words.get(word), tuple(Outcome.model_fields), *keys)
            return None

    def _resolve(self, qualifier: str, column: str, purpose: str, extra: Dict[str, str]) -> str:
        if not qualifier and column in extra:
            return extra[column]
        self.reads.setdefault(self._at, set()).add((qualifier, column))
        if qualifier:
            return self._qualified(qualifier, column)
        if column in self.lets:
            self._level = max(self._level, self.lets[column])
            return f"s.{name(column)}"
        source = self.mapping.source.fields
        if column not in source:
            allowed = (*source, *self.lets, *self.mapping.model.lookup, *self.mapping.model.pivot, *extra)
            raise ExpressionError("unknown field", column, allowed)
        _refuse_secret(self.mapping.source, column)
        self.source_fields.add(column)
        (self.carried if purpose == "map" else self.consulted).add(column)
        return f"s.{name(column)}"

    def _qualified(self, qualifier: str, column: str) -> str:
        model = self.mapping.model
        if qualifier in model.lookup:
            entity = self.pair.source.model.entities.get(model.lookup[qualifier].entity)
            if entity is not None and column not in entity.fields:
                raise ExpressionError(f"{model.lookup[qualifier].entity} has no such field", column, tuple(entity.fields))
            if entity is not None:
                _refuse_secret(entity, column)
            self.lookup_fields[qualifier].add(column)
            return f"s.{name(f'{qualifier}.{column}')}"
        if qualifier in model.pivot:
            names = model.pivot[qualifier].names
            if column not in names:
                raise ExpressionError(f"the pivot {qualifier} does not list this attribute", column, names)
            return f"s.{name(f'{qualifier}.{column}')}"
        raise ExpressionError("unknown name before the dot", qualifier, (*model.lookup, *model.pivot))


def _refuse_secret(entity: Entity, field: str) -> None:
    if entity.fields[field].pii == "secret":
        raise ExpressionError("a field of class secret is never read", field)
