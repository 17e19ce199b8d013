"""HW402."""

from collections.abc import Iterable, Iterator

from hwlint.api import Finding, Links, Reading, Rule, Step
from hwlint_rules._flow import by_anchor, instances, places, said_share, share_of, title
from hwlint_rules._weights import WEIGHT, computed_weights

__all__ = ["ManualWeightMask"]

_MASKING = ("mul", "masked_fill", "where")


class ManualWeightMask(Rule):
    """A weight that is multiplied by a mask while the model runs.

    What it checks
    --------------
    Convolutions and linear layers whose weight is, at each call, a parameter times a tensor of the
    same shape that belongs to the model, on devices of which the profile says that single zeros in
    the weights save no time in the deployed data type. Masks of whole channels are left alone.

    Why it costs
    ------------
    The product has as many multiply-accumulates as without a mask: a dense kernel multiplies zeros
    like all other numbers. Where the runtime does not compute constants beforehand, the mask also
    costs a pass over the weight at each call (3 x weights x bytes).

    Example
    -------
        return F.linear(x, self.weight * self.mask, self.bias)

    Use instead
    -----------
        self.weight.data.mul_(self.mask)          # once, after training
        return F.linear(x, self.weight, self.bias)
        # or fewer channels, or 2:4 sparsity where the device has it

    Fix safety
    ----------
    Storing the product once is safe for inference; training again needs the mask.

    Profile fields
    --------------
    `sparsity.unstructured`, `sparsity.unstructured_dtypes`, `fusion.constants`.

    References
    ----------
    - https://arxiv.org/abs/1902.09574 (The state of sparsity in deep neural networks)
    - https://docs.pytorch.org/docs/stable/nn.html#utilities (torch.nn.utils.prune does the same)
    """

    code = "HW402"
    name = "manual-weight-mask"
    example_devices = ("h100-sxm", "ethos-u55-128", "stm32h743")
    VALID = (
        """
        import torch
        import torch.nn as nn
        import torch.nn.functional as F

        class Scaled(nn.Linear):
            def __init__(self, wide=64):
                super().__init__(wide, wide)
                self.scale = nn.Parameter(torch.ones(wide, 1))

            def forward(self, x):
                return F.linear(x, self.weight * self.scale, self.bias)

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = Scaled()

            def forward(self, x):
                return self.first(x)
        """,
        """
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(64, 64)
                self.register_buffer("mask", torch.ones(64))

            def forward(self, x):
                return self.fc(x * self.mask)
        """,
    )
    INVALID = (
        """
        import torch
        import torch.nn as nn
        import torch.nn.functional as F

        class Masked(nn.Linear):
            def __init__(self, wide=64):
                super().__init__(wide, wide)
                self.register_buffer("mask", torch.ones(wide, wide))

            def forward(self, x):
                return F.linear(x, self.weight * self.mask, self.bias)
        """,
        """
        import torch
        import torch.nn as nn

        class MaskedConv(nn.Conv2d):
            def __init__(self):
                super().__init__(16, 32, 3)
                self.register_buffer("mask", torch.ones(32, 16, 3, 3))

            def forward(self, x):
                self.weight.data *= self.mask
                return super().forward(x)

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, 16, 3)
                self.body = MaskedConv()

            def forward(self, x):
                return self.body(self.stem(x))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each place whose weights are masked."""
        links = reading.graph.links if reading.graph is not None else None
        sparsity = reading.profile.sparsity
        if links is None or sparsity is None:
            return
        if reading.profile.speeds_up_unstructured(reading.dtype) is not False:
            return
        for place, found in by_anchor(_masked(links), reading.graph).items():
            step, mask = found[0]
            named = " or ".join(dict.fromkeys(title(product) for product, _ in found))
            products = [product for product, _ in found]
            share = share_of(links, reading, products)
            yield Finding(
                place,
                f"the weight of {named} is masked at each call: no time is saved"
                f"{instances(len(found))}{said_share(reading, products, share)}",
                _why(reading, sparsity.evidence),
                "store the product once after training, or take out whole channels",
                related=places([(mask, "the mask is applied here")], place),
                model_share=share,
                data={"op": step.op, "layers": len(found)},
            )


def _why(reading: Reading, evidence: str) -> str:
    fusion = reading.profile.fusion
    anew = fusion is not None and fusion.constants is False
    each = "; the masking runs each time" if anew else ""
    return f"its kernels compute zeros like all other weights{each} [{evidence}]"


def _masked(links: Links) -> Iterator[tuple[Step, Step]]:
    for step, made in computed_weights(links):
        last = made[-1]
        if last is step.maker(WEIGHT) and last.name in _MASKING and _is_mask(last):
            yield step, last


def _is_mask(step: Step) -> bool:
    """Whether it takes a parameter and another tensor of the model of the same shape."""
    tensors = [step.tensor(index) for index in range(len(step.taken))]
    known = [tensor for tensor in tensors if tensor is not None and tensor.shape]
    weights = [tensor for tensor in known if tensor.kind == "parameter"]
    masks = [tensor for tensor in known if tensor.kind != "parameter"]
    return len(weights) == len(masks) == 1 and weights[0].shape == masks[0].shape
