"""The data of the benchmarks: a campus of any size, the same for the same numbers, with faults among the rows."""
