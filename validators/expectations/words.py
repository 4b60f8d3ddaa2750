"""The words of a suite of acceptance tests (``expectations/*.yaml``)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, StringConstraints
from pydantic import Field as Default

from migrate.contracts.model import Code, Name, Words

Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$")]
"""A field of the entity, or ``reference.field``: a field of the record that the entity's reference names."""
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _one_or_more(given: object) -> object:
    return (given,) if isinstance(given, str) else tuple(given) if isinstance(given, list) else given


class Expectation(Words):
    """One thing that reviewers expect of the target."""

    code: Code
    """Its name in reports and gates."""
    entity: Name
    """An entity of the target."""
    expect: str
    """A short word of ours, or the name that great-expectations has for it."""
    field: Annotated[tuple[Path, ...], BeforeValidator(_one_or_more)] = ()
    """One field, or a list where the expectation is about several."""
    arguments: dict[Name, Any] = {}
    where: str | None = None
    """Which records: an expression over the entity's fields and ``reference.field``. Those for which it is null are none."""
    mostly: Annotated[float, Default(gt=0, le=1)] = 1.0
    """The least share of the values (0 to 1) that has to be as expected."""
    gate: bool | Literal["rehearsal"] = True
    """Does it stop an approval where it fails, cannot be evaluated or was not run? ``rehearsal``: that of a rehearsal only."""
    requirement: str = ""
    """What it is for: the number of a requirement, of a test plan or of a law."""
    reason: Text
    """Why it has to hold, in the words of whoever asks for it."""

    def stands_in_the_way(self, *, live: bool) -> bool:
        """Is it a gate of a rehearsal, or of a ``live`` run?"""
        return self.gate is True or (self.gate == "rehearsal" and not live)


class Suite(Words):
    """One file of expectations."""

    suite: Text
    """What the suite is called."""
    owner: str = ""
    """Who answers for it."""
    note: str = ""
    expectations: tuple[Expectation, ...]
