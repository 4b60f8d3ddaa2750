"""From a located YAML document to a checked model; every complaint carries file, line, column and the allowed words."""

from __future__ import annotations

import json
import types
import typing
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import Document, Keys
from migrate.said import number_of

Model = TypeVar("Model", bound=BaseModel)


def build(model: type[Model], document: Document) -> Model:
    """Validate ``document`` as ``model``. Raises ConfigurationError that lists every problem at once."""
    if not isinstance(document.data, dict):
        problem = Problem("the file is empty or not a mapping of keys", document.place())
        raise ConfigurationError(f"{document.file} cannot be used", problems=[problem])
    try:
        return model.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        problems = [_problem(model, document, detail) for detail in error.errors()]
        message = f"{document.file}: {number_of(len(problems), 'problem')}"
        raise ConfigurationError(message, problems=problems) from None


def build_part(model: type[Model], document: Document, keys: Keys) -> Model:
    """Validate what stands at ``keys`` of a document whose words are a connector's own. Raises ConfigurationError."""
    part: Any = document.data
    for key in keys:
        part = part.get(key, {}) if isinstance(part, dict) else part[int(key)]
    try:
        return model.model_validate_json(json.dumps(part))
    except ValidationError as error:
        problems = [_problem(model, document, detail, keys) for detail in error.errors()]
        raise ConfigurationError(f"{document.file}: {number_of(len(problems), 'problem')}", problems=problems) from None


def _problem(model: type[BaseModel], document: Document, detail: Any, above: Keys = ()) -> Problem:
    keys: Keys = tuple(part for part in detail["loc"] if part != "[key]")
    kind = detail["type"]
    place = document.place(*above, *keys)
    name = ".".join(str(part) for part in keys)
    if kind == "extra_forbidden":
        allowed = _words_of(_model_at(model, keys[:-1]))
        return Problem(f"unknown word {keys[-1]!r} in {name}", place, keys[-1], allowed)
    if kind == "literal_error":
        allowed = tuple(part.strip(" '") for part in detail["ctx"]["expected"].replace(" or ", ", ").split(","))
        return Problem(f"{name} has a value that is not allowed", place, detail["input"], allowed)
    if kind == "missing":
        return Problem(f"{name} is missing", place)
    value = detail["input"] if isinstance(detail["input"], str | int | float | bool) else None
    message = detail["msg"].removeprefix("Value error, ")
    return Problem(f"{name}: {message}" if name else message, place, value)


def _words_of(model: type[BaseModel] | None) -> tuple[str, ...]:
    if model is None:
        return ()
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _model_at(model: type[BaseModel], keys: Keys) -> type[BaseModel] | None:
    """The model that stands at ``keys`` below ``model``, if there is exactly one."""
    current: Any = model
    for key in keys:
        current = _step(current, key)
    return _as_model(current)


def _as_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            if (found := _as_model(part)) is not None:
                return found
    return None


def _step(annotation: Any, key: str | int) -> Any:
    model = _as_model(annotation)
    if model is not None:
        for name, field in model.model_fields.items():
            if key in (field.alias, name):
                return field.annotation
        return None
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is dict:
        return arguments[1]
    if typing.get_origin(annotation) is tuple:
        return arguments[0]
    return next((found for found in (_step(argument, key) for argument in arguments) if found), None)
