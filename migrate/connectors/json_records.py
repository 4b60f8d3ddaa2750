"""Files of JSON objects taken apart: one object on each line, or all in one list. Written anew by nobody here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from migrate.connectors.json_shape import strict_loads
from migrate.connectors.records import CHUNK, FIELD_LIMIT, Unreadable
from migrate.contracts.model import FileFormat

_BLANK = " \t\r\n"


def texts(stream: TextIO, format_: FileFormat) -> Iterator[tuple[int, str]]:
    """``(line on which it begins, text)`` of each record; lines count from 1. Raises Unreadable for a list that is none."""
    return _listed(stream) if format_.json_ == "array" else _lines(stream)


def objects(stream: TextIO, format_: FileFormat) -> Iterator[tuple[int, dict[str, Any]]]:
    """``(line, object)``. Raises Unreadable for what is no object of strict JSON."""
    for line, text in texts(stream, format_):
        try:
            yield line, an_object(text)
        except ValueError as error:
            raise Unreadable(line, str(error)) from None


def an_object(text: str) -> dict[str, Any]:
    """The object of a text. Raises ValueError that says what it is instead."""
    try:
        found = strict_loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON at character {error.pos + 1}: {error.msg}") from None
    if not isinstance(found, dict):
        raise ValueError(f"a record is an object, and this is {_KINDS.get(type(found), 'none')}")
    return found


_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def _lines(stream: TextIO) -> Iterator[tuple[int, str]]:
    for line, text in enumerate(iter(lambda: stream.readline(FIELD_LIMIT), ""), 1):
        if len(text) == FIELD_LIMIT:
            raise Unreadable(line, f"the line has more than {FIELD_LIMIT} characters")
        if text.strip(_BLANK):
            yield line, text.rstrip("\r\n")


def _listed(stream: TextIO) -> Iterator[tuple[int, str]]:
    """The items of one list, without holding more than one of them."""
    decoder, buffer, line, more = json.JSONDecoder(), "", 1, True
    opened = closed = False
    wants_item = True

    def fill() -> bool:
        nonlocal buffer, more
        read = stream.read(CHUNK)
        buffer += read
        more = bool(read)
        return more

    while True:
        stripped = buffer.lstrip(_BLANK)
        line += buffer[: len(buffer) - len(stripped)].count("\n")
        buffer = stripped
        if not buffer:
            if more and fill():
                continue
            if not closed:
                raise Unreadable(line, "the list does not end; the file was probably cut off")
            return
        mark = buffer[0]
        if closed:
            raise Unreadable(line, "something stands after the end of the list")
        if not opened:
            if mark != "[":
                raise Unreadable(line, "the file is no list")
            opened, buffer = True, buffer[1:]
        elif mark == "]":
            closed, buffer = True, buffer[1:]
        elif mark == "," and not wants_item:
            wants_item, buffer = True, buffer[1:]
        elif not wants_item:
            raise Unreadable(line, "a comma is missing between two items")
        else:
            try:
                _, end = decoder.raw_decode(buffer)
            except (json.JSONDecodeError, RecursionError) as error:
                if more and len(buffer) < FIELD_LIMIT and fill():
                    continue
                raise Unreadable(line, f"an item is no JSON: {error}") from None
            if end == len(buffer) and more and fill():  # a number may go on
                continue
            yield line, buffer[:end]
            line += buffer[:end].count("\n")
            wants_item, buffer = False, buffer[end:]
