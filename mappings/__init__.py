"""Contracts and mappings that ship with lms-migrate: data only."""
