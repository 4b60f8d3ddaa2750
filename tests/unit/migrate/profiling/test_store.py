"""The file of a profile: its schema, and what is said of files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from migrate.errors import ConfigurationError
from migrate.profiling.store import as_text, latest, read_profile, schema
from migrate.schemas import schema_text

CONTRACT = "source: {kind: files}\nentities: {e: {key: a, fields: {a: {}, b: {type: date}}}}\n"


def test_the_published_schema_is_that_of_the_model() -> None:
    assert json.loads(schema_text("profile")) == schema(), "write it anew: json.dumps(schema(), indent=2, ensure_ascii=False)"
    Draft202012Validator.check_schema(schema())


def test_a_profile_follows_it(profiled: Any) -> None:
    data = json.loads(as_text(profiled(CONTRACT, {"e": [{"a": "x", "b": "2020-01-01"}, {"a": "y", "b": ""}]})))
    assert list(Draft202012Validator(schema()).iter_errors(data)) == []
    data["entities"][0]["fields"][0]["nulls"] = "none"
    assert [error.json_path for error in Draft202012Validator(schema()).iter_errors(data)] == ["$.entities[0].fields[0].nulls"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no profile of this version"),
        ("[]", "is no profile of this version"),
        ('{"schema": "urn:lms-migrate:profile:0"}', "is no profile of this version"),
    ],
)
def test_a_spoiled_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "profile.json"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=said):
        read_profile(file)


def test_another_version_is_refused(profiled: Any, tmp_path: Path) -> None:
    data = json.loads(as_text(profiled(CONTRACT, {"e": [{"a": "x"}]})))
    file = tmp_path / "profile.json"
    file.write_text(json.dumps(data | {"schema": "urn:lms-migrate:profile:9"}), "utf-8")
    with pytest.raises(ConfigurationError, match="another version"):
        read_profile(file)


def test_the_newest_profile_is_the_last_by_name(tmp_path: Path) -> None:
    assert latest(tmp_path) is None
    for name in ("20260101-000000", "20260102-000000", "20260101-120000"):
        (tmp_path / "profiles" / name).mkdir(parents=True)
        (tmp_path / "profiles" / name / "profile.json").write_text("{}", "utf-8")
    (tmp_path / "profiles" / "20270101-000000").mkdir()
    assert latest(tmp_path) == tmp_path / "profiles" / "20260102-000000" / "profile.json"
