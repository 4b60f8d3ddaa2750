"""Are the rules over both sides those of the packed mapping, and is what came of them what the packed rows say?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from migrate.compiler.text import literal
from migrate.compiler.text import name as quoted
from migrate.engine import scan, session
from migrate.evidence.checks.checking import Check, Context, verdict
from migrate.evidence.checks.run import FINDINGS_FILE
from migrate.evidence.gather import WORKSPACE
from migrate.located_yaml import parse
from migrate.mapping.model import BothSides, Pair
from migrate.models import build
from migrate.reconciliation.asking import PARTS
from migrate.stages.both_sides import NOT_ASKED

NAME, PART, PAIR = "both_sides", "mapping", "pair.yaml"
SIDES_FILE, ACCOUNTING_FILE = (f"run/6_reconcile/{name}.parquet" for name in ("both_sides", "accounting"))
COUNTED = ("count", "sum")
_NEAR = "abs({0} - {1}) > 1e-6 + 1e-9 * abs({0})"
"""Sums of the engine's doubles differ in their last digits, by the order in which they were added."""
Told = Mapping[str, Any]


@dataclass(frozen=True)
class _Rule:
    """A rule that was asked: what the summary says of it, and what the pack's mapping does."""

    name: str
    told: Told
    model: BothSides

    def faults(self, what: Iterable[str]) -> list[str]:
        return [f"{self.name}: {one}" for one in what]


def both_sides(context: Context) -> Iterator[Check]:
    """Rules are those of the packed mapping; their records, groups and verdicts are counted again."""
    told: Mapping[str, Told] = (context.summary.get("reconciliation") or {}).get("checks") or {}
    models = _models(context)
    if models is None:
        unsure = ["the mapping is not in the pack as the run found it: its rules are not compared with what the run says"]
        yield verdict(NAME, [], "the run asked no rules", unsure if told else None)
        return
    wrong = [f"{rule}: the summary has it, and {PAIR} in the pack has not" for rule in told.keys() - models.keys()]
    ended = context.facts.get("stopped_at") is None and not context.facts.get("failure")
    wrong += [f"{rule}: {PAIR} in the pack has it, and the summary does not" for rule in models.keys() - told.keys() if ended]
    wrong += _described(context.facts.get("both_sides") or {}, models) if told else []
    if not told:
        yield verdict(NAME, wrong, "the pair has no rules" if not models else "the run did not come to its rules")
        return
    rules = [_Rule(name, said, models[name]) for name, said in told.items() if name in models and said["verdict"] != NOT_ASKED]
    silent = [name for name, said in told.items() if said["verdict"] == NOT_ASKED]
    wrong += [fault for rule in rules for fault in rule.faults(_concluded(rule))]
    wrong += [f"{name} is missing" for name in _missing(context) if rules]
    there = SIDES_FILE in context.members
    with session(context.scratch / "spill") as connection:
        if ACCOUNTING_FILE in context.members:
            rows = scan(context.file(ACCOUNTING_FILE))
            wrong += _strange(connection, rows, rules, ACCOUNTING_FILE)
            wrong += [fault for rule in rules for fault in rule.faults(_accounted(connection, rows, rule))]
        found = _found(connection, context)
        if found is not None:
            wrong += [fault for rule in rules for fault in rule.faults(_told(found, rule))]
            wrong += [f"{name} was not asked, and has findings" for name in silent if _measures(found, models[name], name)]
        if there:
            connection.execute(f"CREATE TABLE sides AS SELECT * FROM {scan(context.file(SIDES_FILE))}")
            wrong += _strange(connection, "sides", rules, SIDES_FILE)
            wrong += [fault for rule in rules for fault in rule.faults(_grouped(connection, rule, found))]
    yield verdict(NAME, wrong, _well(rules, silent, there))


def _well(rules: list[_Rule], silent: list[str], there: bool) -> str:
    said = f"{len(rules)} rules, each with as many records and differences as the summary says"
    if rules and there:
        said += "; every group was judged again"
    elif rules:
        said += f"; not recounted: groups, and what the target has, for the pack holds only the hash of {SIDES_FILE}"
    return said + (f"; not asked: {', '.join(silent)}" if silent else "")


