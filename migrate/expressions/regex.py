"""Regular expressions of mappings and contracts are RE2, the engine's own: no backtracking, so no text can hang a run."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def regex_error(pattern: str) -> str | None:
    """Why ``pattern`` is not a regular expression of RE2, or None when it is one."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        return str(error).split(": ", 1)[-1]
    return None
