"""The small school as a workspace that demands approvals, and short ways to give them."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from live_school import LiveSchool
from small_pair import CLEAN_ROWS

from migrate.approvals.signing import Signed, approve
from migrate.errors import ConfigurationError
from migrate.ledger import open_ledger
from migrate.pipeline import RunResult

ROLES = ("data_owner", "quality")
SIGNERS = {"data_owner": "Ann Lee", "quality": "Bo Rix"}


class Stages:
    """A signed school at three moments: ``fresh``, ``rehearsed``, and ``approved`` by both roles. Each test starts from a copy at
    the same place, which costs no run."""

    def __init__(self, folder: Path) -> None:
        self.base = folder
        self.school = SignedSchool(folder / "now/school", f"sqlite:///{folder / 'now/hub.sqlite'}")
        self._keep("fresh")
        self.rehearsal = self.school.rehearse().folder
        self._keep("rehearsed")
        for role in ROLES:
            self.school.approve(role)
        self._keep("approved")

    def at(self, moment: str) -> SignedSchool:
        """The school as it was."""
        shutil.rmtree(self.base / "now")
        shutil.copytree(self.base / moment, self.base / "now")
        return self.school

    def _keep(self, moment: str) -> None:
        shutil.copytree(self.base / "now", self.base / moment)


class SignedSchool(LiveSchool):
    """A school whose live runs need two signatures."""

    def __init__(self, folder: Path, url: str, settings: str = "") -> None:
        super().__init__(folder, url, CLEAN_ROWS)
        self.edit("migration.yaml", "approvals: {roles: []}", "approvals: {roles: [data_owner, quality]}" + settings)

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file of the workspace."""
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def approve(self, role: str, name: str | None = None, **options: Any) -> Signed:
        """Sign in a role."""
        return approve(self.folder, role, name or SIGNERS[role], "it is as agreed", **options)

    def approved(self, **options: Any) -> RunResult:
        """A rehearsal that both roles approved."""
        rehearsal = self.rehearse()
        for role in ROLES:
            self.approve(role, **options)
        return rehearsal

    def refused(self, **options: Any) -> str:
        """Why a live run does not start. Nothing was written, and no run folder was made."""
        runs = sorted(path.name for path in (self.folder / "runs").glob("*"))
        with pytest.raises(ConfigurationError) as caught:
            self.live(**options)
        assert sorted(path.name for path in (self.folder / "runs").glob("*")) == runs
        assert all(not rows for rows in self.held().values())
        return str(caught.value)

    def spoil(self, *statements: sa.Executable) -> None:
        """Somebody changes the ledger by hand."""
        ledger = open_ledger("sqlite:///ledger.sqlite", self.folder)
        assert ledger is not None
        with ledger.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)
        ledger.close()


def later(days: float) -> dt.datetime:
    """A moment from now."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
