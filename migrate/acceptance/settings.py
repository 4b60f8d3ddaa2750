"""What a workspace says of its acceptance tests (``migration.yaml``)."""

from __future__ import annotations

from typing import Literal

from migrate.contracts.model import Words


class AcceptanceSettings(Words):
    """When the expectations of ``expectations/`` are judged."""

    when: Literal["by_hand", "after_run"] = "by_hand"
    """By ``lms-migrate acceptance``, or at the end of every run, which takes some seconds longer."""
