"""Writing a new workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from migrate.contracts.chosen import chosen, own_file, problem_of
from migrate.contracts.model import Contract
from migrate.drafting import draft, written
from migrate.errors import ConfigurationError, Problem
from migrate.located_yaml import read
from migrate.mapping.model import Pair
from migrate.models import build
from migrate.resources import known_pairs, mappings_folder
from validators.expectations.load import FOLDER as EXPECTATIONS


def new_workspace(directory: Path, source: str, target: str) -> list[Path]:
    """Write ``migration.yaml``, ``mapping/``, ``crosswalks/``, ``expectations/`` and ``README.md``; gives what was written.

    ``source`` and ``target`` are systems that ship, or files of contracts, which are copied into ``systems/``. Where no mapping
    ships for the pair one is drafted, with ``DRAFT.md`` beside it. Raises ConfigurationError for unknown systems, for systems
    that cannot be read or written, and where files would be overwritten.
    """
    problems = list(filter(None, [problem_of(source, "--from"), problem_of(target, "--to")]))
    if problems:
        raise ConfigurationError("no workspace was written", problems=problems, hint="lms-migrate systems")
    contract, other = chosen(source, "source"), chosen(target, "target")
    own = _own_contracts(contract, own_file(source), other, own_file(target))
    if contract.source is None or other.target is None:
        word, given, able = ("--from", source, "read") if contract.source is None else ("--to", target, "written")
        problem = Problem(f"{word} names a system that cannot be {able}", value=given)
        raise ConfigurationError("no workspace was written", problems=[problem], hint="lms-migrate systems")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConfigurationError(f"{directory} is not an empty folder", hint="name a folder that does not exist yet")
    shipped = not own and (source, target) in known_pairs()
    pair = mappings_folder() / f"{source}_to_{target}"
    source, target = contract.system, other.system
    drafted = {} if shipped else written(draft(contract, other))
    address = {
        "files": None,
        "database": "postgresql://writer:${TARGET_PASSWORD}@host:5432/database",
        "xapi": "https://KEY:${LRS_SECRET}@lrs.example.org/xapi",
    }
    parameters = build(Pair, read(pair / "pair.yaml")).parameters if shipped else {}
    values = {
        "parameters": parameters,
        "source": source,
        "target": target,
        "labels": (contract.label, other.label),
        "live": address.get(other.target.kind, f"https://{target}.example.org"),
        "token": other.target.kind not in address,
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
        (directory / "crosswalks").mkdir()
        (directory / EXPECTATIONS).mkdir()
        if shipped:
            for folder, files in ((Path("mapping"), "*.yaml"), (Path("crosswalks"), "*.csv"), (Path(EXPECTATIONS), "*.yaml")):
                for file in sorted((pair if folder.name == "mapping" else pair / folder).glob(files)):
                    shutil.copyfile(file, directory / folder / file.name)
        for name, file in own.items():
            (directory / "systems").mkdir(exist_ok=True)
            shutil.copyfile(file, directory / "systems" / name)
        for path, text in drafted.items():
            (directory / path).write_text(text, "utf-8")
        for name in ("migration.yaml", "README.md"):
            text = templates.get_template(f"{name}.j2").render(values)
            (directory / name).write_text(text, "utf-8")
        (directory / ".gitignore").write_text("runs/\n", "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}") from None
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _own_contracts(source: Contract, read_by: Path | None, target: Contract, written_by: Path | None) -> dict[str, Path]:
    """``{name in systems/: file}`` of the contracts that do not ship."""
    files = {"source": (source, read_by), "target": (target, written_by)}
    both = read_by is not None and written_by is not None and source.system == target.system
    return {
        f"{contract.system}.{role}.yaml" if both else f"{contract.system}.yaml": file
        for role, (contract, file) in files.items()
        if file is not None
    }
