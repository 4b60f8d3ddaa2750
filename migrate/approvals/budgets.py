"""Which codes a budget may name."""

from __future__ import annotations

from collections.abc import Iterator, Set
from difflib import get_close_matches
from typing import Any

from migrate.codes import TITLES
from migrate.mapping.load import LoadedPair


def known_codes(pair: LoadedPair) -> frozenset[str]:
    """Codes that the engine, the contracts and the mappings of a pair can raise."""
    documents = [pair.document, pair.source.document, pair.target.document, *(m.document for m in pair.mappings.values())]
    return frozenset(TITLES) | {code for document in documents for code in _codes(document.data)}


def near(code: str, known: Set[str]) -> list[str]:
    """Some codes that may have been meant."""
    return get_close_matches(code, known, n=8, cutoff=0.5)


def _codes(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        if isinstance(data.get("code"), str):
            yield data["code"]
        for value in data.values():
            yield from _codes(value)
    elif isinstance(data, list):
        for value in data:
            yield from _codes(value)
