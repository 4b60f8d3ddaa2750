"""Reading XML of a backup as a stream of records; document types, entities and deep nesting are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat  # document types are refused below

from migrate.connectors.moodle_backup.archive import BackupRefused

_CHUNK = 1 << 16
_DEEPEST = 40
_NULL = "$@NULL@$"


@dataclass
class Element:
    """An element with the texts of its children (by name; the last of several), and those above it."""

    path: str
    attributes: dict[str, str]
    parent: Element | None
    values: dict[str, str | None] = field(default_factory=dict)


def elements(stream: IO[bytes], paths: frozenset[str], where: str) -> Iterator[Element]:
    """Each element at one of ``paths`` when it ends. Its ``parent`` holds what stood before it there.

    Raises BackupRefused for what is not well formed, and for every document type declaration.
    """
    reader = _Reader(paths, where)
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.ExternalEntityRefHandler = reader.refuse
    parser.ProcessingInstructionHandler = reader.refuse
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
            yield from reader.taken()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BackupRefused(f"{where} is not well-formed XML: {error}") from None
    yield from reader.taken()


class _Reader:
    def __init__(self, paths: frozenset[str], where: str) -> None:
        self.paths, self.where = paths, where
        self.open: list[Element] = []
        self.text: list[str] = []
        self.done: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= _DEEPEST:
            raise BackupRefused(f"{self.where} nests more than {_DEEPEST} elements")
        parent = self.open[-1] if self.open else None
        self.open.append(Element(f"{parent.path if parent else ''}/{name}", attributes, parent))
        self.text.clear()

    def data(self, text: str) -> None:
        self.text.append(text)

    def end(self, name: str) -> None:
        element = self.open.pop()
        if element.path in self.paths:
            self.done.append(element)
        elif element.parent is not None:
            text = "".join(self.text)
            element.parent.values[name] = None if text == _NULL else text
        self.text.clear()

    def refuse(self, *_: object) -> int:
        raise BackupRefused(f"{self.where} declares a document type, an entity or a processing instruction")

    def taken(self) -> list[Element]:
        taken, self.done = self.done, []
        return taken
