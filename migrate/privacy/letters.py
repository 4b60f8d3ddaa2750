"""Which letters may stand for which: of the same script, case, accents and corner of Unicode, so that a word keeps its shape."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

_WIDE = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, 0x2A6DF))
"""Blocks of many letters of one kind: Chinese characters and Korean syllables."""
_ENCODINGS = ("ascii", "latin-1", "koi8-r", "iso8859-6", "iso8859-7")
"""What can be written in one of them still can be: everyday letters of a script stay among themselves."""


@dataclass(frozen=True)
class Alphabet:
    """Letters that may stand for each other."""

    name: str
    letters: str
    index: dict[str, int]


@cache
def alphabet(letter: str) -> Alphabet:
    """The alphabet of a letter, which is lower case where there is such a thing (:func:`folded`)."""
    code = ord(letter)
    for first, last in _WIDE:
        if first <= code <= last:
            return _range(first, last)
    return _narrow(_kind(letter), code >> 8)


@cache
def folded(sign: str) -> str:
    """The small letter of a capital that comes back when it is made a capital again; every other sign as it is."""
    lower = sign.lower()
    return lower if len(lower) == 1 and lower.upper() == sign else sign


@cache
def accents(letter: str) -> str:
    """The combining marks in a letter that is composed of a letter and marks."""
    return "".join(sign for sign in unicodedata.normalize("NFD", letter)[1:] if unicodedata.combining(sign))


@cache
def _kind(letter: str) -> str:
    script = unicodedata.name(letter, "UNNAMED").split(" ", 1)[0]
    cased = len(letter.upper()) == 1 and letter.upper() != letter and folded(letter.upper()) == letter
    parts = (unicodedata.category(letter), script, "cased" if cased else "", accents(letter), _stable(letter))
    return "/".join((*parts, *(encoding for encoding in _ENCODINGS if _written(letter, encoding))))


def _written(letter: str, encoding: str) -> bool:
    try:
        return bool(letter.encode(encoding))
    except UnicodeEncodeError:
        return False


@cache
def _stable(letter: str) -> str:
    """Compatibility forms and letters that have no composed form stay among themselves: normalising treats them alike."""
    forms = {form: unicodedata.normalize(form, letter) for form in ("NFC", "NFKC", "NFD")}
    return "".join(str(len(forms[form])) for form in forms) + ("" if forms["NFKC"] == letter else f"k{ord(letter):x}")


@cache
def _narrow(kind: str, block: int) -> Alphabet:
    signs = map(chr, range(block << 8, (block + 1) << 8))
    return _alphabet(f"{kind}/{block:x}", [s for s in signs if s.isalpha() and folded(s) == s and _kind(s) == kind])


@cache
def _range(first: int, last: int) -> Alphabet:
    signs = map(chr, range(first, last + 1))
    return _alphabet(f"{first:x}-{last:x}", [s for s in signs if s.isalpha() and unicodedata.normalize("NFKC", s) == s])


def _alphabet(name: str, letters: list[str]) -> Alphabet:
    return Alphabet(name, "".join(letters), {letter: at for at, letter in enumerate(letters)})
