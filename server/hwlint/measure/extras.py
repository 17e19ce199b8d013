"""Libraries that the base installation does not have."""

from importlib.util import find_spec

from hwlint.engine.errors import UserError

__all__ = ["need"]


def need(module: str, extra: str, purpose: str) -> None:
    """Raise `UserError` that says what to install where a top-level module is missing."""
    if find_spec(module) is None:
        raise UserError(f"{purpose} needs {module}: pip install 'hwlint[{extra}]'")
