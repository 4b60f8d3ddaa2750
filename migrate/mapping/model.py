"""The words of a mapping file and of a pair file.

A *mapping* turns the rows of one source entity into rows of one target entity. A *pair* file (``pair.yaml``) holds what
belongs to the pair as a whole: which mapping gives a source record its identity, what is archived, what is dropped.

Conditions and expressions are SQL expressions of a closed vocabulary (:mod:`migrate.expressions`), over the fields of
the ``from`` entity, the names under ``let``, and ``name.field`` of lookups and pivots.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import BeforeValidator, model_validator
from pydantic import Field as Default

from migrate.contracts.model import Code, Name, OneOrMore, Severity, Words
from migrate.mapping.tolerance import Compare

Expression = str
Scalar = str | int | float | bool | None
Step = str | dict[Name, Any]
"""One step of a ``do`` chain: an operator's name, or ``{operator: argument}``."""


class Outcome(Words):
    """What happens to a record that fails a rule.

    ``warn`` loads it (with ``set`` in place of the value, when given); every other severity keeps the record back.
    """

    code: Code
    severity: Severity = "quarantine"
    message: str = ""
    set: Scalar = None

    @property
    def replaces(self) -> bool:
        """Was a replacement value given (``set: null`` counts)?"""
        return "set" in self.model_fields_set


class Exclusion(Words):
    """Records that are left behind on purpose. A condition that is null does not exclude."""

    code: Code
    when: Expression
    reason: str


class ReferredExclusion(Words):
    """Records that are left behind because the record they refer to was."""

    code: Code
    when: Literal["true"] = "true"
    reason: str


class Joined(Outcome):
    """What happens to a record whose referred record is one with others of the source, or with somebody of a list."""

    when: Expression = "true"
    """Which records it is about, over this row. Null counts as true."""
    others_only: bool = False
    """Only where several records of the source are one; a ``match`` with one of a list alone does not count."""


class Merge(Words):
    """Many source records that are one target record; the survivor is loaded, the others become ``merged``."""

    by: Expression
    when: Expression = "true"
    keep: str
    """``ORDER BY`` list that puts the survivor first."""
    code: Code
    reason: str
    confirm: bool = False
    """A person has to confirm each group: a finding of severity ``warn`` for every merged record."""


class MatchTier(Words):
    """One way of telling that a record is somebody of the other list: every field of it has to be equal."""

    name: str
    on: dict[Name, Expression]
    """``{field of the list: expression over this row}``, all equal. Null and blank text match nobody."""
    confirm: bool = False
    """A person has to say of each record that it is the one found; until then it is held."""


class Match(Words):
    """Whom of another list a record is: somebody whom the target has, or will have from a second source."""

    against: Name
    """The list, as ``migration.yaml`` names it under ``matching``."""
    tiers: tuple[MatchTier, ...]
    """In order: what an earlier one found is not looked for by a later one."""
    normalise: dict[Name, tuple[Step, ...]] = {}
    """``{field of the list: operators}``, applied to both sides before they are compared."""
    several: Literal["confirm", "merge"] = "confirm"
    """Several records that are one of the list: each is held until a person confirms it, or they become one without asking."""
    keep: str = ""
    """``ORDER BY`` list that puts the survivor of several first; that of ``merge``, or else the order of keys."""
    optional: bool = False
    """A workspace may leave the list out without a finding."""
    code: Code
    """Of the records that become one with another because they match the same."""
    reason: str

    @model_validator(mode="after")
    def _tells_apart(self) -> Match:
        names = [tier.name for tier in self.tiers]
        if not names or any(not tier.on for tier in self.tiers):
            raise ValueError("a match needs tiers, and each tier needs something under on")
        if len(set(names)) < len(names):
            raise ValueError(f"two tiers have one name: {', '.join(names)}")
        compared = {field for tier in self.tiers for field in tier.on}
        if stray := [field for field in self.normalise if field not in compared]:
            raise ValueError(f"normalise names what no tier compares: {', '.join(stray)}")
        return self


class Fold(Words):
    """Many mapped rows with one target key; the first by ``keep`` is loaded, the others become ``merged``."""

    by: OneOrMore
    """Target fields."""
    keep: str
    """``ORDER BY`` list over target fields that puts the row to load first."""
    combine: dict[Name, Literal["min", "max", "min_or_null", "max_or_null", "any"]] = {}
    """Target fields that take an aggregate over the folded rows. ``*_or_null``: null as soon as one of them is null
    (an open end stays open)."""
    code: Code
    reason: str


