"""Search for a faster variant of a module: what may change, what came of it, measured."""
