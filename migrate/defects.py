"""What is said of a defect of ours, or of a library: where it happened, without the values that were at hand."""

from __future__ import annotations

import re
from traceback import TracebackException

_QUOTED = re.compile(r"(?<!\w)'.*?(?:'(?!\w)|\Z)|\".*?(?:\"|\Z)", re.DOTALL)
"""A quotation that nothing ends goes to the end of the text: who said it may have cut the value."""
_SIGN = r"[^\s@<>'\"(),;:]"
_ADDRESS = re.compile(rf"(?<!{_SIGN}){_SIGN}+@{_SIGN}+")
"""Tried once for each run of signs: from each sign of a long word it would take hours."""


def without_values(text: str) -> str:
    """A message without what it quotes, which may be somebody's name, and without addresses."""
    return _ADDRESS.sub("...", _QUOTED.sub("'...'", text))


def traced(error: BaseException) -> str:
    """The traceback with its chain of causes, the first cause first; of the messages only what they do not quote."""
    chain: list[TracebackException] = []
    found: TracebackException | None = TracebackException.from_exception(error)
    while found is not None:
        chain.append(found)
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    parts = [
        "Traceback (most recent call last):\n"
        + "".join(one.stack.format())
        + without_values("".join(one.format_exception_only()))
        for one in reversed(chain)
    ]
    return "\nwhich led to\n\n".join(parts)
