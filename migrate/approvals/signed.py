"""Approvals and withdrawals as they stand in the audit trail, which is the only place where they are."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row

from migrate.contracts.model import Words
from migrate.privacy.noted_list import LOOSENING

APPROVED, WITHDRAWN = "approved", "approval withdrawn"
MEANING = "I have judged this rehearsal and approve that the workspace, made of these parts, is written to its target."
TAKEN_BACK = "I take this approval back: no live run may rely on it."


class Signature(Words):
    """What one entry of the trail says. All times are UTC."""

    role: str
    name: str
    """Printed name of who signed."""
    account: str
    """The account of the operating system under which the command ran."""
    at: str
    meaning: str
    reason: str


class Approving(Signature):
    """An approval. The rehearsal is the entry's ``run``."""

    expires: str
    tool_version: str
    parts: dict[str, str]
    """``{part: hash}``."""
    files: dict[str, dict[str, str]]
    """``{part: {file: sha256}}``."""
    evidence: dict[str, str]
    """``{file of the rehearsal's folder: sha256}``."""


class Withdrawing(Signature):
    """A withdrawal."""

    of: int
    """The entry that is withdrawn."""


@dataclass(frozen=True)
class Approval:
    """An approval in its place in the trail."""

    entry: int
    hash: str
    run: str
    """The rehearsal it was judged on."""
    signed: Approving
    withdrawn: Withdrawing | None = None
    loosened: int | None = None
    """The first entry after it by which people came off the suppression list: nobody saw them in what was judged."""

    @property
    def who(self) -> str:
        """The name in the form in which names are compared."""
        return same_name(self.signed.name)


@dataclass(frozen=True)
class Read:
    """What the trail holds."""

    approvals: list[Approval]
    malformed: list[int]
    """Entries that say they are one and are not as this program writes them."""
    hashes: dict[int, str]
    """``{entry: hash}`` of the whole trail."""
    withdrawals: dict[int, str]
    """``{entry: the rehearsal}`` of withdrawals."""
    loosened: str | None = None
    """When people came off the suppression list last."""


def read_approvals(entries: Iterable[Row[Any]]) -> Read:
    """Approvals, the oldest first, from the entries of a trail."""
    approvals: dict[int, Approval] = {}
    malformed, hashes, withdrawals, loosened = [], {}, {}, None
    for row in entries:
        hashes[row.id] = row.hash
        try:
            if row.event == APPROVED:
                signed = Approving.model_validate_json(row.detail)
                instant(signed.at), instant(signed.expires)
                approvals[row.id] = Approval(row.id, row.hash, row.run or "", signed)
            elif row.event == WITHDRAWN:
                withdrawing = Withdrawing.model_validate_json(row.detail)
                approvals[withdrawing.of] = replace(approvals[withdrawing.of], withdrawn=withdrawing)
                withdrawals[row.id] = row.run or ""
            elif row.event in LOOSENING:
                loosened = row.at
                approvals = {entry: replace(a, loosened=a.loosened or row.id) for entry, a in approvals.items()}
        except (ValidationError, ValueError, KeyError):
            malformed.append(row.id)
    return Read(list(approvals.values()), malformed, hashes, withdrawals, loosened)


def instant(text: str) -> dt.datetime:
    """A time as it is written down here. Raises ValueError where it is not one, or has no zone."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment


def same_name(name: str) -> str:
    """A name without what makes no difference: case, blanks, and the way in which its letters are put together."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
