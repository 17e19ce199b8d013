"""What can stand in the configuration and in comments: completion, and what is under the cursor."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from hwlint.api import BOUNDS
from hwlint.engine.config import LEVELS, MODES, SEVERITIES
from hwlint.engine.config_schema import described
from hwlint.engine.registry import Page, pages
from hwlint.lsp.cards import rule_card
from hwlint.lsp.documents import Lines
from hwlint.lsp.state import Open, State
from hwlint.profile import available_profiles

__all__ = ["completions", "word_at"]

_FILES = ("hwlint.toml", "pyproject.toml")
_IGNORE = re.compile(r"#\s*hwlint:\s*ignore\[[^\]]*$")
_COMMENT = re.compile(r"#\s*hwlint:\s*\w*$")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
_RULE = re.compile(r"[\w-]+")
_COMMENTS = {
    "ignore[": "silence rules on this line: ignore[HW101] reason",
    "build(": "say how the class below is built: build(width=64)",
    "input(": "say what the model below is called with: input(1, 3, 224, 224)",
}


@dataclass(frozen=True)
class _Spot:
    """A place in a TOML file."""

    table: str
    """"" for keys of hwlint's own table, else which one below it: "budgets", "severity"; "?" is a
    table that is not hwlint's."""
    key: str
    """The key whose value is being written; "" where a key is."""


def completions(state: State, uri: str, position: types.Position) -> Sequence[types.CompletionItem]:
    """Return what can stand at a position; nothing outside of comments and configuration."""
    entry = state.open.get(uri)
    if entry is None:
        return []
    line, column = Lines(entry.document).point(position)
    lines = entry.document.lines
    before = lines[line][:column] if line < len(lines) else ""
    if Path(entry.path).name in _FILES:
        return list(_in_toml(entry, [*lines[:line], before]))
    if _IGNORE.search(before):
        return list(_rules())
    if _COMMENT.search(before):
        return [_item(name, said) for name, said in _COMMENTS.items()]
    return []


def word_at(entry: Open, point: tuple[int, int]) -> str | None:
    """Return what there is to say of a rule that a comment or the configuration names at a point,
    or of a key of the configuration."""
    line, column = point
    text = entry.document.lines[line] if line < len(entry.document.lines) else ""
    if Path(entry.path).name not in _FILES and "hwlint:" not in text.partition("#")[2]:
        return None
    words = [m[0] for m in _RULE.finditer(text) if m.start() <= column <= m.end()]
    known = pages()
    named = {page.name: page for page in known.values()}
    found = [page for word in words if (page := known.get(word) or named.get(word))]
    if found:
        return rule_card(found[0])
    keys = described() if Path(entry.path).name in _FILES and _KEY.match(text) else {}
    return next((f"**{word}** {keys[word]}" for word in words if word in keys), None)


def _in_toml(entry: Open, before: Sequence[str]) -> Iterator[types.CompletionItem]:
    spot = _spot(Path(entry.path).name == "pyproject.toml", before)
    if spot.table == "?":
        return
    if spot.key:
        yield from _values(entry, spot)
    elif spot.table == "":
        yield from (_item(key, "", said) for key, said in described().items())
    elif spot.table == "budgets":
        yield from (_item(key, "") for key in ("model", "device", *BOUNDS))
    elif spot.table == "severity":
        yield from _rules()


def _spot(inside: bool, before: Sequence[str]) -> _Spot:
    """Find out what is being written. `inside`: hwlint's table is one of several."""
    key = _key_of(before)
    for line in reversed(before[:-1]):
        match = _HEADER.match(line)
        if match is not None:
            name = match[2].replace('"', "").replace("'", "")
            if inside and name != "tool.hwlint" and not name.startswith("tool.hwlint."):
                return _Spot("?", key)
            own = name.removeprefix("tool.hwlint").removeprefix(".") if inside else name
            return _Spot(own.partition(".")[0], key)
    return _Spot("?" if inside else "", key)


def _key_of(before: Sequence[str]) -> str:
    """The key whose value goes on at the end of the text: on this line, or in a list above it."""
    match = _KEY.match(before[-1])
    if match is not None:
        return match[1]
    for line in reversed(before[:-1]):
        match = _KEY.match(line)
        if match is not None:
            return match[1] if line.count("[") > line.count("]") else ""
        if "]" in line or _HEADER.match(line):
            return ""
    return ""


def _values(entry: Open, spot: _Spot) -> Iterator[types.CompletionItem]:
    choices: dict[str, Iterable[str]] = {
        "fail-on": LEVELS,
        "mode": MODES,
    }
    if spot.key in ("devices", "device"):
        yield from (_item(name, "") for name in available_profiles(Path(entry.root)))
    elif spot.key in ("select", "ignore"):
        yield from _rules()
    elif spot.table == "severity":
        yield from (_item(level, "") for level in SEVERITIES)
    else:
        yield from (_item(value, "") for value in choices.get(spot.key, ()))


def _rules() -> Iterator[types.CompletionItem]:
    for page in pages().values():
        yield _item(page.code, page.name, _first(page))


def _first(page: Page) -> str:
    return page.text.partition("\n")[0]


def _item(label: str, detail: str, said: str = "") -> types.CompletionItem:
    return types.CompletionItem(label, detail=detail or None, documentation=said or None)
