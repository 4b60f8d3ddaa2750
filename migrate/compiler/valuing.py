"""The steps that give target fields their values: base and ``do``, then value map, crosswalk and type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from migrate.compiler.shared import CROSSWALK, PREVIOUS, Steps
from migrate.compiler.text import literal, name, value_text
from migrate.compiler.values import spellings, target_value
from migrate.expressions import UNREAD, operators


class Valuing(Steps):
    """``based`` and ``mapped``, and the values that findings show."""

    def based(self) -> str:
        """The base values, under ``was:FIELD``, under ``unread:FIELD`` the text that a cast or ``do`` cannot read, and under
        ``cut:n:FIELD`` the whole text that it cuts."""
        columns = []
        for target_field in self.chosen:
            begun = self._begun(target_field)
            columns.append(f"{self._done(target_field, begun)} AS {name('was:' + target_field)}")
            if unread := list(self._unread(target_field, begun)):
                columns.append(f"coalesce({', '.join(unread)}) AS {name(UNREAD + target_field)}")
                self.unread.add(target_field)
            with suppress(operators.OperatorError):  # told already
                if cuts := operators.cuts(self.pair.steps(self.mapping.model.fields[target_field]), begun):
                    columns += [f"{cut.sql} AS {name(f'cut:{n}:{target_field}')}" for n, cut in enumerate(cuts)]
                    self.cut[target_field] = cuts
        return f"SELECT s.*, {', '.join(columns)}\nFROM {PREVIOUS} AS s" if columns else ""

    def _unread(self, target_field: str, begun: str) -> Iterator[str]:
        rule = self.mapping.model.fields[target_field]
        for word, text in self.mapping.casts(target_field).items():
            if (unread := self.scope.unread(text, "fields", target_field, word)) is not None:
                yield unread
        if operators.reads(rule.do):
            with suppress(operators.OperatorError):  # told already
                yield operators.unread(self.pair.steps(rule), begun)

    def mapped(self) -> str:
        columns, joins = [], ""
        for target_field in self.chosen:
            rule = self.mapping.model.fields[target_field]
            contract = self.mapping.target.fields.get(target_field)
            if contract is None:
                allowed = tuple(self.mapping.target.fields)
                target = f"{self.pair.target.system}.{self.mapping.target_name}"
                self.scope.complain(f"{target} has no such field", target_field, allowed, "fields", target_field)
                continue
            self._ask_for_zone(target_field, contract.type)
            was = f"s.{name('was:' + target_field)}"
            sql = was
            if rule.values is not None:
                whens = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for key, v in rule.values.items() for k in spellings(key))
                sql = f"CASE {value_text(was)} {whens} END" if whens else "NULL"
            elif rule.crosswalk is not None:
                self._check_crosswalk(target_field, rule.crosswalk)
                alias = name("cross:" + target_field)
                joins += f"\nLEFT JOIN {name(CROSSWALK, rule.crosswalk)} AS {alias} ON {alias}.source = {value_text(was)}"
                sql = f"{alias}.target"
                columns.append(f"{alias}.status AS {name('status:' + target_field)}")
            if self.matching and target_field == self.matching.key:
                sql = self.matching.target_key(sql)
            if (overriding := self.decisions.overridden(target_field)) is not None and rule.ref is None:
                sql = f"CASE WHEN {overriding[0]} THEN {overriding[1]} ELSE CAST({sql} AS VARCHAR) END"
            columns.append(f"{target_value(sql, contract.type)} AS {name('val:' + target_field)}")
            columns.append(f"({sql}) IS NULL AS {name('none:' + target_field)}")
        return f"SELECT s.*, {', '.join(columns)}\nFROM {PREVIOUS} AS s{joins}" if columns else ""

    def base(self, target_field: str) -> str:
        return self._done(target_field, self._begun(target_field))

    def _begun(self, target_field: str) -> str:
        """The value that ``do`` begins with."""
        rule = self.mapping.model.fields[target_field]
        keys = ("fields", target_field)
        if rule.source is not None:
            return self.scope.column(rule.source, *keys, "from")
        if rule.expr is not None:
            return self.scope.expression(rule.expr, *keys, "expr", purpose="map")
        return name("is:" + target_field) if rule.ref is not None else literal(rule.const)

    def _done(self, target_field: str, sql: str) -> str:
        try:
            return operators.apply(self.pair.steps(self.mapping.model.fields[target_field]), sql)
        except operators.OperatorError as error:
            self.scope.complain(str(error), error.value, error.allowed, "fields", target_field, "do")
            return sql

    def shown_values(self) -> dict[str, str]:
        """The value that a finding shows, of fields about whose values somebody decided: a referred key, or the base."""
        shown = {}
        for target_field in {s.field for s in self.decided.signatures if s.kind == "value"} & set(self.mapping.model.fields):
            by = self.mapping.model.fields[target_field].by
            keys = ("fields", target_field, "by")
            shown[target_field] = self.base(target_field) if by is None else self.scope.expression(by, *keys, purpose="map")
        for target_field, rule in self.mapping.model.fields.items():
            if rule.by is not None and self.decisions.has_roots:
                shown[target_field] = self.scope.expression(rule.by, "fields", target_field, "by", purpose="map")
        return shown

    def _ask_for_zone(self, target_field: str, wanted: str) -> None:
        """The day of an instant is another one in another place, and UTC is nobody's."""
        rule = self.mapping.model.fields[target_field]
        given = self.mapping.source.fields.get(rule.source or "")
        if wanted != "date" or given is None or given.type not in ("datetime", "epoch"):
            return
        if any(isinstance(step, dict) and operators.date.__name__ in step for step in rule.do):
            return
        allowed = ("do: [{date: Europe/Madrid}]", f"expr: cast({rule.source} as date)")
        message = "an instant becomes a date: say in which time zone its day begins, or that its clock is the right one as it is"
        self.scope.complain(message, rule.source, allowed, "fields", target_field, "from")

    def _check_crosswalk(self, target_field: str, crosswalk: str) -> None:
        if crosswalk not in self.pair.model.crosswalks:
            allowed = tuple(self.pair.model.crosswalks)
            self.scope.complain(
                "pair.yaml declares no such crosswalk",
                crosswalk,
                allowed,
                "fields",
                target_field,
                "crosswalk",
            )
