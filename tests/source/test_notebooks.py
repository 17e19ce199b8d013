"""Notebooks: Python in, the same file out but for what was edited."""

import ast
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwlint.source import SourceError, decode_source
from hwlint.source.edits import encoded
from hwlint.source.notebooks import Notebook, NotebookProblem

Cell = dict[str, object]


def code(source: str | list[str]) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [{"name": "stdout", "output_type": "stream", "text": ["100\n"]}],
        "source": source,
    }


def raw(*cells: Cell, language: str = "python", **layout: object) -> str:
    metadata = {"kernelspec": {"language": language, "name": "x"}}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    layout = {"indent": 1, "ensure_ascii": False} | layout
    return json.dumps(document, **layout) + "\n"  # pyright: ignore[reportArgumentType]


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


MAGIC = """\
%matplotlib inline
!pip install x \\
    y
import torch
files = !ls
text = '''
%d of
!them
'''
odd = (100
    % 7)
if odd:
    %time work()
torch?
nn.Conv2d??
width = 100 # é 😀"""


def test_what_ipython_takes_becomes_python():
    notebook = Notebook(
        raw(code(lines(MAGIC)), code("%%bash\necho 'it is\nls"), code("%%time\nx = 1"))
    )
    tree = ast.parse(notebook.text)
    values = {
        t.id: n.value
        for n in tree.body
        if isinstance(n, ast.Assign)
        for t in n.targets
        if isinstance(t, ast.Name)
    }
    assert values.keys() == {"files", "text", "odd", "width", "x"}
    assert isinstance(values["files"], ast.Call)
    assert ast.literal_eval(values["text"]) == "\n%d of\n!them\n"
    assert isinstance(values["odd"], ast.BinOp)


@pytest.mark.parametrize("ensure_ascii", [False, True])
@pytest.mark.parametrize("indent", [1, None, 4])
def test_an_edit_changes_its_line_and_nothing_else(indent: int | None, ensure_ascii: bool):
    markdown: Cell = {"cell_type": "markdown", "metadata": {}, "source": ["width = 100"]}
    cells = (markdown, code(lines(MAGIC)), code("wide = 100\nnext = 1"), code([]))
    text = raw(*cells, indent=indent, ensure_ascii=ensure_ascii)
    notebook = Notebook(text)
    assert notebook.written(notebook.text) == text
    new = notebook.written(notebook.text.replace("width = 100", "width = 104"))
    assert new == text.replace("width = 100 #", "width = 104 #")
    new = notebook.written(notebook.text.replace("wide = 100", 'wide = "\\\\"\nmore'))
    assert json.loads(new)["cells"][2]["source"] == 'wide = "\\\\"\nmore\nnext = 1'
    longer = notebook.written(notebook.text.replace("import torch\n", "import torch\nimport y\n"))
    source = json.loads(longer)["cells"][1]["source"]
    assert source == lines(MAGIC.replace("import torch\n", "import torch\nimport y\n"))
    # Without the line that came, all is as it was, its layout too.
    gap = text[text.index('"%matplotlib') : text.index('"!pip')].removeprefix(
        '"%matplotlib inline\\n",'
    )
    assert longer.replace(f'"import y\\n",{gap}', "") == text


@pytest.mark.parametrize("indent", [1, None])
def test_a_line_is_known_by_its_cell_and_by_its_place_in_the_file(indent: int | None):
    markdown: Cell = {"cell_type": "markdown", "metadata": {}, "source": []}
    text = raw(
        code(["a = 1\n", "b = '\"é\\\\' + x100"]),
        markdown,
        code("c\nd = y100"),
        indent=indent,
        ensure_ascii=True,
    )
    notebook = Notebook(text)
    for name, cell in (("x100", (1, 1)), ("y100", (3, 1)), ("a = 1", (1, 0))):
        (line,) = [n for n, each in enumerate(notebook.text.split("\n")) if name in each]
        assert notebook.cell(line) == cell
        at, col = notebook.in_file(line, notebook.text.split("\n")[line].index(name))
        assert text.split("\n")[at][col:].startswith(name)


CELLS = st.lists(
    st.text(st.sampled_from("ab\n\r\\\"'%!?#= é😀(\t"), max_size=30) | st.text(max_size=10),
    max_size=4,
)


@given(CELLS, st.sampled_from([1, None]), st.booleans(), st.booleans())
def test_whatever_is_in_it_comes_out_again(
    cells: Sequence[str], indent: int | None, ensure_ascii: bool, listed: bool
):
    made = [code(lines(cell) if listed else cell) for cell in cells]
    text = raw(*made, indent=indent, ensure_ascii=ensure_ascii)
    try:
        source = decode_source("a.ipynb", text.encode(errors="surrogatepass"))
    except SourceError:
        assert not text.isascii() or "\\ud" in text
        return
    assert encoded(source, source.text).decode() == text
    assert source.notebook is not None
    for line, each in enumerate(source.lines):
        number, _ = source.notebook.cell(line)
        assert number or not each
        at, _ = source.notebook.in_file(line, len(each))
        assert at < text.count("\n")


BROKEN = [
    ("", "is no notebook: Expecting value: line 1"),
    ('{"cells": [', "is no notebook: "),
    ("[]", "it is no JSON object"),
    ('{"worksheets": []}', 'it has no list of "cells"'),
    ("[" * 100_000, "is no notebook: "),
    ('{"cells": [{"cell_type": "code", "source": ["\\ud800"]}]}', "half a character"),
]


@pytest.mark.parametrize(("text", "reason"), BROKEN)
def test_what_is_no_notebook_is_said(text: str, reason: str):
    with pytest.raises(NotebookProblem, match=reason):
        Notebook(text)


def test_what_is_not_python_has_no_code():
    assert Notebook(raw(code("x <- 1"), language="R")).text == ""
    odd = '{"cells": [1, {}, {"cell_type": "code"}, {"cell_type": "code", "source": 3}]}'
    assert Notebook(odd).text == ""


def test_cells_that_cannot_be_told_apart_are_not_written():
    notebook = Notebook(raw(code("x = 1"), code("y = 2")))
    with pytest.raises(NotebookProblem, match="told apart"):
        notebook.written(notebook.text.replace("cell 2", "cell 3"))
    forged = Notebook(raw(code("x = 1\n#%nb% cell 7\ny = 2")))
    with pytest.raises(NotebookProblem, match="told apart"):
        forged.written(forged.text)
