"""Opening a pack that may be anything.

Nothing is unpacked to a path that the archive names, and every size is known before a byte is read: members are stored, so
none of them can be larger than the file.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from migrate.errors import ConfigurationError, OutOfSpace, RunFailed

MOST_MEMBERS = 20_000
MOST_TEXT = 64 << 20
"""Bytes of a member that is read as a whole: JSON, keys, signatures."""
MOST_NAME = 400
_ENCRYPTED = 0x1


class PackRefused(RunFailed):
    """The file is no evidence pack, or one that is not safe to read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="ask for the pack again, as it was made")


@dataclass(frozen=True)
class Pack:
    """An open pack. ``names`` are its members in the order in which they stand."""

    path: Path
    names: tuple[str, ...]
    _zip: zipfile.ZipFile

    def size(self, name: str) -> int:
        return self._zip.getinfo(name).file_size

    def read(self, name: str) -> bytes:
        """A small member as a whole. Raises PackRefused for a member that is not there, too large, or broken."""
        if name not in self.names:
            raise PackRefused(f"{self.path.name} holds no {name}")
        if self.size(name) > MOST_TEXT:
            raise PackRefused(f"{name} has {self.size(name)} bytes, more than {MOST_TEXT}")
        with self.stream(name) as stream:
            return stream.read()

    def sha256(self, name: str) -> str:
        """Hex digest of a member. Raises PackRefused where its packing is broken."""
        digest = hashlib.sha256()
        with self.stream(name) as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    def spool(self, name: str, file: Path) -> Path:
        """Copy a member to a file whose name is ours."""
        with self.stream(name) as stream, file.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
        return file

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """A member, to be read piece by piece. Raises PackRefused where its packing is broken."""
        try:
            with self._zip.open(name) as stream:
                yield stream
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):  # of whoever takes the member
                raise OutOfSpace(f"the disk is full: {error.filename or name}", hint="free space, then verify again") from None
            raise PackRefused(f"{name} cannot be read from the archive: {error.strerror or error}") from None
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise PackRefused(f"{name} cannot be read from the archive: {error}") from None


@contextmanager
def open_pack(path: Path) -> Iterator[Pack]:
    """Raises ConfigurationError where there is no such file, PackRefused where it is not safe to read."""
    if not path.is_file():
        raise ConfigurationError(f"{path} is no file", hint="name the evidence pack, as evidence make printed it")
    try:
        with zipfile.ZipFile(path) as packed:
            yield Pack(path, _names(packed, path.stat().st_size), packed)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, UnicodeDecodeError) as error:
        raise PackRefused(f"{path.name} is no zip archive that can be read: {error}") from None
    except OSError as error:
        raise PackRefused(f"{path.name} cannot be read: {error.strerror or error}") from None


def _names(packed: zipfile.ZipFile, whole: int) -> tuple[str, ...]:
    members = packed.infolist()
    if len(members) > MOST_MEMBERS:
        raise PackRefused(f"the archive has {len(members)} members, more than {MOST_MEMBERS}")
    names: list[str] = []
    seen: set[str] = set()
    for info in members:
        name, kind = info.filename, stat.S_IFMT(info.external_attr >> 16)
        shown = repr(name[:100])
        if not safe(name) or info.orig_filename != name:
            raise PackRefused(f"the archive holds a member whose name is not safe: {shown}")
        if name in seen:
            raise PackRefused(f"the archive holds a member twice: {shown}")
        if kind not in (0, stat.S_IFREG) or info.flag_bits & _ENCRYPTED:
            raise PackRefused(f"the archive holds a link, a device or an encrypted member: {shown}")
        if info.compress_type != zipfile.ZIP_STORED or not info.compress_size == info.file_size <= whole:
            raise PackRefused(f"the archive holds a member that is packed in another way than a pack's: {shown}")
        seen.add(name)
        names.append(name)
    return tuple(names)


def safe(name: str) -> bool:
    """Is ``name`` a plain relative path: no way out of a folder, no drive, nothing that a terminal reads as more?"""
    parts = name.split("/")
    return (
        0 < len(name) <= MOST_NAME
        and name.isprintable()
        and not any(sign in name for sign in "\\:")
        and not PurePosixPath(name).is_absolute()
        and all(part not in ("", ".", "..") for part in parts)
    )
