"""torch.nn.Module itself."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from hwlint.reader import builtin_classes as core
from hwlint.reader import operators
from hwlint.reader.budget import Exhausted
from hwlint.reader.limits import MAX_DEPTH, MAX_ITEMS
from hwlint.reader.values import (
    Args,
    Builtin,
    DictValue,
    Instance,
    IteratorValue,
    Kwargs,
    LazyModule,
    ModuleInstance,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["MODULE", "looked_through", "named_modules", "opened_modules", "register"]


MODULE = core.make("Module", module="torch.nn.modules.module")
MODULE.is_module = True


def register(interp: "Interpreter", holder: ModuleInstance, name: str, item: Value) -> None:
    """Put a submodule under a name."""
    interp.touch(holder)
    interp.touch(holder.modules)
    holder.modules[name] = item


def named_modules(
    value: ModuleInstance, prefix: str = "", duplicates: bool = False
) -> Iterator[tuple[str, Value]]:
    """Yield (qualified name, module) of a module and all below it, each once, as torch does."""
    seen: set[int] = set()
    count = 0
    stack: list[tuple[str, ModuleInstance, int]] = [(prefix, value, 0)]
    while stack:
        name, module, depth = stack.pop()
        if id(module) in seen and not duplicates:
            continue
        count += 1
        if depth > MAX_DEPTH or count > MAX_ITEMS:
            raise Exhausted("modules nested too deeply")
        seen.add(id(module))
        yield name, module
        below = [(k, v) for k, v in module.modules.items() if isinstance(v, ModuleInstance)]
        stack += [(f"{name}.{k}" if name else str(k), v, depth + 1) for k, v in reversed(below)]


def looked_through(value: ModuleInstance) -> Iterator[ModuleInstance]:
    """Yield a module and those below it as they are in the templates that they are copies of, each
    once: to look at what they have in common without making copies of their own."""
    seen: set[int] = set()
    stack: list[tuple[ModuleInstance, int]] = [(value, 0)]
    while stack:
        module, depth = stack.pop()
        while type(module) is LazyModule and module.pending is not None:
            module = module.pending[0]
        if id(module) in seen:
            continue
        if depth > MAX_DEPTH:
            raise Exhausted("modules nested too deeply")
        seen.add(id(module))
        yield module
        below = [v for v in module.modules.values() if isinstance(v, ModuleInstance)]
        stack += [(v, depth + 1) for v in reversed(below)]


def opened_modules(value: ModuleInstance) -> Iterator[tuple[str, ModuleInstance]]:
    """Yield (qualified name, module) of those that somebody has looked into, and the ones directly
    below them; a module again for each other name, but not what is below it."""
    seen: set[int] = set()
    stack: list[tuple[str, ModuleInstance, int]] = [("", value, 0)]
    while stack:
        name, module, depth = stack.pop()
        yield name, module
        if id(module) in seen or type(module) is LazyModule:
            continue
        if depth > MAX_DEPTH or len(seen) > MAX_ITEMS:
            raise Exhausted("modules nested too deeply")
        seen.add(id(module))
        table = module.tables()[0]
        below = table.items() if table is not None else ()
        stack += [
            (f"{name}.{k}" if name else str(k), v, depth + 1)
            for k, v in reversed(below)
            if isinstance(v, ModuleInstance)
        ]


def _known(value: ModuleInstance) -> Unknown | None:
    for _, module in named_modules(value):
        if module.modules.unknown is not None:
            return module.modules.unknown
        for child in module.modules.values():
            if isinstance(child, Unknown):
                return child
    return None


def _add_module(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    holder, name, item = [*args, *kwargs.values()][:3]
    if not isinstance(name, str):
        interp.touch(holder.modules)
        holder.modules.unknown = operators.why(name)
        return None
    if item is None or isinstance(item, ModuleInstance | Unknown):
        register(interp, holder, str(name), item)
        return None
    raise interp.error("TypeError", f"{interp.type_name(item)} is not a Module subclass")


def _register_parameter(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    holder, name, item = [*args, *kwargs.values()][:3]
    interp.touch(holder.parameters)
    if isinstance(name, str):
        holder.parameters[str(name)] = item
    return None


def _register_buffer(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    holder, name, *rest = args
    item = rest[0] if rest else kwargs.get("tensor")
    interp.touch(holder.buffers)
    if isinstance(name, str):
        holder.attrs.pop(str(name), None)
        holder.buffers[str(name)] = item
    return None


def _named_modules(value: ModuleInstance, kwargs: Kwargs) -> Iterator[tuple[str, Value]]:
    duplicates = kwargs.get("remove_duplicate") is False
    return named_modules(value, str(kwargs.get("prefix", "")), duplicates)


def _apply(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    from hwlint.reader.inert import is_inert

    if is_inert(interp, args[1]):
        return args[0]
    for _, module in reversed(list(named_modules(args[0]))):
        interp.call(args[1], [module], {})
    return args[0]


def _walk(pick: Callable[[ModuleInstance, Kwargs], Iterable[Value]]) -> core.Maker:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        unknown = _known(args[0])
        if unknown is not None:
            return unknown
        named = dict(zip(("prefix", "recurse"), args[1:], strict=False))
        items = list(pick(args[0], named | kwargs))
        interp.budget.steps += len(items) // 2
        interp.tick()
        return IteratorValue(items)

    return run


def _parameters(value: ModuleInstance, kwargs: Kwargs) -> Iterator[tuple[str, Tensor]]:
    seen: set[int] = set()
    for prefix, module in named_modules(value, str(kwargs.get("prefix", ""))):
        for name, item in module.parameters.items():
            if isinstance(item, Tensor) and id(item) not in seen:
                seen.add(id(item))
                yield (f"{prefix}.{name}" if prefix else str(name)), item
        if kwargs.get("recurse") is False:
            return


def _named_buffers(value: ModuleInstance, kwargs: Kwargs) -> Iterator[tuple[str, Tensor]]:
    for prefix, module in named_modules(value):
        for name, item in module.buffers.items():
            if isinstance(item, Tensor):
                yield (f"{prefix}.{name}" if prefix else str(name)), item


def _children(value: ModuleInstance, kwargs: Kwargs) -> Iterator[tuple[str, Value]]:
    seen: set[int] = set()
    for name, child in value.modules.items():
        if child is not None and id(child) not in seen:
            seen.add(id(child))
            yield str(name), child


def _get_submodule(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    value, path = args[0], args[1] if len(args) > 1 else kwargs.get("target")
    if not isinstance(path, str):
        return operators.why(path)
    for part in [p for p in path.split(".") if p]:
        value = interp.getattr(value, part)
    return value


def _get_tensor(table: str) -> core.Maker:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        path = args[1] if len(args) > 1 else kwargs.get("target")
        if not isinstance(path, str):
            return operators.why(path)
        holder, _, name = path.rpartition(".")
        value = _get_submodule(interp, [args[0], holder], {})
        if isinstance(value, Unknown):
            return value
        found = getattr(value, table).get(name) if isinstance(value, ModuleInstance) else None
        if found is None:
            raise interp.error("AttributeError", f"no {table[:-1]} {path!r}")
        return found

    return run


def _set_submodule(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    holder, (*path, last) = args[0], str(args[1]).split(".")
    for part in path:
        holder = interp.getattr(holder, part)
    register(interp, holder, last, args[2])
    return None


def _state_dict(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    made = DictValue((), interp.clock)
    made.update(list(_parameters(args[0], {})))
    made.update(list(_named_buffers(args[0], {})))
    made.unknown = _known(args[0])
    interp.budget.steps += len(made)
    interp.tick()
    return made


def _itself(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return args[0]


def _nothing(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return None


def _init(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    return None


HANDLE = core.make("RemovableHandle", module="torch.utils.hooks")


def _remove_hook(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    table, key = args[0].attrs["hooks"], args[0].attrs["id"]
    interp.touch(table)
    table.pop(key, None)
    return None


HANDLE.attrs["remove"] = Builtin("RemovableHandle.remove", _remove_hook)


def _register_hook(table: str) -> core.Maker:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        module, hook = args[0], args[1] if len(args) > 1 else kwargs.get("hook")
        interp.touch(module)
        hooks = module.attrs.setdefault(table, DictValue((), interp.clock))
        interp.touch(hooks)
        handle = Instance(HANDLE, interp.clock)
        handle.attrs.update(hooks=hooks, id=len(hooks))
        hooks[len(hooks)] = (hook, kwargs.get("with_kwargs") is True)
        return handle

    return run


_WITHOUT_EFFECT = (
    "load_state_dict", "zero_grad", "register_full_backward_hook",
    "_register_load_state_dict_pre_hook", "register_load_state_dict_post_hook",
    "_register_state_dict_hook", "register_state_dict_pre_hook",
    "register_load_state_dict_pre_hook", "_load_from_state_dict", "compile",
)  # fmt: skip
_GIVING_ITSELF = (
    "to", "cuda", "cpu", "half", "float", "double", "bfloat16", "eval", "train", "type",
    "requires_grad_", "share_memory", "to_empty",
)  # fmt: skip
_METHODS: dict[str, core.Maker] = {
    "__init__": _init,
    "add_module": _add_module,
    "register_module": _add_module,
    "register_parameter": _register_parameter,
    "register_buffer": _register_buffer,
    "apply": _apply,
    "modules": _walk(lambda m, k: [v for _, v in named_modules(m)]),
    "named_modules": _walk(_named_modules),
    "children": _walk(lambda m, k: [v for _, v in _children(m, k)]),
    "named_children": _walk(_children),
    "parameters": _walk(lambda m, k: [v for _, v in _parameters(m, k)]),
    "named_parameters": _walk(_parameters),
    "buffers": _walk(lambda m, k: [v for _, v in _named_buffers(m, k)]),
    "named_buffers": _walk(_named_buffers),
    "get_submodule": _get_submodule,
    "get_parameter": _get_tensor("parameters"),
    "get_buffer": _get_tensor("buffers"),
    "set_submodule": _set_submodule,
    "state_dict": _state_dict,
    "register_forward_hook": _register_hook("_forward_hooks"),
    "register_forward_pre_hook": _register_hook("_forward_pre_hooks"),
    **dict.fromkeys(_WITHOUT_EFFECT, _nothing),
    **dict.fromkeys(_GIVING_ITSELF, _itself),
    "_get_name": lambda i, a, k: a[0].cls.name,
    "extra_repr": lambda i, a, k: "",
}
MODULE.attrs.update({name: Builtin(f"Module.{name}", call) for name, call in _METHODS.items()})
MODULE.attrs["dump_patches"] = False
MODULE.attrs["call_super_init"] = False
