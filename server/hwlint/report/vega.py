"""Vega, Vega-Lite and vega-embed as one script, from the package that ships them."""

from importlib.util import find_spec

from hwlint.engine.errors import UserError

__all__ = ["VERSION", "require", "script"]

_PACKAGE = "vl_convert"
_SNIPPET = "window.vegaEmbed = vegaEmbed;"
VERSION = "6.4"
"""Of Vega-Lite: what the templates of the charts are written in."""


def require() -> None:
    """Raise `UserError` where the package is not installed; looks without importing it."""
    if find_spec(_PACKAGE) is None:
        raise UserError("charts need the package vl-convert-python: pip install 'hwlint[report]'")


def script() -> str:
    """Return a script that defines `vegaEmbed` and loads nothing. Takes two seconds."""
    import vl_convert  # noqa: PLC0415 - only the page needs it, and it is large

    return vl_convert.javascript_bundle(_SNIPPET, vl_version=VERSION)
