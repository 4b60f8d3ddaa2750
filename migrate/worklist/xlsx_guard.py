"""Is an XLSX file safe to open? It comes from somebody's mail: a zip of XML that may be a bomb, or hold macros."""

from __future__ import annotations

import zipfile
from pathlib import Path

MOST_BYTES = 2_000_000_000
"""Of all parts together, unpacked."""
MOST_STRINGS = 300_000_000
"""Of the part that is held in memory whole, unpacked."""
MOST_PARTS = 1_000
_CHUNK = 1 << 20
_CODE = ("vbaproject.bin", "vbadata.xml")
_REFUSED_FOLDERS = ("xl/externallinks/", "xl/activex/", "xl/embeddings/", "xl/macrosheets/", "xl/ctrlprops/")


def why_unsafe(file: Path) -> str | None:
    """What is wrong with the file; None where it may be opened."""
    try:
        with zipfile.ZipFile(file) as package:
            return _of_package(package)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        return f"it is no XLSX file: {' '.join(str(error).split())[:200]}"


def _of_package(package: zipfile.ZipFile) -> str | None:
    parts = package.infolist()
    names = [part.filename.lower() for part in parts]
    if "xl/workbook.xml" not in names:
        return "it is no XLSX file: it has no workbook"
    # A part gives no more than the size it states, so that these sums hold.
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
        return f"it would unpack to more than {MOST_BYTES:,} bytes or {MOST_PARTS:,} parts"
    if any(part.file_size > MOST_STRINGS for part in parts if part.filename.lower().endswith("strings.xml")):
        return f"it would unpack to more than {MOST_STRINGS:,} bytes of texts"
    if len(set(names)) < len(names):
        return "it holds two parts of one name"
    for name in names:
        if name.endswith(_CODE):
            return f"it holds macros ({name}); save it as .xlsx without them"
        if name.startswith(_REFUSED_FOLDERS):
            return f"it holds links or objects from elsewhere ({name}); take them out"
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels", ".vml")) and (what := _of_xml(package, part)):
            return f"{part.filename} {what}"
    return None


def _of_xml(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> str | None:
    """Document types are where entities are declared, and no spreadsheet writes one."""
    with package.open(part) as stream:
        tail = b""
        while chunk := stream.read(_CHUNK):
            if not tail and (chunk.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in chunk[:4]):
                return "is not in UTF-8"
            if b"<!DOCTYPE" in tail + chunk or b"<!ENTITY" in tail + chunk:
                return "declares a document type or entities"
            tail = chunk[-10:]
    return None
