"""Syntax newer than the oldest Python that hwlint runs on is read on every Python."""

import ast

import pytest

from hwlint.source import SourceFile
from hwlint.source.newer import rewrite

NEWER = {
    "generic class": ("class A[T: (int, str) = int](B[T]):\n    x = f(1)\n", "f(1)"),
    "generic function": ("def f[T, *Ts, **P](x: T) -> T: return g(x)\n", "g(x)"),
    "generic method": ("class A:\n    def f[T](s):\n        return g('é', s)\n", "g('é', s)"),
    "over lines": ("def f[\n    A,  # why\n    B,\n](x): return g(x)\n", "g(x)"),
    "alias": ("type X[T] = list[f(T)]\n", "f(T)"),
    "alias in a class": ("class A:\n    type X = f(1)\n", "f(1)"),
    "same quotes": ('x = f"{d["é"]} {e["b"]}", g(1)\n', "g(1)"),
    "joined strings": ("x = ('a' f'{', '.join(y)}' 'b', g(1))\n", "g(1)"),
    "backslash in a field": ("x = f'{'\\n'.join(y)}' + g(1)\n", "g(1)"),
    "comment in a field": ('x = f"""{\n  y  # why\n}""" + g(1)\n', "g(1)"),
    "field over lines": ("x = f'{\n  y}' + g(1)\n", "g(1)"),
    "nested": ('x = f"{f"{f"{y}"}"}" + g(1)\n', "g(1)"),
    "template": ("x = t'a{b}' + g(1)\n", "g(1)"),
    "handlers": ("try: pass\nexcept A, B.c: g(1)\n", "g(1)"),
    "groups": ("try: pass\nexcept* A, B: g(1)\n", "g(1)"),
}


@pytest.mark.parametrize("name", NEWER)
def test_it_is_read_with_its_places(name: str):
    text, call = NEWER[name]
    source = SourceFile("/x.py", text)
    assert source.problems == ()
    segment = source.segments[0]
    found = [
        source.lines[place.line][place.col : place.end_col]
        for node in ast.walk(ast.Module(segment.parse(), []))
        if isinstance(node, ast.Call)
        for place in (segment.place(node),)
    ]
    assert call in found


@pytest.mark.parametrize("name", NEWER)
def test_it_is_rewritten_in_place_to_what_every_python_reads(name: str):
    text, _ = NEWER[name]
    older = rewrite(text)
    assert len(older) == len(text)
    assert [len(line) for line in older.split("\n")] == [len(line) for line in text.split("\n")]
    ast.parse(older, feature_version=(3, 11))


@pytest.mark.parametrize(
    "text",
    [
        "class A[T:\n    x = 1\n",
        "def f[T](x): return = 1\n",
        "type X = \n",
        'x = f"{d["a"}"\n',
        "type = = 1\n",
        "except A, B: pass\n",
    ],
)
def test_what_is_wrong_in_every_python_stays_a_problem(text: str):
    assert SourceFile("/x.py", text).problems


def test_the_name_type_is_still_a_name():
    text = "type = 1\ntype[0] = f(type)\ntype.x = type(1)\n"
    assert rewrite(text) == text
    assert SourceFile("/x.py", text).problems == ()


def test_members_of_a_generic_class_are_found():
    [cls] = SourceFile("/x.py", "class A[T: int](B):\n    x = 1\n    def f[U](s): pass\n").segments
    assert [member.name for member in cls.members] == ["", "f"]
    assert cls.parse_header().name == "A"
