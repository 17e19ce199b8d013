import ast
import importlib.util
import re
import sysconfig
import textwrap
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwlint.source import Segment, SourceFile, SyntaxProblem, read_source, scan
from hwlint.source.scan import split_lines

Spot = tuple[str, int, int, int, int]


def nodes_by_segments(source: SourceFile) -> list[Spot]:
    """Every named or called thing, as found by parsing the smallest segments."""
    return sorted(spot for segment in source.segments for spot in _of_segment(segment))


def parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def nodes_of_whole(text: str) -> list[Spot]:
    """The same from one parse of the whole text."""
    lines = split_lines(text)

    def col(line: int, offset: int) -> int:
        return len(lines[line - 1].encode()[:offset].decode())

    return sorted(
        (
            type(node).__name__,
            node.lineno - 1,
            col(node.lineno, node.col_offset),
            node.end_lineno - 1,
            col(node.end_lineno, node.end_col_offset),
        )
        for node in ast.walk(parsed(text))
        if isinstance(node, ast.Call | ast.Name | ast.FunctionDef | ast.arg)
    )


def _of_segment(segment: Segment) -> list[Spot]:
    parts = [segment.parse_header()] if segment.members else segment.parse()
    spots = [
        (type(node).__name__, place.line, place.col, place.end_line, place.end_col)
        for part in parts
        for node in ast.walk(part)
        if isinstance(node, ast.Call | ast.Name | ast.FunctionDef | ast.arg)
        for place in (segment.place(node),)
    ]
    return spots + [spot for member in segment.members for spot in _of_segment(member)]


def real_files() -> list[Path]:
    """Files that other people wrote: of the standard library and of torch."""
    library = Path(sysconfig.get_path("stdlib"))
    found = [*sorted(library.glob("*.py"))[::4], *sorted(library.glob("asyncio/*.py"))]
    torch = importlib.util.find_spec("torch")
    if torch is not None and torch.origin is not None:
        modules = Path(torch.origin).parent / "nn" / "modules"
        found += sorted(modules.glob("*.py"))
    return found


FILES = real_files()


def file_of(text: str) -> SourceFile:
    return SourceFile("/x.py", text)


def kinds(segments: tuple[Segment, ...]) -> list[tuple[str, str, int]]:
    return [(segment.kind, segment.name, segment.line) for segment in segments]


def assert_exact(text: str) -> None:
    source = file_of(text)
    assert "".join(segment.text for segment in source.segments) == text
    assert nodes_by_segments(source) == nodes_of_whole(text)
    assert source.problems == ()


