"""How many records a person has to look at, which ones, and what a clean sample proves. Nothing here knows of runs or files of a
workspace: numbers and keys go in, numbers and keys come out."""

from validators.sampling.claims import discovery_size, upper_limit
from validators.sampling.picks import Ranking, pick
from validators.sampling.plans import SamplingPlan, discovery, iso2859
from validators.sampling.switching import Standing, standing
from validators.sampling.tables import tables
from validators.sampling.words import Inspection, Level, Switching

__all__ = [
    "Inspection",
    "Level",
    "Ranking",
    "SamplingPlan",
    "Standing",
    "Switching",
    "discovery",
    "discovery_size",
    "iso2859",
    "pick",
    "standing",
    "tables",
    "upper_limit",
]
