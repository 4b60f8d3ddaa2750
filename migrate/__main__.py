"""``python -m migrate`` is ``lms-migrate``."""

from migrate.cli import main

main()
