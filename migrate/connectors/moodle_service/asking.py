"""Asking one function many questions: several in one call, where the contract allows it and the site has a function for it.

Each question is answered as if it had been asked alone. Whatever gets no clean answer in company is asked alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrate.connectors.moodle_service.calls import Answer, Lost, Refused, TooMany, at, texts
from migrate.connectors.moodle_service.client import Client
from migrate.connectors.moodle_service.words import Together
from migrate.errors import TargetRefused

Question = Mapping[str, Any]
_FAULTS = 2
"""How often a call with several questions may fail before fewer are asked at a time."""
_MANY = 1_000


class Asking:
    """Asks questions of one site. ``words`` is None where the site has no function that takes several."""

    def __init__(self, client: Client, words: Together | None) -> None:
        self._client, self._words = client, words
        self._most = _MANY
        """Questions in one call. Fewer after a fault: what they ask for together may be too much for the site."""

    def ask(self, function: str, questions: Sequence[Question], per: int) -> Iterator[Answer | Refused]:
        """The answer to each question, in their order, at most ``per`` in one call. Raises TargetLost."""
        left = list(questions)
        while left:
            some = left[: min(per, self._most)]
            answers = self._together(function, some) if len(some) > 1 else []
            if answers is None:
                continue
            yield from answers
            left = left[len(answers) :]
            if len(answers) < len(some):  # the site stops at the first question that it refuses
                yield self._alone(function, left.pop(0))

    def _alone(self, function: str, question: Question) -> Answer | Refused:
        try:
            return self._client.read(function, dict(question))
        except Refused as refused:
            return refused

    def _together(self, function: str, questions: Sequence[Question]) -> list[Answer] | None:
        """Answers to the first of the questions, to none of them where the site does not take several; None after a fault."""
        words = self._words
        if words is None:
            return []
        rows = [
            {words.function: function, words.arguments: json.dumps(texts(question)), **words.settings} for question in questions
        ]
        faults = 0

        def again(lost: Lost) -> bool:
            nonlocal faults
            faults += lost.happened
            return not lost.busy and faults < _FAULTS

        try:
            given = self._client.patiently(lambda: self._client.once(words.call, {words.list: rows}), again)
        except (Lost, TooMany):
            self._most = max(1, len(questions) // 2)
            return None
        except (Refused, TargetRefused):  # asked alone, they say what is wrong
            self._words = None
            return []
        self._most = min(_MANY, 2 * self._most)
        return list(_answers(words, at(given.data, words.at)))


def _answers(words: Together, rows: Any) -> Iterator[Answer]:
    """What was answered before the first question that was not."""
    for row in rows if isinstance(rows, list) else []:
        try:
            yield Answer(json.loads(row[words.data]))
        except (KeyError, TypeError, ValueError):
            return
