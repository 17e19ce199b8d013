"""What a model is called with: given by whoever asks, else worked out from the model."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from hwlint.reader.library.modules import looked_through, named_modules
from hwlint.reader.signatures import unwrapped
from hwlint.reader.values import (
    DictValue,
    Function,
    Instance,
    LayerRecord,
    ModuleInstance,
    Tensor,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = [
    "ForwardOptions",
    "Given",
    "InputSpec",
    "Shape",
    "default_inputs",
    "entrance_name",
    "make_inputs",
    "open_shape",
    "texts",
    "typed",
]

Shape = tuple[int | None, ...]


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
        return "int64" if self.name.endswith(_INDICES) else "float32"


_INDICES = ("_ids", "tokens", "indices")
"""How names of tensors end that hold indices."""


@dataclass(frozen=True)
class ForwardOptions:
    """With what models are called when their forward is followed."""

    inputs: tuple[InputSpec, ...] = ()
    """Of every model; empty: each its own."""
    by_name: Mapping[str, tuple[InputSpec, ...]] = field(
        default_factory=dict[str, tuple[InputSpec, ...]]
    )
    """Of single entry points, "timm:resnet50" or "resnet50"; empty where there is none."""
    image: tuple[int, int] = (224, 224)
    """Height and width of an image where nothing says."""
    tokens: int = 128
    """Length of a text where nothing says."""
    batch: int = 1
    """Items in a batch where nothing says."""
    training: bool = False
    """Modules are in training mode."""
    by_model: Mapping[str, tuple[InputSpec, ...]] = field(
        default_factory=dict[str, tuple[InputSpec, ...]]
    )
    """Of configured ways of building, by the keys of `ReadOptions.models`."""

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


def typed(specs: Sequence[InputSpec], model: ModuleInstance) -> list[InputSpec]:
    """Fill in the dtypes that nobody gave: a model that begins with a table of embeddings takes
    indices."""
    entrance = _entrance(model)[1]
    if entrance is None or entrance.spec.family != "embedding":
        return list(specs)
    return [
        spec if spec.dtype or spec.name or len(spec.shape) > 2 else replace(spec, dtype="int64")
        for spec in specs
    ]


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
    interp: "Interpreter", model: ModuleInstance, options: ForwardOptions
) -> list[list[InputSpec]]:
    """Return what a model may take, the likeliest first: an image where its first convolution takes
    three channels or one, token ids where it begins with a table of embeddings, numbers where it
    begins with a linear layer. Empty where none of these holds, and where forward says that it
    takes a number first. What has a decoder is given token ids for that too."""
    forward = model.cls.find("forward")
    guesses = _likely(interp, model, options, forward)
    if guesses and guesses[0][0].dtype == "int64" and _has_decoder(interp, forward):
        return [[*specs, replace(specs[0], name=_DECODER)] for specs in guesses]
    return guesses


def _likely(
    interp: "Interpreter", model: ModuleInstance, options: ForwardOptions, forward: object
) -> list[list[InputSpec]]:
    if isinstance(forward, Function) and _required(interp, forward) > 1:
        return []
    if isinstance(forward, Function) and _takes_a_number(forward):
        return []
    entrance = _entrance(model)[1]
    if entrance is None:
        return []
    if entrance.spec.family != "embedding" and _takes_indices(interp, forward):
        return texts(options) if _has_embedding(model) else []
    return _for_entrance(model, entrance, options)


_DECODER = "decoder_input_ids"
"""What transformers calls the text so far that a decoder goes on with: whoever generates gives
it."""


def _has_decoder(interp: "Interpreter", forward: Value) -> bool:
    """Whether forward, also inside of decorators, takes token ids for a decoder."""
    forward = unwrapped(forward)
    if not isinstance(forward, Function):
        return False
    if not forward.ready:
        interp.prepare_function(forward)
    return _DECODER in forward.code.params


def texts(options: ForwardOptions) -> list[list[InputSpec]]:
    """Return token ids of several lengths."""
    lengths = dict.fromkeys((options.tokens, *_OTHER_TEXTS))
    return [[InputSpec("", (options.batch, length), "int64")] for length in lengths]


def _takes_indices(interp: "Interpreter", forward: object) -> bool:
    """Whether the first parameter of forward is called as indices are."""
    if not isinstance(forward, Function):
        return False
    if not forward.ready:
        interp.prepare_function(forward)
    params = forward.code.params
    return len(params) > 1 and params[1].endswith(_INDICES)


def _takes_a_number(forward: Function) -> bool:
    """Whether the first parameter of forward is said to be no tensor."""
    params = forward.code.params
    said = forward.code.annotations.get(params[1]) if len(params) > 1 else None
    if isinstance(said, ast.Constant):
        return said.value in _NUMBERS
    return isinstance(said, ast.Name) and said.id in _NUMBERS


_NUMBERS = ("int", "float", "bool", "str")


def _has_embedding(model: ModuleInstance) -> bool:
    modules = (module for _, module in named_modules(model))
    records = (module.layer for module in modules if isinstance(module, ModuleInstance))
    return any(record is not None and record.spec.family == "embedding" for record in records)


def entrance_name(model: ModuleInstance) -> str:
    """Return the qualified name of the layer that says what a model takes; "" where none does."""
    return _entrance(model)[0]


def _entrance(model: ModuleInstance) -> tuple[str, LayerRecord | None]:
    """Return the first layer that says what a model takes, with its name."""
    for name, module in named_modules(model):
        record = module.layer if isinstance(module, ModuleInstance) else None
        if record is not None and record.spec.family in _ENTRANCES:
            return name, record
    return "", None


_ENTRANCES = frozenset(("conv", "embedding", "linear", "recurrent", "attention"))
_OTHER_IMAGES = (256, 32, 64, 28, 128, 384)
_OTHER_TEXTS = (64, 32, 16)
_SETTINGS_NAMES = ("config", "cfg", "pretrained_cfg", "default_cfg")
_SIZE_NAMES = ("img_size", "image_size", "input_size", "resolution")


def _for_entrance(
    model: ModuleInstance, record: LayerRecord, options: ForwardOptions
) -> list[list[InputSpec]]:
    op, values = record.spec.op, record.values
    if op == "Conv2d" and values["in_channels"] in (1, 3):
        channels = int(values["in_channels"])
        own, other = _square(_own_sizes(model)), _square(_OTHER_IMAGES)
        sizes = dict.fromkeys([*own, options.image, *other])
        return [[InputSpec("", (options.batch, channels, *size))] for size in sizes]
    if op == "Embedding":
        return texts(options)
    if op == "Linear" and isinstance(values["in_features"], int):
        return [[InputSpec("", (options.batch, int(values["in_features"])))]]
    return []


def _square(sides: Iterable[int]) -> list[tuple[int, int]]:
    return [(side, side) for side in sides]


def _own_sizes(model: ModuleInstance) -> list[int]:
    """Return the image sizes that a model or a part of it keeps under a usual name, or in settings
    that it keeps."""
    found: list[int] = []
    for module in looked_through(model):
        for kept in _kept_by(module):
            found += filter(None, (_side(kept.get(name)) for name in _SIZE_NAMES))
        if len(found) > 1:
            break
    return found[:2]


def _kept_by(module: ModuleInstance) -> Iterator[Mapping[str, Value]]:
    """Yield what a module keeps by name, then what its settings do."""
    yield module.attrs
    for name in _SETTINGS_NAMES:
        settings = module.attrs.get(name)
        if isinstance(settings, DictValue):
            yield cast("Mapping[str, Value]", settings)
        elif isinstance(settings, Instance) and not isinstance(settings, ModuleInstance):
            yield settings.attrs


def _side(value: object) -> int:
    """Return a side of an image: of (channels, height, width) the height. 0 where there is none."""
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        value = items[-2] if len(items) > 1 else next(iter(items), None)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return int(value) if 4 <= value <= 4096 else 0


def open_shape(spec: InputSpec) -> Shape:
    """Return the shape of an input with only what its model decides: no sizes, no lengths."""
    if len(spec.shape) == 2 and spec.dtype.startswith("int"):
        return (None, None)
    if len(spec.shape) == 4:
        return (None, spec.shape[1], None, None)
    return (None, *spec.shape[1:])


def _required(interp: "Interpreter", forward: Function) -> int:
    if not forward.ready:
        interp.prepare_function(forward)
    return len(forward.code.params) - len(forward.defaults) - 1
