"""From a workspace to findings: what belongs together, who reads it, what is said of it."""
