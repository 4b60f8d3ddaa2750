"""The part of the report about what lies beyond equal values: both sides, the target's balance, tolerances, references."""
