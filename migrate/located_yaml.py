"""YAML read the 1.2 way, remembering where every value stands.

No ``on``/``yes``/``no`` booleans, duplicate keys refused, aliases refused (a mapping is read by people, and an alias can
blow up a small file), dates left as text, keys always text. Each value's line and column can be asked for afterwards,
so that every later complaint can say *where*.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.events import AliasEvent, DocumentStartEvent, Event, MappingStartEvent, NodeEvent, ScalarEvent, SequenceStartEvent
from yaml.reader import Reader

from migrate.errors import ConfigurationError, Place, Problem

Keys = tuple[str | int, ...]

MAX_DEPTH, MAX_DIGITS = 50, 300
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, where PyYAML was built with it: the files of a large pair take a second without."""

_INT = re.compile(r"^[-+]?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_UNUSABLE = re.compile("[\\x00\\ud800-\\udfff]")
"""Escapes such as "\\0" can put them there. A NUL would end the text of a statement; halves of characters cannot be written."""
_CONSTANTS: dict[str, Any] = {
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A parsed file: plain Python ``data`` and the place of every key and item in it."""

    file: Path
    data: Any
    places: dict[Keys, Place] = field(repr=False)

    def place(self, *keys: str | int) -> Place:
        """The place of the value under ``keys``, or of its nearest parent that stands in the file."""
        for length in range(len(keys), -1, -1):
            found = self.places.get(tuple(keys[:length]))
            if found is not None:
                return found
        return Place(self.file)


def read(file: Path) -> Document:
    """Read ``file``. Raises ConfigurationError with file:line:column on anything that is not our YAML."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise _error(file, f"the file {file} does not exist") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        message = f"byte {error.object[error.start]:#04x} is not UTF-8"
        raise _error(file, message, Place(file, line), hint="save the file as UTF-8") from None
    except OSError as error:
        raise _error(file, f"the file cannot be read: {error.strerror}") from None
    return parse(text, file)


def parse(text: str, file: Path) -> Document:
    """Parse ``text`` as the content of ``file`` (only its name is used)."""
    if (wrong := Reader.NON_PRINTABLE.search(text)) is not None:
        before = text[: wrong.start()]
        place = Place(file, before.count("\n") + 1, wrong.start() - before.rfind("\n"))
        raise _error(file, f"the character U+{ord(wrong[0]):04X} may not stand in YAML", place)
    try:
        return _Reading(text, file).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # The end of a text stands a line too far.
        place = Place(file, min(mark.line, text.count("\n")) + 1, mark.column + 1) if mark else Place(file)
        message = f"this is not valid YAML: {error.problem or error.context}"
        raise _error(file, message, place) from None
    except yaml.YAMLError as error:
        raise _error(file, f"this is not valid YAML: {error}") from None


class _Reading:
    """Builds values from the parser's events: its own values follow YAML 1.1, and have no places."""

    def __init__(self, text: str, file: Path) -> None:
        self.file = file
        self.events: Iterator[Event] = yaml.parse(text, Loader=LOADER)
        self.places: dict[Keys, Place] = {(): Place(file)}

    def document(self) -> Document:
        data, documents = None, 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refused(event, "this is not valid YAML: a second document in one file")
            elif isinstance(event, NodeEvent):
                data = self._value(event, ())
        return Document(self.file, data, self.places)

    def _value(self, event: Event, keys: Keys) -> Any:
        self._check(event, keys)
        self.places.setdefault(keys, self._place(event))
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, SequenceStartEvent):
            return [self._value(child, (*keys, index)) for index, child in enumerate(self._children())]
        assert isinstance(event, MappingStartEvent)
        result: dict[str, Any] = {}
        for key_event in self._children():
            key = self._key(key_event, keys, result)
            self.places[(*keys, key)] = self._place(key_event)
            result[key] = self._value(next(self.events), (*keys, key))
        return result

    def _children(self) -> Iterator[Event]:
        """The events up to the end of the sequence or mapping; what begins with each is read before the next is asked for."""
        while isinstance(event := next(self.events), NodeEvent):
            yield event

    def _check(self, event: Event, keys: Keys) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, AliasEvent) or anchor is not None:
            hint = "write the value out where it is needed"
            raise self._refused(event, "YAML anchors and aliases are not used here", anchor, hint)
        if len(keys) > MAX_DEPTH:
            raise self._refused(event, "this YAML is nested too deeply")
        if tag is not None:
            raise self._refused(event, "YAML tags are not used here", tag)

    def _key(self, event: Event, keys: Keys, there: Container[str]) -> str:
        if not isinstance(event, ScalarEvent):
            raise self._refused(event, "a key has to be a plain word")
        self._check(event, keys)
        key: str = event.value
        if _UNUSABLE.search(key):
            raise self._refused(event, "a character that may not stand in a key")
        if key in there:
            first = self.places[(*keys, key)]
            hint = f"it stands first on line {first.line}; keep one of the two"
            raise self._refused(event, f"the key {key!r} stands twice", key, hint)
        return key

    def _scalar(self, event: ScalarEvent) -> Any:
        text: str = event.value
        if (wrong := _UNUSABLE.search(text)) is not None:
            raise self._refused(event, f"the character U+{ord(wrong[0]):04X} may not stand in a text")
        if event.style in ('"', "'", "|", ">"):
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if not _FLOAT.match(text):
            return text
        if len(text) > MAX_DIGITS or not math.isfinite(float(text)):
            raise self._refused(event, "the number is too large", text, "put it in quotation marks if it is a text")
        return int(text) if _INT.match(text) else float(text)

    def _place(self, event: Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark is not None else Place(self.file)

    def _refused(self, event: Event, message: str, value: object = None, hint: str = "") -> ConfigurationError:
        return _error(self.file, message, self._place(event), value, hint)


def _error(file: Path, message: str, place: Place | None = None, value: object = None, hint: str = "") -> ConfigurationError:
    problem = Problem(message, place or Place(file), value, hint=hint)
    return ConfigurationError(f"{file} cannot be used", problems=[problem])
