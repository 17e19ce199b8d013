"""A finding that no check made, as the configuration and the comments of a workspace have it."""

from dataclasses import replace
from pathlib import Path

from hwlint.engine.config import load_config
from hwlint.engine.findings import Diagnostic, finish
from hwlint.engine.registry import engine_rule, is_on
from hwlint.engine.suppress import Suppressions

__all__ = ["allowed"]


def allowed(finding: Diagnostic, root: Path, severity: str | None = None) -> Diagnostic | None:
    """Return a finding of one of the engine's rules with its severity; None where it is silenced.

    `severity`: somebody asks for it by name, so that only a comment silences it. Raises
    `UserError` where the configuration is not right.
    """
    config = load_config(root)
    asked = severity is not None
    if not asked and not is_on(engine_rule(finding.code), config.select, config.ignore):
        return None
    if Suppressions().cover(finding):
        return None
    if severity is not None:
        return replace(finding, severity=severity)
    return next(iter(finish((finding,), config)), None)
