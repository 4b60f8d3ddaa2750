"""What is raised for a text that the vocabulary does not hold."""

from __future__ import annotations


class ExpressionError(ValueError):
    """The text is not an expression of the vocabulary. ``value`` is the part at fault, ``allowed`` the choice."""

    def __init__(self, message: str, value: str | None = None, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.value = value
        self.allowed = allowed
