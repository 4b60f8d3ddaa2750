"""The documents against the code, both ways: what is named exists, and what exists is named."""

from __future__ import annotations

import re
import shlex
import types
import typing
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

import migrate.acceptance.settings as acceptance_settings
import migrate.approvals.settings as approval_words
import migrate.connectors.canvas_sis.words as canvas_words
import migrate.connectors.database_target.tables as database_words
import migrate.connectors.moodle_service.options as moodle_options
import migrate.connectors.moodle_service.upload_words as moodle_upload_words
import migrate.connectors.moodle_service.words as moodle_words
import migrate.connectors.xapi.words as xapi_words
import migrate.contracts.concepts as concept_words
import migrate.contracts.model as contract_words
import migrate.mapping.model as mapping_words
import migrate.privacy.settings as privacy_words
import migrate.runbook.words as runbook_words
import migrate.test_plan.words as test_plan_words
import migrate.workspace as workspace_words
import validators.expectations.words as acceptance_words
import validators.sampling.words as sampling_words
from migrate import errors
from migrate.cli import COMMANDS, cli
from migrate.codes import TITLES
from migrate.compiler.checks import CHECKS
from migrate.contracts.model import Contract, FieldType, PiiClass, Severity, Words
from migrate.crosswalks import file as crosswalks
from migrate.expressions import operators, parse_expression
from migrate.expressions.parse import parse_query
from migrate.expressions.vocabulary import function_names
from migrate.lineage.links import KINDS
from migrate.located_yaml import Document, parse
from migrate.mapping import tolerance
from migrate.mapping.model import Mapping, Pair
from migrate.matching import evidence as matching_evidence
from migrate.models import build
from migrate.privacy import suppression
from migrate.privacy.settings import Privacy
from migrate.reconciliation.dispositions import DISPOSITIONS
from migrate.run_folder import STAGES
from migrate.runbook import log as runbook_log
from migrate.runbook.load import checked as checked_runbook
from migrate.test_plan import sheets, store
from migrate.test_plan.words import PolicyFile
from migrate.workspace import Settings
from validators.expectations.vocabulary import vocabulary
from validators.expectations.words import Suite

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCES = {
    "mapping-reference.md": (mapping_words, workspace_words),
    "contract-reference.md": (contract_words, concept_words, canvas_words, database_words),
    "privacy.md": (privacy_words,),
    "moodle-services.md": (moodle_words, moodle_options),
    "moodle-upload.md": (moodle_upload_words,),
    "xapi.md": (xapi_words,),
    "runbook-guide.md": (runbook_words,),
    "documents.md": (test_plan_words, sampling_words),
    "approvals.md": (approval_words,),
    "acceptance.md": (acceptance_words, acceptance_settings),
}
CODE = re.compile(r"""["']((?:SRC|LOSS|MAP|XWALK|LOOKUP|MATCH|REF|KEY|GATE|READ|REC|LIVE|PRV|PRF)(?:-[A-Z0-9]+)+)["']""")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def table(name: str, marker: str, column: int = 0) -> list[str]:
    """The words in backticks that open a column of the table after ``<!-- marker -->``."""
    _, found, rest = page(name).partition(f"<!-- {marker} -->\n")
    assert found, f"{name} has no table marked {marker!r}"
    rows = []
    for line in rest.splitlines():
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        word = re.match(r"`([^`]+)`", cells[column]) if len(cells) > column else None
        if word:
            rows.append(word[1])
    return rows


def models(module: types.ModuleType) -> dict[str, type[BaseModel]]:
    return {
        name: found
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, Words) and found is not Words and found.__module__ == module.__name__
    }


