"""HW303."""

from collections.abc import Iterable, Iterator, Sequence

from hwlint.api import Change, Finding, FuseAttention, Fusion, Links, Place, Reading, Rule, Step
from hwlint_rules._flow import (
    by_call,
    costly,
    instances,
    left_factor,
    most_alike,
    places,
    said_share,
    shape,
    share_of,
)
from hwlint_rules._text import counts

__all__ = ["UnfusedAttention"]

_RANK = 4
"""Batch, heads, queries, keys."""
_PRODUCTS = ("matmul", "bmm", "einsum", "baddbmm")
_SCALES = ("mul", "div")
_MASKS = ("add", "sub", "masked_fill", "where")
_BETWEEN = (*_SCALES, *_MASKS)
_SILENT = ("to", "float", "half", "bfloat16", "type", "type_as", "contiguous", "clone")


class UnfusedAttention(Rule):
    """Attention that is written out in a form that the runtime does not put together.

    What it checks
    --------------
    A product, a softmax of it and a product with that, each read by the next one alone, with
    scaling and masks between: on runtimes of which the profile says that they do not make one
    kernel of it, or that they miss this form of it. Nothing is said where the weights of attention
    are used for anything else, and where the profile does not name the form.

    Why it costs
    ------------
    Written out, the matrix of scores (heads x queries x keys) goes to memory and back for the
    product, for each of the scalings and masks and for the softmax; a fused kernel keeps it on the
    chip. Memory grows with the square of the length.

    Example
    -------
        attn = (q * self.scale) @ k.transpose(-2, -1)
        return attn.softmax(dim=-1) @ v

    Use instead
    -----------
        return F.scaled_dot_product_attention(q, k, v, scale=self.scale)

    Fix safety
    ----------
    The result is the same but for rounding. A mask that is added goes in as `attn_mask`.

    Profile fields
    --------------
    `fusion.attention`, `fusion.attention_missed`, `reporting.pass_model_share`.

    References
    ----------
    - https://arxiv.org/abs/2205.14135 (FlashAttention)
    - https://github.com/pytorch/pytorch torch/_inductor/fx_passes/fuse_attention.py
    """

    code = "HW303"
    name = "unfused-attention"
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

            def forward(self, ids):
                q, k, v = self.qkv(self.embed(ids)).chunk(3, dim=-1)
                return F.scaled_dot_product_attention(q, k, v)
        """,
        """
        import torch.nn as nn

        class Matched(nn.Module):
            def __init__(self, dim=256):
                super().__init__()
                self.embed = nn.Embedding(1000, dim)
                self.qkv = nn.Linear(dim, 3 * dim)

            def forward(self, ids):
                q, k, v = self.qkv(self.embed(ids)).chunk(3, dim=-1)
                attn = (q @ k.transpose(-2, -1)) * 16**-0.5
                return attn.softmax(dim=-1) @ v
        """,
        """
        import torch.nn as nn

        class Shown(nn.Module):
            def __init__(self, dim=256):
                super().__init__()
                self.embed = nn.Embedding(1000, dim)
                self.qkv = nn.Linear(dim, 3 * dim)

            def forward(self, ids):
                q, k, v = self.qkv(self.embed(ids)).chunk(3, dim=-1)
                attn = ((q * 16**-0.5) @ k.transpose(-2, -1)).softmax(dim=-1)
                return attn @ v, attn
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Attention(nn.Module):
            def __init__(self, dim=256, heads=8):
                super().__init__()
                self.heads = heads
                self.scale = (dim // heads) ** -0.5
                self.embed = nn.Embedding(1000, dim)
                self.qkv = nn.Linear(dim, 3 * dim)

            def forward(self, ids):
                x = self.embed(ids)
                B, N, C = x.shape
                qkv = self.qkv(x).reshape(B, N, 3, self.heads, C // self.heads)
                q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
                attn = (q * self.scale) @ k.transpose(-2, -1)
                x = attn.softmax(dim=-1) @ v
                return x.transpose(1, 2).reshape(B, N, C)
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each softmax of such attention."""
        fusion = reading.profile.fusion
        links = reading.graph.links if reading.graph is not None else None
        if fusion is None or fusion.attention is None or links is None:
            return
        for place, found in by_call(_apart(links, fusion)).items():
            steps = [step for _, (_, inner) in found for step in inner]
            flat = all(_is_four_dimensional(one) for one, _ in found)
            filled = all(_fills(reading, inside) for _, (_, inside) in found)
            share = share_of(links, reading, steps)
            if not costly(reading, share):
                continue
            softmax, (form, inner) = most_alike(found, lambda one: one[1][0])[0]
            numbers = [len(inside) for _, (_, inside) in found]
            yield Finding(
                place,
                f"attention is not fused: {counts(numbers, 'operator')} on scores of "
                f"{shape(softmax)}{instances(len(found))}{said_share(reading, steps, share)}",
                f"the runtime misses the form '{form}' [{fusion.evidence}]",
                "F.scaled_dot_product_attention (same result but for rounding)"
                + ("" if flat else _FLAT)
                + ("" if filled else _FILLED),
                related=places(((step, step.name) for step in inner), place),
                model_share=share,
                data={"form": form, "layers": len(found)},
                changes=_changes(place) if flat and filled else (),
            )


_FLAT = ", of four dimensions, others merged into the batch: only these have a fused kernel"
"""ATen/native/transformers/sdp_utils_cpp.h, check_tensor_shapes."""


_FILLED = ", heads filled up to a multiple of 8: with a mask only these have a fused kernel"
_STEP = 8
"""ATen/native/transformers/cuda/sdp_utils.cpp, check_head_dim_size_mem_efficient of numbers of 16
bits; flash takes no mask."""


def _fills(reading: Reading, steps: Sequence[Step]) -> bool:
    """Say whether heads are as wide as a fused kernel wants them that takes a mask, or there is
    none."""
    if reading.dtype not in ("fp16", "bf16") or not any(step.name in _MASKS for step in steps):
        return True
    product = next(step for step in steps if step.name in _PRODUCTS)
    queries = product.tensor(left_factor(product.name))
    wide = queries.shape[-1] if queries is not None and queries.shape else None
    return wide is None or wide % _STEP == 0


def _is_four_dimensional(softmax: Step) -> bool:
    tensor = softmax.tensor()
    return tensor is not None and tensor.shape is not None and len(tensor.shape) == _RANK


def _changes(place: Place) -> tuple[Change, ...]:
    step = FuseAttention(place)
    return (Change("Use scaled_dot_product_attention", (step,), "numerics", ("operations",)),)


def _apart(links: Links, fusion: Fusion) -> Iterator[tuple[Step, tuple[str, list[Step]]]]:
    for softmax in links.called(("softmax",)):
        before, after = _before(softmax), _after(softmax)
        if before is None or after is None:
            continue
        if not _lies_in_order(before, after):
            continue
        if fusion.attention is not False and any(map(_adds_constant, before)):
            continue
        steps = [*before, softmax, after]
        form = " ".join(step.name for step in steps)
        if fusion.attention is False or form in fusion.attention_missed:
            yield softmax, (form, [step for step in steps if step.operation.effect != "view"])


def _before(softmax: Step) -> list[Step] | None:
    """Return the product that is behind the softmax and what is between, with a scaling of the
    queries before it; None where there is no product."""
    found: list[Step] = []
    step = softmax.maker()
    while step is not None and step.next is not None:
        if step.name in _PRODUCTS:
            scale = _passed(step.maker())
            scaled = scale is not None and scale.name in _SCALES and scale.next is not None
            return [*([scale] if scale is not None and scaled else []), step, *found]
        if step.name in _BETWEEN:
            found.insert(0, step)
        elif step.name not in _SILENT and step.operation.effect != "view":
            return None
        step = step.maker()
    return None


def _adds_constant(step: Step) -> bool:
    """Say whether a mask is computed of nothing that the model is given or has: where nothing is
    masked out the compiler sees that, leaves the step out, and knows the form again."""
    if step.name not in _MASKS:
        return False
    numbers = range(len(step.taken))
    return any(_is_constant(step, number) for number in numbers if step.maker(number) is not None)


def _is_constant(step: Step, number: int) -> bool:
    """Say whether an input is computed of numbers that stand in the code."""
    stack, seen = [(step, number)], set[tuple[int, int]]()
    while stack:
        reader, which = stack.pop()
        if (reader.number, which) in seen:
            continue
        seen.add((reader.number, which))
        tensor, maker = reader.tensor(which), reader.maker(which)
        if maker is None and (tensor is None or tensor.kind != "activation"):
            return False
        if maker is not None and not maker.name.endswith("_like"):
            stack += [(maker, other) for other in range(len(maker.taken))]
    return True


def _after(softmax: Step) -> Step | None:
    """Return the product that takes the weights; None where something else does as well."""
    step = softmax.next
    while step is not None and (step.name in _SILENT or step.operation.effect == "view"):
        step = step.next
    return step if step is not None and step.name in _PRODUCTS else None


def _lies_in_order(before: list[Step], after: Step) -> bool:
    """Whether the numbers of a head lie one after the other in queries, keys and values: the fused
    kernels refuse others. Keys are turned once, for the product."""
    product = next(step for step in before if step.name in _PRODUCTS)
    left = left_factor(product.name)
    turned = (_turns(product, left), _turns(product, left + 1), _turns(after, 1))
    return turned == (0, 1, 0)


def _turns(product: Step, number: int) -> int | None:
    """Count how often the last axis of a factor was put elsewhere since it was computed; None where
    the model did not compute it."""
    step, count = product.maker(number), 0
    while step is not None:
        order = step.operation.order
        if order and order[-1] != len(order) - 1:
            count += 1
        elif step.operation.effect not in ("view", "same") and step.name not in _SCALES:
            return count
        step = step.maker()
    return None


def _passed(step: Step | None) -> Step | None:
    """Return what made a value, through views and casts."""
    while step is not None and (step.name in _SILENT or step.operation.effect == "view"):
        step = step.maker()
    return step
