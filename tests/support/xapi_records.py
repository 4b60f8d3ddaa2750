"""Records of statements for tests of the connector, and the contract that ships."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from pydantic import SecretStr

from migrate.connectors.target import Record
from migrate.connectors.xapi import XapiTarget
from migrate.contracts.load import LoadedContract, load_contract
from migrate.resources import contract_file

COMPLETED = "http://adlnet.gov/expapi/verbs/completed"
DAY = dt.datetime(2024, 9, 1, 8, 30)
QUICK = {"poll_ms": 5, "retry_seconds": 2, "consistent_seconds": 5}


def contract() -> LoadedContract:
    return load_contract(contract_file("xapi", "target"))


def opened(url: str, **options: Any) -> XapiTarget:
    return XapiTarget.open(contract(), url, SecretStr(""), {**QUICK, **options})


def number(n: int) -> str:
    """The id of the nth statement."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://example.org/{n}"))


def record(n: int, **values: Any) -> Record:
    """A completion with everything that a statement of this project has."""
    filled = {
        "id": number(n), "actor_type": "Agent", "actor_name": f"Ana Nuñez {n} 👩🏽‍🔬", "actor_home": "https://moodle.example.org",
        "actor_account": f"000{n}|x", "verb": COMPLETED, "verb_en": "completed", "object_type": "Activity",
        "object": f"https://moodle.example.org/course/view.php?id={n}", "object_name": 'Zoë, "Arts"\n\u2028 and <b>more</b>',
        "score_scaled": 0.75, "score_raw": 15.0, "score_min": 0.0, "score_max": 20.0, "success": True, "completion": False,
        "duration": "PT90S", "registration": number(1000 + n), "parent": "https://moodle.example.org/",
        "platform": "Moodle", "source_record": f"course_completions/{n}", "enrolled": DAY, "attempt": n, "timestamp": DAY,
    }  # fmt: skip
    return Record(number(n), {**filled, **values})
