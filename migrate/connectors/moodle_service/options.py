"""What a workspace may set for a Moodle."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le
from pydantic import BeforeValidator, ValidationError

from migrate.contracts.model import Words
from migrate.errors import Problem, TargetRefused


class Options(Words):
    """``options`` of a live target; times are seconds."""

    parallel: Annotated[int, Ge(1), Le(16)] = 2
    """Batches under way at the same time."""
    batch: Annotated[int, Ge(1), Le(5000)] = 100
    """Records per call."""
    find_batch: Annotated[int, Ge(1), Le(5000)] = 500
    """Records per question."""
    connect_timeout: Annotated[float, Gt(0)] = 10
    timeout: Annotated[float, Gt(0)] = 120
    """For one reply."""
    wait: Annotated[float, Ge(0)] = 180
    """How long a site that does not answer is waited for in all."""
    first_pause: Annotated[float, Gt(0)] = 0.5
    longest_pause: Annotated[float, Gt(0)] = 15
    settle: Annotated[int, Ge(1), Le(20)] = 3
    """How often the site is asked whether a write whose reply was lost has happened."""
    max_input_vars: Annotated[int, Ge(50)] | None = None
    """PHP's setting on this site, where it differs from what the contract says."""
    max_post_bytes: Annotated[int, Ge(10_000)] | None = None
    tables: dict[str, dict[str, int | str]] = {}
    """Values of this site for the connection's tables, such as the ids of roles."""
    by_file: Annotated[tuple[str, ...], BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)] = ()
    """Entities that are not written through functions, but in files that a person uploads."""


def read_options(given: Mapping[str, Any], tables: Mapping[str, Any], files: Collection[str] = ()) -> Options:
    """Check options; ``files`` are the entities that can go by file. Raises TargetRefused that lists every problem and the words
    allowed."""
    try:
        options = Options.model_validate(dict(given))
    except ValidationError as error:
        problems = [_problem(detail) for detail in error.errors()]
        raise TargetRefused("the options of the target cannot be used", problems=problems) from None
    problems = [
        Problem("options.tables names no table of the contract", None, name, tuple(tables))
        for name in options.tables if name not in tables
    ]  # fmt: skip
    problems += [
        Problem("options.by_file names no entity of which the contract says how it goes by file", None, name, tuple(files))
        for name in options.by_file if name not in files
    ]  # fmt: skip
    if problems:
        raise TargetRefused("the options of the target cannot be used", problems=problems)
    return options


def _problem(detail: Any) -> Problem:
    name = ".".join(str(part) for part in detail["loc"])
    allowed = tuple(Options.model_fields) if detail["type"] == "extra_forbidden" else ()
    value = detail["input"] if isinstance(detail["input"], str | int | float | bool) else None
    return Problem(f"options.{name}: {detail['msg']}", None, value, allowed)
