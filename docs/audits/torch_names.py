"""Write the names that torch, torch.nn, torch.nn.functional and torch.Tensor have to
hwlint/ops/names.py.

    python docs/audits/torch_names.py

Needs the torch that `hwlint[test]` pins. The tests compare the file with what this prints.
"""

from pathlib import Path
from textwrap import fill
from types import ModuleType

import torch
from torch import nn

TARGET = Path(__file__).resolve().parents[2] / "server" / "hwlint" / "ops" / "names.py"

_TEXT = '''\
"""Public names of torch's modules. Written by docs/audits/torch_names.py, not by hand."""

__all__ = ["FUNCTIONAL_NAMES", "NN_NAMES", "TENSOR_NAMES", "TORCH_NAMES", "TORCH_VERSION"]

TORCH_VERSION = "{version}"

_NN = """
{nn}
"""

_FUNCTIONAL = """
{functional}
"""

_TORCH = """
{torch}
"""

_TENSOR = """
{tensor}
"""

NN_NAMES = frozenset(_NN.split())
"""What `torch.nn` has, submodules included."""

FUNCTIONAL_NAMES = frozenset(_FUNCTIONAL.split())
"""What `torch.nn.functional` has, what it imports included."""

TORCH_NAMES = frozenset(_TORCH.split())
"""What `torch` has, submodules that it imports included."""

TENSOR_NAMES = frozenset(_TENSOR.split())
"""What a `torch.Tensor` has."""
'''


def _listed(module: ModuleType | type) -> str:
    names = sorted(name for name in dir(module) if not name.startswith("_"))
    return fill(" ".join(names), width=98)


def text() -> str:
    """The file's text for the installed torch."""
    version = torch.__version__.partition("+")[0]
    return _TEXT.format(
        version=version,
        nn=_listed(nn),
        functional=_listed(nn.functional),
        torch=_listed(torch),
        tensor=_listed(torch.Tensor),
    )


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
