"""Acceptance tests of a run: which of its rows they are judged on, what comes of them, and where it is kept."""
