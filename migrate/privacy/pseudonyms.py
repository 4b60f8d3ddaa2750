"""Text in which nobody has their own name: the same length, script, case and shape, and equal exactly where the originals were.

A text is taken apart into words, numbers and what stands between them. Words and numbers are encrypted within their own kind
(:mod:`migrate.privacy.permutation`), by their value alone: the same word gives the same word in every table and field, so that
joins, duplicates and names made of parts come out as before. Blanks, punctuation, combining marks, HTML tags and leading zeros
stay. The domain of an e-mail address becomes one under ``.test``, which no mail can reach (RFC 6761).
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache

from migrate.privacy.letters import accents, alphabet, folded
from migrate.privacy.permutation import Permutation

CHUNK = 24
"""Letters or digits that are encrypted together; a longer run is cut, or its numbers would grow beyond use."""
RESERVED, SHORTEST = ".test", 9
"""The top-level domain of every pseudonym, and the shortest domain: four letters and it. Shorter ones grow to that."""
_CACHED = 1 << 19
_MARKS = "".join(sign for code in range(0x300, 0x10000) if unicodedata.combining(sign := chr(code)))
"""Combining marks: they belong to the letter before them."""
_L = f"(?:[^\\W_][{_MARKS}]*)"
_LABEL = f"{_L}(?:(?:{_L}|-)*{_L})?"
_DOMAIN = f"(?<=@)(?:{_LABEL}\\.)+(?=[^.@\\s]*[^\\W\\d_]){_LABEL}(?![\\w{_MARKS}-]|\\.[^\\W_])"
_TAGS = (
    "a|abbr|article|b|big|blockquote|br|caption|center|cite|code|dd|del|div|dl|dt|em|figure|font|h[1-6]|hr|i|iframe|img|ins|kbd|li|"
    "mark|ol|p|pre|q|s|script|section|small|source|span|strike|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|"
    "video|audio"
)
_ATTRIBUTES = (
    "align|alt|border|class|cols?pan|color|content|controls|dir|face|height|href|id|lang|name|rel|rowspan|size|src|style|"
    "target|title|type|valign|value|width"
)
_TOKEN = re.compile(
    f"(?P<kept></?(?:{_TAGS})(?=[\\s/>])|(?<=\\s)(?:{_ATTRIBUTES})(?==[\"'])|&(?:amp|lt|gt|quot|apos|nbsp);|@@[A-Z_]+@@|https?://|mailto:)"
    f"|(?P<domain>{_DOMAIN})"
    "|(?P<hex>\\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\\b)"
    f"|(?P<word>(?:[^\\W\\d_][{_MARKS}]*)+)"
    "|(?P<digits>\\d+)",
    re.IGNORECASE,
)
_CLUSTER = re.compile(f"[^{_MARKS}][{_MARKS}]*")
_SHORT = re.compile(r"[^a-zA-Z0-9]*(?:[a-zA-Z0-9][^a-zA-Z0-9]*){0,2}", re.ASCII)


class Pseudonyms:
    """Gives each text its pseudonym, under one key. Two texts never share one."""

    def __init__(self, key: bytes, kept: Collection[str] = ()) -> None:
        """``kept``: texts that stand in the mapping itself and so are nobody's secret; they stay, in any case."""
        self._key = hmac.digest(key, b"lms-migrate pseudonyms", "sha256")
        self._permutation = Permutation(self._key)
        self._kept = frozenset(text.lower() for text in kept)
        self._given: dict[str, str] = {}
        """The domain behind each pseudonym of one, so that two domains that meet by chance are told apart."""
        self._domains: dict[str, str] = {}
        self._word = lru_cache(_CACHED)(self._new_word)
        self._number = lru_cache(_CACHED)(self._new_number)

    def __call__(self, text: str, *, codes: bool = False) -> str:
        """The pseudonym of ``text``. ``codes``: one of at most two ASCII letters or digits is no name and stays."""
        if not text or text.lower() in self._kept or (codes and text.isascii() and _SHORT.fullmatch(text)):
            return text
        found = self._replaced(text)
        while found.lower() in self._kept:  # on to the next of the cycle, where that is nobody's but its own
            found = self._replaced(found)
        return found

    def _replaced(self, text: str) -> str:
        return _TOKEN.sub(self._token, text)

    def _token(self, found: re.Match[str]) -> str:
        token = found[0]
        match found.lastgroup:
            case "kept":
                return token
            case "domain":
                return self._domain(token)
            case "hex":
                number = self._permutation.shuffled(int(token, 16), 16 ** len(token), b"hex%d" % len(token))
                return _cased(f"{number:0{len(token)}x}", token)
            case "digits":
                return self._number(token)
            case _:
                return self._word(token)

    # Words -------------------------------------------------------------------------------------------------------

    def _new_word(self, word: str) -> str:
        clusters = list(_clusters(word))
        return "".join("".join(self._letters(clusters[at : at + CHUNK], at)) for at in range(0, len(clusters), CHUNK))

    def _letters(self, clusters: list[tuple[str, str, bool]], at: int) -> Iterator[str]:
        kinds = [alphabet(folded(letter)) for letter, _, _ in clusters]
        sizes = [len(kind.letters) if folded(c[0]) in kind.index else 1 for kind, c in zip(kinds, clusters, strict=True)]
        number, bound = 0, 1
        for kind, size, (letter, _, _) in zip(kinds, sizes, clusters, strict=True):
            number, bound = number * size + (kind.index[folded(letter)] if size > 1 else 0), bound * size
        tweak = "|".join([str(at), *(kind.name for kind in kinds)]).encode()
        number = self._permutation.shuffled(number, bound, tweak)
        new = []
        for kind, size, (letter, _, _) in reversed(list(zip(kinds, sizes, clusters, strict=True))):
            number, place = divmod(number, size)
            new.append(kind.letters[place] if size > 1 else folded(letter))
        for sign, (letter, marks, apart) in zip(reversed(new), clusters, strict=True):
            sign = sign.upper() if folded(letter) != letter else sign
            yield unicodedata.normalize("NFD", sign) if apart else sign + marks

    # Numbers -----------------------------------------------------------------------------------------------------

    def _new_number(self, digits: str) -> str:
        zeros = [chr(ord(digit) - unicodedata.decimal(digit)) for digit in digits]
        plain = "".join(str(unicodedata.decimal(digit)) for digit in digits)
        leading = len(plain) - len(plain.lstrip("0"))
        new, rest = plain[:leading], plain[leading:]
        for at in range(0, len(rest), CHUNK):
            part = rest[at : at + CHUNK]
            low = 10 ** (len(part) - 1) if at == 0 else 0
            tweak = b"digits%d.%d" % (at, len(part))
            new += str(low + self._permutation.shuffled(int(part) - low, 10 ** len(part) - low, tweak)).zfill(len(part))
        return "".join(chr(ord(zero) + int(digit)) for zero, digit in zip(zeros, new, strict=True))

    # Domains -----------------------------------------------------------------------------------------------------

    def _domain(self, domain: str) -> str:
        if domain not in self._domains:
            for attempt in range(1 << 16):
                new = self._new_domain(domain, attempt)
                if self._given.setdefault(new, domain) == domain:
                    break
            self._domains[domain] = new
        return self._domains[domain]

    def _new_domain(self, domain: str, attempt: int) -> str:
        shape = domain if len(domain) >= SHORTEST else "x" * SHORTEST
        shape = shape[: len(shape) - len(RESERVED)]
        last = len(shape) - 1
        seed = int.from_bytes(hmac.digest(self._key, f"domain:{attempt}:{domain.lower()}".encode(), "sha512"))
        label = ""
        for place, sign in enumerate(shape):
            if sign == "." and 0 < place < last:
                label += sign
                continue
            if place and place % 64 == 0:
                seed = int.from_bytes(hmac.digest(self._key, f"domain:{attempt}:{place}:{domain.lower()}".encode(), "sha512"))
            seed, letter = divmod(seed, 26)
            label += chr(ord("a") + letter)
        return _cased(label + RESERVED, domain)


def _clusters(word: str) -> Iterator[tuple[str, str, bool]]:
    """(letter, marks that stay behind it, does it stand apart as letter and marks?)."""
    for found in _CLUSTER.finditer(word):
        cluster = found[0]
        whole = unicodedata.normalize("NFC", cluster)
        if len(cluster) > 1 and len(whole) == 1 and unicodedata.normalize("NFD", whole) == cluster and accents(whole):
            yield whole, "", True
        else:
            yield cluster[0], cluster[1:], False


def _cased(new: str, like: str) -> str:
    """``new`` with capitals where the letters of ``like`` had some, letter by letter."""
    capitals = iter([sign.isupper() for sign in like if sign.isalpha()])
    if not any(sign.isupper() for sign in like):
        return new
    return "".join(sign.upper() if sign.isalpha() and next(capitals, False) else sign for sign in new)