class Lookup(Words):
    """A row of another source entity, joined to each row: its fields are ``<name>.<field>``."""

    entity: Name = Default(alias="from")
    on: dict[Name, Expression]
    """``{field of the other entity: expression over this row}``, all equal."""
    cardinality: Literal["one", "optional"] = "optional"
    """``one``: a row without partner is a finding. Several partners are always a finding (``LOOKUP-MANY``)."""


class Pivot(Words):
    """Attribute-value rows of another source entity as columns: ``<name>.<attribute>``."""

    entity: Name = Default(alias="from")
    by: Name
    """The field of the other entity that holds this row's key."""
    name: Name
    value: Name
    names: tuple[str, ...]
    """The attributes that become columns. Those not listed stay for the archive or the loss register."""


class DispositionFilter(Words):
    """Take only records which another mapping of the same source entity ended in ``disposition``; exclude the rest."""

    mapping: Name
    disposition: Literal["merged"]
    code: Code
    reason: str


class FieldRule(Words):
    """How one target field is made: a base (``from``, ``expr``, ``const`` or ``ref``), then ``do``, then ``values`` or
    ``crosswalk``, then the checks."""

    source: Name | None = Default(default=None, alias="from")
    expr: Expression | None = None
    const: Scalar = None
    ref: Name | None = None
    """The mapping that gives the referred record its target key."""
    field: Name | None = None
    """With ``ref``: the target field of the referred record that is wanted; its target key by default."""
    by: Expression | None = None
    """With ``ref``: the source key of the referred record."""
    missing: Outcome | None = None
    """With ``ref``: the source key names no record, or one that is not loaded. Default: the record is ``blocked``."""
    excluded: ReferredExclusion | None = None
    """With ``ref``: when the referred record was excluded, exclude this one too. Default: it is ``blocked``."""
    joined: Joined | None = None
    """With ``ref``: the referred record is one with others. For rights, which must not pass from one account to whoever signs in
    with another."""
    do: tuple[Step, ...] = ()
    values: dict[str, Scalar] | None = None
    crosswalk: Name | None = None
    unmapped: Outcome | None = None
    """A value that ``values`` or ``crosswalk`` do not list. Default: ``hold`` with code ``MAP-UNMAPPED``."""
    check: dict[str, Any] = {}
    """``{rule: Outcome}``; rules: email, not_blank, matches, max_length, in, between, expr (the last five take an
    argument as ``to``). A list of outcomes runs a rule several times, with one ``to`` each."""
    unique: Outcome | None = None
    malformed: Outcome | None = None
    """A source value that cannot be read as its type. Default: ``quarantine`` with code ``SRC-TYPE``."""
    compare: Compare = ()
    """The differences that reconciliation may excuse, and will count, between the mapped value and the one read back."""
    note: str = ""

    @model_validator(mode="after")
    def _one_base(self) -> FieldRule:
        given = [
            word
            for word, field in (("from", "source"), ("expr", "expr"), ("const", "const"), ("ref", "ref"))
            if field in self.model_fields_set
        ]
        if len(given) != 1:
            stands = " and ".join(given) or "none of them"
            raise ValueError(f"a field needs exactly one of from, expr, const, ref; here stands {stands}")
        if (self.ref is None) != (self.by is None):
            raise ValueError("ref and by belong together")
        if self.values is not None and self.crosswalk is not None:
            raise ValueError("values and crosswalk exclude each other")
        mapped = self.values is not None or self.crosswalk is not None
        for word, needs, there in (
            ("field", "ref", self.ref is not None),
            ("missing", "ref", self.ref is not None),
            ("excluded", "ref", self.ref is not None),
            ("joined", "ref", self.ref is not None),
            ("unmapped", "values or crosswalk", mapped),
            ("malformed", "from", self.source is not None),
        ):
            if getattr(self, word) is not None and not there:
                raise ValueError(f"{word} has no effect without {needs}")
        return self


class Undecided(Words):
    """A target field of which a person has to say how it is made. Until then ``check`` refuses the workspace."""

    question: str
    proposed: FieldRule | None = None
    """A rule that may be right. To accept it, move it to ``fields``."""
    confidence: Annotated[float, Default(ge=0, le=1)] = 0
    reason: str = ""
    """Why it is proposed, or why there is nothing to propose."""


