"""Where and by whom a run was made, for those who audit it: machine, account, and the commit that the workspace is at."""

from __future__ import annotations

import getpass
import os
import platform
import re
from pathlib import Path

MOST_BYTES = 4_000_000
"""Of a file of git that is read. ``packed-refs`` of a large repository has some hundred thousand lines."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"ref: (refs/[^\x00-\x20\x7f~^:?*\\\[]+)")


def machine() -> dict[str, str | int]:
    """What kind of machine this is. No name and no address: these are nobody's business outside the house."""
    return {
        "machine": platform.machine() or "unknown",
        "system": " ".join(filter(None, (platform.system(), platform.release()))) or "unknown",
        "processors": os.cpu_count() or 1,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def account() -> str:
    """Whom the operating system knows. It is what can be said of an identity here; names are claims."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"


def commit_of(folder: Path) -> str | None:
    """The commit that the repository around ``folder`` stands at, in hex; None where there is none that can be read.

    Git itself is not started: a repository can name programs for it to run. So this does not say whether files differ from the
    commit; the hashes of the inputs do.
    """
    try:
        git = _git_folder(folder.resolve())
        if git is None:
            return None
        head = _read(git / "HEAD").strip()
        if _COMMIT.fullmatch(head):
            return head
        named = _REF.fullmatch(head)
        if named is None or ".." in named[1].split("/"):
            return None
        shared = git / "commondir"
        common = (git / _read(shared).strip()) if shared.is_file() else git
        for place in dict.fromkeys((git, common)):
            if (file := place / named[1]).is_file():
                found = _read(file).strip()
                return found if _COMMIT.fullmatch(found) else None
        packed = common / "packed-refs"
        lines = _read(packed).splitlines() if packed.is_file() else []
        return next((line[: -len(named[1]) - 1] for line in lines if _packed(line, named[1])), None)
    except (OSError, ValueError):
        return None


def _packed(line: str, ref: str) -> bool:
    commit, _, name = line.partition(" ")
    return name == ref and _COMMIT.fullmatch(commit) is not None


def _git_folder(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.is_dir():
            return git
        if git.is_file():  # a worktree or a submodule: the file says where
            word, _, path = _read(git).strip().partition(": ")
            return place / path if word == "gitdir" and path else None
    return None


def _read(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(MOST_BYTES).decode("utf-8")
