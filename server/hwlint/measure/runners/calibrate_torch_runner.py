"""Times single operations with torch, for a profile of the machine.

python -I calibrate_torch_runner.py FOLDER

FOLDER/cases.json says what is to be timed and for how long. Each visit of a case is appended to
FOLDER/raw.jsonl at once, so that whatever ends this process costs one visit.
"""

# torch and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List

sys.path.insert(0, sys.argv[1])
import hwlint_building  # from the folder of the job
import hwlint_calibrating
import hwlint_support

sys.path.remove(sys.argv[1])

WEIGHTS = 4 << 20
"""Bytes of weights that are gone through in turns: in a model other weights come between two uses
of the same ones."""
MOST_COPIES = 8


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Do one job."""
    work.progress("importing torch")
    torch = hwlint_building.torch_of(work)
    compiles = work.job["runner"] == "torch-compile"
    maker = Maker(torch, torch.compile if compiles else lambda module: module)
    with torch.inference_mode():
        hwlint_calibrating.visit_all(work, maker.runs)
    return {
        "environment": hwlint_support.environment(
            runner=work.job["runner"],
            torch=torch.__version__,
            threads=torch.get_num_threads(),
        )
    }


class Maker:
    """Makes what is timed."""

    def __init__(self, torch: Any, wrap: Callable[[Any], Any]) -> None:
        self.torch, self.nn, self.wrap = torch, torch.nn, wrap

    def runs(self, case: Dict[str, Any]) -> List[Callable[[], Any]]:
        """Return functions that do one case, each with weights of its own."""
        inputs = [self.torch.randn(shape) for shape in case["inputs"]]
        first = self.module(case)
        size = sum(p.numel() * p.element_size() for p in first.parameters())
        copies = min(MOST_COPIES, -(-WEIGHTS // size)) if size else 1
        modules = [first, *(self.module(case) for _ in range(copies - 1))]
        return [_call(self.wrap(module.eval()), inputs) for module in modules]

    def module(self, case: Dict[str, Any]) -> Any:
        """Return a module of one layer, one function, or of several in a row."""
        if "chain" in case:
            return self.nn.Sequential(*[self.module(part) for part in case["chain"]])
        if "layer" in case:
            return getattr(self.nn, case["layer"])(*case["args"], **case.get("kwargs", {}))
        return self._of_function(FUNCTIONS[case["function"]])

    def _of_function(self, function: Callable[..., Any]) -> Any:
        torch = self.torch

        class Calls(self.nn.Module):
            def forward(self, *inputs: Any) -> Any:
                return function(torch, *inputs)

        return Calls()


FUNCTIONS: Dict[str, Callable[..., Any]] = {
    "add": lambda _, a, b: a + b,
    "mul": lambda _, a, b: a * b,
    "matmul": lambda _, a, b: a @ b,
    "cat": lambda torch, a, b: torch.cat([a, b], 1),
    "softmax": lambda _, a: a.softmax(-1),
    "mean": lambda _, a: a.mean(-1),
    "contiguous": lambda _, a: a.transpose(1, 2).contiguous(),
    "scaled_dot_product_attention": lambda torch, q, k, v: (
        torch.nn.functional.scaled_dot_product_attention(q, k, v)
    ),
    "interpolate": lambda torch, a: torch.nn.functional.interpolate(a, scale_factor=2.0),
    "exp": lambda _, a: a.exp(),
}
"""What is no layer of torch.nn; named as the row of hwlint's table of functions."""


def _call(module: Any, inputs: List[Any]) -> Callable[[], Any]:
    return lambda: module(*inputs)


if __name__ == "__main__":
    hwlint_support.run(main)
