"""HW002."""

from collections.abc import Iterable

from hwlint.api import Finding, Place, Reading, Related, Rule

__all__ = ["ShapeMismatch"]


class ShapeMismatch(Rule):
    """Shapes that do not fit together: the model raises when it is called.

    What it checks
    --------------
    Whether the forward method of a model, followed with what the model takes, ends in an error
    that torch raises about shapes: features or channels that a layer does not take, a reshape to
    another number of items, tensors that do not broadcast or cannot be joined, heads that do not
    divide the width. It speaks only where that is proved: with inputs that the configuration or a
    comment gives (`# hwlint: input(1, 3, 224, 224)`), or for any size that the input could have.
    A dimension that is not known fits everything.

    Why it costs
    ------------
    The model does not run, and nothing can be said of what it would cost.

    Example
    -------
        self.features = nn.Conv2d(3, 64, 3)
        self.norm = nn.BatchNorm2d(32)
        ...
        return self.norm(self.features(x))

    Use instead
    -----------
        self.norm = nn.BatchNorm2d(64)

    Fix safety
    ----------
    No fix: which of the two numbers is the right one is not known.

    Profile fields
    --------------
    None: torch refuses the shapes on every device.

    References
    ----------
    - https://docs.pytorch.org/docs/stable/nn.html
    - https://docs.pytorch.org/docs/stable/notes/broadcasting.html
    """

    code = "HW002"
    name = "shape-mismatch"
    default_severity = "error"
    example_devices = ("h100-sxm",)
    VALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.features = nn.Conv2d(3, 64, 3)
                self.norm = nn.BatchNorm2d(64)
                self.head = nn.Linear(64 * 30 * 30, 10)

            def forward(self, x):
                return self.head(self.norm(self.features(x)).flatten(1))
        """,
        """
        import torch.nn as nn

        class AnotherSize(nn.Module):
            def __init__(self):
                super().__init__()
                self.features = nn.Conv2d(3, 64, 3)
                self.head = nn.Linear(64 * 41 * 41, 10)

            def forward(self, x):
                return self.head(self.features(x).flatten(1))
        """,
    )
    INVALID = (
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.features = nn.Conv2d(3, 64, 3)
                self.norm = nn.BatchNorm2d(32)

            def forward(self, x):
                return self.norm(self.features(x))
        """,
        """
        import torch.nn as nn

        # hwlint: input(1, 3, 32, 32)
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.features = nn.Conv2d(3, 64, 3)
                self.head = nn.Linear(64 * 32 * 32, 10)

            def forward(self, x):
                return self.head(self.features(x).flatten(1))
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield the error that calling the model ends in."""
        flow = reading.graph.flow if reading.graph is not None else None
        if flow is None or flow.mismatch is None:
            return
        found = flow.mismatch
        places = [place for place in (found.place, found.layer) if place is not None]
        if not places:
            return
        yield Finding(
            places[0],
            " ".join(found.message.split()),
            _why(found.module, flow.inputs, assumed=flow.assumed),
            alternatives=tuple(places[1:]),
            related=_built(found.layer, places[0]),
            data={"module": found.module},
        )


def _why(
    module: str, inputs: Iterable[tuple[str, tuple[int | None, ...], str]], *, assumed: bool
) -> str:
    where = f"torch refuses it in {module}" if module else "torch refuses it"
    if assumed:
        return f"{where}, whatever the size of the input"
    given = ", ".join(_written(*one) for one in inputs)
    return f"{where} when the model is called with {given}"


def _written(name: str, shape: tuple[int | None, ...], dtype: str) -> str:
    size = "x".join("?" if dim is None else str(dim) for dim in shape) or "scalar"
    return f"{name}={size} {dtype}" if name else f"{size} {dtype}"


def _built(layer: Place | None, anchor: Place) -> tuple[Related, ...]:
    if layer is None or layer == anchor:
        return ()
    return (Related(layer, "the layer that refuses is built here"),)
