"""Compiled templates are kept where that can be done, and used while they are of the template that is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from reports.compiled import CompiledTemplates


def said(folder: Path, **words: str) -> str:
    environment = Environment(loader=FileSystemLoader(folder), bytecode_cache=CompiledTemplates(folder), autoescape=True)
    return environment.get_template("page").render(words)


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").iterdir())


def test_a_template_is_compiled_once(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("Hello {{ who }}")
    assert said(tmp_path, who="<you>") == "Hello &lt;you&gt;"
    (file,) = kept(tmp_path)
    before = file.stat().st_mtime_ns
    assert said(tmp_path, who="<you>") == "Hello &lt;you&gt;"
    assert [each.stat().st_mtime_ns for each in kept(tmp_path)] == [before]


def test_what_is_kept_of_another_text_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("Hello {{ who }}")
    said(tmp_path)
    (tmp_path / "page").write_text("Bye {{ who }}")
    assert said(tmp_path, who="you") == "Bye you"


@pytest.mark.parametrize("left", [0, 5, 12, 30, 100, -20])
def test_part_of_a_file_is_compiled_anew(left: int, tmp_path: Path) -> None:
    (tmp_path / "page").write_text("Hello {{ who }}")
    said(tmp_path)
    (file,) = kept(tmp_path)
    file.write_bytes(file.read_bytes()[:left])
    assert said(tmp_path, who="you") == "Hello you"


def test_without_a_place_to_keep_them_templates_are_compiled_each_time(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("Hello {{ who }}")
    (tmp_path / "__pycache__").write_text("no folder")
    assert said(tmp_path, who="you") == "Hello you"
