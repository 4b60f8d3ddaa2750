"""The words of a contract are checked when it is used; every complaint says where."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from migrate.connectors.moodle_service import MoodleTarget
from migrate.connectors.moodle_service.plan import make_connection, make_plans
from migrate.contracts.load import LoadedContract, load_contract
from migrate.errors import ConfigurationError
from migrate.resources import contract_file

TEXT = contract_file("moodle", "target").read_text("utf-8")


@pytest.mark.parametrize(
    ("there", "instead", "message"),
    [
        ("- call: core_user_create_users", "- cal: core_user_create_users", "unknown word 'cal'"),
        ("firstname: firstname", "firstname: givenname", "there is no field of this name"),
        ("categoryid: {link: category}", "categoryid: {link: fullname}", "there is no field that refers to a record"),
        ("table: roles", "table: rules", "there is no table of the connection"),
        ("made: password", "made: password, own: true", "exactly one of field, link, own, me, const and made"),
        ("unmarked: active", "unmarked: awake", "there is no mark of this name"),
        ("unseen: [category]", "unseen: [kategory]", "there is no field of this name"),
        ("near: user", "near: uzer", "there is no field of this name"),
        ("parameter: courseid, together: 10", "list: courseid, together: 10", "together goes with parameter"),
        ("max_input_vars: 5000", "max_input_vars: many", "connection"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, there: str, instead: str, message: str) -> None:
    assert there in TEXT, f"the shipped contract says no more {there!r}"
    file = tmp_path / "moodle.target.yaml"
    file.write_text(TEXT.replace(there, instead, 1), "utf-8")
    line = TEXT[: TEXT.index(there)].count("\n") + 1
    with pytest.raises(ConfigurationError) as wrong:
        MoodleTarget.open(load_contract(file), "http://127.0.0.1:9", SecretStr("x"), {})
    text = str(wrong.value)
    assert message in text or "max_input_vars" in text
    lines = [int(part.split(":")[1]) for part in text.splitlines() if part.startswith(str(file)) and part.count(":") > 2]
    assert any(line - 1 <= one <= line + 2 for one in lines), (line, text)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "moodle.target.yaml"
    file.write_text(TEXT.replace("table: roles", "table: rules").replace("unseen: [category]", "unseen: [x]"), "utf-8")
    contract = load_contract(file)
    connection = make_connection(contract)
    with pytest.raises(ConfigurationError) as wrong:
        make_plans(contract, connection, connection.tables)
    assert len(wrong.value.problems) == 5


def test_every_entity_of_the_contract_can_be_written(contract: LoadedContract) -> None:
    connection = make_connection(contract)
    plans = make_plans(contract, connection, connection.tables)
    assert list(plans) == list(contract.model.entities)
    for plan in plans.values():
        shown = {*plan.write.find.shows, *plan.write.find.links, *plan.write.find.asked, *plan.write.unseen}
        assert set(plan.entity.fields) - shown == set(), plan.name
        if plan.entity.write.get("route") == "backup":
            continue
        sent = {
            value.field or value.link for call in plan.write.create for values in call.parameters.values() for value in values
        }
        named = {field for call in plan.write.create for field in call.where} | sent
        assert set(plan.entity.fields) - named - set(plan.write.unwritable) == set(), plan.name
