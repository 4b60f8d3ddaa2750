"""Values that nobody may see: from the environment, or from a file outside the workspace. They are never written anywhere."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

from migrate.errors import ConfigurationError, Place, Problem

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


class Secrets:
    """Looks variables up: the environment goes before the file."""

    def __init__(self, file: Path | None = None) -> None:
        self._values: dict[str, str] = {} if file is None else _read(file)

    def __repr__(self) -> str:
        return "Secrets(...)"

    def fill(self, text: str, place: Place, *, quoted: bool = False) -> str:
        """``text`` with each ``${NAME}`` replaced; ``quoted`` for parts of a URL. Raises ConfigurationError."""
        missing = [name for name in VARIABLE.findall(text) if self._get(name) is None]
        if missing:
            hint = f"export {missing[0]}=..., or write it to the file that migration.yaml names under secrets"
            problem = Problem("the environment variable is not set", place, missing[0], hint=hint)
            raise ConfigurationError("a secret is missing", problems=[problem])

        def value(found: re.Match[str]) -> str:
            text = self._get(found[1]) or ""
            return quote(text, safe="") if quoted else text

        return VARIABLE.sub(value, text)

    def fill_url(self, url: str, place: Place) -> str:
        """A URL filled in. A password may hold @ and /, which would end it early; after the last @ values stay as they are."""
        before, at, after = url.rpartition("@")
        return self.fill(before, place, quoted=True) + at + self.fill(after, place)

    def _get(self, name: str) -> str | None:
        return os.environ.get(name, self._values.get(name))


def open_secrets(file: str | None, workspace: Path, place: Place) -> Secrets:
    """The secrets of a workspace. Raises ConfigurationError where the file cannot be read or lies in the workspace."""
    if file is None:
        return Secrets()
    path = (workspace / Path(file).expanduser()).resolve()
    if path.is_relative_to(workspace.resolve()):
        hint = "move it out of the workspace, which is kept in git and handed around"
        problem = Problem("the file of secrets lies in the workspace", place, file, hint=hint)
        raise ConfigurationError("the secrets cannot be used", problems=[problem])
    try:
        return Secrets(path)
    except OSError as error:
        problem = Problem(f"the file of secrets cannot be read: {error.strerror}", place, file)
    except UnicodeDecodeError:
        problem = Problem("the file of secrets is not UTF-8", place, file)
    except ValueError as error:
        problem = Problem(f"the file of secrets has a line that is not NAME=value: line {error}", place, file)
    raise ConfigurationError("the secrets cannot be used", problems=[problem])


def _read(file: Path) -> dict[str, str]:
    values = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        found = _LINE.fullmatch(text)
        if found is None:
            raise ValueError(str(number))  # the line itself is not repeated: it may be the secret
        value = found[2].strip()
        values[found[1]] = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
    return values
