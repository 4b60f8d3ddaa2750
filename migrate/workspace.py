"""A workspace: one folder (kept in git) per migration, with the mapping, the crosswalks and what connects it."""

from __future__ import annotations

import codecs
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, SecretStr
from pydantic import Field as Default

from migrate.acceptance.settings import AcceptanceSettings
from migrate.approvals.budgets import known_codes, near
from migrate.approvals.settings import ApprovalSettings, GateSettings
from migrate.connectors.source import SECRET_WORDS
from migrate.contracts.load import LoadedContract, load_contract
from migrate.contracts.model import Name, Words
from migrate.crosswalks.file import Crosswalk, read_crosswalk
from migrate.decisions.file import in_force, read_decisions
from migrate.decisions.model import Decision
from migrate.engine import DEFAULT_MEMORY
from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import Document, Keys, read
from migrate.mapping.load import LoadedPair, load_pair
from migrate.models import build
from migrate.privacy.settings import LoadedPrivacy, load_privacy
from migrate.resources import Role, contract_file, known_systems
from migrate.said import number_of
from migrate.secrets import VARIABLE, Secrets, open_secrets
from validators.expectations.load import FOLDER as EXPECTATIONS
from validators.expectations.load import LoadedSuite, load_suites

FILE = "migration.yaml"


def _iso_day(text: str) -> str:
    try:
        if dt.date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not a day, such as 2027-03-01")


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(f"{text!r} is not a time zone of the IANA database, such as Europe/Madrid")
    return text


class SourceSettings(Words):
    """Where the source is. A database has ``url``, delimited files have ``folder``."""

    system: Name
    url: str | None = None
    """A SQLAlchemy URL; secrets are named, not written: ``mysql://reader:${MOODLE_PASSWORD}@host/moodle``."""
    prefix: str | None = None
    """Table prefix, where it differs from the contract's."""
    folder: str | None = None


class TargetSettings(Words):
    """What the target is, and for a live run where its files are delivered."""

    system: Name
    deliver: str | None = None
    """Folder that receives the load files of a live run."""
    url: str | None = None
    """Address of a live target; secrets are named as in the source's URL."""
    token: str | None = None
    """The access token of a web service: ``${NAME}``, never the token itself."""
    options: dict[Name, Any] = {}
    """What this site wants otherwise than the contract says, in the connector's own words."""
    acknowledge: dict[str, str] = {}
    """``{code: reason}``: side effects of a live run that a person has seen and dealt with."""
    existing: dict[Name, Literal["hold", "adopt", "update"]] = {}
    """``{target entity: what happens}`` to a record that the target has already, that no run wrote, and that differs: it is
    held (the default), taken as it is, or updated."""
    drift: Literal["hold", "overwrite"] = "hold"
    """What happens to a record that somebody changed in the target since the last run wrote it."""
    max_deletions: float = 1.0
    """Most records, in percent of an entity, that ``--apply-deletions`` removes in one run."""


class ReportSettings(Words):
    """How the report is made."""

    mask: bool = True
    """Show personal data masked."""


SPARK_OWN = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.timeType.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.legacy.timeParserPolicy": "EXCEPTION",
    "spark.sql.variable.substitute": "false",  # ${...} in a value is a text
}
"""Settings of Spark that decide what a statement means: they are the same in every run."""


class SparkSettings(Words):
    """Where ``run --engine spark`` computes."""

    master: str = "local[2]"
    """Spark's master URL: this machine, or a cluster that sees the folder of the workspace under the same path."""
    settings: dict[str, str] = {}
    """Further settings of Spark by their full names, such as ``spark.executor.memory: 4g``."""


class DecisionSettings(Words):
    """When decisions expire, and what a live run does without them."""

    row_drift: float = 0.0
    """By how many percent the number of records that a decision is about may differ from what it was based on."""
    unconfirmed: Literal["refuse", "hold"] = "refuse"
    """What a live run does where rows use crosswalk entries that are proposed or expired: it writes nothing, or it leaves those
    rows as the mapping's ``unmapped`` says and writes the others."""


class ListSettings(Words):
    """A list of people to match with: a file (CSV or another delimited file, or ``.xlsx``), or a query to a database."""

    file: str | None = None
    """Relative to the workspace."""
    sheet: str | None = None
    """Of an ``.xlsx`` file; the first by default."""
    delimiter: str = ","
    encoding: str = "utf-8"
    url: str | None = None
    """A SQLAlchemy URL, as for a source; read only."""
    query: str | None = None
    """With ``url``: the SELECT that gives the list."""
    key: str = "key"
    """The column that holds each person's key in the target."""
    columns: dict[Name, str] = {}
    """``{field that a mapping compares: column of the list}``, where the names differ."""
    there: bool = True
    """Does the target have these people now? False: they will come from a second source."""


