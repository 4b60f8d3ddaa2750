"""YAML read the 1.2 way, remembering where every value stands.

No ``on``/``yes``/``no`` booleans, duplicate keys refused, aliases refused (a mapping is read by people, and an alias can
blow up a small file), dates left as text, keys always text. Each value's line and column can be asked for afterwards,
so that every later complaint can say *where*.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from migrate.errors import ConfigurationError, Place, Problem

Keys = tuple[str | int, ...]

MAX_DEPTH, MAX_DIGITS = 50, 300

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
    reader = YAML(typ="rt", pure=True)
    reader.version = (1, 2)
    try:
        node = reader.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        message = f"this is not valid YAML: {error.problem or error.context}"
        raise _error(file, message, place) from None
    except ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, error.position - before.rfind("\n"))
        raise _error(file, f"the character U+{ord(text[error.position]):04X} may not stand in YAML", place) from None
    except YAMLError as error:
        raise _error(file, f"this is not valid YAML: {error}") from None
    except RecursionError:
        raise _error(file, "this YAML is nested too deeply") from None
    places: dict[Keys, Place] = {(): Place(file)}
    data = _construct(node, (), places, file, set(), text) if node is not None else None
    return Document(file, data, places)


def _construct(node: Node, keys: Keys, places: dict[Keys, Place], file: Path, seen: set[int], text: str) -> Any:
    if id(node) in seen or node.anchor is not None:
        hint = "write the value out where it is needed"
        raise _error(file, "YAML anchors and aliases are not used here", _place(node, file), node.anchor, hint)
    seen.add(id(node))
    if len(keys) > MAX_DEPTH:
        raise _error(file, "this YAML is nested too deeply", _place(node, file))
    if text[node.start_mark.index : node.start_mark.index + 1] == "!":
        raise _error(file, "YAML tags are not used here", _place(node, file), str(node.tag))
    places.setdefault(keys, _place(node, file))
    if isinstance(node, ScalarNode):
        return _scalar(node, file)
    if isinstance(node, SequenceNode):
        return [_construct(child, (*keys, index), places, file, seen, text) for index, child in enumerate(node.value)]
    assert isinstance(node, MappingNode)
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            raise _error(file, "a key has to be a plain word", _place(key_node, file))
        key = key_node.value
        if _UNUSABLE.search(key):
            raise _error(file, "a character that may not stand in a key", _place(key_node, file))
        if key in result:
            first = places[(*keys, key)]
            raise _error(
                file, f"the key {key!r} stands twice", _place(key_node, file), key,
                f"it stands first on line {first.line}; keep one of the two",
            )  # fmt: skip
        places[(*keys, key)] = _place(key_node, file)
        result[key] = _construct(value_node, (*keys, key), places, file, seen, text)
    return result


def _scalar(node: ScalarNode, file: Path) -> Any:
    text: str = node.value
    if (wrong := _UNUSABLE.search(text)) is not None:
        raise _error(file, f"the character U+{ord(wrong[0]):04X} may not stand in a text", _place(node, file))
    if node.style in ('"', "'", "|", ">"):
        return text.replace("\x07", "") if node.style == ">" else text  # ruamel marks where folded lines met
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if not _FLOAT.match(text):
        return text
    if len(text) > MAX_DIGITS or not math.isfinite(float(text)):
        raise _error(file, "the number is too large", _place(node, file), text, "put it in quotation marks if it is a text")
    return int(text) if _INT.match(text) else float(text)


def _place(node: Node, file: Path) -> Place:
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)


def _error(file: Path, message: str, place: Place | None = None, value: object = None, hint: str = "") -> ConfigurationError:
    problem = Problem(message, place or Place(file), value, hint=hint)
    return ConfigurationError(f"{file} cannot be used", problems=[problem])
