"""What the stand-in Canvas holds, its import jobs, and the faults that tests ask of it."""

from __future__ import annotations

import itertools
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from canvas_account import Account
from canvas_gradebook import Gradebook

ENDED_BADLY = "Error while importing CSV. Please contact support. (Error report 77)"
Query = dict[str, list[str]]


@dataclass
class Fault:
    """What goes wrong with requests that match, ``times`` times, after ``skip`` good ones.

    drop: done, then no reply. lose: not done, no reply. half: done, half a reply. 403, 429, 500, 502: not done, that status.
    done500: done, then status 500.
    """

    what: str
    method: str
    path: str
    times: int = 1
    skip: int = 0

    def hits(self, method: str, path: str) -> bool:
        if self.times == 0 or method != self.method or not re.search(self.path, path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class State:
    """All that the stand-in holds, and how it behaves."""

    account: Account = field(default_factory=Account)
    jobs: dict[int, dict[str, Any]] = field(default_factory=dict)
    reports: dict[int, dict[str, Any]] = field(default_factory=dict)
    progress: dict[int, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    elsewhere: list[dict[str, str]] = field(default_factory=list)
    """Headers of requests that reached the other host."""
    rights: dict[str, bool] = field(default_factory=dict)
    root_account_id: int | None = None
    import_seconds: float = 0.0
    break_after: int | None = None
    """The next import breaks after this many rows."""
    page: int = 50
    """Most items on a page."""
    tells_rows: bool = True
    """Some importers of Canvas do not say which row a message is about."""
    stray_messages: list[str] = field(default_factory=list)
    """Messages without a row that the next import adds."""
    remaining: float = 600.0
    begun_while_running: int = 0
    """Uploads that came while another import was running."""
    report_status: str = "complete"
    translated: bool = False
    """Headers of reports may be in the language of whom the token belongs to."""
    next_page_at: str = ""

    def __post_init__(self) -> None:
        self.gradebook = Gradebook(self.account)
        self.lock = threading.RLock()
        self.ids = itertools.count(1)
        self.files: dict[int, bytes] = {}

    def dump(self) -> dict[str, Any]:
        tables = {kind: {str(key): dict(one) for key, one in table.items()} for kind, table in self.account.tables.items()}
        return {
            "tables": tables,
            "imports": [self.job_json(job) for job in self.jobs.values()],
            "assignments": list(self.gradebook.assignments.values()),
            "submissions": list(self.gradebook.submissions.values()),
            "requests": len(self.requests),
        }

    # SIS imports --------------------------------------------------------------------------------------------------

    def begin_import(self, name: str, data: bytes, query: Query, user: int = 1) -> dict[str, Any]:
        if any(job["workflow_state"] in ("created", "importing") for job in self.jobs.values()):
            self.begun_while_running += 1
        number = next(self.ids)
        job = {"id": number, "name": name, "data": data, "user": user, "workflow_state": "created", "progress": 0, "errors": []}
        job["override"] = query.get("override_sis_stickiness") == ["true"]
        self.jobs[number] = job
        threading.Thread(target=self._run, args=(job,), daemon=True).start()
        return job

    def _run(self, job: dict[str, Any]) -> None:
        while any(j["id"] < job["id"] and j["workflow_state"] in ("created", "importing") for j in list(self.jobs.values())):
            time.sleep(0.005)
        job["workflow_state"] = "importing"
        time.sleep(self.import_seconds)
        with self.lock:
            most, self.break_after = self.break_after, None
            self.account.override = job["override"]
            messages, failed = self.account.import_file(job["data"], most)
            job["errors"] += [
                {"sis_import_id": job["id"], "file": job["name"], "message": m, "row": row if self.tells_rows else None}
                for m, row in messages
            ]
            stray, self.stray_messages = self.stray_messages, []
            job["errors"] += [{"sis_import_id": job["id"], "file": job["name"], "message": m, "row": None} for m in stray]
            if most is not None:
                job["errors"].append({"sis_import_id": job["id"], "file": job["name"], "message": ENDED_BADLY, "row": None})
            job["progress"] = 100
            ended = (
                "failed_with_messages"
                if failed or most is not None
                else "imported_with_messages"
                if job["errors"]
                else "imported"
            )
            job["workflow_state"] = ended

    def job_json(self, job: dict[str, Any]) -> dict[str, Any]:
        taken_apart = job["workflow_state"] != "created"
        shown = {
            "id": job["id"],
            "workflow_state": job["workflow_state"],
            "progress": job["progress"],
            "user": {"id": job["user"]},
        }
        shown["csv_attachments"] = [{"filename": job["name"]}] if taken_apart else []
        return shown | {"processing_warnings": [[e["file"], e["message"]] for e in job["errors"][:25]]}
