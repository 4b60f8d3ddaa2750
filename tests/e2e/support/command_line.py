"""`python -m migrate`, as a person uses it: a process, its output and its exit code."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

PASS, ATTENTION, CONFIGURATION, FAILED, INTERRUPTED = 0, 1, 2, 3, 130


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "migrate", *map(str, arguments)]


def migrate(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 120,
    **options: Any,
) -> Ended:
    """Run `lms-migrate` to its end. No command may show a traceback, whatever happens."""
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
        **options,
    )
    ended = Ended(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
    assert "Traceback" not in ended.text, ended.text
    return ended


def within(*arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Ended:
    """The same in this process, which spares the imports: `main` with arguments, its output and its exit code."""
    from migrate.cli import main

    out, err = io.StringIO(), io.StringIO()
    argv = ["lms-migrate", *map(str, arguments)]
    with (
        contextlib.chdir(cwd or Path.cwd()),
        patch.dict(os.environ, env or {}),
        patch.object(sys, "argv", argv),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Ended(code, out.getvalue(), err.getvalue())


def only_run(workspace: Path) -> Path:
    """The one run of a workspace."""
    runs = sorted((workspace / "runs").iterdir())
    assert len(runs) == 1, runs
    return runs[0]


def snapshot(folder: Path, without: Sequence[Path] = ()) -> dict[str, str]:
    """Every file below ``folder`` with a hash of its content, and every folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if any(path == other or other in path.parents for other in without):
            continue
        name = str(path.relative_to(folder))
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found