def _models(context: Context) -> dict[str, BothSides] | None:
    """The rules of the pair in the pack; None where it is not there as the run found it."""
    pair = packed_pair(context)
    return None if pair is None else pair.both_sides


def packed_pair(context: Context) -> Pair | None:
    """The pair in the pack; None where it is not there as the run found it."""
    part, path = context.manifest.parts.get(PART), f"{WORKSPACE}/{PART}/{PAIR}"
    if part is None or part.changed or path not in context.members:
        return None
    return build(Pair, parse(context.pack.read(path).decode("utf-8-sig"), Path(path)))


def _described(facts: Mapping[str, Any], models: Mapping[str, BothSides]) -> Iterator[str]:
    """What the report takes from the run's facts is what the rules say."""
    for name, model in models.items():
        said = facts.get(name) or {}
        own = {
            "label": model.label, "code": model.code, "mapping": model.mapping, "by": list(model.by),
            "compare": dict(model.compare), "explained": dict(model.explained),
        }  # fmt: skip
        yield from (
            f"{name}: the run says {word} = {said.get(word)!r}, and {PAIR} {is_!r}"
            for word, is_ in own.items()
            if said.get(word) != is_
        )


def _missing(context: Context) -> Iterator[str]:
    if ACCOUNTING_FILE not in context.members:
        yield ACCOUNTING_FILE
    if SIDES_FILE not in context.members and context.manifest.raw(SIDES_FILE) is None:
        yield SIDES_FILE


def _concluded(rule: _Rule) -> Iterator[str]:
    """The verdict follows from the numbers, and the parts are the whole."""
    told = rule.told
    if told["source"] != sum(told["parts"].values()) + told["expected"]:
        yield f"{told['source']} records of the source are not its parts and those expected"
    compared = "equal" if told["expected"] or told["target"] else "empty"
    own = "different" if told["different"] or told["parts"].get("unseen") else compared
    if told["verdict"] != own:
        yield f"the summary says {told['verdict']}, and its numbers {own}"


def _strange(connection: duckdb.DuckDBPyConnection, rows: str, rules: list[_Rule], file: str) -> Iterator[str]:
    known = {rule.name for rule in rules}
    there = {row[0] for row in connection.execute(f"SELECT DISTINCT rule FROM {rows}").fetchall()}
    yield from (f"{file} has rows of {name}, which was not asked" for name in sorted(there - known, key=str))


def _accounted(connection: duckdb.DuckDBPyConnection, rows: str, rule: _Rule) -> Iterator[str]:
    """The records of each part, by every measure that counts or sums."""
    query = (
        f"SELECT measure, part, sum(records)::BIGINT, sum(amount) FROM {rows} WHERE rule = {literal(rule.name)} "
        "GROUP BY ALL ORDER BY ALL"
    )
    by_measure: dict[str | None, dict[str, int]] = {}
    for measure, part, records, amount in connection.execute(query).fetchall():
        by_measure.setdefault(measure, {})[part] = records
        if rule.model.compare.get(measure) == "count" and amount != records:
            yield f"{amount} are counted of {records} records that are {part}"
    measures: list[str | None] = [m for m, how in rule.model.compare.items() if how in COUNTED]
    said = {**rule.told["parts"], **({"expected": rule.told["expected"]} if rule.told["expected"] else {})}
    for measure in dict.fromkeys([*(measures or [None]), *by_measure]):
        counted = by_measure.get(measure, {})
        for part in sorted(said.keys() | counted.keys()):
            if said.get(part, 0) != counted.get(part, 0):
                yield f"the summary says {said.get(part, 0)} {part}, and {counted.get(part, 0)} are counted"


def _found(connection: duckdb.DuckDBPyConnection, context: Context) -> dict[tuple[str, str], int] | None:
    """``{(code, field): findings}``; None where the pack has none."""
    if FINDINGS_FILE not in context.members:
        return None
    query = f"SELECT code, field, count(*) FROM {scan(context.file(FINDINGS_FILE))} WHERE field IS NOT NULL GROUP BY ALL"
    return {(code, field): int(number) for code, field, number in connection.execute(query).fetchall()}


def _measures(found: Mapping[tuple[str, str], int], model: BothSides, name: str) -> dict[str, int]:
    """Findings of a rule by measure: one for each group that differs in it."""
    return {m: found[key] for m in model.compare if (key := (model.code, f"{name}.{m}")) in found}


