"""Following `forward`: what flows through a model that was built."""
