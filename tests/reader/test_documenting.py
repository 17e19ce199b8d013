"""Decorators that only write documentation are told from those that do something."""

import textwrap
from pathlib import Path

import pytest

from hwlint.reader import Reader, ReadOptions
from hwlint.reader.documenting import only_documents
from hwlint.reader.imports import PythonModule

DOCUMENTING = {
    "sets it": """
        def deco(f):
            text = ""
            for name, default in signature(f).items():
                text += f"{name}: {default}"
            f.__doc__ = text
            return f
    """,
    "by another function": """
        import inspect

        def method(f, parent=None):
            "Writes it."
            if parent is None:
                print(f.__name__)
            f.__doc__ = str(inspect.signature(f))
            return f

        def deco(f):
            try:
                text = method(f.__init__, f).__doc__
            except AttributeError:
                return method(f)
            f.__doc__ = text
            return f
    """,
    "with and without arguments": """
        def method(f, intro):
            f.__doc__ = intro + f.__doc__
            return f

        def deco(f=None, *, intro=""):
            def inner(f):
                return method(f, intro)

            if f:
                return inner(f)
            return inner
    """,
}
DOING = {
    "gives something else": """
        def deco(f):
            def inner(*args):
                return f(*args)
            f.__doc__ = "told"
            return inner
    """,
    "registers": """
        KNOWN = {}

        def deco(f):
            f.__doc__ = "told"
            KNOWN[f.__name__] = f
            return f
    """,
    "registers by a method": """
        KNOWN = []

        def deco(f):
            f.__doc__ = "told"
            KNOWN.append(f)
            return f
    """,
    "sets something else": """
        def deco(f):
            f.__doc__ = "told"
            f.width = 8
            return f
    """,
    "binds a global": """
        LAST = None

        def deco(f):
            global LAST
            f.__doc__ = "told"
            LAST = f
            return f
    """,
    "documents nothing": """
        def deco(f):
            return f
    """,
    "writes about another": """
        def deco(f):
            g = other(f)
            g.__doc__ = "told"
            return f
    """,
    "gives another back": """
        def deco(f):
            f.__doc__ = "told"
            f = other(f)
            return f
    """,
    "may give nothing": """
        def deco(f):
            f.__doc__ = "told"
            if f.__name__ == "x":
                return None
            return f
    """,
    "is a generator": """
        def deco(f):
            f.__doc__ = "told"
            yield f
            return f
    """,
}


def judged(folder: Path, text: str) -> bool:
    path = folder / "program.py"
    path.write_text(textwrap.dedent(text))
    reader = Reader(ReadOptions(folder, (folder,), ()))
    module = reader.imports.load_path(str(path), "program")
    assert isinstance(module, PythonModule)
    module.ensure()
    return only_documents(reader.interp, module.frame.vars["deco"])


@pytest.mark.parametrize("what", DOCUMENTING)
def test_documentation(tmp_path: Path, what: str):
    assert judged(tmp_path, DOCUMENTING[what])


@pytest.mark.parametrize("what", DOING)
def test_what_does_something(tmp_path: Path, what: str):
    assert not judged(tmp_path, DOING[what])


def test_what_is_documented_is_what_it_was(tmp_path: Path):
    path = tmp_path / "net.py"
    head = textwrap.dedent(DOCUMENTING["with and without arguments"])
    path.write_text(
        f"{head}\nimport torch.nn as nn\n\n"
        "@deco(intro='A net. ')\nclass Net(nn.Module):\n"
        "    @deco\n    def __init__(self, width=20):\n"
        "        super().__init__()\n        self.conv = nn.Conv2d(3, width, 3)\n"
    )
    (graph,) = Reader(ReadOptions(tmp_path, (tmp_path,), ())).read(str(path)).graphs
    assert graph.complete
    assert [layer.args["out_channels"].value for layer in graph.layers] == [20]
