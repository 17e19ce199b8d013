"""`hwlint rule`."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import click

from hwlint.cli.common import debug_option

if TYPE_CHECKING:
    from hwlint.engine.registry import Page

__all__ = ["rule"]


@click.command()
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="Explain every rule.")
@debug_option
def rule(code: str | None, everything: bool, debug: bool) -> None:  # noqa: ARG001 - main has it
    """Explain a rule, by code or name; without one, list them."""
    from hwlint.engine.registry import pages

    known = pages()
    if everything:
        click.echo("\n\n".join(map(_explained, known.values())))
    elif code is not None:
        click.echo(_explained(_find(code, known)))
    else:
        _list(known.values())


def _explained(page: "Page") -> str:
    head = f"{page.code} {page.name} ({page.severity} by default)"
    return f"{head}\n{'=' * len(head)}\n\n{page.text}"


def _find(code: str, known: "Mapping[str, Page]") -> "Page":
    from hwlint.engine.errors import UserError
    from hwlint.profile.errors import did_you_mean

    for page in known.values():
        if code.upper() == page.code or code.lower() == page.name:
            return page
    words = [word for page in known.values() for word in (page.code, page.name)]
    raise UserError(f'no rule "{code}"{did_you_mean(code, words)}')


def _list(known: "Collection[Page]") -> None:
    width = max(len(page.name) for page in known)
    for page in known:
        first = page.text.partition("\n")[0]
        click.echo(f"{page.code}  {page.name:{width}}  {page.severity:7}  {first}")
