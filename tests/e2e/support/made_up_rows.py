"""Hypothesis strategies for the rows of the small pair: mostly sound, now and then anything at all."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

ODD = (
    "", " ", "\t", "\x00", "a\x00b", "\x1f", "\x0b", "\x85",
    "\u00a0", "\u200b", "\ufeff", "\u2028", "a\rb", "a\nb", "a\r\nb", "\r",
    "=1+1", "+1", "-1",
    "@SUM(A1)", '=HYPERLINK("http://x.example","y")', "<script>alert(1)</script>", "'; DROP TABLE user; --",
    '"', '""', 'a "b" c', ",", ";", "a,b", "a|b", "a\\|b", "\\",
    "\\N", "NULL", "null", "None", "NaN", "inf", "1e5", "007", "7", "0",
    "true", "false", "شيماء محمود", "\u202eevil", "\u2066x\u2069", "e\u0301",
    "é", "ﬁ", "ß", "İ", "👩\u200d🏫", "\U0010ffff", "\uffff",
    "{{ 1 }}", "${HOME}", "%s", "#",
    "row:1", "1#2", "--", "/*",
)  # fmt: skip
TEXT = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text("ab \t\r\n\x00\x1f|\\\"',;=\u202e\u0301\u00a0", max_size=8),
)
NAMES = st.sampled_from(("Ana Lúcia", "Bo", "Cy", "007", "O'Neil", "José", "Jose\u0301"))
IDS = st.integers(1, 9)
INSTANTS = st.one_of(st.none(), st.just(0), st.integers(-62135596800, 253402300799), st.integers(10**9, 2 * 10**9))


def _now_and_then(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 5).flatmap(lambda n: odd if n == 0 else usual)


def _table(columns: dict[str, st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows with a key each: no two rows of the same, in no order."""
    return st.lists(IDS, max_size=most, unique=True).flatmap(
        lambda ids: st.tuples(*[st.fixed_dictionaries({"id": st.just(id_), **columns}) for id_ in ids]).map(list)
    )


REFERENCES = st.one_of(st.none(), IDS)
USERS = {
    "login": st.one_of(st.sampled_from(("guest", "ana", "bo", "cy", "di", "Ana", " ed ", "fé")), TEXT),
    "name": st.one_of(NAMES, TEXT),
    "email": st.one_of(st.sampled_from((None, "", "a@x.org", "A@x.org ", "b@x.org", "c@x.org", "no")), TEXT),
    "active": _now_and_then(st.sampled_from((0, 1, 1)), st.one_of(st.none(), TEXT)),
    "score": _now_and_then(st.one_of(st.none(), st.integers(-5, 50), st.floats(-20, 2000)), st.one_of(st.floats(), TEXT)),
    "born": _now_and_then(INSTANTS, st.one_of(st.integers(-(10**14), 10**14), TEXT)),
    "boss": _now_and_then(REFERENCES, TEXT),
    "note": st.one_of(st.none(), TEXT),
}
COURSES = {
    "code": st.one_of(st.none(), st.sampled_from(("A1", "B2")), TEXT),
    "title": st.one_of(st.none(), NAMES, TEXT),
    "level": _now_and_then(st.sampled_from((None, "1", "1", "2")), TEXT),
    "teacher": _now_and_then(REFERENCES, TEXT),
}
ENROLMENTS = {
    "userid": _now_and_then(IDS, st.one_of(st.none(), TEXT)),
    "courseid": _now_and_then(IDS, st.one_of(st.none(), TEXT)),
    "role": _now_and_then(st.sampled_from(("student", "student", "Teacher ")), st.one_of(st.none(), TEXT)),
    "timestart": _now_and_then(INSTANTS, TEXT),
    "timeend": _now_and_then(INSTANTS, TEXT),
}
SCHOOLS = st.fixed_dictionaries({"user": _table(USERS, 9), "course": _table(COURSES, 6), "enrol": _table(ENROLMENTS, 9)})
"""A whole source. Keys are unique; everything else may be wrong."""

ANY_KEYS = st.one_of(st.none(), IDS, st.sampled_from(("", " 1", "01", "1#2", "2#2", "row:1", "row:2", "x", "\x00")), TEXT)


def _any_key(columns: dict[str, st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries({"id": ANY_KEYS, **columns}), max_size=most)


WRECKS = st.fixed_dictionaries({"user": _any_key(USERS, 8), "course": _any_key(COURSES, 4), "enrol": _any_key(ENROLMENTS, 6)})
"""The same, with keys that are missing, stand twice or are no numbers."""
