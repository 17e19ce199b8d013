"""HW304."""

from collections.abc import Iterable, Iterator, Sequence

from hwlint.api import (
    Change,
    Estimate,
    Finding,
    JoinLinears,
    Place,
    Reading,
    Rule,
    Step,
)
from hwlint_rules._flow import by_anchor, costly, instances, places, title
from hwlint_rules._text import percent

__all__ = ["SplitProjection"]


class SplitProjection(Rule):
    """Several linear layers of one input, where one would do.

    What it checks
    --------------
    Linear layers of one module that read the same tensor (queries, keys and values; gate and up
    projection), all with a bias or all without, on runtimes that do not make one product of them.
    Reported where the estimate says that one product saves enough: with large batches each product
    fills the device by itself, and nothing is said.

    Why it costs
    ------------
    Each product is a kernel of its own: n starts instead of one, and the input is read n times.
    The time of one product is that of all operations or of all bytes together, whichever is
    longer, and one start; what the n take longer than that is what is said.

    Example
    -------
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)

    Use instead
    -----------
        q, k, v = self.qkv_proj(x).split(self.widths, dim=-1)

    Fix safety
    ----------
    Unsafe: the result is the same, but the checkpoint has to be joined: `torch.cat` of the weights,
    and of the biases, in the order of the parts. Offered where plain statements of one `__init__`
    build the layers, `self.q = nn.Linear(dim, dim)`, where they are called on the same name in one
    block, and where nothing else names them: no initialisation, pruning or hook, and no string with
    the name of a parameter.

    Profile fields
    --------------
    `fusion.shared_input`, `dispatch.kernel_us`, `reporting.pass_model_share`.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html (one
      `in_proj_weight` for all three)
    - https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/
    """

    code = "HW304"
    name = "split-projection"
    default_severity = "info"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn
        import torch.nn.functional as F

        class Attention(nn.Module):
            def __init__(self, dim=256):
                super().__init__()
                self.embed = nn.Embedding(1000, dim)
                self.qkv = nn.Linear(dim, 3 * dim)
                self.proj = nn.Linear(dim, dim)

            def forward(self, ids):
                x = self.embed(ids)
                q, k, v = self.qkv(x).chunk(3, dim=-1)
                return self.proj(F.scaled_dot_product_attention(q, k, v))
        """,
        """
        import torch.nn as nn

        class Two(nn.Module):
            def __init__(self, dim=256):
                super().__init__()
                self.embed = nn.Embedding(1000, dim)
                self.first = nn.Linear(dim, dim)
                self.second = nn.Linear(dim, dim)

            def forward(self, ids):
                return self.second(self.first(self.embed(ids)).relu())
        """,
    )
    INVALID = (
        """
        import torch.nn as nn
        import torch.nn.functional as F

        class Attention(nn.Module):
            def __init__(self, dim=256):
                super().__init__()
                self.embed = nn.Embedding(1000, dim)
                self.q_proj = nn.Linear(dim, dim)
                self.k_proj = nn.Linear(dim, dim)
                self.v_proj = nn.Linear(dim, dim)
                self.proj = nn.Linear(dim, dim)

            def forward(self, ids):
                x = self.embed(ids)
                q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
                return self.proj(F.scaled_dot_product_attention(q, k, v))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each place that builds the first of such layers."""
        fusion, dispatch = reading.profile.fusion, reading.profile.dispatch
        links = reading.graph.links if reading.graph is not None else None
        if fusion is None or fusion.shared_input is not False or links is None:
            return
        known = reading.estimate
        if known is None or not known.seconds or dispatch is None or dispatch.kernel_us is None:
            return
        split = ((steps[0], steps) for steps in links.projections())
        for place, found in by_anchor(split, reading.graph).items():
            saved = sum(_saved(known, steps) for _, steps in found)
            share = saved / known.seconds
            if not costly(reading, share):
                continue
            _, steps = found[0]
            yield Finding(
                place,
                f"{_numbers(found)} read the same tensor: one product would "
                f"save {percent(share)} of the estimated time{instances(len(found))}",
                f"each product starts by itself and reads its input again [{fusion.evidence}; "
                f"{dispatch.kernel_us:g} us a kernel: {dispatch.evidence}]",
                "one Linear with all the features, then split (joins the checkpoint's weights)",
                related=places(((step, _name(step)) for step in steps), place),
                model_share=share,
                data={"layers": [step.operation.module for step in steps]},
                changes=_changes(steps for _, steps in found),
            )


def _changes(found: Iterable[Sequence[Step]]) -> tuple[Change, ...]:
    """Return the change that makes one layer, where all places of the model have the same ones."""
    built = {tuple(_built(steps)) for steps in found}
    if len(built) != 1:
        return ()
    first, *others = built.pop()
    step = JoinLinears(first, tuple(others))
    title = f"Join {len(others) + 1} Linears into one"
    return (Change(title, (step,), "parameters", ("operations", "submodules")),)


def _built(steps: Iterable[Step]) -> Iterator[Place]:
    for step in steps:
        if step.layer is not None:
            yield step.layer.place


def _numbers(found: Sequence[tuple[Step, Sequence[Step]]]) -> str:
    """Say how many layers can be one, and of how many: "3 Linears", "2 of 3 Linears"."""
    said: dict[str, None] = {}
    for first, steps in found:
        others = _others(first, steps)
        whole = f" of {len(steps) + others}" if others > 0 else ""
        said[f"{len(steps)}{whole}"] = None
    return f"{' or '.join(said)} {title(found[0][0])}s"


def _others(first: Step, steps: Sequence[Step]) -> int:
    """Count the linear layers that read the tensor too and cannot be joined as they are: they have
    no bias where these have one, or stand in another module."""
    return sum(step.name == "linear" for step in first.sharing(0)) - len(steps)


def _saved(known: Estimate, steps: Sequence[Step]) -> float:
    """Return the seconds that one product instead of several saves, at least."""
    costs = [known.operations[step.number] for step in steps]
    compute = sum(cost.compute for cost in costs)
    memory = sum(cost.memory for cost in costs)
    whole = max(compute, memory) + max(cost.overhead for cost in costs)
    return max(0.0, sum(cost.seconds for cost in costs) - whole)


def _name(step: Step) -> str:
    return f"{step.operation.module.rpartition('.')[2]} reads it too"
