"""Test suites that connectors have to pass; those of third parties import them as ours do. They need pytest."""
