"""What a class needs to be given, found by building it with values that are not known."""

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from hwlint.reader.budget import Exhausted
from hwlint.reader.joins import World
from hwlint.reader.needs import Need, Needs
from hwlint.reader.signatures import (
    annotated_class,
    annotation_of,
    initialiser,
    missing_name,
    required_names,
    seen_from,
)
from hwlint.reader.values import Class, Function, PyRaise, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["Trials", "Wanted"]

_MAX_NAMES = 40
_MAX_DEPTH = 4
_MAX_STEPS = 40_000
"""Steps that one try to build a class may take."""
_MAX_STEPS_OF_FILE = 400_000
"""Steps that all tries of one file may take."""
_MORE = 3
"""Values that are tried for `*args`."""
_OPEN = "..."


class Wanted:
    """How a class was built with values that are not known."""

    def __init__(self, arguments: str, parts: Iterable[Class], has_layers: bool) -> None:
        self.arguments = arguments
        """The arguments, with `...` where something is to be filled in."""
        self.parts = frozenset((c.place.path, c.qualname) for c in parts if c.place is not None)
        """(path, qualified name) of the classes that it built."""
        self.has_layers = has_layers


class Trials:
    """Builds classes of one file with values that are not known. Nothing is left behind of it, and
    its steps are bounded: what comes after these is only told the names that it requires."""

    def __init__(self, interp: "Interpreter", begin: Callable[[], None]) -> None:
        """`begin`: what prepares for building something."""
        self.interp = interp
        self._begin = begin
        self._left = _MAX_STEPS_OF_FILE

    def wanted(self, cls: Class) -> Wanted | None:
        """Find out what a class has to be given; None where it needs nothing, or nothing helps."""
        init = initialiser(self.interp, cls)
        return _TrialsOfClass(self, cls, init).result() if init is not None else None

    def raised(self, build: Callable[[Needs], object]) -> PyRaise | None:
        """Return what building something raises."""
        if self._left <= 0:
            return None
        self._begin()
        interp, memo, limit = self.interp, self.interp.memo, self.interp.budget.limit
        enabled, memo.enabled = memo.enabled, False
        memo.world = World(interp.clock)
        interp.needs = Needs()
        interp.budget.limit = min(limit, _MAX_STEPS)
        try:
            build(interp.needs)
        except PyRaise as problem:
            return problem.with_traceback(None)
        except (Exhausted, RecursionError):
            return None
        except Exception:  # a fault of the reader costs one hint, never the file
            if os.environ.get("HWLINT_RAISE"):
                raise
            return None
        finally:
            self._left -= interp.budget.steps
            interp.needs = None
            interp.budget.limit = limit
            memo.world.put_back()
            memo.world, memo.enabled = None, enabled
        return None


class _Given:
    """The names that a try gives something to, and whether more comes by position."""

    def __init__(self, names: list[str], more: bool = False) -> None:
        self.names = names
        self.more = more


