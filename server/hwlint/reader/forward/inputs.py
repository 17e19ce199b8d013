"""What a model is called with: given by whoever asks, else worked out from the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hwlint.reader.library.modules import named_modules
from hwlint.reader.values import Function, ModuleInstance, Tensor

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["ForwardOptions", "Given", "InputSpec", "default_inputs", "make_inputs"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class InputSpec:
    """One input: its name, "" by position, its shape and its dtype, "" for the usual one."""

    name: str
    shape: Shape
    dtype: str = ""

    def element(self) -> str:
        """Return the dtype: indices for what is called so, else float32."""
        if self.dtype:
            return self.dtype
        return "int64" if self.name.endswith(("_ids", "tokens", "indices")) else "float32"


@dataclass(frozen=True)
class ForwardOptions:
    """With what models are called when their forward is followed."""

    inputs: tuple[InputSpec, ...] = ()
    """Of every model; empty: each its own."""
    by_name: Mapping[str, tuple[InputSpec, ...]] = field(
        default_factory=dict[str, tuple[InputSpec, ...]]
    )
    """Of single entry points, "timm:resnet50" or "resnet50"; empty where there is none."""
    image: int = 224
    """Height and width of an image where nothing says."""
    tokens: int = 128
    """Length of a text where nothing says."""

    def of(self, package: str, name: str) -> "list[InputSpec]":
        """Return what is given for an entry point; empty where nothing is."""
        found = self.by_name.get(f"{package}:{name}") or self.by_name.get(name)
        return list(found or self.inputs)


@dataclass(frozen=True)
class Given:
    """The inputs of one run."""

    args: tuple[Tensor, ...]
    kwargs: Mapping[str, Tensor]
    described: tuple[tuple[str, Shape, str], ...]
    assumed: bool = False
    tensors: tuple[Tensor, ...] = field(default=())


def make_inputs(specs: Sequence[InputSpec], *, assumed: bool = False) -> Given:
    """Return tensors as they are asked for."""
    made = [(spec, Tensor(spec.shape, None, spec.element())) for spec in specs]
    return Given(
        tuple([tensor for spec, tensor in made if not spec.name]),
        {spec.name: tensor for spec, tensor in made if spec.name},
        tuple([(spec.name, spec.shape, spec.element()) for spec in specs]),
        assumed,
        tuple([tensor for _, tensor in made]),
    )


def default_inputs(
    interp: "Interpreter", model: ModuleInstance, image: int, tokens: int
) -> list[InputSpec] | None:
    """Return what a model is likely to take: an image where its first convolution takes three
    channels or one, token ids where it begins with a table of embeddings. None if neither."""
    forward = model.cls.find("forward")
    if isinstance(forward, Function) and _required(interp, forward) > 1:
        return None
    for _, module in named_modules(model):
        record = module.layer if isinstance(module, ModuleInstance) else None
        if record is None:
            continue
        op, values = record.spec.op, record.values
        if op == "Conv2d" and values["in_channels"] in (1, 3):
            return [InputSpec("", (1, int(values["in_channels"]), image, image))]
        if op == "Embedding":
            return [InputSpec("", (1, tokens), "int64")]
        if op == "Linear" and isinstance(values["in_features"], int):
            return [InputSpec("", (1, int(values["in_features"])))]
        if record.spec.family in ("conv", "recurrent", "attention"):
            return None
    return None


def _required(interp: "Interpreter", forward: Function) -> int:
    if not forward.ready:
        interp.prepare_function(forward)
    return len(forward.code.params) - len(forward.defaults) - 1
