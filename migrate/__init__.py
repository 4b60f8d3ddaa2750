"""lms-migrate: move a whole organisation from one learning management system to another.

The stages, in the order data flows through them, are the modules of :mod:`migrate.stages`:
extract, map, validate, load, read back, reconcile. Reports are made by the :mod:`reports` package from what the
stages leave in the run folder.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("lms-migrate")
except PackageNotFoundError:  # running from a checkout that was never installed
    __version__ = "0+unknown"