class EvidenceSettings(Words):
    """How evidence packs are made."""

    key: str | None = None
    """``${NAME}``: the private key that signs them, as PEM, or the file outside the workspace that holds it."""


class CertificationSettings(Words):
    """On which days the states of certifications are compared, and what may differ."""

    cutover: Annotated[str, AfterValidator(_iso_day)] | None = None
    """The first day that counts, ``YYYY-MM-DD``; the day of ``as_of`` without it. Every day from it on is compared."""
    dates: tuple[Annotated[str, AfterValidator(_iso_day)], ...] = ()
    """Days that the report counts beside the cutover and 30, 90 and 365 days after it. Earlier ones are compared, too."""
    source_zone: Annotated[str, AfterValidator(_time_zone)] | None = None
    """The time zone whose days count in the source; that of the contract without it."""
    target_zone: Annotated[str, AfterValidator(_time_zone)] | None = None
    tolerance: dict[Literal["later", "earlier", "window"], Annotated[int, Default(ge=0)]] = {}
    """``{way: days}``: how many days may differ in that way. They are counted."""


class Settings(Words):
    """``migration.yaml``."""

    label: str
    source: SourceSettings
    target: TargetSettings
    mapping: str = "mapping"
    crosswalks: str = "crosswalks"
    as_of: str | None = None
    """The instant that ``as_of()`` means, ``YYYY-MM-DD HH:MM:SS`` in UTC; the start of the run when it is left out."""
    memory: str = DEFAULT_MEMORY
    """What the embedded engine may use before it spills to disk."""
    spark: SparkSettings = SparkSettings()
    parameters: dict[Name, str] = {}
    """``{name: value}`` for the parameters that ``pair.yaml`` has."""
    report: ReportSettings = ReportSettings()
    decisions: DecisionSettings = DecisionSettings()
    matching: dict[Name, ListSettings] = {}
    """``{name: list}`` of the people that mappings match with."""
    evidence: EvidenceSettings = EvidenceSettings()
    ledger: str = "sqlite:///ledger.sqlite"
    """SQLAlchemy URL of the ledger; a relative SQLite file lies in the workspace."""
    secrets: str | None = None
    """A file of ``NAME=value`` lines outside the workspace, for variables that are not in the environment."""
    approvals: ApprovalSettings = ApprovalSettings()
    """Who has to sign before a live run."""
    gates: GateSettings = GateSettings()
    """What a rehearsal has to reach so that it can be approved."""
    acceptance: AcceptanceSettings = AcceptanceSettings()
    """When the reviewers' expectations are judged."""
    certifications: CertificationSettings = CertificationSettings()
    """How the states of certifications are compared."""


@dataclass(frozen=True)
class SourceSide:
    """What a workspace says of its source: all that is needed to read it, also before anything is mapped."""

    folder: Path
    settings: Settings
    document: Document
    source: LoadedContract

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def source_url(self) -> str:
        """The source's URL with its variables filled in. Raises ConfigurationError where one is not set."""
        url = self.settings.source.url
        place = self.document.place("source", "url")
        if not url:
            hint = "write source: {url: ...} into migration.yaml"
            raise ConfigurationError("the source has no url", problems=[Problem("no url", place)], hint=hint)
        return self.secrets().fill_url(url, place)

    def secrets(self) -> Secrets:
        """Where the workspace's variables are looked up. Raises ConfigurationError where their file cannot be used."""
        return open_secrets(self.settings.secrets, self.folder, self.document.place("secrets"))

    def source_folder(self) -> Path:
        """The folder of the source's files, relative to the workspace."""
        return (self.folder / (self.settings.source.folder or "source")).resolve()


