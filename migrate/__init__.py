"""lms-migrate: move a whole organisation from one learning management system to another.

The stages, in the order data flows through them, are the modules of :mod:`migrate.stages`:
extract, map, validate, load, read back, reconcile. Reports are made by the :mod:`reports` package from what the
stages leave in the run folder.
"""

__version__: str


def __getattr__(name: str) -> str:
    """``__version__``, looked up when it is asked for: that takes longer than all else a command needs for its help."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("lms-migrate")
    except PackageNotFoundError:  # running from a checkout that was never installed
        return "0+unknown"
