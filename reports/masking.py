"""Personal data in reports: masked before it reaches any renderer, so that it is not in the file at all.

Which fields are personal is said by ``run.json`` under ``pii``. A key is masked where one of its fields is
personal (``entities.NAME.key`` and ``entities.NAME.target_key`` name the fields). Where a run does not say
what its keys are made of, those of an entity with personal identifiers are masked: better too much than too
little.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

HIDDEN = "•••"
KEY_SEPARATOR = "|"
"""Between the parts of a key that has several; inside a part it is escaped with a backslash."""
CLASSES = frozenset({"name", "email", "login", "identifier", "contact", "free_text"})
"""What may be shown to somebody. A class that is not listed here, such as ``secret``, is shown to nobody."""
IDENTIFYING = frozenset({"login", "identifier", "email"})

_SIGN = r"[^\s@<>'\"(),;:]"
_EMAIL = re.compile(rf"(?<!{_SIGN}){_SIGN}+@{_SIGN}+")
"""Tried once for each run of signs: from each sign of a long word it would take hours."""
_QUOTED = re.compile(r"(?<!\w)'.*?(?:'(?!\w)|\Z)|\".*?(?:\"|\Z)|“.*?(?:”|\Z)|‘.*?(?:’(?!\w)|\Z)", re.DOTALL)
"""An apostrophe inside a word neither opens nor closes a quotation. One that nothing ends goes to the end: a cut value."""
_ENDS = {"'": "'", '"': '"', "“": "”", "‘": "’"}
_REFERRER = re.compile(r"(?<=\brefers to it: )(\w+) (.+?)(?=(?: \(of run [^()]*\))?$)", re.DOTALL)
"""An entity of the target and a key in it, at the end of a message about another record (``migrate.live.referrers``)."""
_TLD = re.compile(r"[a-zA-Z]{2,10}")
_KEY_PART = re.compile(r"((?:\\.|[^\\|])*)(\||$)", re.DOTALL)
_MOST_INITIALS = 4


def mask(value: str | None, pii: str) -> str | None:
    """``value`` as it may be shown. Null and empty text are no personal data and stay as they are."""
    if not value:
        return value
    if pii == "name":
        return _initials(value)
    if pii == "email":
        return _email(value)
    if pii in {"login", "identifier"}:
        return _ends(value)
    return HIDDEN


def _initials(value: str) -> str:
    words = unicodedata.normalize("NFC", value).split()
    letters = [next((sign for sign in word if sign.isalnum()), "") for word in words]
    found = [letter for letter in letters if letter][:_MOST_INITIALS]
    return " ".join(f"{letter}." for letter in found) or HIDDEN


def _email(value: str) -> str:
    local, at, domain = value.strip().rpartition("@")
    if not at or not local:
        return _ends(value)
    last = domain.rpartition(".")
    ending = f".{last[2]}" if last[1] and _TLD.fullmatch(last[2]) else ""
    return f"{local[0]}***@***{ending}"


def _ends(value: str) -> str:
    bare = value.strip()
    return f"{bare[0]}{HIDDEN}{bare[-1]}" if len(bare) > 3 else HIDDEN


class Masker:
    """What is personal in one run, and how it is shown."""

    def __init__(self, run: Mapping[str, Any], clear: Collection[str] | None = None) -> None:
        """``clear``: the classes shown as they are; by default none, or all of CLASSES where the run says ``mask: false``."""
        if clear is None:
            clear = () if run.get("mask", True) else CLASSES
        self.clear = CLASSES.intersection(clear)
        self.on = self.clear != CLASSES
        """Is anything but secrets hidden?"""
        self._classes = _classes(run)
        described: Mapping[str, Any] = run.get("entities") or {}
        self._hidden = {
            name: {field: pii for field, pii in classes.items() if pii not in self.clear}
            for name, classes in self._classes.items()
        }
        names = {*described, *self._classes}
        self._by_field: dict[tuple[str | None, str | None], str | None] = {}
        self._keys = {name: self._of_key(name, described.get(name) or {}, "key") for name in names}
        self._target_keys = {name: self._of_key(name, described.get(name) or {}, "target_key") for name in names}
        self._by_target = self._target_keys | {
            str(about["to"]).rpartition(".")[2]: self._target_keys[name] for name, about in described.items() if about.get("to")
        }
        """The same by entities of the target, whose mappings may be called otherwise."""

    def field_class(self, entity: str | None, field: str | None) -> str | None:
        """The class by which values of ``field`` are hidden; None where they may be shown.

        Without a field, as in a finding about a whole record, values of a personal entity are hidden.
        """
        if (entity, field) not in self._by_field:
            self._by_field[entity, field] = self._field_class(entity, field)
        return self._by_field[entity, field]

    def _field_class(self, entity: str | None, field: str | None) -> str | None:
        classes = self._hidden_classes(entity)
        if not classes:
            return None
        if not field:
            return "free_text"
        if field in classes:
            return classes[field]
        parts = {classes[part] for part in re.findall(r"\w+", field) if part in classes}
        return None if not parts else parts.pop() if len(parts) == 1 else "free_text"

    def personal(self, entity: str, field: str) -> str | None:
        """The class of a personal field, also where it may be shown to this reader; None where it is not personal."""
        return self._classes.get(entity, {}).get(field)

    def value(self, entity: str | None, field: str | None, value: str | None) -> str | None:
        """A value of ``field``, masked if need be."""
        pii = self.field_class(entity, field)
        return value if pii is None else mask(value, pii)

    def of_class(self, pii: str | None, value: str | None) -> str | None:
        """A value of a class of personal data, masked if need be."""
        return value if pii is None or pii in self.clear else mask(value, pii)

    def key(self, entity: str | None, key: str | None) -> str | None:
        """The key of a source record."""
        return _mask_key(key, self._keys.get(entity or "", ()))

    def target_key(self, entity: str | None, key: str | None) -> str | None:
        """The key of a target record."""
        return _mask_key(key, self._target_keys.get(entity or "", ()))

    def keys(self, entities: pa.ChunkedArray, keys: pa.ChunkedArray) -> pa.ChunkedArray:
        """The keys of many source records, each beside its entity. Those of most entities are nothing personal."""
        return _masked(entities, keys, self._keys, self.key)

    def target_keys(self, entities: pa.ChunkedArray, keys: pa.ChunkedArray) -> pa.ChunkedArray:
        """The same of target records."""
        return _masked(entities, keys, self._target_keys, self.target_key)

    def root(self, root_cause: str | None) -> str | None:
        """A root cause, written ``entity/key``."""
        if root_cause is None:
            return None
        entity, slash, key = root_cause.partition("/")
        return f"{entity}{slash}{self.key(entity, key) or ''}"

    def message(
        self,
        entity: str | None,
        field: str | None,
        message: str | None,
        *known: tuple[str | None, str | None],
    ) -> str | None:
        """A finding's message; ``known`` are texts that may stand in it, each beside what to show for it."""
        if not message:
            return message
        pii = self.field_class(entity, field)
        message = _REFERRER.sub(self._referrer, message)
        for text, shown in known:
            if text and shown != text and len(text) >= 3 and text in message:
                message = (shown or "").join(re.split(rf"(?<!\w){re.escape(text)}(?!\w)", message))
        if pii is not None:
            message = _QUOTED.sub(lambda found: _mask_quoted(found.group(), pii), message)
        return self.free(message)

    def _referrer(self, found: re.Match[str]) -> str:
        classes = self._by_target.get(found[1])
        if classes is None:
            return f"{found[1]} {HIDDEN if self.on else found[2]}"
        return f"{found[1]} {_mask_key(found[2], classes)}"

    def free(self, text: str | None) -> str | None:
        """Running text that may hold an e-mail address."""
        if not text or "email" in self.clear:
            return text
        return _EMAIL.sub(lambda found: _email(found.group()), text)

    def masked_fields(self) -> tuple[str, ...]:
        """What is hidden in this run, for the reader: ``users: email (email), full_name (name)``."""
        lines = []
        for entity in sorted(self._classes):
            hidden = self._hidden_classes(entity)
            if hidden:
                lines.append(f"{entity}: " + ", ".join(f"{name} ({hidden[name]})" for name in sorted(hidden)))
        return tuple(lines)

    def _hidden_classes(self, entity: str | None) -> Mapping[str, str]:
        return self._hidden.get(entity or "", {})

    def _of_key(self, entity: str, described: Mapping[str, Any], word: str) -> tuple[str | None, ...]:
        classes = self._hidden_classes(entity)
        named = described.get(word)
        if named is None:
            return ("identifier",) if IDENTIFYING.intersection(classes.values()) else ()
        fields = [named] if isinstance(named, str) else list(named)
        found = tuple(classes.get(field) for field in fields)
        return found if any(found) else ()


