"""Pseudonyms keep everything about a text but the text: for whatever people type."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from migrate.privacy.letters import alphabet, folded
from migrate.privacy.permutation import TABLE, Permutation
from migrate.privacy.pseudonyms import Pseudonyms

MANY = settings(max_examples=100, deadline=None)
KEY = b"a key of the tests"
NAMES = (
    "Ana", "LIMA", "José", "José", "Işıl", "Müller-Lüdenscheidt", "O'Neil", "Иван", "Соломія", "Ωμέγα", "王芳", "한국", "さくら",
    "أحمد", "דוד", "हिन्दी", "Groß", "ana.lima@uni.example.edu", "ANA@x.org", "ana@x", "@x.org", "007", "0012345", "E-10021",
    "١٢٣",
    "<p title=\"Ana\">Ana &amp; Bo</p>", "ana@x.org.1618000000", "d41d8cd98f00b204e9800998ecf8427e", "a" * 70, "9" * 60,
)  # fmt: skip
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cn", "Co"]), max_size=30),
    st.text("abcXYZéÉ09 .-@_<>&'", max_size=20),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(" ".join),
    st.builds(
        "{}@{}.{}".format, st.text("ab.", min_size=1, max_size=3), st.text("abAB-.", max_size=9), st.sampled_from(["de", "ORG"])
    ),
)
HEX = re.compile(r"\b[0-9a-fA-F]{32}")
DOMAIN = re.compile(r"@[^\s@]*\.[^\s@]*")


def pseudonyms(key: bytes = KEY, kept: tuple[str, ...] = ()) -> Pseudonyms:
    return Pseudonyms(key, kept)


@MANY
@given(texts=st.lists(TEXTS, max_size=8))
@example(texts=["ab@a.org", "ab@b.org", "ab@A.org", "ab@aa.org", "ab@a.de"])
@example(texts=["José", "José", "jose"])
def test_equal_exactly_where_the_originals_were_and_the_same_for_everybody_with_the_key(texts: list[str]) -> None:
    given, again = pseudonyms(), pseudonyms()
    new = [given(text) for text in texts]
    assert len(set(new)) == len(set(texts))
    assert [again(text) for text in texts] == new


@MANY
@given(text=TEXTS)
def test_the_shape_stays(text: str) -> None:
    assume(not HEX.search(text))
    new = pseudonyms()(text)
    if "@" in text and DOMAIN.search(text):
        assert len(new) >= len(text) or ".test" in new.lower()
        return
    assert len(new) == len(text)
    for before, after in zip(text, new, strict=True):
        assert unicodedata.category(before) == unicodedata.category(after), (text, new)
        assert before.isupper() == after.isupper()
        if not (before.isalpha() or before.isdecimal()):
            assert before == after
        if before.isalpha():
            assert unicodedata.name(before, "UNNAMED").split()[0] == unicodedata.name(after, "UNNAMED").split()[0]
            assert unicodedata.bidirectional(before) == unicodedata.bidirectional(after)


@MANY
@given(text=st.text("abcdefghijklmnopqrstuvwxyzéñüж ", min_size=3, max_size=30))
def test_no_word_stands_for_itself(text: str) -> None:
    new = pseudonyms()(text)
    for before, after in zip(text.split(), new.split(), strict=True):
        assert before != after


@MANY
@given(text=TEXTS)
def test_case_variants_stay_case_variants(text: str) -> None:
    assume(all(folded(sign.upper()) == folded(sign) and len(sign.upper()) == 1 for sign in text))
    assume(not HEX.search(text))
    given = pseudonyms()
    assert given(text.upper()).lower() == given(text.lower()).lower()


@MANY
@given(first=st.sampled_from(NAMES[:16]), last=st.sampled_from(NAMES[:16]))
def test_a_name_made_of_parts_is_made_of_their_pseudonyms(first: str, last: str) -> None:
    given = pseudonyms()
    assert given(f"{last}, {first}") == f"{given(last)}, {given(first)}"


@MANY
@given(text=st.sampled_from([name for name in NAMES[:16] if name != "한국"]))
def test_composed_and_decomposed_stay_one(text: str) -> None:
    given = pseudonyms()
    composed, apart = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert unicodedata.normalize("NFC", given(apart)) == given(composed)


@MANY
@given(
    local=st.text("ab.+-", min_size=1, max_size=5),
    labels=st.lists(st.text("abcäz9", min_size=2, max_size=5), min_size=2, max_size=4),
)
def test_an_address_reaches_nobody(local: str, labels: list[str]) -> None:
    assume(any(sign.isalpha() for sign in labels[-1]))
    domain = ".".join(labels)
    new = pseudonyms()(f"{local}@{domain}")
    assert new.endswith(".test")
    assert re.fullmatch(r"[^@]+@([a-z]+\.)+test", new)
    assert len(new) == len(local) + 1 + max(len(domain), 9)


@given(text=TEXTS, kept=st.lists(TEXTS, max_size=3))
def test_what_the_mapping_states_stays_and_nobody_else_becomes_it(text: str, kept: list[str]) -> None:
    given = pseudonyms(kept=tuple(kept))
    lowered = {one.lower() for one in kept if one}
    assert (given(text).lower() in lowered) == (text.lower() in lowered)


@pytest.mark.long
@MANY
@given(bound=st.one_of(st.integers(2, 60), st.integers(TABLE - 2, TABLE + 9)), tweak=st.binary(max_size=4))
@example(bound=1, tweak=b"")
def test_a_permutation_is_one_and_leaves_no_number_in_its_place(bound: int, tweak: bytes) -> None:
    permutation = Permutation(KEY)
    found = [permutation.shuffled(number, bound, tweak) for number in range(bound)]
    assert sorted(found) == list(range(bound))
    assert bound == 1 or all(number != new for number, new in enumerate(found))


@MANY
@given(numbers=st.sets(st.integers(0, 26**60), min_size=2, max_size=20))
def test_large_numbers_stay_apart_and_below_the_bound(numbers: set[int]) -> None:
    bound = max(numbers) + 1
    permutation = Permutation(KEY)
    found = {permutation.shuffled(number, bound, b"") for number in numbers}
    assert len(found) == len(numbers)
    assert all(0 <= number < bound for number in found)


@MANY
@given(letter=st.characters(categories=["Ll", "Lu", "Lo"]))
def test_a_letter_is_in_its_own_alphabet_or_alone(letter: str) -> None:
    letter = folded(letter)
    own = alphabet(letter)
    assert letter in own.index or unicodedata.normalize("NFKC", letter) != letter


def test_another_key_gives_other_names() -> None:
    one, other = pseudonyms(), pseudonyms(b"another key")
    assert all(one(text) != other(text) for text in ("Ana Lima", "ana@example.org", "0012345"))