class TestIdentity(Words):
    """A referred record of an inline test that was excluded, merged into another, or is one with others."""

    target: str | None = None
    excluded: bool = False
    merged: bool = False
    joined: bool = False
    """It is one with others of the source."""
    matched: bool = False
    """It is somebody of a list."""


class InlineTest(Words):
    """An example that `check` runs: rows given, rows expected."""

    name: str
    given: dict[Name, list[dict[str, Any]]]
    """``{source entity: rows}``; fields not named are null."""
    identities: dict[Name, dict[str, str | TestIdentity]] = {}
    """``{mapping: {source key: target key}}``: what references resolve to."""
    matches: list[dict[str, str | None]] = []
    """The list that ``match`` compares with: ``key``, and the fields that tiers name."""
    crosswalks: dict[Name, dict[str, str]] = {}
    """``{crosswalk: {source value: target value}}``; the workspace's own entries are not used in tests."""
    expect: list[dict[str, Any]] = []
    """Rows that would load, in key order; fields not named are not looked at."""
    dispositions: dict[str, str] = {}
    """``{source key: disposition}`` of records that are not loaded."""
    findings: list[str] = []
    """Codes that have to be raised (all of them, no others of severity above ``warn``)."""


class Mapping(Words):
    """One mapping file. Its name is the file's stem unless ``entity`` says otherwise."""

    entity: Name | None = None
    source: str = Default(alias="from")
    """``system.entity``."""
    to: str
    """``system.entity``."""
    note: str = ""
    only: DispositionFilter | None = None
    lookup: dict[Name, Lookup] = {}
    pivot: dict[Name, Pivot] = {}
    let: dict[Name, Expression] = {}
    """Named intermediate expressions, in order; each may use those before it."""
    exclude: tuple[Exclusion, ...] = ()
    merge: Merge | None = None
    match: Match | None = None
    fold: Fold | None = None
    fields: dict[Name, FieldRule]
    undecided: dict[Name, Undecided] = {}
    """Target fields that wait for a person, as a draft leaves them."""
    drop: dict[Name, str] = {}
    """Source fields that are not carried over, with the reason."""
    tests: tuple[InlineTest, ...] = ()


class Archive(Words):
    """Source records the target cannot hold, written to ``archive/`` with the new identities beside the old keys."""

    tables: tuple[str, ...]
    """Entities of the source, or glob patterns over its tables, archived whole (secrets excepted)."""
    code: Code
    reason: str


class Parameter(Words):
    """A value that differs from workspace to workspace of a pair. Expressions name it by ``parameter('name')``."""

    about: str
    """What it is for, in words for people."""
    default: str
    """The value where the workspace sets none, and in inline tests."""


class CrosswalkLabels(Words):
    """Where the source says what a value of a crosswalk is called by people."""

    entity: Name = Default(alias="from")
    """An entity of the source with one row for each value."""
    key: Name
    """Its field with the value, as the mapping looks it up."""
    name: Name
    """Its field with the label."""


class CrosswalkRule(Words):
    """What is known of a crosswalk beside its entries."""

    label: str = ""
    labels: CrosswalkLabels | None = None
    targets: dict[str, str] = {}
    """``{target value: its label}`` that are offered, beside those that the target's contract lists as ``enum``."""


def _names_or_rules(given: object) -> object:
    """A plain list of names says nothing of the crosswalks but their names."""
    if not isinstance(given, list | tuple):
        return given
    if not all(isinstance(word, str) for word in given):
        raise ValueError("a list of names, or {name: {label: ..., labels: ..., targets: ...}}")
    twice = sorted({word for word in given if given.count(word) > 1})
    if twice:
        raise ValueError(f"{twice[0]} stands twice")
    return {word: {} for word in given}


Crosswalks = Annotated[dict[Name, CrosswalkRule], BeforeValidator(_names_or_rules)]


class Correspondence(Words):
    """How a value of the source's query is called in the target."""

    ref: Name | None = None
    """It is the source key of a record; the mapping that says what that is called."""
    field: Name | None = None
    """With ``ref``: the field of the referred record that is meant; its target key by default."""
    crosswalk: Name | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Correspondence:
        if (self.ref is None) == (self.crosswalk is None):
            raise ValueError("a correspondence is ref or crosswalk")
        if self.field is not None and self.ref is None:
            raise ValueError("field has no effect without ref")
        return self