@dataclass(frozen=True)
class Workspace(SourceSide):
    """A workspace whose files have been read and whose names fit together."""

    target: LoadedContract
    pair: LoadedPair
    crosswalks: dict[str, Crosswalk]
    decisions: dict[str, Decision]
    """Those in force, by worklist item."""
    privacy: LoadedPrivacy | None = None
    """``privacy.yaml``, where there is one."""
    expectations: tuple[LoadedSuite, ...] = ()
    """The suites of acceptance tests in ``expectations/``."""

    def target_address(self) -> tuple[str, SecretStr]:
        """Address and token of the live target, with their variables filled in (no token: blank)."""
        secrets, target = self.secrets(), self.settings.target
        url = secrets.fill_url(target.url or "", self.document.place("target", "url"))
        token = secrets.fill(target.token or "", self.document.place("target", "token"))
        return url, SecretStr(token)

    def list_url(self, name: str) -> str:
        """The address of a list of people in a database, with its variables filled in."""
        url = self.settings.matching[name].url or ""
        return self.secrets().fill_url(url, self.document.place("matching", name, "url"))

    def ledger_url(self) -> str:
        """The ledger's address with its variables filled in."""
        return self.secrets().fill_url(self.settings.ledger, self.document.place("ledger"))


def open_workspace(folder: Path) -> Workspace:
    """Read a workspace. Raises ConfigurationError that lists every problem of the first file that has some."""
    settings, document = _read_settings(folder)
    source = _side(settings.source, "source", folder, document)
    target = _side(settings.target, "target", folder, document)
    pair = load_pair(folder / settings.mapping, source, target).with_parameters(settings.parameters)
    pair = pair.with_lists(settings.matching)
    known = tuple(pair.model.parameters)
    crosswalks, problems = (
        {},
        [
            Problem("the pair has no such parameter", document.place("parameters", name), name, known)
            for name in settings.parameters
            if name not in known
        ],
    )
    problems += _gate_problems(settings, document, pair)
    against = tuple(sorted({m.model.match.against for m in pair.mappings.values() if m.model.match}))
    for name in settings.matching:
        if name not in against:
            problems.append(Problem("no mapping matches with this list", document.place("matching", name), name, against))
    for name in pair.model.crosswalks:
        crosswalk, found = read_crosswalk(name, folder / settings.crosswalks / f"{name}.csv")
        problems += found
        if crosswalk is not None:
            crosswalks[name] = crosswalk
    if problems:
        raise ConfigurationError(
            f"{number_of(len(problems), 'problem')} in crosswalks, parameters, gates and lists", problems=problems
        )
    decisions = in_force(read_decisions(folder))
    privacy = load_privacy(folder, pair)
    if privacy is not None:
        pair = pair.with_policies(privacy.policies())
    suites = tuple(load_suites(folder / EXPECTATIONS, target))
    return Workspace(folder, settings, document, source, target, pair, crosswalks, decisions, privacy, suites)


def open_source_side(folder: Path) -> SourceSide:
    """Read what a workspace says of its source, and nothing of the mapping. Raises ConfigurationError."""
    settings, document = _read_settings(folder)
    return SourceSide(folder, settings, document, _side(settings.source, "source", folder, document))


def _read_settings(folder: Path) -> tuple[Settings, Document]:
    file = folder / FILE
    if not file.is_file():
        raise ConfigurationError(
            f"{folder} is not a workspace: it holds no {FILE}",
            hint=f"lms-migrate new {folder} --from SYSTEM --to SYSTEM",
        )
    document = read(file)
    settings = build(Settings, document)
    problems = list(_setting_problems(settings, document))
    if problems:
        raise ConfigurationError(f"{file}: {number_of(len(problems), 'problem')}", problems=problems)
    return settings, document


def _side(given: SourceSettings | TargetSettings, word: Role, folder: Path, document: Document) -> LoadedContract:
    contract = load_contract(contract_file(given.system, word, folder))
    if (contract.model.source if word == "source" else contract.model.target) is None:
        place = document.place(word, "system")
        problem = Problem(f"{contract.system} cannot be a {word}: its contract has no such part", place)
        raise ConfigurationError(f"{document.file} cannot be used", problems=[problem], hint="lms-migrate systems")
    return contract


