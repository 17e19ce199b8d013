"""Text without colour: what a pipe gets."""

from typing import Protocol

__all__ = ["Paint", "plain"]


class Paint(Protocol):
    """Gives text a style and, if asked, a link."""

    def __call__(self, text: str, style: str = "", link: str | None = None) -> str:
        """Return the text with whatever the terminal needs around it."""
        ...


def plain(text: str, style: str = "", link: str | None = None) -> str:  # noqa: ARG001 - a `Paint`
    """Return the text as it is."""
    return text
