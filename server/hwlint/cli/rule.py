"""`hwlint rule`."""

from inspect import cleandoc
from typing import TYPE_CHECKING

import click

from hwlint.cli.common import debug_option

if TYPE_CHECKING:
    from hwlint.api import Rule
    from hwlint.engine.registry import EngineRule

__all__ = ["rule"]


@click.command()
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="Explain every rule.")
@debug_option
def rule(code: str | None, everything: bool, debug: bool) -> None:  # noqa: ARG001 - main has it
    """Explain a rule, by code or name; without one, list them."""
    rules = _rules()
    if everything:
        click.echo("\n\n".join(_explained(each) for each in rules))
    elif code is not None:
        click.echo(_explained(_find(code, rules)))
    else:
        _list(rules)


def _rules() -> "list[type[Rule] | EngineRule]":
    from hwlint.engine.registry import ENGINE_RULES, discover_rules

    return sorted([*discover_rules(), *ENGINE_RULES], key=lambda each: each.code)


def _text(each: "type[Rule] | EngineRule") -> str:
    from hwlint.engine.registry import EngineRule

    return cleandoc((each.text if isinstance(each, EngineRule) else each.__doc__) or "")


def _explained(each: "type[Rule] | EngineRule") -> str:
    head = f"{each.code} {each.name} ({each.default_severity} by default)"
    return f"{head}\n{'=' * len(head)}\n\n{_text(each)}"


def _find(code: str, rules: "list[type[Rule] | EngineRule]") -> "type[Rule] | EngineRule":
    from hwlint.engine.errors import UserError
    from hwlint.profile.errors import did_you_mean

    for each in rules:
        if code.upper() == each.code or code.lower() == each.name:
            return each
    known = [word for each in rules for word in (each.code, each.name)]
    raise UserError(f'no rule "{code}"{did_you_mean(code, known)}')


def _list(rules: "list[type[Rule] | EngineRule]") -> None:
    width = max(len(each.name) for each in rules)
    for each in rules:
        first = _text(each).partition("\n")[0]
        click.echo(f"{each.code}  {each.name:{width}}  {each.default_severity:7}  {first}")
