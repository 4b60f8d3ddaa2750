"""XML as Moodle's restore reads it, written as a stream: UTF-8, one element per line, ``$@NULL@$`` for no value."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr  # writes only; reading is in :mod:`.sax`

from migrate.connectors.moodle_backup.values import NULL

Value = str | int | None
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The zip format's earliest instant."""


class Elements:
    """Writes elements to a stream. Names are ours; values are escaped here."""

    def __init__(self, stream: TextIO) -> None:
        self._write = stream.write
        self._write('<?xml version="1.0" encoding="UTF-8"?>\n')

    @contextmanager
    def within(self, name: str, **attributes: str | int) -> Iterator[None]:
        """An element that holds others."""
        self._write("<" + name + "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items()) + ">\n")
        yield
        self._write(f"</{name}>\n")

    def values(self, **values: Value) -> None:
        """One element for each value. A carriage return is written as a reference, or a reader makes a line feed of it."""
        for name, value in values.items():
            shown = NULL if value is None else escape(value, {"\r": "&#13;"}) if isinstance(value, str) else str(value)
            self._write(f"<{name}>{shown}</{name}>\n")


@contextmanager
def member(archive: zipfile.ZipFile, name: str) -> Iterator[Elements]:
    """A new XML file in the archive, with a fixed time and fixed rights, so that equal content gives equal bytes."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    with (
        archive.open(info, "w", force_zip64=True) as raw,
        io.TextIOWrapper(raw, encoding="utf-8", newline="", write_through=False) as stream,
    ):
        yield Elements(stream)