def words(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


ALL_MODELS = [
    (name, model_name, model)
    for name, modules in REFERENCES.items()
    for module in modules
    for model_name, model in models(module).items()
]


@pytest.mark.parametrize(("name", "model_name", "model"), ALL_MODELS, ids=[m for _, m, _ in ALL_MODELS])
def test_every_word_of_a_model_is_documented_in_its_order(name: str, model_name: str, model: type[BaseModel]) -> None:
    assert table(name, f"words of {model_name}") == words(model)


@pytest.mark.parametrize("name", REFERENCES)
def test_no_table_describes_a_model_that_is_gone(name: str) -> None:
    known = {model for module in REFERENCES[name] for model in models(module)}
    assert set(re.findall(r"<!-- words of (\w+) -->", page(name))) == known


@pytest.mark.parametrize(
    ("name", "marker", "there"),
    [
        ("mapping-reference.md", "operators", list(operators.operators())),
        ("mapping-reference.md", "checks", [*CHECKS, "expr"]),
        ("mapping-reference.md", "functions", list(function_names())),
        ("mapping-reference.md", "severities", list(typing.get_args(Severity))),
        ("mapping-reference.md", "dispositions", list(DISPOSITIONS)),
        ("mapping-reference.md", "crosswalk columns", list(crosswalks.COLUMNS)),
        ("mapping-reference.md", "tolerances", list(tolerance.ABOUT)),
        ("run-folder.md", "states of a match", list(matching_evidence.STATES)),
        ("runbook-guide.md", "columns of runbook_log.csv", list(runbook_log.COLUMNS)),
        ("documents.md", "kinds of lineage", list(KINDS)),
        ("documents.md", "worksheet columns", list(sheets.COLUMNS)),
        ("documents.md", "columns of results", list(store.COLUMNS)),
        ("contract-reference.md", "types", list(typing.get_args(FieldType))),
        ("contract-reference.md", "pii classes", list(typing.get_args(PiiClass))),
        ("privacy.md", "columns of suppressed.csv", list(suppression.COLUMNS)),
        ("acceptance.md", "expectations", list(vocabulary().expectations)),
        ("acceptance.md", "refused expectations", list(vocabulary().refused)),
    ],
)
def test_a_closed_list_is_documented_whole(name: str, marker: str, there: list[str]) -> None:
    assert table(name, marker) == there


def test_every_value_of_a_closed_choice_is_named() -> None:
    """The words of Literal fields, such as compare: trim, stand in the reference."""
    missing = [
        f"{name}: {model_name}.{field}: {value}"
        for name, model_name, model in ALL_MODELS
        for field, about in model.model_fields.items()
        for value in _choices(about.annotation)
        if f"`{value}`" not in page(name) and f'`"{value}"`' not in page(name)
    ]
    assert not missing
    for value in (*crosswalks.STATUSES, *crosswalks.EQUIVALENCES):
        assert f"`{value}`" in page("mapping-reference.md")


def _choices(annotation: object) -> Iterator[str]:
    if typing.get_origin(annotation) is typing.Literal:
        yield from typing.get_args(annotation)
        return
    for argument in typing.get_args(annotation):
        yield from _choices(argument)


def test_the_example_of_each_operator_compiles() -> None:
    for name, example in zip(
        table("mapping-reference.md", "operators"), table("mapping-reference.md", "operators", 2), strict=True
    ):
        steps = parse(example, Path("example")).data["do"]
        assert operators.apply(tuple(steps), "x"), name
        assert name in (steps[0] if isinstance(steps[0], str) else list(steps[0]))


def test_the_example_of_privacy_yaml_is_what_the_model_takes() -> None:
    (text,) = blocks("privacy.md", "yaml")
    assert build(Privacy, parse(text, Path("privacy.yaml"))).retention[0].rule == "LEAVERS"


# Finding codes -------------------------------------------------------------------------------------------------------


def codes_in_the_code() -> set[str]:
    files = [file for folder in ("migrate", "validators") for file in (ROOT / folder).rglob("*.py")]
    return {code for file in files for code in CODE.findall(file.read_text("utf-8"))}


def codes_in_the_document() -> list[str]:
    return re.findall(r"^\| `([A-Z0-9-]+)` \|", page("finding-codes.md"), re.MULTILINE)


def test_every_code_that_the_engine_raises_is_documented_once() -> None:
    documented = codes_in_the_document()
    assert sorted(documented) == sorted(codes_in_the_code())
    assert set(documented) == set(TITLES)


def test_the_severities_of_the_codes_exist() -> None:
    for line in page("finding-codes.md").splitlines():
        if line.startswith("| `"):
            assert line.split(" | ")[1] in typing.get_args(Severity), line


# Examples ------------------------------------------------------------------------------------------------------------


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", page(name), re.MULTILINE | re.DOTALL)


YAML = [
    pytest.param(name, text, id=f"{name}-{number}")
    for name in ("mapping-reference.md", "contract-reference.md", "tutorial.md")
    for number, text in enumerate(blocks(name, "yaml"), start=1)
]


@pytest.mark.parametrize(("name", "text"), YAML)
def test_a_yaml_example_is_what_the_models_take(name: str, text: str) -> None:
    document = parse(text, Path("example.yaml"))
    if name == "contract-reference.md":
        _as_contract(document)
    else:
        _as_workspace_file(document)


def _as_workspace_file(document: Document) -> None:
    data = document.data
    if "expectations" in data:
        build(Suite, document)
    elif "source" in data:
        build(Settings, document)
    elif "label" in data or set(data) == {"drop"}:
        build(Pair, Document(document.file, {"from": "a", "to": "b", "label": "c"} | data, document.places))
    else:
        mapping = {"from": "a.b", "to": "c.d", "fields": {"e": {"const": 1}}} | data
        model = build(Mapping, Document(document.file, mapping, document.places))
        for rule in model.fields.values():
            operators.apply(rule.do, "x")
            for expression in (rule.expr, rule.by):
                if expression is not None:
                    parse_expression(expression)


def _as_contract(document: Document) -> None:
    data = document.data
    if "fields" in data or "refuses" in data:
        entity = {"key": "a", "fields": {"a": {}}} | data
        data = {"entities": {"b": entity}}
    whole = {"system": "a", "label": "b", "entities": {"c": {"key": "d", "fields": {"d": {}}}}} | data
    contract = build(Contract, Document(document.file, whole, document.places))
    for entity in contract.entities.values():
        for query in (entity.sql, *(sql for refusal in entity.refuses for sql in (refusal.sql, refusal.cause))):
            if query is not None:
                parse_query(query)


def test_an_example_of_a_test_plan_is_what_its_models_take() -> None:
    (example,) = blocks("documents.md", "yaml")
    assert build(PolicyFile, parse(example, Path("test_plan.yaml"))).requirements


def test_an_example_of_a_connector_is_what_its_models_take() -> None:
    examples = blocks("moodle-services.md", "yaml")
    assert examples
    for example in examples:
        document = parse(example, Path("example.yaml"))
        for entity, words_ in document.data.items():
            places = {keys[1:]: place for keys, place in document.places.items() if keys[:1] == (entity,)}
            assert build(moodle_words.Write, Document(document.file, words_, places)).find.sought.call


def test_the_example_of_a_runbook_can_be_worked_by() -> None:
    (example,) = blocks("runbook-guide.md", "yaml")
    assert checked_runbook(parse(example, Path("runbook.yaml")), "").cutover is not None


def test_sql_examples_are_of_the_vocabulary() -> None:
    examples = blocks("contract-reference.md", "sql")
    assert examples
    for example in examples:
        parse_query(example)


# Commands, exit codes, files -----------------------------------------------------------------------------------------


def commands_named() -> list[tuple[Path, list[str]]]:
    found = []
    for file in PAGES:
        text = file.read_text("utf-8")
        lines = re.findall(r"^ +(lms-migrate [^\n`]+)$", text, re.MULTILINE)
        lines += re.findall(r"`(lms-migrate [^`]+)`", text)
        found += [(file, shlex.split(line, comments=True)[1:]) for line in lines]
    return found


def test_every_command_named_exists_with_its_options() -> None:
    context = click.Context(cli)
    for file, given in commands_named():
        name, arguments = given[0], given[1:]
        assert name in COMMANDS, f"{file.name}: {given}"
        command = cli.get_command(context, name)
        if isinstance(command, click.Group) and arguments:
            default = getattr(command, "default", None)  # the word that may be left out
            if default is not None and arguments[0] not in command.commands:
                arguments = [default, *arguments]
            command, arguments = command.get_command(context, arguments[0]), arguments[1:]
        assert command is not None, f"{file.name}: {given}"
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= options, f"{file.name}: {given}"
        wanted = [p for p in command.params if isinstance(p, click.Argument)]
        values = {o for p in command.params if isinstance(p, click.Option) and not p.is_flag for o in p.opts}
        plain = [w for n, w in enumerate(arguments) if not w.startswith("--") and (n == 0 or arguments[n - 1] not in values)]
        if arguments:
            least = sum(1 for argument in wanted if argument.nargs != -1 and argument.required)
            most = len(plain) if any(argument.nargs == -1 for argument in wanted) else len(wanted)
            assert least <= len(plain) <= most, f"{file.name}: {given}"
        if "--stop-after" in arguments:
            assert arguments[arguments.index("--stop-after") + 1] in STAGES


def test_every_command_and_option_is_named_somewhere() -> None:
    text = "\n".join(file.read_text("utf-8") for file in PAGES)
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert f"lms-migrate {name}" in text or f"`{name}`" in text, name
        parts = [command]
        if isinstance(command, click.Group):
            parts += command.commands.values()
            assert all(f"lms-migrate {name} {part}" in text for part in command.commands), name
        for parameter in (parameter for part in parts for parameter in part.params):
            if isinstance(parameter, click.Option):
                assert parameter.opts[0] in text, f"{name} {parameter.opts[0]}"


def test_exit_codes_are_those_of_the_code() -> None:
    there = {name: value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    rows = re.findall(r"^\| (\d+) \| `(EXIT_\w+)` \|", page("exit-codes.md"), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == there
    readme = (ROOT / "README.md").read_text("utf-8").partition("## Exit codes")[2].partition("##")[0]
    assert sorted(map(int, re.findall(r"^\| (\d+) \|", readme, re.MULTILINE))) == sorted(there.values())


def test_what_goes_into_a_pack_and_what_is_checked_of_it_is_documented() -> None:
    from migrate.evidence.contents import contents
    from migrate.evidence.verify import CONTENT, SEALED

    wanted = contents().run
    assert table("evidence.md", "contents of a pack") == [one.files for one in wanted]
    for one in wanted:
        assert f"| `{one.files}` | {one.how} | {one.purpose} |" in page("evidence.md")
    checks = [*(name for name, _ in SEALED), "signature", *(name for name, _ in CONTENT)]
    assert [name for name in table("evidence.md", "checks") if name != "checksums"] == checks


def test_targets_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for file in PAGES:
        for target in re.findall(r"(?:^ +|`)make ([a-z-]+)", file.read_text("utf-8"), re.MULTILINE):
            assert target in targets, f"{file.name}: make {target}"


def test_paths_named_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for path in re.findall(r"`((?:migrate|mappings|validators|reports|sample_data|docs)/[\w/]*)`", text):
        assert (ROOT / path).exists(), path
    row = re.search(r"`migrate/stages/`(.*)", text)
    assert row is not None
    for stage in re.findall(r"`(\w+)`", row[1]):
        assert import_module(f"migrate.stages.{stage}")


def anchors(file: Path) -> set[str]:
    found = set()
    for heading in re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE):
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_relative_links_resolve(file: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", file.read_text("utf-8")):
        assert not link.startswith(("http:", "https:")), link
        path, _, anchor = link.partition("#")
        other = (file.parent / path).resolve() if path else file
        assert other.exists(), link
        if anchor:
            assert anchor in anchors(other), link


def test_every_document_is_reached_from_the_readme() -> None:
    decisions = ROOT / "docs" / "adr" / "README.md"
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in (ROOT / "README.md", decisions)
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    }
    assert set(PAGES) - {ROOT / "README.md"} <= linked


# The run folder ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run, for the names of its files, keys and columns."""
    import shutil

    from migrate.pipeline import run
    from migrate.scaffold import new_workspace
    from reports.html import render

    workspace = tmp_path_factory.mktemp("docs") / "history"
    new_workspace(workspace, "csv_history", "totara")
    shutil.copytree(ROOT / "sample_data" / "legacy_history", workspace / "source")
    for file in (workspace / "mapping").glob("*.yaml"):  # the examples in them are tested elsewhere
        file.write_text(file.read_text("utf-8").partition("\ntests:")[0] + "\n", "utf-8")
    result = run(workspace)
    assert result.failure is None
    render(result.folder)
    return result.folder


def test_the_files_of_a_run_are_documented(run_folder: Path) -> None:
    there = {path.name + ("/" if path.is_dir() else "") for path in run_folder.iterdir()}
    assert set(table("run-folder.md", "files")) == there
    assert all((run_folder / stage / "manifest.json").is_file() for stage in there if stage[0].isdigit())


def test_the_keys_of_both_json_files_are_documented(run_folder: Path) -> None:
    import json

    summary = json.loads((run_folder / "summary.json").read_text("utf-8"))
    facts = json.loads((run_folder / "run.json").read_text("utf-8"))
    assert table("run-folder.md", "keys of summary.json") == list(summary)
    assert set(table("run-folder.md", "keys of run.json")) == set(facts)
    for entity in summary["entities"].values():
        assert set(table("run-folder.md", "keys of an entity")) == set(entity)
    for loss in summary["loss_register"]:
        assert table("run-folder.md", "keys of a loss") == list(loss)
    assert table("run-folder.md", "keys of reconciliation") == list(summary["reconciliation"])


LAST = ("differences", "excused", "both_sides", "accounting")


@pytest.mark.parametrize("name", ["dispositions", "findings", *(f"6_reconcile/{name}" for name in LAST)])
def test_the_columns_of_parquet_files_are_documented(run_folder: Path, name: str) -> None:
    import pyarrow.parquet as pq

    columns = pq.read_schema(run_folder / f"{name}.parquet").names
    assert table("run-folder.md", f"columns of {name.split('/')[-1]}.parquet") == columns
