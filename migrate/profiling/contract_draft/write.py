"""The draft as YAML: what the loader takes, with every guess called unconfirmed in a note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from migrate.profiling.contract_draft.shapes import Table

MARK = "unconfirmed"
"""How notes begin that tell of guesses: look for it, settle each, and take the note away."""


def as_yaml(system: str, label: str, source: Mapping[str, Any], tables: Iterable[Table]) -> str:
    """The text of a contract."""
    lines = [
        "# Drafted by lms-migrate draft-contract from what lies there.",
        f"# Notes that begin with '{MARK}' tell of guesses: settle each, then take the note away.",
        "",
        f"system: {_inline(system)}",
        f"label: {_inline(label)}",
        f"source: {_inline(dict(source))}",
        "",
        "entities:",
    ]
    for table in tables:
        lines += ["", f"  {table.entity}:"]
        if table.notes:
            lines.append(f"    note: {_inline('; '.join(table.notes))}")
        lines += [f"    {word}: {_inline(value)}" for word, value in table.words.items()]
        lines += [f"    key: {_inline(list(table.key))}", "    fields:"]
        for field, words in table.fields.items():
            note = {"note": f"{MARK}: {'; '.join(table.doubts[field])}"} if field in table.doubts else {}
            lines.append(f"      {_inline(field)}: {_inline({**words, **note})}")
    return "\n".join(lines) + "\n"


def _inline(value: object) -> str:
    """A value as YAML within its line. Texts are quoted where another reading is possible, and in every version of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...").replace("\n", " ")
