"""HW201."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule
from hwlint_rules._activations import CLOSEST
from hwlint_rules._operators import costly

__all__ = ["FloatOnlyActivation"]


class FloatOnlyActivation(Rule):
    """Activations without a kernel in the data type that is deployed.

    What it checks
    --------------
    Every activation that is built or that forward calls as a function, against what the profile
    says of it in the deployed data type: run in float, not supported, or decomposed into several
    operators. Attention counts with the softmax in it. An activation of which the profile says
    nothing is not reported.

    Why it costs
    ------------
    Around an operator without an integer kernel the runtime converts to float and back: two extra
    passes over the tensor, and float arithmetic where there may be no fast one. A decomposed
    activation writes and reads the tensor once for each of its parts, where a fused one costs
    nothing.

    Example
    -------
        self.act = nn.SiLU()        # sigmoid and multiply on most int8 runtimes

    Use instead
    -----------
        self.act = nn.Hardswish()   # or nn.ReLU6(), where the profile says that it is fused

    Fix safety
    ----------
    Unsafe: another activation computes something else, so the model has to be trained again.

    Profile fields
    --------------
    `operators.<dtype>.support`, `operators.<dtype>.why`, `deploy`.

    References
    ----------
    - https://arxiv.org/abs/1905.02244 (Searching for MobileNetV3: hard-swish)
    - https://github.com/tensorflow/tflite-micro (micro_mutable_op_resolver.h)
    """

    code = "HW201"
    name = "float-only-activation"
    example_devices = ("stm32h743", "raspberry-pi-5")
    VALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3)
                self.act = nn.ReLU6()
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self, act=nn.SiLU):
                super().__init__()
                self.conv = nn.Conv2d(16, 16, 3)
                self.act = act()
        """,
        """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = nn.Sequential(nn.Conv2d(16, 16, 3), nn.Hardsigmoid())
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for each call that builds such an activation."""
        return costly(reading, "activation", CLOSEST, "changes results: train again")
