"""Which forms of attention, written out, torch.compile makes one kernel of.

    python docs/audits/attention_forms.py

Needs torch. Traces each form for each layout of the heads, batch size and number format, without
gradients, and counts the matches of Inductor's own pattern pass. A form
that is never matched is what `fusion.attention_missed` of the profiles may list.
"""

import math
import sys
import warnings
from collections.abc import Callable
from itertools import product

import torch
from torch._dynamo.backends.common import aot_autograd
from torch._dynamo.utils import counters
from torch._inductor.decomposition import select_decomp_table
from torch._inductor.fx_passes.joint_graph import joint_graph_passes

HEADS, LENGTH, DEPTH = 4, 64, 32
SCALE = DEPTH**-0.5
T = torch.Tensor
Form = Callable[[T, T, T, T], T]


def scores(q: T, k: T) -> T:
    """Return the product of queries and keys."""
    return q @ k.transpose(-2, -1)


HIDDEN = float("-inf")
FORMS: dict[str, Form] = {
    "matmul softmax matmul": lambda q, k, v, _: scores(q, k).softmax(-1) @ v,
    "matmul mul softmax matmul": lambda q, k, v, _: (scores(q, k) * SCALE).softmax(-1) @ v,
    "matmul div softmax matmul": lambda q, k, v, _: (
        (scores(q, k) / math.sqrt(DEPTH)).softmax(-1) @ v
    ),
    "mul matmul softmax matmul": lambda q, k, v, _: scores(q * SCALE, k).softmax(-1) @ v,
    "div matmul softmax matmul": lambda q, k, v, _: scores(q / math.sqrt(DEPTH), k).softmax(-1) @ v,
    "matmul add softmax matmul": lambda q, k, v, b: (scores(q, k) + b).softmax(-1) @ v,
    "matmul mul add softmax matmul": lambda q, k, v, b: (scores(q, k) * SCALE + b).softmax(-1) @ v,
    "matmul div add softmax matmul": lambda q, k, v, b: (
        (scores(q, k) / math.sqrt(DEPTH) + b).softmax(-1) @ v
    ),
    "mul matmul add softmax matmul": lambda q, k, v, b: (scores(q * SCALE, k) + b).softmax(-1) @ v,
    "matmul mul masked_fill softmax matmul": lambda q, k, v, b: (
        (scores(q, k) * SCALE).masked_fill(b == 0, HIDDEN).softmax(-1) @ v
    ),
}
LAYOUTS: dict[str, Callable[[int], tuple[T, ...]]] = {
    "contiguous": lambda n: tuple(torch.randn(n, HEADS, LENGTH, DEPTH) for _ in range(3)),
    "transposed": lambda n: tuple(
        torch.randn(n, LENGTH, HEADS, DEPTH).transpose(1, 2) for _ in range(3)
    ),
    "one projection": lambda n: (
        torch.randn(n, LENGTH, 3, HEADS, DEPTH).permute(2, 0, 3, 1, 4).unbind(0)
    ),
}
BIASES: dict[str, Callable[[int], T]] = {
    "each head": lambda _: torch.randn(1, HEADS, LENGTH, LENGTH),
    "each row": lambda n: torch.randn(n, 1, LENGTH, LENGTH),
    "each key": lambda n: torch.randn(n, 1, 1, LENGTH),
}


def matches(form: Form, inputs: tuple[T, ...]) -> int:
    """Return how often Inductor's pass rewrites a form for these inputs."""

    def look(graph: torch.fx.GraphModule, _: list[T]) -> torch.fx.GraphModule:
        joint_graph_passes(graph)
        return graph

    backend = aot_autograd(fw_compiler=look, decompositions=select_decomp_table)
    torch._dynamo.reset()  # noqa: SLF001 - there is no public way to ask the pass
    counters.clear()
    with torch.no_grad():
        torch.compile(form, fullgraph=True, backend=backend)(*inputs)
    return counters["inductor"]["fuse_attention"]


def main() -> None:
    """Print a table: in how many of the cases each form is matched."""
    warnings.simplefilter("ignore")
    lines = [
        f"torch {torch.__version__}, CPU",
        "",
        "| form | matched | of |",
        "| --- | --- | --- |",
    ]
    for name, form in FORMS.items():
        biases = BIASES if ("add" in name or "fill" in name) else {"each row": BIASES["each row"]}
        cases = list(product(LAYOUTS, biases, (1, 2), (torch.float32, torch.bfloat16)))
        found = 0
        for layout, bias, batch, dtype in cases:
            inputs = (*LAYOUTS[layout](batch), BIASES[bias](batch))
            found += matches(form, tuple(x.to(dtype) for x in inputs)) > 0
        lines.append(f"| {name} | {found} | {len(cases)} |")
        sys.stderr.write(lines[-1] + "\n")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
