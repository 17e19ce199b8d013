"""The inputs of models as people write them: "1x3x224x224", "input_ids=1x128:int64"."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from hwlint.engine.errors import UserError
from hwlint.ops.dtypes import item_size
from hwlint.reader import InputSpec

__all__ = ["configured_inputs", "load_inputs", "parse_input"]

_FORM = re.compile(
    r"(?:(?P<name>[A-Za-z_]\w*)=)?(?P<shape>\d+(?:x\d+)*|scalar)(?::(?P<dtype>\w+))?"
)
_LARGEST = 1 << 31


def parse_input(text: str) -> InputSpec:
    """Read one input.

    Raises:
        UserError: Where the text is not "[NAME=]1x3x224x224[:DTYPE]".
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise UserError(f'input "{text}": expected [NAME=]1x3x224x224[:DTYPE]')
    name, shape, dtype = found["name"] or "", found["shape"], found["dtype"] or ""
    if dtype and item_size(dtype) is None:
        raise UserError(f'input "{text}": no dtype is called "{dtype}"')
    dims = () if shape == "scalar" else tuple(int(d) for d in shape.split("x"))
    if any(d > _LARGEST for d in dims):
        raise UserError(f'input "{text}": a dimension is too large')
    return InputSpec(name, dims, dtype)


def configured_inputs(
    inputs: Iterable[tuple[int, ...] | str], batch: int | None
) -> tuple[InputSpec, ...]:
    """Read the inputs of a configured model. `batch`: the first dimension of each, where given."""
    specs = [parse_input(i) if isinstance(i, str) else InputSpec("", i) for i in inputs]
    if batch is None:
        return tuple(specs)
    return tuple(replace(s, shape=(batch, *s.shape[1:])) if s.shape else s for s in specs)


def load_inputs(path: Path) -> Mapping[str, tuple[InputSpec, ...]]:
    """Read a JSON file of inputs by entry point: {"resnet50": ["1x3x224x224"]}. A name may be
    preceded by its top-level package: "timm:resnet50".

    Raises:
        UserError: Where the file cannot be read or is of another form.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UserError(f"{path}: {problem}") from None
    if not isinstance(document, dict):
        raise UserError(f"{path}: expected an object of lists by entry point")
    found: dict[str, tuple[InputSpec, ...]] = {}
    for name, texts in cast("dict[str, object]", document).items():
        if not isinstance(texts, list):
            raise UserError(f'{path}: "{name}": expected a list of inputs')
        items = cast("Sequence[object]", texts)
        found[name] = tuple(parse_input(str(text)) for text in items)
    return found
