"""Colour and links, where the terminal has them."""

from rich.color import ColorSystem
from rich.style import Style

__all__ = ["Coloured"]


class Coloured:
    """Paint by ANSI sequences. Styles as rich has them: "bold red"."""

    def __init__(self, system: ColorSystem = ColorSystem.STANDARD) -> None:
        """Take the colours that the terminal has."""
        self._system = system

    def __call__(self, text: str, style: str = "", link: str | None = None) -> str:
        """Return the text in its style."""
        whole = Style.parse(style) if style else Style()
        if link:
            whole += Style(link=link)
        return whole.render(text, color_system=self._system)
