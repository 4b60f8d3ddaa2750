"""What a new ``test_plan.yaml`` is written from: ``defaults.yaml`` beside this file."""

from __future__ import annotations

from pathlib import Path

from migrate.contracts.model import Words
from migrate.located_yaml import read
from migrate.models import build
from migrate.test_plan.words import Classes, Id, Risk
from validators.sampling import Switching


class DefaultRequirement(Words):
    """A requirement that a new ``test_plan.yaml`` has, if the target has fields of its kind."""

    id: Id
    text: str
    risk: Risk
    traits: tuple[str, ...]
    """Any of: ``key``, ``reference``, ``enum``, ``pii:CLASS``, ``type:TYPE``, ``any``. A field goes to the first that fits."""


class Defaults(Words):
    """``defaults.yaml`` of this package."""

    confidence: float
    classes: Classes
    switching: Switching
    requirements: tuple[DefaultRequirement, ...]


def defaults() -> Defaults:
    """What ships."""
    return build(Defaults, read(Path(__file__).parent / "defaults.yaml"))
