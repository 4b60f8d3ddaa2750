"""Drafts of contracts for systems that nobody described: from files or a database to YAML that loads."""