def _told(found: Mapping[tuple[str, str], int], rule: _Rule) -> Iterator[str]:
    """There are findings of as many groups as differ. A group that differs in several measures has one of each."""
    numbers = _measures(found, rule.model, rule.name).values()
    least, most = max(numbers, default=0), sum(numbers)
    if not least <= rule.told["different"] <= most:
        yield f"the summary says that {rule.told['different']} groups differ, and {most} findings say so"


def _grouped(connection: duckdb.DuckDBPyConnection, rule: _Rule, found: Mapping[tuple[str, str], int] | None) -> Iterator[str]:
    """Every group is judged again, and the groups add up to the records."""
    told, own = rule.told, f"FROM sides WHERE rule = {literal(rule.name)}"

    def ask(select: str, where: str = "") -> tuple[Any, ...]:
        row = connection.execute(f"SELECT {select} {own}{where}").fetchone()
        return row if row is not None else ()

    groups, different = ask("count(DISTINCT grouped), count(DISTINCT grouped) FILTER (verdict = 'different')")
    if (groups, different) != (told["groups"], told["different"]):
        yield f"the summary says {told['groups']} groups ({told['different']} differ); there are {groups} ({different} differ)"
    compared = ", ".join(f"({literal(measure)}, {literal(how)})" for measure, how in rule.model.compare.items())
    (stray,) = ask("count(*)", f" AND (measure, how) NOT IN ({compared})")
    if stray:
        yield f"{stray} rows of groups are of nothing that the rule compares"
    for measure, how in rule.model.compare.items():
        here = f" AND measure = {literal(measure)}"
        rows, once = ask("count(*), count(DISTINCT grouped)", here)
        if (rows, once) != (groups, groups):
            yield f"{measure}: {rows} rows of {groups} groups"
        (misjudged,) = ask("count(*)", f"{here} AND {_misjudged(rule, measure, how)}")
        if misjudged:
            yield f"{measure}: {misjudged} groups have another verdict than their values"
        if found is not None:
            (differing,) = ask("count(*)", f"{here} AND verdict = 'different'")
            if differing != (findings := found.get((rule.model.code, f"{rule.name}.{measure}"), 0)):
                yield f"{measure}: {differing} groups differ, and {findings} findings say so"
        parts = dict(zip(PARTS, ask(", ".join(f"coalesce(sum({quoted(part)}), 0)" for part in PARTS), here), strict=True))
        if how == "sum":
            continue  # its parts are amounts, and the summary has records
        yield from (
            f"{measure}: the summary says {told['parts'].get(part, 0)} {part}, and the groups have {number:g}"
            for part, number in parts.items()
            if number != told["parts"].get(part, 0)
        )
        if how == "count":
            sums = ask("coalesce(sum(TRY_CAST(expected AS BIGINT)), 0), coalesce(sum(TRY_CAST(target AS BIGINT)), 0)", here)
            if sums != (told["expected"], told["target"]):
                yield (
                    f"{measure}: the summary says {told['expected']} expected and {told['target']} in the target; "
                    f"the groups have {sums[0]} and {sums[1]}"
                )


def _misjudged(rule: _Rule, measure: str, how: str) -> str:
    """SQL: does a row say something else than its own values?"""
    if how not in COUNTED:
        # Texts of two sets can be the same where a value has a comma; values that differ are never equal.
        return "(verdict NOT IN ('equal', 'different') OR (verdict = 'equal' AND expected IS DISTINCT FROM target))"
    amount = "TRY_CAST({0} AS DECIMAL(38, 6))"
    expected, target = amount.format("expected"), amount.format("target")
    holds = f"abs({target} - {expected}) <= {rule.model.within.get(measure, 0)!r}"
    whole = f"CAST(coalesce({amount.format('source')}, 0) AS DOUBLE)"
    parts = " + ".join(map(quoted, PARTS)) + f" + CAST({expected} AS DOUBLE)"
    remainder = f"CAST({target} - {expected} AS DOUBLE)"
    return (
        f"(coalesce(verdict, '') <> CASE WHEN {holds} THEN 'equal' ELSE 'different' END "
        f"OR {_NEAR.format(whole, f'({parts})')} OR {_NEAR.format(remainder, 'remainder')})"
    )
