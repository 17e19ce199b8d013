"""Commands that documents and scripts show: `python train.py --depth 22`."""

import itertools
import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

__all__ = ["Command", "read_commands"]

_MAX_COMMANDS = 200
_MAX_WORDS = 100
_PYTHON = re.compile(r"(?:^|[\s`/])(?:python[\d.]*|torchrun|accelerate\s+launch|deepspeed)\s+(.*)")
_PROMPT = re.compile(r"^[\s>]*(?:[$%#]\s+)?")
_END = re.compile(r"\s(?:\|{1,2}|&{1,2}|;|#|>{1,2}|2>)(?:\s|\d|$)|[;`]")
_PLACEHOLDER = re.compile(r"[$<>{}\[\]*]|\.\.\.")
_ASSIGNED = re.compile(
    r"^\s*(?:export\s+|local\s+)?([A-Za-z_]\w*)=(\"[^\"`]*\"|'[^'`]*'|[^\s`;()]*)\s*$"
)
_LOOP = re.compile(r"^\s*for\s+([A-Za-z_]\w*)\s+in\s+([^;`()]+?)\s*(?:;\s*do)?\s*$")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{(\w+)(?::-([^}$]*))?\})")
_MAX_VALUES = 4
"""Values of one shell variable, and commands that one line is taken for."""
_TAKES_VALUE = re.compile(
    r"-m|--?(?:nproc[-_]per[-_]node|nnodes|node[-_]rank|master[-_]\w+|\w*config_file)"
)


@dataclass(frozen=True)
class Command:
    """A program as it is started."""

    target: str
    """A path that ends in ".py", the dotted name after -m, or the name of an installed command."""
    words: tuple[str, ...]
    line: int


def read_commands(text: str, installed: Collection[str] = ()) -> tuple[Command, ...]:
    """Return the Python programs that a text starts, in order, with the shell variables that it
    gives values to; those with placeholders are left out. `installed`: commands of the project."""
    own = _installed(installed)
    joined = re.sub(r"\\\r?\n", "  ", text)
    found: dict[Command, None] = {}
    variables: dict[str, list[str]] = {}
    for line, written in enumerate(joined.splitlines()):
        _assign(written, variables)
        shown = _PROMPT.sub("", written)
        match = _PYTHON.search(shown) or (own.match(shown) if own is not None else None)
        if match is None:
            continue
        for rest in _expanded(match[match.lastindex or 1], variables):
            command = _parsed(rest, line, match[1] if match.lastindex == 2 else "")
            if command is not None:
                found[command] = None
        if len(found) >= _MAX_COMMANDS:
            break
    return tuple(found)


def _assign(written: str, variables: dict[str, list[str]]) -> None:
    """Keep what a line gives a shell variable: `width=64`, `for width in 32 64; do`."""
    match = _ASSIGNED.match(written) or _LOOP.match(written)
    if match is None:
        return
    variables.pop(match[1], None)
    value = next(_expanded(match[2], variables))
    try:
        words = shlex.split(value)
    except ValueError:
        return
    if words and not any(_PLACEHOLDER.search(word) for word in words):
        variables[match[1]] = words[:_MAX_VALUES]


def _expanded(text: str, variables: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield a text with every combination of the values of its variables, the first one first."""
    used = dict.fromkeys(m[1] or m[2] for m in _VARIABLE.finditer(text))
    names = [name for name in used if name in variables]
    combinations = itertools.product(*(variables[name] for name in names))
    for values in itertools.islice(combinations, _MAX_VALUES):
        yield _VARIABLE.sub(partial(_value, dict(zip(names, values, strict=True))), text)


def _value(chosen: Mapping[str, str], match: re.Match[str]) -> str:
    return chosen.get(match[1] or match[2], match[3] or match[0])


def _installed(names: Collection[str]) -> re.Pattern[str] | None:
    """Return what finds an installed command at the start of a line."""
    listed = "|".join(map(re.escape, names))
    return re.compile(rf"`?({listed})(?=\s|$)(.*)") if names else None


def _parsed(rest: str, line: int, installed: str = "") -> Command | None:
    end = _END.search(rest)
    written = rest[: end.start()] if end is not None else rest
    try:
        words = shlex.split(written)
    except ValueError:
        return None
    if len(words) > _MAX_WORDS or any(_PLACEHOLDER.search(word) for word in words):
        return None
    if installed:
        return Command(installed, tuple(words), line)
    for index, word in enumerate(words):
        if word == "-m" and index + 1 < len(words):
            if words[index + 1].startswith("torch.distributed"):
                continue
            return Command(words[index + 1], tuple(words[index + 2 :]), line)
        if word.endswith(".py"):
            return Command(word.removeprefix("./"), tuple(words[index + 1 :]), line)
        if not word.startswith("-") and not _follows_option(words, index):
            return None
    return None


def _follows_option(words: list[str], index: int) -> bool:
    return index > 0 and _TAKES_VALUE.fullmatch(words[index - 1]) is not None
