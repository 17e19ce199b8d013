import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwlint.source import Comment, SourceFile, read_comments


def comments(text: str) -> tuple[Comment, ...]:
    return read_comments(SourceFile("/x.py", textwrap.dedent(text)))


def only(text: str) -> Comment:
    [comment] = comments(text)
    return comment


def lines(text: str) -> list[tuple[int, int]]:
    return [(comment.first_line, comment.last_line) for comment in comments(text)]


def test_a_suppression():
    comment = only("é = 1  # type: ignore  # hwlint: ignore[HW101, misaligned-heads] old weights\n")
    assert (comment.kind, comment.codes) == ("ignore", ("HW101", "misaligned-heads"))
    assert comment.reason == "old weights"
    assert (comment.place.line, comment.place.col) == (0, 33)
    assert (comment.first_line, comment.last_line) == (0, 0)


def test_a_suppression_of_a_file():
    comment = only("x = 1\n# hwlint: ignore-file[HW201]\ny = 2\nz = 3")
    assert (comment.kind, comment.codes, comment.reason) == ("ignore-file", ("HW201",), "")
    assert (comment.first_line, comment.last_line) == (0, 3)


def test_hints():
    build, inputs = comments(
        "# hwlint: build(dim=768, act='re)lu') input((1, 8), (3, 224))\nclass A: ..."
    )
    assert (build.kind, build.keywords) == ("build", {"dim": 768, "act": "re)lu"})
    assert (build.text, build.place.col, build.place.end_col) == ("dim=768, act='re)lu'", 10, 37)
    assert (inputs.kind, inputs.args, inputs.place.col) == ("input", ((1, 8), (3, 224)), 38)
    assert (inputs.first_line, inputs.last_line) == (1, 1)


def test_hints_on_a_literal():
    fixed, search = comments(
        "a = 1  # hwlint: fixed by the checkpoint\nb = 2  # hwlint: search(32, 64)"
    )
    assert (fixed.kind, fixed.reason) == ("fixed", "by the checkpoint")
    assert (search.kind, search.args) == ("search", (32, 64))


def test_only_comments_count():
    text = """
        '''
        # hwlint: fixed
        '''
        x = "# hwlint: fixed"  # see hwlint: fixed
        y = f"{x}# hwlint: fixed"
    """
    assert comments(text) == ()


def test_a_comment_on_its_own_speaks_of_the_next_statement():
    assert lines("# hwlint: fixed\n\n# other\nx = f(\n  1,\n)\ny = 2") == [(3, 5)]
    assert lines("# hwlint: fixed\nx = 1 + \\\n  2\ny = 2") == [(1, 2)]
    assert lines("# hwlint: fixed\nx = '''\n\n'''\ny = 2") == [(1, 3)]
    assert lines("class A:\n    # hwlint: fixed\n    def f(\n        s):\n        x = 1") == [
        (2, 3)
    ]


def test_a_comment_above_decorators_speaks_of_the_definition():
    assert lines("# hwlint: build()\n@a\n@b(\n  1)\n\nclass A(\n  B):\n    x = 1") == [(1, 6)]


def test_a_comment_at_the_end_of_a_line():
    assert lines("x = f(  # hwlint: fixed\n  1,\n  2)\ny = 2") == [(0, 2)]
    assert lines("x = f(\n  1,\n  2)  # hwlint: fixed\ny = 2") == [(0, 2)]
    assert lines("x = 1 + \\\n  2  # hwlint: fixed\ny = 2") == [(0, 1)]


def test_inside_brackets_it_speaks_of_the_argument_beside_it():
    text = """\
        x = Sequential(
            Linear(3, 100),  # hwlint: fixed
            # hwlint: fixed
            Linear(
                100,
                200,
            ),
            Linear(200, 10),
        )
    """
    assert lines(text) == [(1, 1), (3, 6)]


def test_a_comment_at_the_end_speaks_of_nothing_else():
    assert lines("x = 1\n# hwlint: fixed\n\n") == [(1, 1)]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "ignore",
        "ignore[]",
        "ignore[HW101",
        "ignore[HW 101]",
        "ignore HW101",
        "build",
        "build(",
        "build(dim=...)",
        "build(Config(dim=...))",
        "build(dim=)",
        "search(x)",
        "input(1, 2",
        "input()",
        "input(1, (3, 224))",
        "input(1.5, 3)",
        "bild(1)",
        "fixed bild(1)",
        "search(" + "(" * 300 + ")" * 300 + ")",
    ],
)
def test_malformed_ones_are_said_to_be(body: str):
    found = comments(f"x = 1  # hwlint: {body}\n")
    assert found[-1].kind == "malformed"
    assert found[-1].problem
    assert found[-1].place.line == 0


def test_expressions_are_left_to_the_reader():
    (found,) = comments("x = 1  # hwlint: build(Config(dim=8), norm=nn.LayerNorm)\n")
    assert (found.kind, found.plain, found.text) == (
        "build",
        False,
        "Config(dim=8), norm=nn.LayerNorm",
    )


PARTS = st.sampled_from(
    ["ignore", "ignore-file", "[", "]", "(", ")", "HW1", ",", "build", "fixed", "=", "'", '"', " ",
     "\\", "\n", "#", "# hwlint:", "x", "1", "@a", "\r"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=30))
def test_anything_is_read(parts: list[str]):
    text = "# hwlint: " + "".join(parts)
    found = comments(text)
    assert found
    last = len(SourceFile("/x.py", text).lines) - 1
    assert all(0 <= comment.first_line <= comment.last_line <= last for comment in found)
    assert all(comment.problem for comment in found if comment.kind == "malformed")
