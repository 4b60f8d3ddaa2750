"""Mappings: what becomes of each source field, as data (``mappings/<source>_to_<target>/*.yaml``)."""
