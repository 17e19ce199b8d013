"""From micro-benchmarks on a machine to a profile of it."""