def _setting_problems(settings: Settings, document: Document) -> list[Problem]:
    problems = []
    allowed = tuple(known_systems())
    for word, given in (("source", settings.source), ("target", settings.target)):
        folder = document.file.parent / "systems"
        own = folder / f"{given.system}.yaml"
        if given.system not in allowed and not own.is_file() and not (folder / f"{given.system}.{word}.yaml").is_file():
            place = document.place(word, "system")
            hint = f"write its contract to {own}, or name one that ships"
            problems.append(Problem("there is no contract of this system", place, given.system, allowed, hint))
    addresses: list[tuple[Keys, str | None]] = [
        (("source", "url"), settings.source.url),
        (("target", "url"), settings.target.url),
        (("ledger",), settings.ledger),
        *((("matching", name, "url"), given.url) for name, given in settings.matching.items()),
    ]
    hint = "put it in an environment variable and write ${NAME} in its place"
    for keys, url in addresses:
        if url and (password := _password(url)) and not VARIABLE.fullmatch(password):
            problems.append(Problem("a password stands in migration.yaml", document.place(*keys), hint=hint))
    if settings.target.token and not VARIABLE.fullmatch(settings.target.token):
        problems.append(Problem("a token stands in migration.yaml", document.place("target", "token"), hint=hint))
    if settings.decisions.row_drift < 0:
        at = document.place("decisions", "row_drift")
        problems.append(Problem("row_drift is not a percentage", at, settings.decisions.row_drift, ("0 or more",)))
    problems += _list_problems(settings, document)
    if settings.evidence.key and not VARIABLE.fullmatch(settings.evidence.key):
        problems.append(Problem("a key stands in migration.yaml", document.place("evidence", "key"), hint=hint))
    if not 0 <= settings.target.max_deletions <= 100:
        at = document.place("target", "max_deletions")
        problems.append(Problem("max_deletions is not a percentage", at, settings.target.max_deletions, ("0 to 100",)))
    if not re.fullmatch(r"\d+(\.\d+)?\s*([KMGT]i?)?B", settings.memory):
        problems.append(Problem("memory is not a size", document.place("memory"), settings.memory, (DEFAULT_MEMORY, "512MB")))
    problems += [
        Problem("the engine sets this itself, for answers would change", document.place("spark", "settings", name), name)
        for name in settings.spark.settings
        if name in SPARK_OWN or not name.startswith("spark.")
    ]
    roles = settings.approvals.roles
    problems += [
        Problem("the role stands twice", document.place("approvals", "roles", number), role)
        for number, role in enumerate(roles)
        if role.lower() in [before.lower() for before in roles[:number]]
    ]
    if settings.as_of is not None and not _is_instant(settings.as_of):
        problems.append(Problem("as_of is not an instant", document.place("as_of"), settings.as_of, ("YYYY-MM-DD HH:MM:SS",)))
    return problems


def _gate_problems(settings: Settings, document: Document, pair: LoadedPair) -> list[Problem]:
    """A budget for a code that nothing raises, or for a mapping that is not there, would limit nothing."""
    problems = [
        Problem("no mapping has this name", document.place("gates", "entities", name), name, tuple(pair.mappings))
        for name in settings.gates.entities
        if name not in pair.mappings
    ]
    known = known_codes(pair) if settings.gates.findings else frozenset()
    problems += [
        Problem("nothing raises this code", document.place("gates", "findings", code), code, tuple(near(code, known)))
        for code in settings.gates.findings
        if code not in known
    ]
    return problems


def _list_problems(settings: Settings, document: Document) -> Iterator[Problem]:
    """Lists of people that say too little of where they are, or too much."""
    for name, given in settings.matching.items():
        at = ("matching", name)
        if (given.file is None) == (given.url is None):
            stands = "both" if given.file else "neither"
            yield Problem("a list is in a file or in a database", document.place(*at), stands, ("file", "url"))
        if (given.url is None) != (given.query is None):
            yield Problem("url and query belong together", document.place(*at))
        if len(given.delimiter) != 1:
            at_word = document.place(*at, "delimiter")
            yield Problem("a delimiter is one character", at_word, given.delimiter, (",", ";", 'tab: write "\\t"'))
        try:
            codecs.lookup(given.encoding)
        except LookupError:
            allowed = ("utf-8", "cp1252", "utf-16")
            yield Problem("there is no such encoding", document.place(*at, "encoding"), given.encoding, allowed)
        if given.sheet is not None and not (given.file or "").lower().endswith(".xlsx"):
            yield Problem("sheet is for .xlsx files", document.place(*at, "sheet"), given.sheet)


def _is_instant(text: str) -> bool:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S") == text
    except ValueError:
        return False


def _password(url: str) -> str | None:
    """The password of a URL, in its user part or in its query."""
    if not {"@", "?"} & set(url):
        return None
    from sqlalchemy.engine import make_url  # takes a sixth of a second, and many workspaces have no address
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # told where the source is opened
        return None
    in_query = next((v for k, v in parsed.query.items() if k.lower() in SECRET_WORDS), None)
    return str(parsed.password) if parsed.password else str(in_query) if in_query else None
