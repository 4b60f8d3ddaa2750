"""Words about sampling that a test plan may use."""

from __future__ import annotations

from typing import Literal

from migrate.contracts.model import Words

Level = Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"]
Inspection = Literal["normal", "tightened", "reduced"]


class Switching(Words):
    """When inspection becomes tighter, when normal again, and when it stops. Numbers of lots."""

    refused: int = 2
    """So many lots refused ..."""
    of: int = 5
    """... among the last so many: tightened inspection begins."""
    accepted: int = 5
    """So many accepted in a row under tightened inspection: normal inspection again."""
    stop: int = 5
    """So many refused under tightened inspection: no further sampling until the cause is mended."""
