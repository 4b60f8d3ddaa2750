"""Opening a ``.mbz`` that may be anything: a zip or a gzipped tar, with limits, and nothing is ever unpacked to its own paths."""

from __future__ import annotations

import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from migrate.errors import RunFailed

_CHUNK = 1 << 16
_HINT = "take the file as it was written, or write it again"
_SYMLINK = 0o120000
_FILE_TYPE = 0o170000


class BackupRefused(RunFailed):
    """The file is no backup, or one that is not safe to read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint=_HINT)


@dataclass(frozen=True)
class Limits:
    """Above these a file is refused before it fills memory or disk."""

    members: int = 200_000
    unpacked: int = 8 << 30
    """Bytes, of all members."""
    ratio: int = 300
    """Unpacked to packed, of the whole file. 36 was measured for 11,000 records of history."""
    small: int = 16 << 20
    """Bytes up to which the ratio does not matter."""


DEFAULT = Limits()


@dataclass
class Archive:
    """The XML files of a backup, by name. Each can be opened once at a time, as a stream of bytes."""

    path: Path
    limits: Limits
    _zip: zipfile.ZipFile | None = None
    _spooled: dict[str, IO[bytes]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Raises BackupRefused where the file has no such member, or where its packing is broken."""
        if name not in self.names:
            raise BackupRefused(f"{self.path.name} holds no {name}")
        try:
            if self._zip is not None:
                with self._zip.open(name) as stream:
                    yield stream
            else:
                self._spooled[name].seek(0)
                yield self._spooled[name]
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise BackupRefused(f"{self.path.name}: {name} cannot be unpacked: {error}") from None

    def check(self, name: str, unpacked: int, count: int) -> None:
        """A member's name and the running sums."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
            raise BackupRefused(f"{self.path.name} holds a member that points outside of it: {name[:100]!r}")
        if name in self.names:
            raise BackupRefused(f"{self.path.name} holds {name[:100]!r} twice")
        if count > self.limits.members:
            raise BackupRefused(f"{self.path.name} holds more than {self.limits.members} members")
        packed = self.path.stat().st_size
        if unpacked > self.limits.unpacked or unpacked > max(self.limits.small, packed * self.limits.ratio):
            raise BackupRefused(f"{self.path.name} has {packed} bytes and would unpack to {unpacked} or more")


@contextmanager
def open_archive(path: Path, limits: Limits = DEFAULT) -> Iterator[Archive]:
    """Raises BackupRefused for what is neither kind of archive, or goes beyond ``limits``."""
    archive = Archive(path, limits)
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
        if magic[:2] == b"\x1f\x8b":
            _spool(archive)
        elif magic == b"PK\x03\x04":
            archive._zip = zipfile.ZipFile(path)
            _look(archive, archive._zip)
        else:
            raise BackupRefused(f"{path.name} is neither a zip nor a gzipped tar")
        yield archive
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, UnicodeDecodeError) as error:
        raise BackupRefused(f"{path.name} cannot be read: {error}") from None
    except OSError as error:
        raise BackupRefused(f"{path.name} cannot be read: {error.strerror or error}") from None
    finally:
        if archive._zip is not None:
            archive._zip.close()
        for spooled in archive._spooled.values():
            spooled.close()


def _look(archive: Archive, packed: zipfile.ZipFile) -> None:
    """A zip's sizes are declared; what is read never goes beyond the declared size, or Python refuses it."""
    unpacked = 0
    for count, info in enumerate(packed.infolist(), start=1):
        unpacked += info.file_size
        archive.check(info.filename, unpacked, count)
        if (info.external_attr >> 16) & _FILE_TYPE == _SYMLINK or info.flag_bits & 1:
            raise BackupRefused(f"{archive.path.name} holds a link or an encrypted member: {info.filename[:100]!r}")
        archive.names.add(info.filename)


def _spool(archive: Archive) -> None:
    """A tar is read from its beginning to its end, once; the XML files of it are kept aside, unnamed."""
    unpacked = 0
    with tarfile.open(archive.path, "r|gz") as packed:
        for count, info in enumerate(packed, start=1):
            unpacked += info.size
            name = info.name.removeprefix("./")
            archive.check(name, unpacked, count)
            if info.isdir():
                continue
            if not info.isreg():
                raise BackupRefused(f"{archive.path.name} holds a link or a device: {name[:100]!r}")
            archive.names.add(name)
            if not name.endswith(".xml"):
                continue
            stream = packed.extractfile(info)
            assert stream is not None
            kept = archive._spooled[name] = tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115
            while chunk := stream.read(_CHUNK):
                kept.write(chunk)
