"""Writing a new workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from migrate.contracts.load import load_contract
from migrate.drafting import draft, written
from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import read
from migrate.mapping.model import Pair
from migrate.models import build
from migrate.resources import contract_file, known_pairs, known_systems, mappings_folder
from validators.expectations.load import FOLDER as EXPECTATIONS


def new_workspace(directory: Path, source: str, target: str) -> list[Path]:
    """Write ``migration.yaml``, ``mapping/``, ``crosswalks/``, ``expectations/`` and ``README.md``; gives what was written.

    Where no mapping ships for the pair one is drafted, with ``DRAFT.md`` beside it. Raises ConfigurationError for
    unknown systems, for systems that cannot be read or written, and where files would be overwritten.
    """
    problems = [
        Problem(f"{word} names no system", value=given, allowed=tuple(known_systems()))
        for word, given in (("--from", source), ("--to", target))
        if given not in known_systems()
    ]
    if problems:
        raise ConfigurationError("no workspace was written", problems=problems, hint="lms-migrate systems")
    contract = load_contract(contract_file(source, "source")).model
    other = load_contract(contract_file(target, "target")).model
    if contract.source is None or other.target is None:
        word, given, able = ("--from", source, "read") if contract.source is None else ("--to", target, "written")
        problem = Problem(f"{word} names a system that cannot be {able}", value=given)
        raise ConfigurationError("no workspace was written", problems=[problem], hint="lms-migrate systems")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConfigurationError(f"{directory} is not an empty folder", hint="name a folder that does not exist yet")
    pair = mappings_folder() / f"{source}_to_{target}"
    shipped = (source, target) in known_pairs()
    drafted = {} if shipped else written(draft(contract, other))
    address = {"files": None, "database": "postgresql://writer:${TARGET_PASSWORD}@host:5432/database"}
    parameters = build(Pair, read(pair / "pair.yaml")).parameters if shipped else {}
    values = {
        "parameters": parameters,
        "source": source,
        "target": target,
        "labels": (contract.label, other.label),
        "live": address.get(other.target.kind, f"https://{target}.example.org"),
        "kind": contract.source.kind,
        "prefix": contract.source.prefix,
        "directory": directory,
        "drafted": not shipped,
    }
    templates = Environment(
        loader=PackageLoader("migrate", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - YAML and Markdown of our own words, no page
    )
    try:
        (directory / "mapping").mkdir(parents=True)
        for file in sorted(pair.glob("*.yaml")):
            shutil.copyfile(file, directory / "mapping" / file.name)
        (directory / "crosswalks").mkdir()
        for file in sorted((pair / "crosswalks").glob("*.csv")):
            shutil.copyfile(file, directory / "crosswalks" / file.name)
        (directory / EXPECTATIONS).mkdir()
        for file in sorted((pair / EXPECTATIONS).glob("*.yaml")):
            shutil.copyfile(file, directory / EXPECTATIONS / file.name)
        for path, text in drafted.items():
            (directory / path).write_text(text, "utf-8")
        for name in ("migration.yaml", "README.md"):
            text = templates.get_template(f"{name}.j2").render(values)
            (directory / name).write_text(text, "utf-8")
        (directory / ".gitignore").write_text("runs/\n", "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}") from None
    return sorted(path for path in directory.rglob("*") if path.is_file())
