"""``profiles/`` of a workspace: one folder for each profile, with ``profile.json`` and ``profile.html``."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from migrate.errors import ConfigurationError
from migrate.profiling.model import SCHEMA, Profile

FOLDER = "profiles"
FILE = "profile.json"


def as_text(profile: Profile) -> str:
    """The profile as JSON."""
    return json.dumps(asdict(profile), indent=1, ensure_ascii=False) + "\n"


def read_profile(file: Path) -> Profile:
    """A profile that was written before. Raises ConfigurationError for a file that is none, or one of another version."""
    hint = "take it away, then: lms-migrate profile WORKSPACE"
    try:
        text = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}", hint=hint) from None
    try:
        made = _adapter().validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{file} is no profile of this version: {where}: {first['msg']}", hint=hint) from None
    if made.schema != SCHEMA:
        raise ConfigurationError(f"{file} is a profile of another version", hint=hint)
    return made


def schema() -> dict[str, Any]:
    """The JSON Schema of ``profile.json``, made of the model and its words."""
    made = _adapter().json_schema(ref_template="#/$defs/{model}")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA}
    made["properties"]["schema"] = {"description": "Which schema the file follows.", "const": SCHEMA}
    return {**head, **made, "title": "profile.json of lms-migrate"}


@cache
def _adapter() -> TypeAdapter[Profile]:
    return TypeAdapter(Profile)


def latest(workspace: Path) -> Path | None:
    """The file of the newest profile of a workspace; names sort by time."""
    found = sorted((workspace / FOLDER).glob(f"*/{FILE}"))
    return found[-1] if found else None
