"""The plot of a calibration: what layers take as they get wider."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple

from hwlint.engine.errors import UserError
from hwlint.report.charts import template
from hwlint.report.vega import VERSION, require, script

__all__ = ["Width", "check_file", "plot"]

_WIDE = 720
"""Pixels of a picture."""


class Width(NamedTuple):
    """One width of one operand."""

    what: str
    """"linear out"."""
    width: int
    us: float
    macs: float


def check_file(file: Path) -> None:
    """Raise `UserError` where a plot cannot be written there: before anything is timed."""
    require()
    if file.suffix not in (".html", ".png"):
        raise UserError(f"--plot {file}: say a file that ends in .html or .png")
    if not file.absolute().parent.is_dir():
        raise UserError(f"--plot {file}: there is no folder {file.parent}")


def plot(title: str, widths: Sequence[Width], file: Path) -> None:
    """Draw the widths into a page that needs nothing else, or a picture. Raises `UserError`."""
    data = [
        {"what": w.what, "width": w.width, "us": w.us, "each": w.us / w.macs * 1e6}
        for w in sorted(widths)
    ]
    spec = {**json.loads(template("alignment")), "datasets": {"widths": data}}
    try:
        if file.suffix == ".html":
            file.write_text(_page(title, spec), encoding="utf-8")
        else:
            file.write_bytes(_picture(spec))
    except OSError as error:
        raise UserError(f"--plot {file} cannot be written: {error.strerror}") from error


def _picture(spec: Mapping[str, object]) -> bytes:
    import vl_convert  # noqa: PLC0415 - large, and only here

    whole = json.dumps({**spec, "width": _WIDE, "background": "white"})
    return vl_convert.vegalite_to_png(whole, vl_version=VERSION, scale=2)


def _page(title: str, spec: Mapping[str, object]) -> str:
    data = json.dumps(spec, ensure_ascii=False).replace("<", "\\u003c")
    vega = script().replace("</script", "<\\/script")
    return _PAGE.substitute(title=escape(title), spec=data, vega=vega)


_PAGE = Template("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>$title</title>
<style>body { font-family: sans-serif; margin: 2em; } #plot { width: 100%; }</style>
<h1>$title</h1>
<div id="plot"></div>
<script>$vega</script>
<script>vegaEmbed("#plot", $spec, { actions: false });</script>
</html>
""")
