"""Plain, picklable data: one `ModelGraph` per entry point.

Nothing in here computes; the reader fills it and everything else looks at it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar, cast

from hwlint.graph.flow import Flow
from hwlint.graph.links import Links
from hwlint.graph.usage import used, values_of
from hwlint.source.spans import Place

__all__ = ["Argument", "EntryPoint", "Layer", "Missing", "ModelGraph", "Node", "Origin", "Recipe"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: a bounded DAG whose leaves are places in the source.

    A leaf has a `place` and no operands. An inner node has an `operation` ("*", "+", "//",
    "int", "make_divisible", ...) and the operands it was made of. A chain that grew past the
    reader's bound ends in a leaf without a place: the rest is not known.
    """

    value: object
    """The int, float or str at this point of the chain."""
    operation: str | None = None
    operands: "tuple[Origin, ...]" = ()
    place: Place | None = None
    """Leaf: the literal itself, the text that an editor would change."""
    name: str | None = None
    """Leaf: what the literal is bound to where it stands (`width`, a parameter or keyword name)."""

    def leaves(self) -> "Iterator[Origin]":
        """Yield every leaf that has a place, first one first, each once."""
        seen: set[int] = set()
        stack: list[Origin] = [self]
        while stack:
            node = stack.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if node.place is not None:
                yield node
            stack.extend(reversed(node.operands))


class Argument:
    """One constructor argument of a layer as resolved. `value` None means None; see `known`.

    `known` False: the reader does not know the value. Tuples may hold `None` for an unknown item.
    `default`: torch's own default filled it. The origin is worked out when it is first asked for.
    """

    __slots__ = ("_find", "_origin", "default", "known", "value")

    def __init__(
        self,
        value: object,
        origin: Origin | None = None,
        known: bool = True,
        default: bool = False,
        find: Callable[[], Origin | None] | None = None,
    ) -> None:
        self.value = value
        self.known = known
        self.default = default
        self._origin = origin
        self._find = find

    @property
    def origin(self) -> Origin | None:
        """Where the value comes from, None where that is not known."""
        if self._find is not None:
            self._origin, self._find = self._find(), None
        return self._origin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Argument) and self.__reduce__() == other.__reduce__()

    def __hash__(self) -> int:
        return hash((self.known, self.default))

    def __repr__(self) -> str:
        return f"Argument({self.value!r}, known={self.known}, default={self.default})"

    def __reduce__(self) -> tuple[object, ...]:
        return (Argument, (self.value, self.origin, self.known, self.default))


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A torch.nn layer that the entry point builds: one for all instances that are built by the
    same call from the same numbers of the same origin."""

    op: str
    """torch.nn's class name, a key of `hwlint.ops.LAYERS`: "Conv2d"."""
    place: Place
    """The call that builds it."""
    args: Mapping[str, Argument]
    """By torch's own parameter names, defaults filled in."""
    params: int | None
    """Number of parameters; None = not known. A weight that is shared counts where it is first."""
    class_name: str
    """The class that was built: the op itself, or a user's subclass of it."""
    owner: str
    """Qualified name of the class or function whose code has the call: "BasicBlock.__init__"."""
    maybe: bool = False
    """Built only on one side of a branch whose condition is not known: makes no finding."""
    asked: Place | None = None
    """Where a function has the call (`create_act(name)`): the line in a module's __init__ that
    calls it. None where the call itself stands there."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A module of the tree. Leaves that are torch layers carry `layer`.

    Modules that are built alike, from the same numbers of the same origin, are one node that
    stands in the tree more than once; what a name or a number of instances depends on is asked of
    the graph. A module that the *model* uses twice is two nodes, the later one `again`.
    """

    class_name: str
    kind: str
    """"Sequential", "ModuleList", "ModuleDict", "layer" or "module"."""
    place: Place | None
    """The call that builds it, where there is one."""
    children: "Mapping[str, Node]" = field(default_factory=dict[str, "Node"])
    """Submodules by their name in this module, in registration order."""
    layer: Layer | None = None
    again: bool = False
    """The very same module stands in the tree before: its parameters count there."""
    defined: Place | None = None
    """Where the name of its class stands, where the class is not torch's own."""
    asked: Place | None = None
    """Where a function has that call (`create_attn(name)`): the line in a module's __init__ that
    calls it."""

    def walk(self, name: str = "") -> "Iterator[tuple[str, Node]]":
        """Yield (qualified name, node) of this node and all below it, in registration order."""
        yield name, self
        prefix = f"{name}." if name else ""
        for key, child in self.children.items():
            yield from child.walk(prefix + key)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something the reader does not know, and why."""

    place: Place | None
    reason: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build a model by running its code, which hwlint itself does only to measure."""

    path: str
    """Absolute path of the file whose names the expression uses."""
    module: str
    """Its dotted name."""
    expression: str
    """Python that gives the model, in full. What is not of the file is `hwlint_name(name, module,
    path)`, an object of settings is `hwlint_object(cls, attributes)`, functools.partial is
    `hwlint_partial(...)`."""
    roots: tuple[str, ...] = ()
    """Folders that its imports start from."""


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One way of building a model."""

    name: str
    """"resnet50", "Net"."""
    kind: str
    """"factory", "class", "config-class", "call", "hint" or "configured"."""
    place: Place
    """The `def` or `class` name, or the building call."""
    path: str
    """Absolute path of the file that has it."""
    package: str
    """Top-level package or module that it belongs to: "timm"."""
    built_with: str = ""
    """How, in words: "defaults", "config BertConfig()", "train.py:88 with width=100"."""
    recipe: Recipe | None = None
    """The same to be run; None where it is given what cannot be written down."""


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """A module class that no way of building was found for."""

    name: str
    qualname: str
    place: Place
    """The class's name."""
    hint: str
    """The comment that would make it read, with `...` for what is to be filled in. "" where nothing
    is asked for, as it is the base of another class: documents may show how it is built."""
    parts: frozenset[tuple[str, str]] = frozenset()
    """(path, qualified name) of the classes that it builds: these would be read with it."""


