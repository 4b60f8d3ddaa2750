"""Several files at once: all of them get their new content, or none does."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from migrate.errors import ConfigurationError


@contextmanager
def replaced(files: Mapping[Path, bytes], before: Mapping[Path, bytes | None]) -> Iterator[None]:
    """Give ``files`` their new content; take it back where the body of the ``with`` raises.

    ``before`` is what they held when the new content was made (None: they were not there). Raises ConfigurationError where
    somebody changed one since, or one cannot be written; then all of them are as they were.
    """
    parts = {file: file.with_name(f".{file.name}.part") for file in files}
    done: list[Path] = []
    try:
        for file, content in files.items():
            _write(parts[file], content)
        for file in files:
            if content_of(file) != before.get(file):
                raise ConfigurationError(f"{file} was changed by somebody else just now", hint="try again")
        for file in files:
            parts[file].replace(file)
            done.append(file)
        yield
    except BaseException as error:
        _take_back(done, before)
        if isinstance(error, OSError) and len(done) < len(files):
            named = error.filename or next(iter(files))
            raise ConfigurationError(f"{named} cannot be written: {error.strerror}", hint="nothing was changed") from None
        raise
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)


def content_of(file: Path) -> bytes | None:
    """What a file holds; None where it is not there."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _write(part: Path, content: bytes) -> None:
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _take_back(done: list[Path], before: Mapping[Path, bytes | None]) -> None:
    for file in reversed(done):
        content = before.get(file)
        if content is None:
            file.unlink(missing_ok=True)
        else:
            part = file.with_name(f".{file.name}.part")
            _write(part, content)
            part.replace(file)
