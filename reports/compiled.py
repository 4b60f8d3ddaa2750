"""Templates are compiled once, as Python's own modules are, and kept beside them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket


class CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates in ``__pycache__`` of the folder they are in, where that can be written; nowhere else, for who can write
    there can say what the program does. Compiling those of the report takes a third of a second.

    One environment alone may use a folder: what is escaped is settled when a template is compiled.
    """

    def __init__(self, templates: Path) -> None:
        folder = templates / "__pycache__"
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
        super().__init__(str(folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is kept, if it is there and whole."""
        with suppress(OSError, EOFError, UnpicklingError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template if that can be done."""
        with suppress(OSError):
            super().dump_bytecode(bucket)