class BothSides(Words):
    """A rule that has to hold in the source and in the target: two queries, each over its own side, and what has to agree."""

    label: str
    code: Code
    severity: Severity = "hold"
    mapping: Name
    """The mapping whose dispositions say what became of each record of the source's query."""
    source: str
    """A SELECT over entities of the source. ``record`` is the source key; the other columns are those named below."""
    target: str
    """A SELECT over entities of the target, as they were read back. ``record`` is the target key."""
    same: dict[Name, Correspondence] = {}
    """``{column: how}``: columns whose values have other names in the target."""
    by: tuple[Name, ...] = ()
    """Columns that make the groups; without any, all records are one group."""
    compare: dict[Name, Literal["count", "sum", "min", "max", "set"]]
    """``{column: what has to agree in each group}``. ``count`` counts records, and needs no such column."""
    within: dict[Name, Annotated[float, Default(ge=0)]] = {}
    """``{column: the most by which sums may differ}``."""
    explained: dict[Code, str] = {}
    """``{code: reason}``: records with such a finding may differ. They are counted by it, and left out on both sides."""
    note: str = ""

    @model_validator(mode="after")
    def _agrees(self) -> BothSides:
        if not self.compare:
            raise ValueError("there is nothing under compare")
        columns = {*self.by, *self.compare}
        if "record" in columns:
            raise ValueError("record is the column of keys, and neither grouped by nor compared")
        if twice := sorted(set(self.by) & self.compare.keys()):
            raise ValueError(f"a column that makes the groups is not compared: {', '.join(twice)}")
        if stray := [column for column in self.same if column not in columns]:
            raise ValueError(f"same names what is neither under by nor under compare: {', '.join(stray)}")
        if stray := [column for column in self.same if self.compare.get(column) in ("count", "sum")]:
            raise ValueError(f"what is counted or summed is called the same on both sides: {', '.join(stray)}")
        if stray := [column for column in self.within if self.compare.get(column) not in ("count", "sum")]:
            raise ValueError(f"within is for what is counted or summed: {', '.join(stray)}")
        return self


CertificationKind = Literal["missing", "invented", "later", "earlier", "window", "unknown", "state"]
"""How the states of a person's certification can differ."""


class CertificationReason(Words):
    """Why people whose award has a certain finding may differ in certain ways."""

    differs: Annotated[tuple[CertificationKind, ...], Len(min_length=1)]
    reason: str


class Certifications(Words):
    """What is compared when the states of certifications are: where the contracts do not say so by themselves."""

    mappings: tuple[Name, ...] = ()
    """Mappings of the awards; by default all from the source's entity of awards to the target's."""
    person: Correspondence | None = None
    """What a person of an award is called in the target; by default what the references of both sides say."""
    certification: Correspondence | None = None
    """The same of the certification."""
    explained: dict[Code, CertificationReason] = {}
    """``{code: why}``: awards with such a finding may differ in the ways that are named."""
    not_carried: str | None = None
    """Why the target does not get these states at all."""
    note: str = ""

    @model_validator(mode="after")
    def _compared_or_not(self) -> Certifications:
        if self.not_carried is not None and (self.mappings or self.person or self.certification or self.explained):
            raise ValueError("what is not carried is not compared, so not_carried stands alone")
        return self


class Pair(Words):
    """``pair.yaml``: what belongs to the pair of systems as a whole."""

    source: Name = Default(alias="from")
    target: Name = Default(alias="to")
    label: str
    identities: dict[Name, Name] = {}
    """``{source entity: mapping}``: which mapping gives a record of the source its target key."""
    crosswalks: Crosswalks = {}
    """Names of crosswalks, or what is known of each."""
    parameters: dict[Name, Parameter] = {}
    """``{name: what it is}``: values that a workspace may set."""
    charts: dict[Name, tuple[Name, ...]] | None = None
    """``{mapping: target fields}`` that the report draws on both sides; None: what the target's contract suggests."""
    archive: dict[Name, Archive] = {}
    drop: dict[str, str] = {}
    """Tables (glob patterns), ``table.column`` or the names of views that are left behind, with the reason."""
    undecided: dict[Name, str] = {}
    """``{mapping: question}``: whole mappings that wait for a person, as a draft leaves them."""
    both_sides: dict[Name, BothSides] = {}
    """``{name: rule}``: what is counted on both sides after the target was read back."""
    certifications: Certifications | None = None
    """How the states of certifications are compared."""
