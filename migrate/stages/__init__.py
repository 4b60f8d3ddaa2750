"""The stages of a run, in the order data flows: extract, map, validate, load, read_back, reconcile, then archive.

Each is a function from the artefact of the stage before it to its own.
"""