@dataclass(frozen=True)
class ModelGraph:
    """What one entry point builds."""

    entry: EntryPoint
    root: Node | None
    """None: the entry point could not be read; `missing` says why."""
    constructed: tuple[Layer, ...] = ()
    """Every torch.nn layer whose constructor ran, also those replaced or dropped later; one per
    distinct (place, op, argument values)."""
    params: int | None = None
    """Parameters of the whole model, shared ones once; None when anything is not known."""
    missing: tuple[Missing, ...] = ()
    complete: bool = False
    """Everything that construction did was followed and known."""
    files: tuple[str, ...] = field(default=())
    """Absolute paths of the files that were read on the way."""
    flow: Flow | None = None
    """What flows through it when it is called; None where nobody asked, or with what to call it is
    not known."""

    def walk(self) -> "Iterator[tuple[str, Node]]":
        """Yield (qualified name, node) of every module in registration order."""
        if self.root is not None:
            yield from self.root.walk()

    @cached_property
    def nodes(self) -> "Mapping[Node, int]":
        """Every distinct node with how often it stands in the tree, in order of first standing."""
        if self.root is None:
            return {}
        order: dict[Node, int] = {}
        after: list[Node] = []  # each node after all that is below it
        stack: list[tuple[Node, bool]] = [(self.root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                after.append(node)
            elif node not in order:
                order[node] = 0
                stack.append((node, True))
                stack += [(child, False) for child in reversed(list(node.children.values()))]
        order[self.root] = 1
        for node in reversed(after):
            for child in node.children.values():
                order[child] += order[node]
        return order

    @cached_property
    def layers(self) -> "Mapping[Layer, int]":
        """Every distinct layer of the module tree with the number of its instances, in order of
        the first one; a module that the model uses again counts once."""
        layers = ((node.layer, number) for node, number in self.nodes.items() if not node.again)
        return {layer: number for layer, number in layers if layer is not None}

    @cached_property
    def named_layers(self) -> "Mapping[str, Layer]":
        """The torch layers by their qualified names."""
        return {name: node.layer for name, node in self.walk() if node.layer is not None}

    @cached_property
    def driven(self) -> tuple[int, ...]:
        """Indices of the operations of `flow` that depend on what the model is called with and
        are used."""
        if self.flow is None:
            return ()
        alive = {i for i, tensor in enumerate(self.flow.tensors) if tensor.kind == "input"}
        found: list[int] = []
        for number, operation in enumerate(self.flow.operations):
            if not alive.isdisjoint(values_of(operation)):
                alive.update(operation.outputs)
                if number in self.used:
                    found.append(number)
        return tuple(found)

    @cached_property
    def used(self) -> frozenset[int]:
        """Indices of the operations of `flow` without which it would return something else, as far
        as is known: exporters and compilers leave the others out, a mask that is made for a next
        layer where there is none, what only a check looks at."""
        return used(self.flow) if self.flow is not None else frozenset()

    @cached_property
    def links(self) -> Links | None:
        """Who makes and who reads each value when it is called; None where that is not known to
        the end."""
        if self.flow is None or not self.flow.complete:
            return None
        return Links(self.flow, self.walk, self.named_layers)

    def derived(self, make: "Callable[[ModelGraph], T]") -> T:
        """Return what `make`, which looks at nothing else, makes of this graph: once for all rules
        and devices. `make` is known by what it is, so it has to be a function or class of a
        module, and what it makes is not to be changed."""
        known: dict[object, object] = self.__dict__.setdefault("_derived", {})
        if make not in known:
            known[make] = make(self)
        return cast("T", known[make])

    def release(self) -> None:
        """Let go of what was worked out from it: nobody looks at it any more."""
        self.__dict__.pop("_derived", None)
        links = self.__dict__.pop("links", None)
        if links is not None:
            links.release()
