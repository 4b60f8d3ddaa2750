"""A report's page with the rows that it carries packed."""

from __future__ import annotations

import base64
import gzip
import io
import re
import zipfile
from pathlib import Path

import pyarrow.parquet as pq


def all_text(file: Path) -> str:
    """Everything in a file that is for people: a page, a package with files in it, or text."""
    if file.suffix == ".html":
        return page_text(file)
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as package:
            parts = [package.read(name) for name in package.namelist() if not name.endswith(".parquet")]
            tables = [table_text(package.read(name)) for name in package.namelist() if name.endswith(".parquet")]
            return "\n".join([*package.namelist(), *(part.decode("utf-8", "replace") for part in parts), *tables])
    return file.read_text("utf-8", "replace")


def table_text(content: bytes) -> str:
    """The cells of a Parquet file."""
    return "\n".join(str(row) for row in pq.read_table(io.BytesIO(content)).to_pylist())


def page_text(file: Path) -> str:
    """Everything in the page."""
    text = file.read_text("utf-8")
    packed = re.findall(r">\s*(H4sI[A-Za-z0-9+/=]+)\s*<", text)
    assert packed or not file.name.startswith("report"), "the page carries no rows"
    return text + "".join(gzip.decompress(base64.b64decode(one)).decode() for one in packed)