def masker_for(run: Mapping[str, Any], role: str | None = None) -> Masker:
    """How ``role`` sees a run, by ``roles`` of its ``run.json``. Without a role as ``report: {mask: ...}`` of the workspace says,
    which is nothing in clear by default. Raises KeyError for a role that the run does not know."""
    if role is None:
        return Masker(run)
    roles: Mapping[str, Collection[str]] = run.get("roles") or {}
    return Masker(run, roles[role])


def _classes(run: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Personal fields by entity: its own, and those of the entities it is made from and goes to."""
    pii: Mapping[str, Mapping[str, str]] = run.get("pii") or {}
    classes = {entity: dict(fields or {}) for entity, fields in pii.items()}
    for entity, described in (run.get("entities") or {}).items():
        merged: dict[str, str] = {}
        for name in (described.get("from"), described.get("to"), entity):
            merged.update(pii.get(str(name)) or {})
        classes[entity] = merged
    return classes


def _masked(
    entities: pa.ChunkedArray,
    keys: pa.ChunkedArray,
    hidden: Mapping[str, tuple[str | None, ...]],
    masked: Callable[[str | None, str | None], str | None],
) -> pa.ChunkedArray:
    personal = pc.is_in(entities, pa.array([entity for entity, classes in hidden.items() if classes], pa.string()))
    shown = map(masked, entities.filter(personal).to_pylist(), keys.filter(personal).to_pylist())
    return pc.replace_with_mask(keys, personal.combine_chunks(), pa.array(shown, pa.string()))


def _mask_key(key: str | None, classes: tuple[str | None, ...]) -> str | None:
    if key is None or not classes:
        return key
    parts = _split(key) if len(classes) > 1 else [key]
    if len(parts) != len(classes):
        return mask(key, "identifier")
    return KEY_SEPARATOR.join(mask(part, pii) or "" if pii else part for part, pii in zip(parts, classes, strict=True))


def _split(key: str) -> list[str]:
    parts = []
    for found in _KEY_PART.finditer(key):
        parts.append(found[1])
        if not found[2]:
            break
    return parts


def _mask_quoted(quoted: str, pii: str) -> str:
    inner = quoted[1:].removesuffix(_ENDS[quoted[0]])
    return f"{quoted[0]}{mask(inner, pii) or ''}{quoted[1 + len(inner) :]}"
