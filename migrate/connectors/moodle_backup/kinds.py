"""The kinds of activity that can stand as a placeholder: what their own file of a backup holds (format of Moodle 4.1)."""

from __future__ import annotations

from collections.abc import Callable

from migrate.connectors.moodle_backup.elements import Value
from migrate.connectors.moodle_backup.history import Activity
from migrate.connectors.moodle_backup.values import CannotHold, Trial, text

_HTML = 1
_NO_OPTIONS = "a:0:{}"
"""Display options, in PHP's own notation: none."""


def _common(activity: Activity, say: Trial) -> dict[str, Value]:
    if not activity.name.strip():
        raise CannotHold("an activity without a name")
    return {"name": text(activity.name, say.of("name"), 255)}


def _label(activity: Activity, added: int, say: Trial) -> dict[str, Value]:
    return {
        **_common(activity, say),
        # A label shows its text alone.
        "intro": text(activity.text, say.of("text")),
        "introformat": _HTML,
        "timemodified": added,
    }


def _page(activity: Activity, added: int, say: Trial) -> dict[str, Value]:
    return {
        **_common(activity, say),
        "intro": "",
        "introformat": _HTML,
        "content": text(activity.text, say.of("text")),
        "contentformat": _HTML,
        "legacyfiles": 0,
        "legacyfileslast": None,
        "display": 5,
        "displayoptions": _NO_OPTIONS,
        "revision": 1,
        "timemodified": added,
    }


def _url(activity: Activity, added: int, say: Trial) -> dict[str, Value]:
    if not activity.externalurl:
        raise CannotHold("a url activity that leads nowhere")
    return {
        **_common(activity, say),
        "intro": text(activity.text, say.of("text")),
        "introformat": _HTML,
        "externalurl": text(activity.externalurl, say.of("externalurl")),
        "display": 0,
        "displayoptions": _NO_OPTIONS,
        "parameters": _NO_OPTIONS,
        "timemodified": added,
    }


KINDS: dict[str, Callable[[Activity, int, Trial], dict[str, Value]]] = {"label": _label, "page": _page, "url": _url}
