"""``privacy.yaml``: who sees which personal data, what is left behind for whom, and the names of the keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import StringConstraints

from migrate.contracts.load import LoadedContract
from migrate.contracts.model import Name, OneOrMore, Words
from migrate.errors import ConfigurationError, Place, Problem
from migrate.located_yaml import Document, Keys, read
from migrate.mapping.load import LoadedPair
from migrate.mapping.policy import PolicyRule
from migrate.models import build
from migrate.said import number_of
from migrate.secrets import VARIABLE, Secrets

FILE = "privacy.yaml"
SUPPRESSED = "PRV-SUPPRESSED"
ClearClass = Literal["name", "email", "login", "identifier", "contact", "free_text"]
RuleName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$")]


class LeaveBehind(Words):
    """Records that are not moved, under the name of a rule."""

    rule: RuleName
    """Its code is ``RET-`` or ``REG-`` and this name."""
    entity: Name
    """A mapping, or an entity of the source: then every mapping made from it."""
    when: str
    """Which records: an expression as under ``exclude`` of a mapping."""
    reason: str
    treatment: Literal["archive", "leave"] = "archive"
    """``archive``: kept in ``archive/`` under the name of the rule. ``leave``: neither moved nor archived."""


class Suppression(Words):
    """People who were erased and may not come back."""

    key: str
    """``${NAME}`` of the secret that the hashes are made with."""
    kinds: dict[Name, dict[Name, OneOrMore]]
    """``{kind of identifier: {source entity of people: fields that hold it}}``."""
    about: dict[Name, Name | None] = {}
    """``{source entity: field}`` that says whom a row is about, where the contract does not; null: about nobody."""


class MaskKey(Words):
    """Pseudonyms of rehearsals."""

    key: str
    """``${NAME}`` of the secret that the pseudonyms are made with."""


class Privacy(Words):
    """``privacy.yaml``."""

    roles: dict[Name, tuple[ClearClass, ...]] = {}
    """``{role: classes of personal data that it sees in clear}``."""
    retention: tuple[LeaveBehind, ...] = ()
    """Records whose time is over."""
    regions: tuple[LeaveBehind, ...] = ()
    """Records of places that do not move."""
    suppression: Suppression | None = None
    mask: MaskKey | None = None


@dataclass(frozen=True)
class LoadedPrivacy:
    """What the file says, and where."""

    model: Privacy
    document: Document

    def policies(self) -> Iterator[PolicyRule]:
        """The rules by which records stay behind, in the order in which they are asked: suppression, then those that leave
        nothing, then the others as they stand in the file."""
        if self.model.suppression is not None:
            about = "the person was erased and is on the suppression list"
            yield PolicyRule(SUPPRESSED, None, None, about, self.document.place("suppression"), archived=False)
        found = []
        for word, prefix in (("retention", "RET-"), ("regions", "REG-")):
            rules: tuple[LeaveBehind, ...] = getattr(self.model, word)
            for number, one in enumerate(rules):
                place = self.document.place(word, number, "when")
                kept = one.treatment == "archive"
                found.append(PolicyRule(prefix + one.rule, one.entity, one.when, one.reason, place, archived=kept))
        yield from sorted(found, key=lambda rule: rule.archived)

    def secret(self, secrets: Secrets, *keys: str) -> bytes:
        """The key named at ``keys``. Raises ConfigurationError where it is not set, or is short."""
        named = self.model.suppression if keys[0] == "suppression" else self.model.mask
        assert named is not None
        place = self.document.place(*keys, "key")
        found = secrets.fill(named.key, place)
        if len(found) < 16:
            hint = "make one: python -c 'import secrets; print(secrets.token_hex(32))'"
            problem = Problem("the key has fewer than 16 characters, so it can be guessed", place, named.key, hint=hint)
            raise ConfigurationError(f"{self.document.file} cannot be used", problems=[problem])
        return found.encode()


def load_privacy(folder: Path, pair: LoadedPair) -> LoadedPrivacy | None:
    """Read ``privacy.yaml`` of a workspace, if there is one. Raises ConfigurationError with every problem of it."""
    file = folder / FILE
    if not file.is_file():
        return None
    document = read(file)
    if document.data is None:
        return LoadedPrivacy(Privacy(), document)
    model = build(Privacy, document)
    problems = [*_keys(model, document), *_rules(model, document, pair), *_kinds(model, document, pair.source)]
    if problems:
        raise ConfigurationError(f"{file}: {number_of(len(problems), 'problem')}", problems=problems)
    return LoadedPrivacy(model, document)


def _keys(model: Privacy, document: Document) -> Iterator[Problem]:
    for word, given in (("suppression", model.suppression), ("mask", model.mask)):
        if given is not None and not VARIABLE.fullmatch(given.key):
            hint = "put it in an environment variable and write ${NAME} in its place"
            yield Problem("a key stands in privacy.yaml", document.place(word, "key"), hint=hint)


def _rules(model: Privacy, document: Document, pair: LoadedPair) -> Iterator[Problem]:
    known = tuple(dict.fromkeys([*pair.mappings, *(m.source_name for m in pair.mappings.values())]))
    for word, rules in (("retention", model.retention), ("regions", model.regions)):
        seen: dict[str, LeaveBehind] = {}
        for number, one in enumerate(rules):
            if one.entity not in known:
                place = document.place(word, number, "entity")
                yield Problem("no mapping, and no entity of the source that is mapped, has this name", place, one.entity, known)
            first = seen.setdefault(one.rule, one)
            if (first.reason, first.treatment) != (one.reason, one.treatment):
                place = document.place(word, number, "rule")
                yield Problem("a rule of this name has another reason or treatment", place, one.rule)


def _kinds(model: Privacy, document: Document, source: LoadedContract) -> Iterator[Problem]:
    if model.suppression is None:
        return
    entities = source.model.entities
    tables = tuple(name for name, entity in entities.items() if entity.sql is None)
    listed: list[tuple[Keys, str, tuple[str, ...]]] = [
        (("suppression", "kinds", kind, entity), entity, fields)
        for kind, given in model.suppression.kinds.items()
        for entity, fields in given.items()
    ]
    listed += [(("suppression", "about", e), e, (f,) if f else ()) for e, f in model.suppression.about.items()]
    for keys, entity, fields in listed:
        if entity not in tables:
            yield Problem("the source has no such table or file", document.place(*keys), entity, tables)
            continue
        for field in fields:
            rule = entities[entity].fields.get(field)
            if rule is None:
                yield Problem(f"{entity} has no such field", document.place(*keys), field, tuple(entities[entity].fields))
            elif rule.pii == "secret":
                yield Problem("a field of class secret is never read", document.place(*keys), field)
    if not model.suppression.kinds:
        yield Problem("no kind of identifier is named", document.place("suppression", "kinds"))


def place_of(privacy: LoadedPrivacy | None, folder: Path, *keys: str) -> Place:
    """Where a word stands, or would stand."""
    return privacy.document.place(*keys) if privacy is not None else Place(folder / FILE)
