"""Programs read and run: what the reader binds is what Python binds."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hwlint.reader import Reader, ReadOptions
from hwlint.reader.values import ListValue, Unknown

Project = Callable[[Mapping[str, str]], Path]

SAME = {
    "operators": """
        import operator
        result = (
            operator.lt(1, 2), operator.ge(1, 2), operator.ne("a", "b"), operator.is_(None, None),
            operator.truediv(3, 2), operator.mod(7, 4), operator.neg(3), operator.not_(0),
            operator.contains([1, 2], 2), operator.getitem({"a": 5}, "a"), operator.pow(2, 5),
        )
    """,
    "operators by name": """
        import operator as op
        NAMED = {">": op.gt, "==": op.eq, "<=": op.le}
        result = [NAMED[sign]((2, 13), (2, 1)) for sign in (">", "==", "<=")]
    """,
    "lists in place": """
        import functools, operator
        result = functools.reduce(operator.iconcat, [[2], [1], [3, 4]], [])
    """,
    "characters": """
        import string
        result = (len(string.ascii_lowercase + string.digits), string.punctuation, string.hexdigits)
    """,
    "the type of an enum": """
        import enum

        class Mode(str, enum.Enum):
            DECONV = "deconv"
            PIXEL = "pixel"

        def look_up(name, options):
            if isinstance(options, enum.EnumMeta):
                return options(name).name if name in {o.value for o in options} else None
            return options[name]

        result = (look_up("pixel", Mode), look_up("none", Mode), look_up("a", {"a": 1}),
                  isinstance(int, enum.EnumMeta))
    """,
    "a store that answers for its names": """
        class Store:
            def __init__(self, name):
                self.table = {}
                self.__doc__ = f"{name}: {self.__doc__ or ''}"

            def __getattr__(self, name):
                if name in self.table:
                    return self.table[name]
                return self.__getattribute__(name)

        store = Store("a")
        store.table["width"] = 96
        try:
            store.depth
        except AttributeError:
            depth = None
        result = (store.width, depth)
    """,
    "an attribute that __getattribute__ does not find": """
        class Odd:
            here = 3

            def __getattribute__(self, name):
                if name == "mapped":
                    return 7
                return super().__getattribute__(name)

            def __getattr__(self, name):
                return len(name)

        result = (Odd().mapped, Odd().here, Odd().elsewhere)
    """,
    "arrays of a rank at least": """
        import numpy as np
        shape, kernel, stride = (np.atleast_1d(v) for v in ((128, 96), 3, 2))
        result = tuple(int(s) for s in (shape - kernel + 2) // stride + 1)
    """,
}


def read(root: Path, name: str = "program") -> Any:
    reader = Reader(ReadOptions(root, (root,), ()))
    module = reader.imports.load_path(str(root / f"{name}.py"), name)
    assert module is not None
    module.ensure()
    assert module.problem is None, module.problem.text()
    return module.attribute("result")


def plain(value: Any) -> Any:
    if isinstance(value, tuple | ListValue | list):
        return [plain(v) for v in value]
    return value


@pytest.mark.parametrize("name", SAME)
def test_programs_bind_what_python_binds(name: str, project: Project):
    root = project({"program.py": SAME[name]})
    scope: dict[str, Any] = {}
    exec((root / "program.py").read_text(), scope)  # noqa: S102 - the programs stand in this file
    assert plain(read(root)) == plain(scope["result"])


def test_the_environment_of_whoever_lints_is_empty(project: Project):
    program = """
        import os
        result = (any(k.startswith("P") for k in os.environ), os.environ.get("PATH", "none"))
    """
    assert read(project({"program.py": program})) == (False, "none")


def test_items_that_are_not_known_end_a_loop_over_indices(project: Project):
    program = """
        import torch

        class Data:
            def __getitem__(self, index):
                return torch.load(f"{index}.pt")

        result = [item for item in Data()]
    """
    found = read(project({"program.py": program}))
    assert isinstance(found, Unknown)


def test_what_the_signature_of_a_torch_function_says_is_unknown_and_no_error(project: Project):
    program = """
        import torch
        result = torch.meshgrid.__kwdefaults__
    """
    assert isinstance(read(project({"program.py": program})), Unknown)


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "TYPE_CHECKING or SLOW"])
def test_a_lazy_package_is_what_its_type_checking_branch_says(test: str, project: Project):
    lazy = f"""
        import sys
        from typing import TYPE_CHECKING
        SLOW = False
        if {test}:
            from .net import WIDTH
        else:
            sys.modules[__name__] = object()
    """
    root = project(
        {
            "lazy/__init__.py": lazy,
            "lazy/net.py": "WIDTH = 96",
            "program.py": "from lazy import WIDTH as result",
        }
    )
    assert read(root) == 96


def test_a_package_gives_the_submodules_that_it_imports_from_itself(project: Project):
    root = project(
        {
            "pkg/__init__.py": "from . import feature\nfrom . import (color, feature)",
            "pkg/color.py": "",
            "pkg/feature/__init__.py": "from .net import WIDTH",
            "pkg/feature/net.py": "import pkg\nWIDTH = 96",
            "program.py": "import pkg\nresult = pkg.feature.WIDTH",
        }
    )
    assert read(root) == 96


def test_layers_that_were_there_before_the_model_belong_to_it(project: Project, hwlint: Any):
    net = """
        from torch import nn

        class Net(nn.Module):
            usual = nn.SiLU()

            def __init__(self, width=8, act=nn.LeakyReLU(0.2)):
                super().__init__()
                self.conv = nn.Conv2d(3, width, 3)
                self.act, self.last = act, self.usual
    """
    done = hwlint("inspect", "net.py", "--output-format", "jsonl", cwd=project({"net.py": net}))
    for layer in ("SiLU", "LeakyReLU", "Conv2d"):
        assert done.stdout.count(f'"op": "{layer}"') >= 1, done.stderr