class _TrialsOfClass:
    def __init__(self, trials: Trials, cls: Class, init: Function) -> None:
        self.trials = trials
        self.interp = trials.interp
        self.cls = cls
        self.init = init
        self.code = init.code
        self.needs: dict[str, Need] = {}
        self.parts: set[Class] = set()
        self.has_layers = False

    def result(self) -> Wanted | None:
        given = self._enough(_Given(required_names(self.init)))
        if given is None or not (given.names or given.more):
            return None
        self._fails(given)
        arguments = ", ".join(self._written(given))
        return Wanted(arguments, self.parts - {self.cls}, self.has_layers)

    def _enough(self, given: _Given) -> _Given | None:
        """Return what has to be given, so that the constructor does not fail."""
        problem = self._fails(given)
        while problem is not None and len(given.names) < _MAX_NAMES:
            name = missing_name(problem)
            if self.code.kwarg is None or not name or name in given.names:
                break
            given.names.append(name)
            problem = self._fails(given)
        return given if problem is None else self._with_optional(given)

    def _with_optional(self, given: _Given) -> _Given | None:
        """Give something to what is None by default as well, and to `*args`: what of it helps."""
        code, init = self.code, self.init
        first = len(code.params) - len(init.defaults)
        optional = [n for n, v in zip(code.params[first:], init.defaults, strict=True) if v is None]
        optional += [n for n, v in init.kwdefaults.items() if v is None]
        tried = _Given([*given.names, *optional], more=code.vararg is not None)
        if self._fails(tried) is not None:
            return given if given.names else None
        if tried.more and self._fails(_Given(tried.names)) is None:
            tried.more = False
        for name in optional:
            fewer = _Given([n for n in tried.names if n != name], tried.more)
            if self._fails(fewer) is None:
                tried = fewer
        return tried

    def _fails(self, given: _Given) -> PyRaise | None:
        """Build the class once; return what its constructor raises."""
        code = self.code

        def build(needs: Needs) -> None:
            self.needs = {name: needs.new(name) for name in given.names}
            values: dict[str, Value] = {n: need.value for n, need in self.needs.items()}
            args: list[Value] = []
            for name in code.params[1:] if given.more else code.params[1 : code.posonly]:
                if name not in values and not given.more:
                    break
                args.append(values.pop(name, Unknown(name)))
            args += [Unknown(code.vararg or "")] * (_MORE if given.more else 0)
            self.interp.call(self.cls, args, values)
            self.parts, self.has_layers = set(self.interp.built), bool(self.interp.constructed)

        return self.trials.raised(build)

    # --- in words ---------------------------------------------------------------------------

    def _written(self, given: _Given) -> Iterator[str]:
        code = self.code
        by_position = code.params[1:] if given.more else []
        for name in by_position:
            yield self._value(name) if name in given.names else _OPEN
        if given.more:
            yield f"*[{_OPEN}]"
        for name in [n for n in (*code.params[1:], *code.kwonly) if n in given.names]:
            if name not in by_position:
                yield f"{name}={self._value(name)}"
        for name in given.names:
            if name not in code.params and name not in code.kwonly:
                yield f"{name}={_OPEN}"

    def _value(self, name: str) -> str:
        annotation = annotation_of(self.cls, self.init, name)
        if annotation is not None:
            settings = annotated_class(self.interp, self.cls, self.init, name)
            if settings is not None:
                return self._object(settings, 0)
            if "Module" in ast.unparse(annotation):
                return _OPEN
        if name not in self.needs or self._is_part(name):
            return _OPEN
        return _shape(self.needs[name])

    def _is_part(self, name: str) -> bool:
        """Say whether an argument is kept and called later, as modules and functions are."""
        text = self.cls.defined_in.source.text if self.cls.defined_in is not None else ""
        kept, called = _uses(text)
        return not called.isdisjoint((name, *kept.get(name, ())))

    def _object(self, cls: Class, depth: int) -> str:
        """Return how an object of settings is made, with what its class requires."""
        names: list[str] = []
        problem = self._makes(cls, names)
        while problem is not None and len(names) < _MAX_NAMES:
            name = missing_name(problem)
            if not name or name in names:
                return _OPEN
            names.append(name)
            problem = self._makes(cls, names)
        init = initialiser(self.interp, cls)
        parts: list[str] = []
        for name in names:
            inner = annotated_class(self.interp, cls, init, name)
            deeper = inner is not None and depth < _MAX_DEPTH
            value = self._object(inner, depth + 1) if deeper and inner else _OPEN
            parts.append(f"{name}={value}")
        return f"{self._spelled(cls)}({', '.join(parts)})"

    def _spelled(self, cls: Class) -> str:
        """Return how a class is named in the file of the class that is to be built."""
        module = self.cls.defined_in
        if seen_from(self.interp, module, ast.Name(cls.name, ast.Load())) is cls:
            return cls.name
        return f"{cls.defined_in.name}.{cls.qualname}"

    def _makes(self, cls: Class, names: list[str]) -> PyRaise | None:
        given: dict[str, Value] = {name: Unknown(name) for name in names}
        return self.trials.raised(lambda _: self.interp.call(cls, [], given))


@lru_cache(maxsize=4)
def _uses(text: str) -> tuple[dict[str, set[str]], frozenset[str]]:
    """Return in which attributes the methods of a file keep a name as it is, and which attributes
    they call."""
    kept: dict[str, set[str]] = {}
    for attribute, name in _KEPT.findall(text):
        kept.setdefault(name, set()).add(attribute)
    return kept, frozenset(_CALLED.findall(text))


_KEPT = re.compile(r"\bself\.(\w+)\s*=\s*(\w+)\b(?!\s*[.\[(])")
_CALLED = re.compile(r"\bself\.(\w+)\(")


def _shape(need: Need) -> str:
    """Return an object that has what was asked of a value."""
    if _is_both(need):
        return f"OmegaConf.create({_parts(need, 0, table=True)})"
    return _parts(need, 0, table=bool(need.items))


def _data(need: Need) -> dict[str, Need]:
    return {name: part for name, part in need.attributes.items() if not part.called}


def _is_both(need: Need) -> bool:
    """Say whether attributes and items are asked of a value, or of one inside of it."""
    parts = [*_data(need).values(), *need.items.values()]
    return bool(_data(need) and need.items) or any(map(_is_both, parts))


def _parts(need: Need, depth: int, *, table: bool) -> str:
    parts = {str(name): part for name, part in (*need.items.items(), *_data(need).items())}
    hidden = any(name.startswith("__") for name in parts)
    if not parts or hidden or need.called or need.iterated or depth > _MAX_DEPTH:
        return _OPEN
    inner = {n: _parts(p, depth + 1, table=table or bool(p.items)) for n, p in parts.items()}
    if table:
        return "{" + ", ".join(f'"{name}": {value}' for name, value in inner.items()) + "}"
    return f"SimpleNamespace({', '.join(f'{name}={value}' for name, value in inner.items())})"
