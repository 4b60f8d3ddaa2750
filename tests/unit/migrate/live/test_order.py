"""In which order entities are written, where some are handed over together."""

from __future__ import annotations

import pytest

from migrate.live.order import in_order

MOODLE = {
    "courses": set(), "users": set(), "profile": {"users"}, "cohorts": set(), "members": {"users", "cohorts"},
    "enrolments": {"users", "courses"}, "roles": {"users", "courses"}, "groups": {"courses"}, "history": {"users", "courses"},
}  # fmt: skip


def order(refers: dict[str, set[str]], **words: str) -> list[str]:
    """Entities that go together are joined by a plus."""
    return ["+".join(entities) for _, entities in in_order(list(refers), lambda e: words.get(e, ""), lambda e: refers[e])]


def test_without_files_it_is_the_contract_s() -> None:
    assert order(MOODLE) == list(MOODLE)


def test_what_nothing_refers_to_is_handed_over_where_its_last_entity_stands() -> None:
    assert order(MOODLE, history="backups")[-1] == "history"
    assert order(MOODLE, cohorts="f", members="f") == ["courses", "users", "profile", "cohorts+members", *list(MOODLE)[5:]]


def test_what_refers_to_it_comes_after_it_and_what_it_refers_to_before() -> None:
    people = order(MOODLE, users="f", members="f", enrolments="f", history="backups")
    assert people == ["courses", "cohorts", "users+members+enrolments", "profile", "roles", "groups", "history"]


def test_several_kinds_of_files_go_one_after_the_other() -> None:
    words = in_order(list(MOODLE), lambda e: {"users": "f", "history": "b", "roles": "b"}.get(e, ""), lambda e: MOODLE[e])
    assert [word for word, _ in words if word] == ["f", "b"]


@pytest.mark.parametrize("refers", [{"a": set(), "b": {"a"}, "c": {"b"}}, {"a": {"c"}, "b": {"a"}, "c": {"b"}}])
def test_a_contradiction_leaves_nothing_out(refers: dict[str, set[str]]) -> None:
    assert sorted("+".join(order(refers, a="f", c="f")).split("+")) == ["a", "b", "c"]


def test_what_refers_to_something_later_waits_for_nothing() -> None:
    assert order({"a": {"c"}, "b": set(), "c": {"a"}}) == ["a", "b", "c"]
