"""What the newest profile of a workspace says against its mapping, before a row is mapped: for `check`.

Only what is sure by the profile is told: fields that are taken as they are, or through steps whose effect on a value does not
depend on the row. Records that a mapping leaves out are part of the profile, so a warning may be about them alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from migrate.compiler.plan import Plan
from migrate.compiler.text import literal, value_text
from migrate.contracts.model import Contract
from migrate.engine import session
from migrate.errors import Place
from migrate.expressions import operators, read_query
from migrate.lineage.views import ViewLineage, view_lineage
from migrate.mapping.load import LoadedMapping
from migrate.mapping.model import FieldRule
from migrate.profiling.model import FieldProfile, Profile
from migrate.profiling.store import latest, read_profile
from migrate.workspace import Workspace

SAME_LENGTH = frozenset({"trim", "lower", "upper", "blank_to_null"})
"""Steps after which a text is no shorter than without the blanks around it."""
_MOST = 5


@dataclass(frozen=True)
class Misfit:
    """Something that the profile saw and the mapping does not provide for."""

    code: str
    mapping: str
    field: str
    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.code}: {self.mapping}.{self.field}: {self.text}"


def newest_profile(workspace: Workspace) -> Profile | None:
    """The newest profile of a workspace; None where it has none, or that of another system."""
    file = latest(workspace.folder)
    profile = read_profile(file) if file is not None else None
    return profile if profile is not None and profile.system == workspace.source.system else None


def misfits(workspace: Workspace, plan: Plan) -> tuple[str | None, list[Misfit]]:
    """``(the profile that was asked, what it says)``; ``(None, [])`` where the workspace has none of this source."""
    profile = newest_profile(workspace)
    if profile is None:
        return None, []
    found: list[Misfit] = []
    made_of = view_lineage(workspace.source.model)
    with session() as connection:
        for name in plan.names:
            mapping = workspace.pair.mappings[name]
            for field, rule in mapping.model.fields.items():
                found += _of_field(connection, workspace, profile, made_of, mapping, field, rule)
    return profile.profile, found


def _of_field(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, profile: Profile, made_of: ViewLineage,
    mapping: LoadedMapping, field: str, rule: FieldRule,
) -> Iterator[Misfit]:  # fmt: skip
    if rule.source is None:
        return
    origin = plain_source(workspace.source.model, made_of, mapping.source_name, rule.source)
    seen = profile.field(*origin) if origin is not None else None
    if seen is None or origin is None:
        return
    target = mapping.target.fields.get(field)

    def misfit(code: str, word: str, text: str) -> Misfit:
        return Misfit(code, mapping.name, field, mapping.document.place("fields", field, word), text)

    where = ".".join(origin)
    physical = origin == (mapping.source_name, rule.source)
    if rule.values is not None or rule.crosswalk is not None:
        if not physical and seen.distinct == seen.holding:
            return  # a list that the view joins: which of its values occur is not known
        if text := _unlisted(connection, workspace, rule, seen):
            word = "values" if rule.values is not None else "crosswalk"
            yield misfit("PRF-UNLISTED", word, f"{where} holds {text}")
        return
    steps = {step if isinstance(step, str) else next(iter(step)) for step in rule.do}
    most = target.max_length if target is not None else None
    if most is not None and seen.longest is not None and seen.longest > most and steps <= SAME_LENGTH and not rule.check:
        text = f"{where} has values of {seen.longest} characters, and the target takes {most}"
        yield misfit("PRF-LONGER", "from", text)
    required = target is not None and (target.required or field in mapping.target.key)
    empty = seen.nulls + seen.blanks + seen.never
    if physical and required and empty and steps <= SAME_LENGTH | {"squeeze", "nfc"} and not rule.check:
        yield misfit("PRF-MISSING", "from", f"{where} has no value in {empty:,} rows, and the target requires one")


def plain_source(contract: Contract, made_of: ViewLineage, entity: str, field: str) -> tuple[str, str] | None:
    """The field of a table that a field is, through views that pass it on as it is; None where it is made of something."""
    model = contract.entities[entity]
    if model.sql is None:
        return entity, field
    tree = read_query(model.sql)
    if not isinstance(tree, exp.Select) or tree.args.get("with_") or tree.args.get("with"):
        return None
    selected = next((one for one in tree.expressions if one.alias_or_name == field), None)
    if selected is None or not isinstance(selected.unalias(), exp.Column):
        return None
    columns = made_of(entity).values.get(field, frozenset())
    if len(columns) != 1:
        return None
    ((inner, column),) = columns
    return plain_source(contract, made_of, inner, column)


def _unlisted(connection: duckdb.DuckDBPyConnection, workspace: Workspace, rule: FieldRule, seen: FieldProfile) -> str:
    """The values of the profile that the value map or the crosswalk does not list, in words; blank where there are none."""
    if seen.personal is not None and seen.personal.hidden:
        return ""  # they are masked
    if rule.unmapped is not None and rule.unmapped.severity == "warn":
        return ""  # the mapping says what happens to others, and loads them
    crosswalk = workspace.crosswalks.get(rule.crosswalk or "")
    known = (
        set(rule.values)
        if rule.values is not None
        else {str(line["source"]) for line in crosswalk.lines()}
        if crosswalk
        else set()
    )
    whole = [one for one in seen.values if one.value is not None and not one.value.endswith("…")]
    if not whole:
        return ""
    listed = ", ".join(f"({number}, {literal(one.value)})" for number, one in enumerate(whole))
    stored = "CAST(v AS BOOLEAN)" if seen.type == "flag" else "v"
    value = value_text(operators.apply(workspace.pair.steps(rule), stored))
    rows = connection.execute(f"SELECT n, {value} FROM (VALUES {listed}) AS t(n, v) ORDER BY n").fetchall()
    found = [(whole[number].value, whole[number].rows) for number, text in rows if text not in (None, "") and text not in known]
    if not found:
        return ""
    told = ", ".join(f"{value!r} ({rows:,})" for value, rows in found[:_MOST])
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    part = "" if seen.values_complete else "; the profile has only its most frequent values"
    return f"{told}{more}, not listed (with rows, those that the mapping leaves out among them){part}"
