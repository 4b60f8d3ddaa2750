"""Several files are changed together, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.errors import ConfigurationError
from migrate.whole_files import content_of, replaced


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "a").write_bytes(b"1")
    return tmp_path / "a", tmp_path / "b"


def test_all_are_written(files: tuple[Path, Path]) -> None:
    with replaced(dict.fromkeys(files, b"2"), {files[0]: b"1", files[1]: None}):
        assert [content_of(file) for file in files] == [b"2", b"2"]
    assert sorted(path.name for path in files[0].parent.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), OSError(5, "lost")])
def test_all_are_taken_back_where_the_body_fails(files: tuple[Path, Path], error: BaseException) -> None:
    with pytest.raises(type(error)), replaced(dict.fromkeys(files, b"2"), {files[0]: b"1", files[1]: None}):
        raise error
    assert [content_of(file) for file in files] == [b"1", None]


def test_what_somebody_else_wrote_is_not_overwritten(files: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigurationError, match="by somebody else"), replaced({files[0]: b"2"}, {files[0]: b"0"}):
        pytest.fail("the body ran")
    assert content_of(files[0]) == b"1"


def test_a_folder_that_is_not_there(files: tuple[Path, Path]) -> None:
    gone = files[0].parent / "gone" / "c"
    with pytest.raises(ConfigurationError, match="cannot be written"), replaced({files[0]: b"2", gone: b"2"}, {files[0]: b"1"}):
        pytest.fail("the body ran")
    assert content_of(files[0]) == b"1"
