"""Examples that stand inside mappings, and are run before anything else is."""
