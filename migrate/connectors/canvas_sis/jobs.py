"""Jobs of the target: SIS imports, and calls that are followed as a Progress. Each is waited for, up to a bound."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrate.connectors.canvas_sis.http import Faulty, Service, Unsure
from migrate.connectors.canvas_sis.words import CanvasConnection, CanvasOptions
from migrate.said import number_of

log = logging.getLogger(__name__)

RUNNING = ("initializing", "created", "importing", "cleanup_batch", "restoring")
CLEAN, WITH_MESSAGES = "imported", "imported_with_messages"
"""How an import ends that read its files. All other ends are failures, of which a part may have been applied."""
TRIES, LOOKS = 3, 3
"""Uploads of one file after lost replies, and looks for the import that a lost reply may have begun."""


class TimeUp(Exception):
    """The bound of a wait has passed. Nothing is known of what the job will do."""


@dataclass(frozen=True)
class Said:
    """A message of an import."""

    text: str
    means: str | None
    """``imported``, ``refused``, ``failed``; None: no pattern of the contract knows it."""
    row: int | None
    """The record it speaks of, counted from 0; None: the file as a whole, or a row that cannot be told."""


@dataclass(frozen=True)
class Ended:
    """An import that is over."""

    number: str
    state: str
    messages: list[Said] = field(default_factory=list)

    @property
    def read(self) -> bool:
        """Did it read its file to the end?"""
        return self.state in (CLEAN, WITH_MESSAGES)


class Imports:
    """The account's SIS imports. One at a time: the target queues them, and so do we."""

    def __init__(self, service: Service, words: CanvasConnection, options: CanvasOptions, owner: str) -> None:
        self._service, self._words, self._options, self._owner = service, words, options, owner
        self._path = service.path(words.imports)
        self._patterns = [(re.compile(m.says, re.IGNORECASE), m) for m in words.messages]

    def running(self) -> list[dict[str, Any]]:
        """Imports that are not over, whoever began them."""
        states = [("workflow_state[]", state) for state in RUNNING]
        return list(self._service.pages(self._path, states, key="sis_imports"))

    def ours(self, job: dict[str, Any]) -> bool:
        """Did the owner of the token begin it?"""
        return str((job.get("user") or {}).get("id", "")) == self._owner

    def wait_until_idle(self) -> None:
        """Wait for what is running, such as an import that an earlier process began. Raises TimeUp."""
        for _ in pauses(self._options, self._options.import_minutes):
            jobs = self.running()
            if not jobs:
                return
            log.info("waiting for %s of the target", number_of(len(jobs), "running import"))
        raise TimeUp("another import is still running")

    def run(self, file: Path) -> Ended:
        """Upload ``file`` and follow the job to its end.

        Raises Refused where the upload is not taken, TimeUp where the job does not end in time, Unsure where it is not
        known whether there is one.
        """
        params: dict[str, Any] = {"import_type": "instructure_csv"}
        if self._options.override_sis_stickiness:
            params["override_sis_stickiness"] = True
        for attempt in range(TRIES):
            before = self._newest()
            try:
                with file.open("rb") as stream:
                    job = self._service.send(
                        "POST", self._path, params=params, files={"attachment": (file.name, stream, "text/csv")}
                    )
            except (Unsure, Faulty) as error:
                log.info("the reply to an upload was lost (attempt %d): %s", attempt + 1, error)
                job = self._begun_since(before, file.name)
            if job is not None:
                return self._follow(str(job["id"]))
        raise Unsure("the replies to the upload were lost")

    def _newest(self) -> set[str]:
        answer = self._service.get(self._path, {"per_page": 50})
        return {str(job["id"]) for job in answer["sis_imports"]}

    def _begun_since(self, before: set[str], name: str) -> dict[str, Any] | None:
        """The import that an upload began whose reply was lost; None if there is none."""
        for _, _wait in zip(range(LOOKS), pauses(self._options, self._options.import_minutes), strict=False):
            answer = self._service.get(self._path, {"per_page": 50})
            new = [job for job in answer["sis_imports"] if str(job["id"]) not in before and self.ours(job)]
            named = [job for job in new if name in {a.get("filename") or a.get("display_name") for a in _attachments(job)}]
            # Files are listed once a job has taken them apart; until then ours is known by its owner.
            if chosen := named or [job for job in new if not _attachments(job)]:
                return dict(max(chosen, key=lambda job: int(job["id"])))
        return None

    def _follow(self, number: str) -> Ended:
        path = f"{self._path}/{number}"
        for _ in pauses(self._options, self._options.import_minutes):
            job = self._service.get(path)
            state = job["workflow_state"]
            if state not in RUNNING:
                log.info("import %s ended: %s", number, state)
                messages = [] if state == CLEAN else list(self._messages(path))
                return Ended(number, state, messages)
            log.info("import %s: %s, %s %%", number, state, job.get("progress"))
        raise TimeUp(f"import {number} is still running")

    def _messages(self, path: str) -> Iterator[Said]:
        for error in self._service.pages(f"{path}/errors", key="sis_import_errors"):
            text = str(error.get("message") or "")
            means = next((m.means for pattern, m in self._patterns if pattern.search(text)), None)
            row = error.get("row")
            # Rows count from 1 with the header; some kinds of files tell none.
            yield Said(text, means, int(row) - 2 if row and int(row) >= 2 else None)


def follow_progress(service: Service, words: CanvasConnection, options: CanvasOptions, job: dict[str, Any]) -> dict[str, Any]:
    """A Progress at its end (``completed`` or ``failed``). Raises TimeUp."""
    path = service.path(words.progress, id=job["id"])
    for _ in pauses(options, options.report_minutes):
        job = service.get(path)
        if job["workflow_state"] in ("completed", "failed"):
            return job
    raise TimeUp("the target is still at it")


def pauses(options: CanvasOptions, minutes: int) -> Iterator[int]:
    """Yields at once, and then after ever longer pauses, until ``minutes`` are over."""
    pause, end, looks = options.poll_ms / 1000, time.monotonic() + minutes * 60, 0
    while True:
        yield looks
        looks += 1
        left = end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, 60, options.poll_ms / 1000 * 15)


def _attachments(job: dict[str, Any]) -> list[dict[str, Any]]:
    return [a for a in job.get("csv_attachments") or [] if isinstance(a, dict)]
