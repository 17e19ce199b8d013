"""How a job gets to a device and its result back."""
