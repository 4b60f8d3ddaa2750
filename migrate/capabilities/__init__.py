"""What each target can hold, and what a pair of systems must lose: told from the contracts, before anyone starts."""

from migrate.capabilities.comparison import Comparison, compare
from migrate.capabilities.matrix import Matrix, matrix

__all__ = ["Comparison", "Matrix", "compare", "matrix"]
