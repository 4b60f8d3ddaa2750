"""The one way in which a pack is written: same content, same bytes.

Members stand in a fixed order, carry the instant at which the run started, and are stored without compression. So the bytes
do not depend on the machine, on the time, or on how a library compresses; and nothing in a pack can be larger than the pack.
"""

from __future__ import annotations

import datetime as dt
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
PUBLIC_KEY = "signer.pem"
SUMS = "SHA256SUMS"
README = "README.md"
FIRST = (README, MANIFEST, SIGNATURE, PUBLIC_KEY, SUMS)
"""What describes the pack stands before what is in it."""
UNLISTED = (MANIFEST, SIGNATURE, PUBLIC_KEY, SUMS)
"""Members that the manifest cannot list: itself, what is made from it, and the key."""


@dataclass(frozen=True)
class Streamed:
    """A member that is read when its turn comes."""

    size: int
    open: Callable[[], AbstractContextManager[IO[bytes]]]


Member = bytes | Path | Streamed

_OLDEST, _NEWEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
_MODE = (stat.S_IFREG | 0o644) << 16
_UNIX, _VERSION = 3, 20


def ordered(names: Iterable[str]) -> list[str]:
    """The order in which members stand."""
    places = {name: place for place, name in enumerate(FIRST)}
    return sorted(names, key=lambda name: (places.get(name, len(FIRST)), name))


def sum_lines(digests: Mapping[str, str]) -> bytes:
    """``SHA256SUMS`` of ``{name: digest}``, as ``sha256sum -c`` takes it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()


def write_archive(members: Mapping[str, Member], instant: str | None, out: IO[bytes]) -> None:
    """Write ``members``; ``instant`` is ISO 8601, the oldest that fits where it is none."""
    when = _when(instant)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name in ordered(members):
            content = members[name]
            info = zipfile.ZipInfo(name, when)
            info.create_system, info.external_attr = _UNIX, _MODE
            info.create_version = info.extract_version = _VERSION
            if isinstance(content, bytes):
                packed.writestr(info, content)
                continue
            given_by = _streamed(content) if isinstance(content, Path) else content
            info.file_size = given_by.size
            with given_by.open() as given, packed.open(info, "w") as taken:
                shutil.copyfileobj(given, taken, 1 << 20)


def _streamed(file: Path) -> Streamed:
    return Streamed(file.stat().st_size, lambda: file.open("rb"))


def _when(instant: str | None) -> tuple[int, int, int, int, int, int]:
    try:
        at = dt.datetime.fromisoformat(instant or "")
    except ValueError:
        return _OLDEST
    if at.tzinfo is not None:
        at = at.astimezone(dt.UTC)
    found = (at.year, at.month, at.day, at.hour, at.minute, at.second // 2 * 2)
    return found if _OLDEST <= found <= _NEWEST else _OLDEST
