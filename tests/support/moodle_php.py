"""Forms as PHP reads them, and parameters as Moodle checks them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

Spec = Any
"""``{name: spec}`` a structure, ``[spec]`` a list, or a type: ``int``, ``bool``, ``raw``, ``text``, ``notags``, ``username``.
``?`` at the end: optional; ``=x``: x by default."""

_PART = re.compile(r"\[([^\]]*)\]")
_TAG = re.compile(r"<(?!\s)")  # what strip_tags takes for the beginning of one


class MoodleError(Exception):
    """What Moodle answers in place of a result."""

    def __init__(self, code: str, message: str, detail: str = "", kind: str = "core\\exception\\moodle_exception") -> None:
        super().__init__(message)
        self.code, self.message, self.detail, self.kind = code, message, detail, kind


def invalid(detail: str) -> MoodleError:
    """The error for any parameter that is not as it has to be; Moodle shows the detail only with debugging on."""
    kind = "core\\exception\\invalid_parameter_exception"
    return MoodleError("invalidparameter", "Invalid parameter value detected", detail, kind)


def no_record(table: str, code: str = "invalidrecord") -> MoodleError:
    message = "Invalid user" if code == "invaliduser" else f"Can't find data record in database table {table}."
    return MoodleError(code, message, kind="dml_missing_record_exception")


def form(body: bytes, max_input_vars: int) -> dict[str, Any]:
    """A form with PHP's brackets as nested mappings. Variables over the limit are dropped without an error."""
    result: dict[str, Any] = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True)[:max_input_vars]:
        first, _, rest = name.partition("[")
        keys = [first, *_PART.findall("[" + rest if rest else "")]
        at = result
        for key in keys[:-1]:
            inner = at.setdefault(key, {})
            at = inner if isinstance(inner, dict) else at
        at[keys[-1]] = value
    return result


def checked(given: Any, spec: Spec, name: str = "") -> Any:
    """Parameters as a function gets them. Raises MoodleError."""
    if isinstance(spec, dict):
        if not isinstance(given, Mapping):
            raise invalid(f"{name} => Only arrays accepted.")
        unknown = set(given) - set(spec)
        result = {}
        for key, inner in spec.items():
            if key in given:
                result[key] = checked(given[key], _bare(inner), key)
            elif isinstance(inner, str) and "=" in inner:
                result[key] = checked(inner.partition("=")[2], _bare(inner), key)
            elif not (isinstance(inner, str) and inner.endswith("?")) and not isinstance(inner, tuple):
                raise invalid(f"Missing required key in single structure: {key}")
        if unknown:
            raise invalid(f"Unexpected keys ({', '.join(sorted(unknown))}) detected in parameter array.")
        return result
    if isinstance(spec, list | tuple):
        if not isinstance(given, Mapping):
            raise invalid(f"{name} => Only arrays accepted.")
        return [checked(one, spec[0], name) for one in given.values()]
    if isinstance(given, Mapping):
        raise invalid(f"{name} => Scalar type expected, array or object received.")
    return _scalar(str(given), spec, name)


def _bare(spec: Spec) -> Spec:
    return spec.partition("=")[0].removesuffix("?") if isinstance(spec, str) else spec


def _scalar(given: str, kind: str, name: str) -> Any:
    match kind:
        case "int":
            if not re.fullmatch(r"-?(0|[1-9]\d*)", given):
                raise invalid(f"{name} => not an int")
            return int(given)
        case "bool":
            if given not in ("0", "1"):
                raise invalid(f"{name} => not a bool")
            return given == "1"
        case "username":
            if not re.fullmatch(r"[a-z0-9._@-]*", given):
                raise invalid(f"{name} => not a clean username")
        case "text" | "notags":
            if _TAG.search(given):
                raise invalid(f"{name} => tags are not allowed")
    return given
