"""Judging rows with great-expectations, which is imported when the first expectation is judged: that takes seconds.

Nothing leaves the machine and nothing is written: the context lives in memory, and what tells the makers of
great-expectations about its use is switched off. What goes wrong inside it is a failure of the expectation, never a pass, and
its answer is believed only where its own numbers bear it out.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any, Literal

import pyarrow as pa

from migrate.defects import without_values
from validators.expectations.load import AS_OF, Wanted
from validators.expectations.rows import KEY

State = Literal["passed", "failed", "error"]
STATES: tuple[State, ...] = ("passed", "failed", "error")
PACKAGE = "great-expectations"
SHOWN = 10
"""Values listed of what is seen of a column as a whole."""


@dataclass(frozen=True)
class Judged:
    """What became of one expectation."""

    state: State
    records: int | None = None
    """Rows that it was judged on; None where there was no judging."""
    values: int | None = None
    """Rows whose values were judged: those without a value are left to ``not_null``."""
    unexpected: int | None = None
    observed: str | None = None
    """What was seen of the column as a whole."""
    why: str = ""
    """Why it could not be evaluated."""
    failing: list[int] = field(default_factory=list, repr=False)
    """Positions of the rows that are not as expected."""


class Contradiction(Exception):
    """great-expectations says something that its own numbers do not bear out."""


class Judge:
    """Judges expectations on tables, one after the other."""

    def __init__(self, as_of: dt.datetime) -> None:
        """``as_of``: the instant that stands for ``as_of`` in bounds, in UTC without a zone."""
        self.as_of = as_of

    def judge(self, wanted: Wanted, rows: pa.Table) -> Judged:
        """The verdict on ``rows``, as :func:`validators.expectations.rows.select` gives them. Raises nothing but MemoryError."""
        try:
            return self._judge(wanted, rows)
        except MemoryError:
            raise
        except Exception as error:  # whatever a library of this size raises: it is no pass
            return Judged("error", rows.num_rows, why=_said(f"{type(error).__name__}: {error}"))

    def _judge(self, wanted: Wanted, rows: pa.Table) -> Judged:
        import pandas as pd

        nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
        frame = rows.drop_columns([KEY]).to_pandas(types_mapper=nullable.get)
        if not wanted.columns:
            frame = pd.DataFrame(index=range(rows.num_rows))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            batch = self._batches.get_batch(batch_parameters={"dataframe": frame})
            answer = batch.validate(self._expectation(wanted), result_format={"result_format": "COMPLETE"})
        if (raised := _raised(answer.exception_info)) is not None:
            return Judged("error", rows.num_rows, why=_said(raised))
        if not wanted.rule.each:
            return _whole(wanted, rows, answer.result, success=answer.success is True)
        judged = _each(wanted, rows, answer.result)
        if bool(answer.success) != (judged.state == "passed"):
            raise Contradiction("success and its own numbers disagree")
        return judged

    def _expectation(self, wanted: Wanted) -> Any:
        from great_expectations import expectations

        words: dict[str, Any] = {argument: self._bound(value) for argument, value in wanted.arguments.items()}
        words |= wanted.rule.always
        paths = [column.path for column in wanted.columns]
        match wanted.rule.on:
            case "field":
                words["column"] = paths[0]
            case "pair":
                words |= {"column_A": paths[0], "column_B": paths[1]}
            case "fields":
                words["column_list"] = paths
        if wanted.rule.each:
            words["mostly"] = wanted.model.mostly
        return getattr(expectations, class_name(wanted.name))(**words)

    def _bound(self, value: Any) -> Any:
        if value == AS_OF:
            return self.as_of
        return [self._bound(one) for one in value] if isinstance(value, list) else value

    @cached_property
    def _batches(self) -> Any:
        """A place for data frames in a context that lives in memory."""
        quiet()
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.enable_analytics(False)
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        asset = context.data_sources.add_pandas("read_back").add_dataframe_asset("rows")
        return asset.add_batch_definition_whole_dataframe("all")


def quiet() -> None:
    """Before the import: no word to its makers, none to the terminal, and no project of great-expectations by accident."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    os.environ.pop("GX_HOME", None)
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)


def installed() -> str:
    """``great-expectations 1.24.1``."""
    return f"{PACKAGE} {version(PACKAGE)}"


def class_name(name: str) -> str:
    """``ExpectColumnValuesToNotBeNull`` of ``expect_column_values_to_not_be_null``."""
    return "".join(part.capitalize() for part in name.split("_"))


def _each(wanted: Wanted, rows: pa.Table, result: Mapping[str, Any]) -> Judged:
    """Judged again by the numbers: the least share of the values has to be as expected, and none is one without rows."""
    records, unexpected = int(result["element_count"]), int(result["unexpected_count"])
    failing = [int(position) for position in result["unexpected_index_list"] or ()]
    values = records - int(result.get("missing_count") or 0)
    if records != rows.num_rows:
        raise Contradiction(f"{records} of {rows.num_rows} rows were judged")
    if len(failing) != unexpected or not 0 <= unexpected <= values:
        raise Contradiction(f"{unexpected} rows of {values} are not as expected, and {len(failing)} are named")
    passed = values == 0 or (values - unexpected) / values >= wanted.model.mostly
    return Judged("passed" if passed else "failed", records, values, unexpected, failing=failing)


def _whole(wanted: Wanted, rows: pa.Table, result: Mapping[str, Any], *, success: bool) -> Judged:
    """What is seen of the column as a whole. Of these the library's own word counts, where it saw something."""
    told = [
        f"{word}: {_listed(result[f'partial_{kind}_list'])}"
        for kind, word in (("unexpected", "not expected"), ("missing", "missing"))
        if result.get(f"partial_{kind}_list")
    ]
    observed = "; ".join(told)
    if "partial_unexpected_list" not in result and "partial_missing_list" not in result:
        seen = result.get("observed_value")
        if seen is None or (isinstance(seen, float) and seen != seen):
            return Judged("error", rows.num_rows, why="there is nothing to observe: no record has a value")
        observed = _listed(seen)
    if wanted.rule.on == "rows" and result.get("observed_value") != rows.num_rows:
        raise Contradiction(f"{result.get('observed_value')} of {rows.num_rows} rows were counted")
    found = list(range(rows.num_rows)) if wanted.arguments.get("value") == 0 and wanted.rule.on == "rows" else []
    return Judged("passed" if success else "failed", rows.num_rows, observed=observed or None, failing=found)


def _listed(seen: Any) -> str:
    """A value, or the first of several, as text."""
    if not isinstance(seen, list | tuple | set):
        return _text(seen)
    several = sorted(map(_text, seen))
    return ", ".join(several[:SHOWN]) + (f" and {len(several) - SHOWN} more" if len(several) > SHOWN else "")


def _text(value: Any) -> str:
    value = value.item() if hasattr(value, "item") else value
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _raised(info: Mapping[str, Any] | None) -> str | None:
    """What was raised inside: at the top, or under the name of a part."""
    if not info:
        return None
    if info.get("raised_exception"):
        return str(info.get("exception_message") or "an exception without a message")
    return next((said for part in info.values() if isinstance(part, Mapping) and (said := _raised(part)) is not None), None)


def _said(text: str) -> str:
    """A message of a library in a line, without what it quotes."""
    return without_values(" ".join(text.split()))[:300]
