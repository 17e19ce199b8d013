"""Calling functions and classes."""

# A part of Interpreter, which is what `self` is.
# pyright: reportGeneralTypeIssues=false
# The items of a container that the program made are of any type.
# pyright: reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any

from hwlint.ops import FUNCTIONS
from hwlint.reader import builtin_classes as core
from hwlint.reader.budget import Exhausted
from hwlint.reader.code import Code
from hwlint.reader.documenting import only_documents
from hwlint.reader.forward.calling import call_module
from hwlint.reader.forward.functions import apply, may_run_modules, tensors_in
from hwlint.reader.forward.recording import Variables
from hwlint.reader.frame import Frame
from hwlint.reader.suspended import Suspended, suspends
from hwlint.reader.values import (
    Args,
    BoundMethod,
    Builtin,
    Class,
    ClassMethod,
    DictValue,
    External,
    Function,
    Instance,
    IteratorValue,
    Kwargs,
    ListValue,
    ModuleInstance,
    Partial,
    PyRaise,
    StaticMethod,
    SuperValue,
    Unknown,
    Value,
)
from hwlint.source import Place, SyntaxProblem

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Calls"]

UNKNOWN_KEYWORDS = "**"
"""Key under which a call carries keyword arguments that are not known."""


class Calls:
    """The calling half of the interpreter."""

    def call(self: "Interpreter", callee: Value, args: Args, kwargs: Kwargs) -> Value:
        """Call anything callable; raises PyRaise, Exhausted."""
        kind = type(callee)
        if kind is Function:
            return self.call_function(callee, args, kwargs)
        if kind is BoundMethod:
            return self.call(callee.func, [callee.self_value, *args], kwargs)
        if kind is Builtin:
            return self.charged(callee.call(self, args, kwargs))
        if kind is Class:
            return self.instantiate(callee, args, kwargs)
        if kind is Partial:
            return self.call(callee.func, [*callee.args, *args], {**callee.kwargs, **kwargs})
        if isinstance(callee, Instance):
            return self._call_instance(callee, args, kwargs)
        if isinstance(callee, StaticMethod | ClassMethod):
            return self.call(callee.func, args, kwargs)
        if isinstance(callee, External):
            return self.call_external(callee, args, kwargs)
        if isinstance(callee, Unknown):
            if self.needs is not None:
                self.needs.called(callee)
            if callee.options and callee.options[0] is not None and self.callers:
                return self._call_any(callee, args, kwargs)
            return self.unknown_call(callee, callee, self.site)
        raise self.error("TypeError", f"{self.type_name(callee)!r} object is not callable")

    def _call_any(
        self: "Interpreter", callee: Unknown, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        """Call every function that the callee may be, each as a side of a branch."""

        def any_of(funcs: tuple[Value, ...]) -> Value:
            first, *rest = funcs
            if not rest:
                return self.call(first, list(args), dict(kwargs))
            return self.joins.either(
                self.callers[-1],
                callee,
                lambda _: self.call(first, list(args), dict(kwargs)),
                lambda _: any_of(tuple(rest)),
            )

        return any_of(callee.options)

    def call_native_method(
        self: "Interpreter", impl: Any, value: Value, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        """Call a modelled method of a native value."""
        return self.charged(impl(self, value, args, kwargs))

    def _call_instance(
        self: "Interpreter", value: Instance, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        method = value.cls.find("__call__")
        if method is not None:
            return self.call(self.bind(method, value), args, kwargs)
        if isinstance(value, ModuleInstance):
            return call_module(self, value, args, kwargs)
        unknown = self.unknown_base(value)
        if unknown is not None:
            return unknown
        raise self.error("TypeError", f"{value.cls.name!r} object is not callable")

    def unknown_call(self: "Interpreter", callee: Value, unknown: Unknown, site: Any) -> Value:
        """Return the result of a call of which the callee or the arguments are not known."""
        place = site.place if site is not None and unknown.place is None else unknown.place
        if self.flow is not None:
            self.flow.doubt(unknown.reason, place)
        return Unknown(unknown.reason, place)

    def call_external(
        self: "Interpreter", callee: External, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        """Call something of a library that is not modelled."""
        self.tick()
        name = callee.name
        spec = FUNCTIONS.get(name)
        if spec is not None:
            return apply(self, spec, args, kwargs)
        if name.startswith(_SILENT):
            return None
        if name.startswith("logging."):
            return External(f"{name}()")
        if self.flow is not None and may_run_modules([*args, *kwargs.values()]):
            self.flow.doubt(f"{name}() is not modelled", self.place)
        return Unknown(f"{name}() is not modelled", self.place)

    # --- functions --------------------------------------------------------------------------

    def make_function(self: "Interpreter", fr: Frame, code: Code) -> Function:
        """Return the function object for a definition met in `fr`."""
        in_class = fr.function is None and fr.parent is not fr and "__class_body__" in fr.vars
        made = Function(code, fr.parent if in_class else fr, fr.module, self.clock)
        made.def_frame = fr
        if fr is fr.module.frame:
            made.closure = None
        if in_class:
            fr.vars["__class_body__"].append(made)
        if code.ready and not code.default_code and not code.kwdefault_code:
            made.ready = True
        elif (fr is not fr.module.frame and not in_class) or code.eager:
            self.prepare_function(made)
        else:
            self._await_defaults(made, fr, code, in_class)
        return made

    def _await_defaults(
        self: "Interpreter", made: Function, fr: Frame, code: Code, in_class: bool
    ) -> None:
        """Defaults are computed on the first call, unless a name in them is bound anew before."""
        names = code.names_of_defaults()
        if in_class and not names.isdisjoint(fr.vars):
            self.prepare_function(made)
        for name in names if fr is fr.module.frame else ():
            fr.module.awaiting.setdefault(name, []).append(made)

    def prepare_function(self: "Interpreter", func: Function) -> None:
        """Compile the code and compute the defaults; raises SyntaxProblem."""
        code = func.code
        code.prepare()
        frame = func.def_frame
        assert frame is not None
        func.ready = True
        func.defaults = tuple([d(frame) for d in code.default_code])
        func.kwdefaults = {name: d(frame) for name, d in code.kwdefault_code.items()}

    def call_function(
        self: "Interpreter", func: Function, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        """Run a function of the program."""
        self.budget.steps += 1  # a call costs about two turns of a loop
        self.tick()
        if not func.ready:
            try:
                self.prepare_function(func)
            except SyntaxProblem as problem:
                return Unknown(f"syntax error: {problem.message}", problem.place)
        code = func.code
        if self.imports.executing:
            code.ran_in.update(self.imports.executing)
        self.budget.steps += code.weight
        fr = Frame(self, func.module, func.closure)
        fr.function = func
        if code.simple and not kwargs and len(args) == len(code.params):
            fr.vars = dict(zip(code.params, args, strict=True))
        else:
            try:
                fr.vars = self.bind_arguments(func, args, kwargs)
            except PyRaise:
                if "__unread_decorator__" in func.attrs:
                    return Unknown(f"{func.name}() has a decorator that is not read")
                raise
        if suspends(func):
            return Suspended(func, fr)
        return self.recursion.run(func, fr) if code.running else self.run_function(func, fr)

    def run_function(self: "Interpreter", func: Function, fr: Frame) -> Value:
        """Run the body of a function in a frame that has its arguments."""
        code = func.code
        if self.depth >= self.budget.max_depth:
            raise self.error("RecursionError", "maximum recursion depth exceeded")
        self.depth += 1
        code.running += 1
        self.cells.add(code.cell)
        fr.site = self.site
        self.callers.append(fr)
        if code.is_generator:
            fr.yielded = ListValue((), self.clock)
        assert code.body is not None
        if self.flow is not None:
            fr.vars = Variables(self.flow, fr.vars)
        try:
            code.body(fr)
        except PyRaise as problem:
            if not self.joins.survives(fr, problem):
                raise
        finally:
            self.depth -= 1
            code.running -= 1
            self.site = fr.site
            self.callers.pop()
            if self.flow is not None:
                self.flow.hold(tensors_in(fr.vars.values()))
            if fr.maybe:
                self.joins.close(fr, 0)
                self.maybe -= fr.maybe
        if fr.yielded is not None:
            made = IteratorValue(fr.yielded)
            made.unknown = fr.yielded.unknown
            made.returned = self.joins.merge_results(fr) if fr.pending else fr.result
            return made
        if fr.pending:
            return self.joins.merge_results(fr)
        return fr.result

    def bind_arguments(
        self: "Interpreter", func: Function, args: list[Value], kwargs: dict[str, Value]
    ) -> dict[str, Value]:
        """Return the parameters' values; raises TypeError as Python does."""
        code = func.code
        params = code.params
        given = dict(zip(params, args, strict=False))
        if len(args) > len(params) and code.vararg is None:
            taken = f"takes {len(params)} positional arguments but {len(args)} were given"
            raise self._argument_error(func, taken)
        if code.vararg is not None:
            given[code.vararg] = tuple(args[len(params) :])
        rest: dict[str, Value] = {}
        keywords = code.keywords
        for name, value in kwargs.items():
            if name in keywords:
                if name in given:
                    raise self._argument_error(func, f"got multiple values for argument {name!r}")
                given[name] = value
            elif code.kwarg is not None or name == UNKNOWN_KEYWORDS:
                rest[name] = value
            else:
                raise self._argument_error(func, f"got an unexpected keyword argument {name!r}")
        unknown = rest.pop(UNKNOWN_KEYWORDS, None)
        if code.kwarg is not None:
            others = given[code.kwarg] = DictValue(rest, self.clock)
            others.unknown = unknown
        self._fill_defaults(func, given, unknown)
        return given

    def _fill_defaults(
        self: "Interpreter", func: Function, given: dict[str, Value], unknown: Unknown | None
    ) -> None:
        code = func.code
        first = len(code.params) - len(func.defaults)
        for index, name in enumerate(code.params):
            if name in given:
                continue
            if unknown is not None:
                needs = self.needs if index < first else None
                given[name] = needs.item(unknown, name) if needs is not None else unknown
            elif index >= first:
                given[name] = func.defaults[index - first]
            else:
                raise self._argument_error(func, f"missing required argument: {name!r}")
        for name in code.kwonly:
            if name in given:
                continue
            if unknown is not None:
                given[name] = unknown
            elif name in func.kwdefaults:
                given[name] = func.kwdefaults[name]
            else:
                raise self._argument_error(func, f"missing required keyword argument: {name!r}")

    def _argument_error(self: "Interpreter", func: Function, message: str) -> PyRaise:
        return self.error("TypeError", f"{func.name}() {message}")

    def decorate(self: "Interpreter", fr: Frame, decorator: Any, made: Value) -> Value:
        """Apply a decorator. One that is not known or fails is taken to give back what it got."""
        depth = self.depth
        steps = self.budget.steps
        trusted = self.budget.limit
        self.budget.limit = min(trusted, steps + _DECORATOR_STEPS)
        try:
            function = decorator(fr)
            if self.imports.failed_decorator(function) or only_documents(self, function):
                return made
            result = self.call(function, [made], {})
        except PyRaise:
            self.depth = depth
            return made
        except Exhausted:
            self.depth = depth
            if self.budget.steps > trusted:
                raise
            self.imports.fail_decorator(decorator, fr)
            return made
        finally:
            self.budget.limit = trusted
        if isinstance(result, Unknown) or result is None:
            if isinstance(made, Function):
                made.attrs["__unread_decorator__"] = True
            return made
        return result

    # --- classes ----------------------------------------------------------------------------

    def instantiate(
        self: "Interpreter", cls: Class, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        """Call a class."""
        self.tick()
        if cls.metaclass is not None:
            method = cls.metaclass.find("__call__")
            if isinstance(method, Function):
                return self.call(method, [cls, *args], kwargs)
        return self.construct(cls, args, kwargs)

    def construct(
        self: "Interpreter", cls: Class, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        """What type.__call__ does: __new__, then __init__."""
        if self.roots is not None and cls.is_module:
            return self.roots.construct(cls, args, kwargs)
        self.budget.steps += 7  # a construction costs about as much as eight turns of a loop
        maker = core.MAKERS.get(cls)
        if maker is not None:
            return maker(self, args, kwargs)
        new = cls.find("__new__")
        if new is not None:
            made = self.call(
                new.func if isinstance(new, StaticMethod) else new, [cls, *args], kwargs
            )
            if not isinstance(made, Instance) or not made.cls.derives(cls):
                return made
            self.initialise(made, args, kwargs)
            return made
        if cls.derives(core.BUILTINS["property"]):
            return self._custom_property(cls, args, kwargs)
        if cls.is_module and cls.spec is None:
            return self.memo.construct(cls, args, kwargs)
        made = self.allocate(cls, args)
        self.initialise(made, args, kwargs)
        return made

    def _custom_property(
        self: "Interpreter", cls: Class, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        made = core.MAKERS[core.BUILTINS["property"]](self, args, kwargs)
        made.instance = Instance(cls, self.clock)
        made.instance.attrs = {"fget": made.fget, "fset": made.fset, "fdel": made.fdel}
        return made

    def asked(self: "Interpreter") -> Place | None:
        """Return the call in the __init__ of the nearest module by which the running function was
        called; None where that __init__ itself is running, or there is none."""
        after = None
        for frame in reversed(self.callers):
            function = frame.function
            cls = function.owner if function is not None and function.name == "__init__" else None
            if cls is not None and cls.is_module:
                return after.site.place if after is not None and after.site is not None else None
            after = frame
        return None

    def allocate(self: "Interpreter", cls: Class, args: list[Value]) -> Instance:
        """What object.__new__ does."""
        if cls.is_module:
            module = ModuleInstance(cls, self.clock)
            module.place = self.site.place if self.site is not None else None
            module.asked = self.asked()
            return module
        made = Instance(cls, self.clock)
        core.give_payload(self, made, args)
        return made

    def initialise(
        self: "Interpreter", made: Instance, args: list[Value], kwargs: dict[str, Value]
    ) -> None:
        """Call __init__."""
        self.built.add(made.cls)
        init = made.cls.find("__init__")
        if init is not None:
            self.call(init, [made, *args], kwargs)
        elif made.payload is None and (args or kwargs) and not self.unknown_base(made):
            raise self.error("TypeError", f"{made.cls.name}() takes no arguments")

    def make_super(self: "Interpreter", cls: Value = None, value: Value = None) -> Value:
        """Return super(cls, value)."""
        if not isinstance(cls, Class):
            return Unknown("super()")
        return SuperValue(cls, value)

    def implicit_super(self: "Interpreter", fr: Frame) -> Value:
        """Return super() inside a method."""
        frame: Frame | None = fr
        while frame is not None:
            func = frame.function
            if func is not None and func.owner is not None:
                params = func.code.params
                name = params[0] if params else func.code.vararg
                value = frame.vars.get(name or "")
                if name == func.code.vararg and isinstance(value, tuple) and value:
                    value = value[0]
                return SuperValue(func.owner, value)
            frame = frame.parent
        return Unknown("super() outside of a class")


_DECORATOR_STEPS = 4_000
_SILENT = ("warnings.", "torch._C._log_api", "torch._dynamo.", "torch.manual_seed")
