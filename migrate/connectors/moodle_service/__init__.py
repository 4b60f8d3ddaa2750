"""A Moodle that is written through its web services (kind ``moodle_service``)."""

from migrate.connectors.moodle_service.target import MoodleTarget

__all__ = ["MoodleTarget"]
