"""Where secrets come from, and that they go nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.errors import ConfigurationError, Place
from migrate.secrets import open_secrets

PLACE = Place(Path("migration.yaml"), 3, 5)


def write(tmp_path: Path, text: str, name: str = "outside/secrets.env") -> Path:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    (tmp_path / "workspace").mkdir(exist_ok=True)
    return file


@pytest.mark.parametrize(
    ("line", "value"),
    [("A=x", "x"), ("export A = x y ", "x y"), ("A='x # y'", "x # y"), ('A="x=y"', "x=y"), ("# c\n\nA=", ""), ("A='", "'")],
)
def test_lines_of_the_file(tmp_path: Path, line: str, value: str) -> None:
    file = write(tmp_path, f"{line}\n")
    assert open_secrets(str(file), tmp_path / "workspace", PLACE).fill("${A}", PLACE) == value


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "A=file\nB=file\n")
    monkeypatch.setenv("A", "environment")
    secrets = open_secrets("../outside/secrets.env", tmp_path / "workspace", PLACE)
    assert file.is_file()
    assert secrets.fill("${A} ${B}", PLACE) == "environment file"
    assert "file" not in repr(secrets)


def test_a_password_may_hold_what_ends_it_in_an_address(tmp_path: Path) -> None:
    secrets = open_secrets(str(write(tmp_path, "P=a@b/c:d\nH=host\n")), tmp_path / "workspace", PLACE)
    assert secrets.fill_url("x://u:${P}@${H}/d", PLACE) == "x://u:a%40b%2Fc%3Ad@host/d"
    assert secrets.fill_url("https://${H}/path", PLACE) == "https://host/path"


def test_what_is_missing_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_secrets(None, tmp_path, PLACE).fill("${LMS_NOBODY_SET_THIS}", PLACE)
    (problem,) = caught.value.problems
    assert (problem.value, problem.place) == ("LMS_NOBODY_SET_THIS", PLACE)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("A=x\nhunter2\n", "outside/s.env", "line 2"),
        ("A=x\n", "workspace/s.env", "lies in the workspace"),
        (None, "outside/none.env", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str | None, name: str, message: str) -> None:
    write(tmp_path, text or "", name)
    if text is None:
        (tmp_path / name).unlink()
    with pytest.raises(ConfigurationError, match=message) as caught:
        open_secrets(str(tmp_path / name), tmp_path / "workspace", PLACE)
    assert "hunter2" not in str(caught.value)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    file = write(tmp_path, "")
    file.write_bytes(b"A=\xff\xfe\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        open_secrets(str(file), tmp_path / "workspace", PLACE)
