"""Text that is made to hurt: each is done in no time, and what stands beside it is read."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from hwlint.source import SourceFile
from hwlint.source.limits import MAX_DEPTH, MAX_ELIF, MAX_FIELDS, excess, is_vast

TOO_DEEP = {
    "brackets": "x = " + "(" * 5_000 + ")" * 5_000,
    "open brackets": "x = " + "[" * 100_000,
    "calls": "x = a" + ".b()" * 5_000,
    "subscripts": "x = a" + "[0]" * 100_000,
    "sum": "x = " + " + ".join("1" * 10_000),
    "powers": "x = " + "**".join("a" * 5_000),
    "minus": "x = " + "-" * 100_000 + "1",
    "not": "x = " + "not " * 100_000 + "1",
    "lambda": "x = " + "lambda: " * 100_000 + "1",
    "conditions": "x = " + "a if b else " * 5_000 + "1",
    "elif": "if a: pass\n" + "elif b: pass\n" * 5_000,
    "fields": "x = f'" + "{a}" * 100_000 + "'",
    "nested f-strings": "x = " + 'f"{' * 100_000,
}
BROKEN = {
    "indents": "".join(" " * i + "if 1:\n" for i in range(300)) + " " * 300 + "pass",
    "classes": "".join(" " * i + "class A:\n" for i in range(300)) + " " * 300 + "pass",
    "digits": "x = " + "9" * 100_000,
    "null": "x = '\0'",
    "surrogate": "x = '\ud800'",
    "backslashes": "x = " + "\\" * 100_000,
    "backslash lines": "x = " + "\\\n" * 100_000,
    "closing": "x = " + ")" * 100_000,
    "open quotes": "x = '\n" * 2_000,
    "open calls": "x = f(\ny = 1\n" * 2_000,
    "else": "else:\n  pass\n" * 2_000,
}
FINE = {
    "brackets": "x = " + "(" * 90 + "1" + ")" * 90,
    "and": "x = " + " and ".join("a" * 10_000),
    "compare": "x = " + " < ".join("a" * 10_000),
    "strings": "x = (" + "'a.b(c)-d'\n" * 10_000 + ")",
    "arguments": "x = f(" + "-a.b(c), " * 10_000 + ")",
    "statements": "def f():\n" + "    x = -a.b(c) + d\n" * 2_000,
    "comments": "x = 1" + "\n# ((((( ' " * 10_000,
    "ifs": "def f():\n" + "    if a: pass\n    elif b: pass\n" * 1_000,
    "dicts": "x = {" + "'{a}': [{1: 2}], " * 5_000 + "}",
}


def read(text: str) -> SourceFile:
    source = SourceFile("/x.py", text + "\n\ndef after(): pass\n")
    started = time.process_time()
    assert source.problems is not None
    assert "after" in source.names
    assert time.process_time() - started < 1
    return source


@pytest.mark.parametrize("name", TOO_DEEP)
def test_what_is_too_deep_is_not_parsed(name: str):
    text = TOO_DEEP[name]
    assert excess(text)
    [problem] = read(text).problems
    assert "nested too deeply" in problem.message or "fields" in problem.message
    assert problem.place.line == 0


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_a_problem(name: str):
    problems = read(BROKEN[name]).problems
    assert problems
    assert all(problem.message for problem in problems)


@pytest.mark.parametrize("name", FINE)
def test_what_is_only_long_is_read(name: str):
    source = read(FINE[name])
    assert source.problems == ()
    assert len(source.segments) == 2


@pytest.mark.parametrize(
    ("build", "limit"),
    [
        (lambda count: "x = " + "-" * count + "1", MAX_DEPTH),
        (lambda count: "if a: pass\n" + "elif b: pass\n" * count, MAX_ELIF),
        (lambda count: "x = f'" + "{a}" * count + "'", MAX_FIELDS),
    ],
)
def test_the_limits_are_what_they_say(build: Callable[[int], str], limit: int):
    assert read(build(limit)).problems == ()
    assert read(build(limit + 1)).problems


def test_the_worst_take_little_memory():
    script = """if 1:
        import resource, sys
        from tests_limits import BROKEN, TOO_DEEP
        from hwlint.source import SourceFile
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for text in (*BROKEN.values(), *TOO_DEEP.values()):
            SourceFile("/x.py", text).problems
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
    """
    loader = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('tests_limits', {__file__!r})\n"
        "module = sys.modules['tests_limits'] = importlib.util.module_from_spec(spec)\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "spec.loader.exec_module(module)\n"
    )
    command = [sys.executable, "-c", loader + script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert int(done.stdout) < 300


@pytest.mark.parametrize(
    ("text", "vast"),
    [
        ("x = [" + "1, " * 50_001 + "]", True),
        ("x = [" + "'a', " * 50_001 + "]", True),
        ("x = [" + "1, " * 49_000 + "]", False),
        ("x = '" + "word " * 60_000 + "'", False),
        ("x = 1" + "\n# many words" * 60_000, False),
    ],
)
def test_what_counts_as_too_long_is_code(text: str, vast: bool):
    assert is_vast(text) is vast
