"""The formats that programs read, by the name that the command line gives them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from hwlint.engine.run import CheckResult
from hwlint.report import as_github, as_gitlab, as_json, as_json_lines, as_junit, as_sarif

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Callable[[CheckResult, Path], str]] = {
    "json": as_json.render,
    "json-lines": as_json_lines.render,
    "sarif": as_sarif.render,
    "github": as_github.render,
    "gitlab": as_gitlab.render,
    "junit": as_junit.render,
}
"""Each takes a result and the folder that paths are relative to."""
