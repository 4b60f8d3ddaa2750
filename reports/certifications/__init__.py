"""Certifications in the report: who is certified, in the window of renewal or expired on which day, on both sides."""