def test_there_are_real_files():
    assert len(FILES) > 80
    assert any("torch" in path.parts for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_files_give_the_places_that_one_parse_gives(path: Path):
    source = read_source(path)
    assert "".join(segment.text for segment in source.segments) == source.text
    assert nodes_by_segments(source) == nodes_of_whole(source.text)
    assert source.problems == ()


EXACT = {
    "empty": "",
    "comments only": "# one\n\n# two",
    "no final break": "x = f(1)",
    "decorators": "@a(\n 1)\n# y\n@b\n\nasync def f(x): return g(x)\n@c\nclass A(b(1)): x = h()\n",
    "one-line class": "class A(b(1)): x = f('é'); y = g(x)\n\nz = h()\n",
    "one-line class of strings": "class A: 'ä'; y = g(x)  # ü\n",
    "semicolons": "x = f(1); y = g(x); z = h(y)\nw = f(2)\n",
    "blocks": "if a:\n    def f(): return g()\nelif b:\n    x = f()\nelse:\n    y = f()\nz = f()\n",
    "try": "try:\n  a()\nexcept E as e:\n  b(e)\nelse:\n  c()\nfinally:\n  d()\ne()\n",
    "match": "match f(x):\n    case A(b=c): g(c)\n    case [1, *rest]: h(rest)\n",
    "strings in column 0": 'class A:\n    """\ndef no(): x = (\n"""\n    def f(s): return g(s)\n',
    "closing quote alone": "x = f('''\nclass A:\n''')\ny = g()\n",
    "brackets in column 0": "x = f(\na,\nb\n)\ny = g({\n'k': v})\n",
    "dedented comments": "class A:\n    def f(s):\n# here\n        return g(s)\n# (\n    x = f()\n",
    "backslash": "x = \\\nf(1)\nclass A:\n    y = a + \\\nb(1)\n    z = c(2)\n",
    "tabs": "class A:\n\tx = f('é')\n\tdef g(s):\n\t\treturn s.f(1)\n",
    "form feeds": "x = f(1)\n\f\nclass A:\n    y = f(2)\n\f\n    z = f(3)\n\fdef g(): return h()\n",
    "form feed before an indent": "class A:\n    x = f(1)\n \f    y = f(2)\n",
    "nested classes": "class A:\n  class B(c()):\n    class C: x = f(1)\n    y = g(2)\n  z = h()\n",
    "CRLF": "class A:\r\n    def f(s):\r\n        return g('é', \\\r\n h())\r\n\r\nx = f(1)\r\n",
    "CR": "class A:\r    def f(s):\r        return g(s)\rx = f(1)\r",
    "mixed breaks": "x = f(1)\r\ny = g(2)\rz = h(3)\nw = '''\r\r\n'''; v = k()\n",
    "wide characters": "def f():\n    x = '😀é', g('ü', h(1)); 变量 = f(变量)\n",
    "U+2028": "x = '\u2028', f(1)\ny = '\x85\x0b', g(1)\n",
    "header over lines": "class A(\n  B[f(1)],\n  metaclass=M,\n):  # a: b\n\n  # c\n  x = f()\n",
    "lambda in bases": "class A(f(lambda x: {1: 2}), k=lambda: 3): pass\n",
    "deep brackets": "x = " + "f([" * 20 + "g(1)" + "])" * 20 + "\ny = h()\n",
    "byte strings": "x = f(b'\\'', rb\"\\\"\", '\\\\')\ny = g('#', \"'\")\n",
    "names like keywords": "classes = f(1)\ndefault = g(2)\nelse_ = h(3)\nmatch = type = k(4)\n",
    "for else": "for x in f():\n    g()\nelse:\n    h()\nwith a() as b, \\\n  c() as d:\n    e()\n",
    "matrix product in brackets": "x = (a\n@ b(1)\n@ c)\ny = d(1)\n",
    "trailing comma tuple": "x = 1,\ny = f(x),\n",
    "named escapes": "x = f'\\N{EM DASH}{f(1)}'\ny = g()\n",
    "nested format": "x = f'{a!r:>{f(w)}}' f\"{b}\"\ny = g()\n",
}


@pytest.mark.parametrize("name", EXACT)
def test_edge_cases_give_the_places_that_one_parse_gives(name: str):
    assert_exact(EXACT[name])


# Indenting the others would change what they say.
INDENTABLE = [
    name for name in EXACT if not name.startswith(("form", "strings", "closing", "mixed"))
]


@pytest.mark.parametrize("name", INDENTABLE)
def test_edge_cases_inside_a_class(name: str):
    inner = EXACT[name].replace("\r\n", "\n").replace("\r", "\n")
    assert_exact("class Outer:\n    first = 0\n" + textwrap.indent(inner, "    "))


LINES = st.sampled_from(
    """\
x = f(1)|@deco(2)|def f(a, *b): return g(a)|class A(b(1)):|class B: y = g(1)|    def m(self):
        return h('é', self)|    z = k(3)|    class C:|# note (|    # note '||x = (|a, b)|'''
    '''doc|if a:|else:|    p(1)|\f|y = 'it', \\|  g(1)|\tq(2)|async def f():|try: f()
except E: g()|[1,|]""".replace("\n", "|").split("|")
)


@given(st.lists(LINES, max_size=25), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_lines(lines: list[str], newline: str):
    text = newline.join(lines)
    source = file_of(text)
    assert "".join(segment.text for segment in source.segments) == text
    try:
        expected = nodes_of_whole(text)
    except SyntaxError:
        assert source.problems
        return
    assert nodes_by_segments(source) == expected
    assert source.problems == ()


@given(st.text(alphabet="xf(){}[]'\"#\\\n\r\t\f :=.,é@\0class def", max_size=60))
def test_any_text_is_cut_and_read_without_a_crash(text: str):
    source = file_of(text)
    assert "".join(segment.text for segment in source.segments) == text
    try:
        whole = parsed(text)
    except (SyntaxError, ValueError):
        assert source.problems
        return
    assert source.problems == ()
    assert len(whole.body) == sum(len(segment.parse()) for segment in source.segments)


def test_kinds_names_and_lines():
    source = file_of("'doc'\n\n@a\nclass A:\n    x = 1\n\n    @b\n    async def f(s): ...\ny = 2\n")
    assert kinds(source.segments) == [
        ("statements", "", 0),
        ("class", "A", 2),
        ("statements", "", 8),
    ]
    cls = source.segments[1]
    assert kinds(cls.members) == [("statements", "", 4), ("def", "f", 6)]
    assert (cls.decorated, cls.indent) == (True, 0)
    assert [(m.decorated, m.indent) for m in cls.members] == [(False, 4), (True, 4)]
    assert cls.members[1].text == "    @b\n    async def f(s): ...\n"


def test_the_header_comes_without_the_body():
    cls = file_of("@d\nclass A(B, k=1):\n    def f(s): (\n").segments[0]
    header = cls.parse_header()
    assert (header.name, header.body, len(header.decorator_list)) == ("A", [], 1)
    assert [keyword.arg for keyword in header.keywords] == ["k"]


def test_a_broken_statement_leaves_the_others():
    text = "x = f(1)\ny = (\n\n@d\ndef g():\n    return 1\n\n"
    source = file_of(text + "class A:\n    z = [1,\n    def m(s): pass\n")
    assert [(p.place.line, p.place.col) for p in source.problems] == [(1, 4), (8, 8)]
    assert kinds(source.segments) == [
        ("statements", "", 0), ("statements", "", 1), ("def", "g", 3), ("class", "A", 7),
    ]  # fmt: skip
    source.segments[2].parse()
    source.segments[3].members[1].parse()


def test_an_open_string_leaves_what_stands_before():
    source = file_of('def f(): return 1\nx = """open\ndef g(): pass\n')
    source.segments[0].parse()
    [problem] = source.problems
    assert (problem.place.line, problem.place.col) == (1, 4)
    assert "line 3" in problem.message


def test_a_problem_in_a_method_is_placed_in_the_file():
    source = file_of("é = 1\nclass A:\n    def f(s):\n        'é'; x = = 2\n")
    [problem] = source.problems
    assert (problem.place.line, problem.place.col) == (3, 17)
    with pytest.raises(SyntaxProblem):
        source.segments[1].members[0].parse()


def test_parts_that_were_parsed_are_not_parsed_again(monkeypatch: pytest.MonkeyPatch):
    source = file_of("class A(B):\n    x = 1\n    def f(s): pass\n")
    source.segments[0].parse_header()
    for member in source.segments[0].members:
        member.parse()
    monkeypatch.setattr(Segment, "parse", lambda segment: pytest.fail("parsed again"))
    assert source.problems == ()


def test_names_of_the_top_level():
    text = """
        import a.b, c as d
        from e import (f, g as h)
        from i import *
        x = dict(kw=1)
        y = z = 2
        u, (v, *w) = t: int = 3
        (p := 4)
        if x:
            def q(inner): local = 1
        else:
            class r: attribute = 2
        for s in x: pass
        with x as t2: pass
        try: pass
        except E as err: pass
        def fn(): pass
        class Cls: pass
        m: int = 1
        broken = = 2
    """
    text = textwrap.dedent(text).replace("= t: int", "")
    found = set(file_of(text).names)
    expected = "a d f h * x y z u v w p q r s t2 err fn Cls m broken"
    assert found >= set(expected.split(" "))
    assert not found & {"inner", "local", "attribute", "b", "c", "e", "g", "kw"}


def test_a_name_may_be_bound_by_several_statements():
    source = file_of("x = 1\ny = 2\nif y:\n    x = 3\n")
    assert [segment.line for segment in source.names["x"]] == [0, 2]


def test_no_pattern_repeats_a_group_in_the_way_that_early_3_11_gets_wrong():
    patterns = [value.pattern for value in vars(scan).values() if isinstance(value, re.Pattern)]
    assert any("(?>" in pattern for pattern in patterns)
    assert not [pattern for pattern in patterns if re.search(r"(?<!\))\)[*+]\+", pattern)]
