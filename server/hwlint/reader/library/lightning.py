"""Lightning: modules that keep what they were built with."""

# The items of a container that the program made are of any type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader.frame import Frame
from hwlint.reader.library.files import literal_file
from hwlint.reader.library.modules import MODULE
from hwlint.reader.library.settings import ATTRIBUTES, dotted, merge, plain_dict
from hwlint.reader.values import (
    Args,
    Builtin,
    Class,
    ClassMethod,
    DictValue,
    Instance,
    Kwargs,
    PropertyValue,
    Unknown,
    Value,
)
from hwlint.source.literals import read_yaml_text

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["TABLE"]

LIGHTNING_MODULE = core.make("LightningModule", MODULE, module="lightning.pytorch.core.module")
DATA_MODULE = core.make(
    "LightningDataModule", module="lightning.pytorch.core.datamodule", partial=True
)
CLI = core.make("LightningCLI", module="lightning.pytorch.cli", partial=True)
_KEPT = "_hparams"


def _save(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """self.save_hyperparameters(): keep the arguments of the constructor that calls it."""
    owner, *chosen = args
    found = _arguments(interp, owner)
    given = chosen[0] if len(chosen) == 1 and not isinstance(chosen[0], str) else None
    if given is not None:
        found = _named_values(interp, given)
    elif chosen:
        names = [str(name) for name in chosen]
        found = interp.make_dict({k: v for k, v in found.items() if k in names})
    ignored = kwargs.get("ignore")
    listed = interp.iterate(ignored) if isinstance(ignored, list | tuple) else [ignored]
    for name in listed:
        found.pop(name, None)
    _put(interp, owner, found)
    return None


def _put(interp: "Interpreter", owner: Instance, values: DictValue) -> None:
    held = owner.attrs.get(_KEPT)
    if not isinstance(held, Instance):
        held = Instance(ATTRIBUTES, interp.clock)
        held.payload = interp.make_dict()
        interp.touch(owner)
        owner.attrs[_KEPT] = held
    interp.touch(held.payload)
    held.payload.update(values)
    held.payload.unknown = held.payload.unknown or values.unknown


def _named_values(interp: "Interpreter", given: Value) -> DictValue:
    if isinstance(given, Unknown):
        made = interp.make_dict()
        made.unknown = given
        return made
    if isinstance(given, Instance) and given.payload is None:
        return interp.make_dict(given.attrs)
    plain = plain_dict(interp, given)
    return plain if isinstance(plain, DictValue) else interp.make_dict()


def _arguments(interp: "Interpreter", owner: Instance) -> DictValue:
    """Return the arguments of the constructors that are running for `owner`, innermost first; the
    class that was called says last."""
    found = interp.make_dict()
    for frame in reversed(interp.callers):
        if frame.function is None or frame.function.code.name != "__init__":
            break
        params = frame.function.code.params
        if not params or frame.vars.get(params[0]) is not owner:
            break
        found.update(_of_frame(frame))
        rest = frame.vars.get(frame.function.code.kwarg or "")
        if isinstance(rest, DictValue):
            found.update(rest)
            found.unknown = found.unknown or rest.unknown
    return found


def _of_frame(frame: Frame) -> dict[Value, Value]:
    assert frame.function is not None
    code = frame.function.code
    return {n: frame.vars[n] for n in [*code.params[1:], *code.kwonly] if n in frame.vars}


def _hparams(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    owner = args[0]
    if _KEPT not in owner.attrs:
        _put(interp, owner, interp.make_dict())
    return owner.attrs[_KEPT]


def _set_hparams(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    _put(interp, args[0], _named_values(interp, args[1]))
    return None


def _load(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return Unknown("a model from a checkpoint")


def _nothing(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return None


def _unknown(name: str) -> PropertyValue:
    return PropertyValue(Builtin(name, lambda i, a, k: Unknown(f"{name} of a running trainer")))


_SHARED: dict[str, Value] = {
    "save_hyperparameters": Builtin("save_hyperparameters", _save),
    "hparams": PropertyValue(Builtin("hparams", _hparams), Builtin("hparams", _set_hparams)),
    "load_from_checkpoint": ClassMethod(Builtin("load_from_checkpoint", _load)),
}
LIGHTNING_MODULE.attrs.update(_SHARED)
DATA_MODULE.attrs.update(_SHARED)
for _name in ("log", "log_dict", "print", "manual_backward", "toggle_optimizer", "clip_gradients"):
    LIGHTNING_MODULE.attrs[_name] = Builtin(_name, _nothing)
for _name in ("logger", "global_step", "global_rank", "current_epoch", "device", "loggers"):
    LIGHTNING_MODULE.attrs[_name] = _unknown(_name)
for _name in ("optimizers", "lr_schedulers", "all_gather"):
    LIGHTNING_MODULE.attrs[_name] = Builtin(_name, lambda i, a, k: Unknown("a running trainer"))

# --- LightningCLI -------------------------------------------------------------------------------


def _cli(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = dict(zip(("model_class", "datamodule_class"), args[1:], strict=False)) | kwargs
    model = given.get("model_class")
    if not isinstance(model, Class):
        return None
    settings = _command_line(interp)
    values = settings.get("model")
    interp.touch(args[0])
    if isinstance(values, DictValue) and "init_args" in values:
        values = values["init_args"]
    named = {str(k): v for k, v in values.items()} if isinstance(values, DictValue) else {}
    args[0].attrs["model"] = interp.call(model, [], named)
    args[0].attrs["trainer"] = Unknown("a trainer")
    args[0].attrs["datamodule"] = Unknown("a data module")
    return None


def _command_line(interp: "Interpreter") -> DictValue:
    """`fit --config a.yaml --model.width 64`."""
    words = [str(w) for w in interp.command_line()[1:] if isinstance(w, str)]
    found = interp.make_dict()
    index = 0
    while index < len(words):
        name, equals, text = words[index].lstrip("-").partition("=")
        if words[index].startswith("--") and not equals and index + 1 < len(words):
            index += 1
            text = words[index]
        index += 1
        if name in ("config", "c"):
            read = literal_file(interp, text, read_yaml_text)
            if isinstance(read, DictValue):
                merge(interp, found, read)
        elif text:
            merge(interp, found, dotted(interp, [f"{name}={text}"]))
    return found


CLI.attrs["__init__"] = Builtin("__init__", _cli)

_PACKAGES = ("pytorch_lightning", "lightning", "lightning.pytorch")
TABLE: dict[str, Value] = {
    **{f"{p}.LightningModule": LIGHTNING_MODULE for p in _PACKAGES},
    **{f"{p}.core.LightningModule": LIGHTNING_MODULE for p in _PACKAGES},
    **{f"{p}.LightningDataModule": DATA_MODULE for p in _PACKAGES},
    **{f"{p}.cli.LightningCLI": CLI for p in _PACKAGES},
}
