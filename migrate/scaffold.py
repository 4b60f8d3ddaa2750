"""Writing a new workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from migrate.contracts.load import load_contract
from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import read
from migrate.mapping.model import Pair
from migrate.models import build
from migrate.resources import contract_file, known_pairs, known_systems, mappings_folder
from validators.expectations.load import FOLDER as EXPECTATIONS


def new_workspace(directory: Path, source: str, target: str) -> list[Path]:
    """Write ``migration.yaml``, ``mapping/``, ``crosswalks/``, ``expectations/`` and ``README.md``; gives what was written.

    Raises ConfigurationError for unknown systems, for a pair without a mapping, and where files would be overwritten.
    """
    problems = [
        Problem(f"{word} names no system", value=given, allowed=tuple(known_systems()))
        for word, given in (("--from", source), ("--to", target))
        if given not in known_systems()
    ]
    if not problems and (source, target) not in known_pairs():
        pairs = tuple(f"--from {s} --to {t}" for s, t in known_pairs())
        problems.append(Problem("no mapping ships for this pair", value=f"{source} to {target}", allowed=pairs))
    if problems:
        raise ConfigurationError("no workspace was written", problems=problems, hint="lms-migrate systems")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConfigurationError(f"{directory} is not an empty folder", hint="name a folder that does not exist yet")
    pair = mappings_folder() / f"{source}_to_{target}"
    contract = load_contract(contract_file(source, "source")).model
    other = load_contract(contract_file(target, "target")).model
    assert contract.source is not None
    assert other.target is not None
    address = {"files": None, "database": "postgresql://writer:${TARGET_PASSWORD}@host:5432/database"}
    parameters = build(Pair, read(pair / "pair.yaml")).parameters
    values = {
        "parameters": parameters,
        "source": source,
        "target": target,
        "labels": (contract.label, other.label),
        "live": address.get(other.target.kind, f"https://{target}.example.org"),
        "kind": contract.source.kind,
        "prefix": contract.source.prefix,
        "directory": directory,
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
        for name in ("migration.yaml", "README.md"):
            text = templates.get_template(f"{name}.j2").render(values)
            (directory / name).write_text(text, "utf-8")
        (directory / ".gitignore").write_text("runs/\n", "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}") from None
    return sorted(path for path in directory.rglob("*") if path.is_file())
