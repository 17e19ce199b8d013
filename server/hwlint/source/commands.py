"""Commands that documents and scripts show: `python train.py --depth 22`."""

import re
import shlex
from dataclasses import dataclass

__all__ = ["Command", "read_commands"]

_MAX_COMMANDS = 200
_MAX_WORDS = 100
_PYTHON = re.compile(r"(?:^|[\s`/])(?:python[\d.]*|torchrun|accelerate\s+launch|deepspeed)\s+(.*)")
_PROMPT = re.compile(r"^[\s>]*(?:[$%#]\s+)?")
_END = re.compile(r"\s(?:\|{1,2}|&{1,2}|;|#|>{1,2}|2>)(?:\s|\d|$)|[;`]")
_PLACEHOLDER = re.compile(r"[$<>{}\[\]*]|\.\.\.")
_TAKES_VALUE = re.compile(
    r"-m|--?(?:nproc[-_]per[-_]node|nnodes|node[-_]rank|master[-_]\w+|\w*config_file)"
)


@dataclass(frozen=True)
class Command:
    """A program as it is started."""

    target: str
    """A path that ends in ".py", or the dotted name after -m."""
    words: tuple[str, ...]
    line: int


def read_commands(text: str) -> tuple[Command, ...]:
    """Return the Python programs that a text starts, in order; those with placeholders are left
    out."""
    joined = re.sub(r"\\\r?\n", "  ", text)
    found: list[Command] = []
    for line, written in enumerate(joined.splitlines()):
        match = _PYTHON.search(_PROMPT.sub("", written))
        command = _parsed(match[1], line) if match is not None else None
        if command is not None:
            found.append(command)
            if len(found) >= _MAX_COMMANDS:
                break
    return tuple(dict.fromkeys(found))


def _parsed(rest: str, line: int) -> Command | None:
    end = _END.search(rest)
    written = rest[: end.start()] if end is not None else rest
    try:
        words = shlex.split(written)
    except ValueError:
        return None
    if len(words) > _MAX_WORDS or any(_PLACEHOLDER.search(word) for word in words):
        return None
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
