"""What tests, documents and docstrings build: the last resort, and never a finding of its own."""

import ast
import re
from collections.abc import Iterator

from hwlint.reader.choices import Choices
from hwlint.reader.imports import PythonModule
from hwlint.source import SourceError, SourceFile, read_source
from hwlint.source.literals import LiteralProblem, read_text

__all__ = ["is_test_file", "shown_runs", "shown_source"]

_FENCE = re.compile(r"^(\s*)(```+|~~~+)\s*\{?\.?(\w*)")
_PROMPT = re.compile(r"^(\s*)(?:>>>|\.\.\.)(?: |$)")
_DIRECTIVE = re.compile(r"^(\s*)(?:\.\. (?:code-block|code|sourcecode)::\s*(\w*)|(.*)::)\s*$")
_PYTHON = ("python", "py", "python3", "pycon", "")
_MAX_TESTS = 60


def shown_source(path: str) -> SourceFile | None:
    """Return the Python code that a file shows, at its own lines; None where there is none.

    A test and a notebook are code as a whole. Of a document it is the blocks of Python and the
    lines after prompts, of another source file what its docstrings show in that way.
    """
    if path.endswith(".ipynb") or (path.endswith(".py") and is_test_file(path)):
        try:
            return read_source(path)
        except SourceError:
            return None
    try:
        text = read_text(path)
    except LiteralProblem:
        return None
    code = "\n".join(_code_of(text.splitlines(), rst=not path.endswith((".md", ".py"))))
    return SourceFile(path, code) if code.strip() else None


def is_test_file(path: str) -> bool:
    """Say whether a source file is read as a test rather than for its docstrings."""
    name = path.replace("\\", "/").rpartition("/")[2]
    in_folder = re.search(r"[\\/]tests?[\\/]", path) is not None
    return in_folder or name.startswith("test_") or name.endswith("_test.py")


def shown_runs(module: PythonModule) -> list[Choices]:
    """Return how the code is run: as it stands, and each of its tests."""
    if not is_test_file(module.path):
        return [Choices()]
    return [Choices(function=name) for name in _tests(module)] or [Choices()]


def _tests(module: PythonModule) -> Iterator[str]:
    count = 0
    for segment in module.source.segments:
        wanted = segment.kind == "def" and segment.name.startswith("test")
        if wanted or (segment.kind == "class" and "def test" in segment.text):
            count += 1
            if count <= _MAX_TESTS:
                yield segment.name


def _code_of(lines: list[str], *, rst: bool) -> list[str]:
    """Blank what is no code, and bring every block to the margin."""
    made = [""] * len(lines)
    index = 0
    while index < len(lines):
        fence = _FENCE.match(lines[index])
        directive = _DIRECTIVE.match(lines[index]) if rst and fence is None else None
        if fence is not None:
            end = _closing(lines, index, fence[2])
            block = range(index + 1, end)
            index = end + 1
            if fence[3].lower() not in _PYTHON:
                continue
        elif directive is not None:
            block = _indented(lines, index + 1, len(directive[1]))
            index = max(block.stop, index + 1)
            if (directive[2] or "").lower() not in _PYTHON:
                continue
        else:
            block = range(index, index + 1) if _PROMPT.match(lines[index]) else range(0)
            index += 1
        _keep(lines, made, block)
    return made


def _closing(lines: list[str], start: int, fence: str) -> int:
    for index in range(start + 1, len(lines)):
        if lines[index].strip().startswith(fence):
            return index
    return len(lines)


def _indented(lines: list[str], start: int, indent: int) -> range:
    end = start
    for index in range(start, len(lines)):
        line = lines[index]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        end = index + 1
    return range(start, end)


def _keep(lines: list[str], made: list[str], block: range) -> None:
    """Copy a block of Python; one that does not parse is left out, as it may be anything."""
    chosen = [lines[i] for i in block]
    if any(_PROMPT.match(line) for line in chosen):
        chosen = [m.string[m.end() :] if (m := _PROMPT.match(line)) else "" for line in chosen]
    elif chosen:
        filled = [line for line in chosen if line.strip()]
        cut = min((len(line) - len(line.lstrip()) for line in filled), default=0)
        chosen = [line[cut:] for line in chosen]
        try:
            ast.parse("\n".join(chosen))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
    for index, line in zip(block, chosen, strict=True):
        made[index] = line
