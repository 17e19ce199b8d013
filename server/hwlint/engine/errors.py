"""What stops a run and is the user's to mend."""

__all__ = ["UserError"]


class UserError(Exception):
    """One line for the user; the run ends with exit code 2."""
