"""What the reader knows of Python's and torch's libraries: one file a family.

Each file has a `TABLE` from dotted name to value; `install` puts them into the interpreter.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["install", "torch_has"]


def install(interp: "Interpreter") -> None:
    """Fill `interp.modelled`."""
    from hwlint.reader.library import (
        argument_parsers,
        autograd,
        command_lines,
        copying,
        distributions,
        einops_functions,
        enums,
        files,
        functions,
        hydra,
        iteration,
        lightning,
        operator_functions,
        paths,
        progress,
        pytest_marks,
        records,
        settings,
        standard,
        starting,
        text,
        threads,
        tools,
        torch_functions,
        torch_nn,
        torch_transforms,
    )

    python = (
        functions,
        standard,
        iteration,
        lightning,
        operator_functions,
        copying,
        text,
        tools,
        enums,
        records,
        threads,
    )
    outside = (
        argument_parsers,
        command_lines,
        autograd,
        distributions,
        torch_transforms,
        files,
        paths,
        progress,
        settings,
        hydra,
        lightning,
        pytest_marks,
        starting,
    )
    for part in (*python, *outside, torch_nn, torch_functions, einops_functions):
        interp.modelled.update(part.TABLE)


def torch_has(module: str, name: str) -> bool | None:
    """Say whether torch's own module has a name; None where the reader has no list of it."""
    from hwlint.ops import names

    if module == "torch.nn.functional":
        return name in names.FUNCTIONAL_NAMES
    if module == "torch.nn":
        return name in names.NN_NAMES
    if module in ("torch", "torch.Tensor") and not name.startswith("_"):
        known = names.TORCH_NAMES if module == "torch" else names.TENSOR_NAMES
        return True if name in known else None
    return None
