"""``parameter('name')``: a value of the workspace in expressions of mappings, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from migrate.compiler.plan import make_plan
from migrate.expressions import ExpressionError, parse_query
from migrate.inline_tests.run import run_inline_tests

PAIR = "{from: old, to: new, label: x, parameters: {site: {about: which site, default: it's a}}}"
NUMBER = "{expr: \"parameter('site') || '-' || name\"}"
USERS = f"from: old.person\nto: new.users\nfields: {{user_id: {{from: id}}, name: {NUMBER}}}\n"
TEST = "tests: [{name: t, given: {person: [{id: 1, name: x}]}, expect: [{name: it's a-x}]}]\n"


def mapped(bench: Any, pair: Any) -> list[Any]:
    result = bench.map(pair, {"person": [{"id": 1, "name": "x"}]})
    return list(result.by_key("to:name").values())


def test_the_default_and_the_workspaces_value(bench: Any) -> None:
    pair = bench.pair(pair=PAIR, users=USERS)
    assert mapped(bench, pair) == ["it's a-x"]
    assert mapped(bench, pair.with_parameters({"site": "b"})) == ["b-x"]


def test_a_value_is_text_and_never_sql(bench: Any) -> None:
    pair = bench.pair(pair=PAIR, users=USERS)
    assert mapped(bench, pair.with_parameters({"site": "' || id || '"})) == ["' || id || '-x"]


def test_conditions_and_orders_take_parameters(bench: Any) -> None:
    text = USERS + "exclude: [{code: U-X, when: \"name = parameter('site')\", reason: x}]\n"
    keep = "case when name = parameter('site') then 1 else 2 end, id"
    text += f"merge: {{by: parameter('site'), keep: \"{keep}\", code: U-M, reason: y}}\n"
    pair = bench.pair(pair=PAIR, users=text).with_parameters({"site": "b"})
    result = bench.map(pair, {"person": [{"id": 1, "name": "b"}, {"id": 2, "name": "c"}, {"id": 3, "name": "d"}]})
    assert result.dispositions() == {"1": "excluded", "2": "candidate", "3": "merged"}


@pytest.mark.parametrize(
    ("expression", "value", "message"),
    [
        ("parameter('side')", "side", "pair.yaml has no such parameter"),
        ("parameter(name)", "name", "a parameter is named by a text"),
        ("parameter(1)", "1", "a parameter is named by a text"),
        ("parameter()", "PARAMETER()", "parameter('name')"),
    ],
)
def test_what_is_no_parameter_is_named(bench: Any, refused: Any, expression: str, value: str, message: str) -> None:
    pair = bench.pair(pair=PAIR, users=USERS.replace("parameter('site')", expression))
    (problem,) = refused(make_plan, pair, "2026-01-01 00:00:00")
    assert message in problem.message
    assert problem.value == value
    assert problem.allowed == (("site",) if value == "side" else ())


def test_a_view_may_not_depend_on_a_workspace() -> None:
    with pytest.raises(ExpressionError, match="parameters are for mappings"):
        parse_query("select parameter('site') as x from a")


def test_inline_tests_use_the_default(bench: Any) -> None:
    pair = bench.pair(pair=PAIR, users=USERS + TEST).with_parameters({"site": "b"})
    assert run_inline_tests(pair).problems == ()
