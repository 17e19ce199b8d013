"""Functions before they run: parsed on first call, compiled to closures once."""

import ast
import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from hwlint.reader.budget import Exhausted
from hwlint.reader.frame import Frame, Scope, assigned_names, parameter_names, weigh
from hwlint.reader.unread import unread_loops
from hwlint.reader.values import Value
from hwlint.source.limits import is_vast

if TYPE_CHECKING:
    from hwlint.reader.imports import PythonModule
    from hwlint.reader.values import Function
    from hwlint.source import Place, Segment

__all__ = ["Code", "Compiled"]

Compiled = Callable[[Frame], Value]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


_END_OF_HEADER = re.compile(r":[ \t]*(?:#.*)?$", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w*")


class Code:
    """The code of one function. `prepare` parses and compiles it when it is first needed."""

    __slots__ = (
        "annotations",
        "asked",
        "body",
        "captured",
        "cell",
        "cls",
        "default_code",
        "eager",
        "failed",
        "is_generator",
        "keywords",
        "kwarg",
        "kwdefault_code",
        "kwonly",
        "made",
        "name",
        "node",
        "outer",
        "params",
        "posonly",
        "qualname",
        "raises",
        "ran_in",
        "ready",
        "running",
        "scope",
        "segment",
        "simple",
        "vararg",
        "weight",
    )

    def __init__(
        self, name: str, segment: "Segment", outer: Scope, node: FunctionNode | None = None
    ) -> None:
        self.name = name
        self.segment = segment
        self.outer = outer
        self.eager = isinstance(node, ast.Lambda) and bool(node.args.defaults)
        self.captured = outer.comprehension_variables() if outer.renames else {}
        self.node = node
        self.qualname = outer.inner_qualname(name)
        self.cell = (segment.path, f"{self.qualname}()")
        """What a reading depends on that ran it."""
        self.ready = False
        self.failed = 0
        self.raises = False
        self.ran_in: set[PythonModule] = set()
        """Modules during whose execution it ran."""
        self.made: list[Function] | None = None
        """The functions that were made of it; None where its segment is not its own."""
        self.asked = False
        """Whether a program has looked at its defaults without calling it."""
        self.params: list[str] = []
        self.posonly = 0
        self.kwonly: list[str] = []
        self.keywords: frozenset[str] = frozenset()
        self.vararg: str | None = None
        self.kwarg: str | None = None
        self.default_code: list[Compiled] = []
        self.kwdefault_code: dict[str, Compiled] = {}
        self.annotations: dict[str, ast.expr] = {}
        self.body: Compiled | None = None
        self.is_generator = False
        self.running = 0
        """How many calls of it have begun and not ended."""
        self.simple = False
        self.weight = 0
        self.scope: Scope | None = None

    def function_node(self) -> FunctionNode:
        """Return the parsed definition; raises SyntaxProblem."""
        if self.node is None:
            for statement in self.segment.parse():
                if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                    self.node = statement
                    break
            else:
                stub: Any = ast.parse("lambda *a, **k: None", mode="eval").body
                self.node = stub
        assert self.node is not None
        return self.node

    def names_of_defaults(self) -> set[str]:
        """Return names that may stand in the defaults, found without parsing."""
        text = self.segment.text
        start = text.find(f"def {self.name}")
        end = _END_OF_HEADER.search(text, start)
        header = text[start : end.start() if end else None]
        _, equals, rest = header.partition("=")
        return set(_NAME.findall(rest)) if equals else set()

    def place(self) -> "Place":
        """Return where the definition stands."""
        return self.segment.place(self.function_node())

    def prepare(self) -> None:
        """Parse and compile; raises SyntaxProblem, or Exhausted for what is vast."""
        if self.ready:
            return
        if self.segment.kind == "def" and is_vast(self.segment.text):
            raise Exhausted("a function too long to be followed")
        node = self.function_node()
        self._signature(node)
        scope = Scope("function", self.outer, self.segment, self.qualname, self.outer.cls)
        body: list[ast.stmt] = (
            [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
        )
        scope.locals = assigned_names(body, scope) | set(parameter_names(node.args))
        scope.captured = self.captured
        self.scope, scope.body = scope, body
        from hwlint.reader.compile_statements import compile_body

        if isinstance(node, ast.Lambda):
            ast.copy_location(body[0], node.body)
        scope.unread = unread_loops(body)
        self.is_generator = not isinstance(node, ast.Lambda) and _has_yield(node.body)
        self.weight = weigh(body)
        self.body = compile_body(scope, body)
        scope.body = ()
        self.ready = True
        self.forget_tree()

    def renew(self, segment: "Segment") -> None:
        """Take a new body from another text with the same parameters; raises SyntaxProblem."""
        self.segment = self.outer.segment = segment
        self.node, self.ready, self.failed, self.raises = None, False, 0, False
        self.annotations = {}
        self.prepare()

    def renew_defaults(self, literal: Collection[int | str]) -> None:
        """Compute defaults again for the functions that have theirs: those of which all is written
        in the source, by their number or, of keywords, by their name."""
        for func in self.made or ():
            frame = func.def_frame
            if not func.ready or frame is None:
                continue
            func.defaults = tuple(
                [
                    code(frame) if number in literal else before
                    for number, (code, before) in enumerate(
                        zip(self.default_code, func.defaults, strict=True)
                    )
                ]
            )
            func.kwdefaults = {
                name: self.kwdefault_code[name](frame) if name in literal else before
                for name, before in func.kwdefaults.items()
            }

    def forget_tree(self) -> None:
        """Drop the parsed definition where it can be had again from its segment."""
        if self.outer.kind != "function" and self.segment.kind == "def":
            self.node = None

    def _signature(self, node: FunctionNode) -> None:
        from hwlint.reader.compile_expressions import compile_expression

        args = node.args
        positional = [*args.posonlyargs, *args.args]
        self.params = [a.arg for a in positional]
        self.posonly = len(args.posonlyargs)
        self.kwonly = [a.arg for a in args.kwonlyargs]
        self.keywords = frozenset((*self.params[self.posonly :], *self.kwonly))
        self.vararg = args.vararg.arg if args.vararg else None
        self.kwarg = args.kwarg.arg if args.kwarg else None
        self.simple = not (self.kwonly or self.vararg or self.kwarg or self.posonly)
        named = self.params[len(self.params) - len(args.defaults) :]
        self.outer.renames.append(self.captured)
        self.default_code = [
            compile_expression(self.outer, d, n) for n, d in zip(named, args.defaults, strict=True)
        ]
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            if default is not None:
                self.kwdefault_code[arg.arg] = compile_expression(self.outer, default, arg.arg)
        self.outer.renames.pop()
        for arg in [*positional, *args.kwonlyargs]:
            if arg.annotation is not None:
                self.annotations[arg.arg] = arg.annotation


def _has_yield(body: list[ast.stmt]) -> bool:
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))
    return False
