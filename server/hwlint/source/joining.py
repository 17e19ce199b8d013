"""Linear layers that one value goes through, as one layer whose result is cut into parts.

Looks at plain statements of one `__init__`, `self.q = nn.Linear(dim, dim)`, and at calls
`self.q(x)` in one block of one method, where `x` is a name that stays what it is from the first
call to the last. Whatever else names the layers (an initialisation, pruning, a string with the
name of a parameter, a class that is derived) leaves them as they are.
"""

import ast
import keyword
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hwlint.source.edits import Edit, Positions
from hwlint.source.files import SourceFile
from hwlint.source.joinable import (
    FUNCTION,
    LinearLayer,
    OtherForm,
    Use,
    alike,
    blocks_of,
    check_between,
    check_parts,
    is_own,
    self_of,
    uses_of,
)
from hwlint.source.mentions import is_mentioned, related_classes
from hwlint.source.parsing import FaultError, parse_text
from hwlint.source.spans import Place
from hwlint.source.walking import walk

__all__ = ["JoinLinears", "Joining", "find_joining"]

Placing = Callable[[ast.expr], Place]
_PARAMETERS = ("in_features", "out_features", "bias", "device", "dtype")


@dataclass(frozen=True, slots=True)
class JoinLinears:
    """One linear layer in place of several: the calls that build them."""

    first: Place
    others: tuple[Place, ...]


@dataclass(frozen=True)
class Joining:
    """What it takes."""

    edits: tuple[Edit, ...]
    owner: str
    """The class that has the layers."""
    names: frozenset[str]
    """Of the layers."""
    fresh: frozenset[str]
    """Attributes that the class gets."""

    def is_free(self, source: SourceFile, others: Iterable[SourceFile]) -> bool:
        """Whether no other file names the layers."""
        every = list(others)
        family = related_classes(self.owner, [source, *every])
        fresh = re.compile(rf"\bself\.(?:{'|'.join(self.fresh)})\b")
        return not any(
            is_mentioned(self.names, family, other, ())
            or (fresh.search(other.text) and _has_class(family, other))
            for other in every
        )


def find_joining(step: JoinLinears, source: SourceFile, place: Placing) -> Joining | None:
    """Return how layers become one; None where they are written, or used, in another way."""
    try:
        tree, older = parse_text(source.text)
        return _Finder(source, tree, place).joining(step) if older is None else None
    except (FaultError, OtherForm):
        return None


class _Finder:
    """Looks at one file."""

    def __init__(self, source: SourceFile, tree: ast.Module, place: Placing) -> None:
        self._source = source
        self._tree = tree
        self._place = place
        self._positions = Positions(source.text)

    def joining(self, step: JoinLinears) -> Joining:
        """Raises `OtherForm`."""
        places = {step.first, *step.others}
        owner, layers = self._layers(places)
        method, block, uses = uses_of(owner, layers)
        own = [node for n in layers for node in (layers[n].target, uses[n].func)]
        family = related_classes(owner.name, [self._source])
        if is_mentioned(list(layers), family, self._source, own):
            raise OtherForm
        check_between(block, list(uses.values()))
        check_parts(owner, method, self._tree)
        order = sorted(uses, key=lambda name: _at(uses[name].call))
        taken = _attributes(self._tree, family)
        name = _joined_name(order, taken)
        even = len({ast.unparse(layer.given["out_features"]) for layer in layers.values()}) == 1
        widths = "" if even else _fresh(f"{_stem(name)}_widths", taken)
        edits = [
            *self._built(layers, order, name, widths),
            *self._called(method, block, [uses[n] for n in order], (name, widths, order)),
        ]
        fresh = frozenset(filter(None, (name, widths)))
        return Joining(tuple(edits), owner.name, frozenset(layers), fresh)

    # --- construction -----------------------------------------------------------------------

    def _layers(self, places: Collection[Place]) -> tuple[ast.ClassDef, dict[str, LinearLayer]]:
        """Return the class and its layers, in the order in which they are built."""
        for owner in (n for n in walk(self._tree) if isinstance(n, ast.ClassDef)):
            inits = [f for f in owner.body if isinstance(f, FUNCTION) and f.name == "__init__"]
            for block in (b for init in inits for b in blocks_of(init)):
                found = {
                    index: layer
                    for index, statement in enumerate(block)
                    if (layer := self._layer(statement, places)) is not None
                }
                if found and self_of(inits[0]) == "self" and len(inits) == 1:
                    return owner, alike(block, found, len(places))
        raise OtherForm

    def _layer(self, statement: ast.stmt, places: Collection[Place]) -> LinearLayer | None:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
            return None
        call, target = statement.value, statement.targets[0]
        if self._place(call) not in places:
            return None
        if len(statement.targets) != 1 or not is_own(target):
            raise OtherForm
        given: dict[str, ast.expr] = dict(zip(_PARAMETERS, call.args, strict=False))
        for word in call.keywords:
            name = word.arg or "**"  # what else layers of the file get: a device and a dtype
            if name not in (*_PARAMETERS, "**") or name in given:
                raise OtherForm
            given[name] = word.value
        if len(call.args) > len(_PARAMETERS) or not {"in_features", "out_features"} <= set(given):
            raise OtherForm
        if not all(map(_is_plain, given.values())) or not _ends(call.func, "Linear"):
            raise OtherForm
        assert isinstance(target, ast.Attribute)
        return LinearLayer(target.attr, statement, target, given)

    def _built(
        self, layers: dict[str, LinearLayer], order: Sequence[str], name: str, widths: str
    ) -> Iterator[Edit]:
        """Yield the edits that build one layer in place of all."""
        first, *others = layers.values()
        _, end = self._positions.span(self._place(first.target))
        path = self._source.path
        yield Edit(self._positions.place(path, end - len(first.name), end), name)
        out = first.given["out_features"]
        if widths:
            each = ", ".join(ast.unparse(layers[n].given["out_features"]) for n in order)
            yield self._line(first.statement, f"self.{widths} = ({each})")
            yield Edit(self._place(out), f"sum(self.{widths})")
        else:
            start, stop = self._positions.span(self._place(out))
            simple = isinstance(out, (ast.Name, ast.Attribute, ast.Constant, ast.Subscript))
            opened, closed = ("", "") if simple else ("(", ")")
            yield Edit(self._positions.place(path, start, start), f"{len(order)} * {opened}")
            if closed:
                yield Edit(self._positions.place(path, stop, stop), closed)
        for layer in others:
            yield self._without(layer.statement)

    # --- forward ----------------------------------------------------------------------------

    def _called(
        self,
        method: ast.FunctionDef,
        block: Sequence[ast.stmt],
        uses: Sequence[Use],
        named: tuple[str, str, Sequence[str]],
    ) -> Iterator[Edit]:
        """Yield the edits that compute all parts before the first call."""
        name, widths, layers = named
        given = ast.unparse(uses[0].call.args[0])
        cut = f"split(self.{widths}, dim=-1)" if widths else f"chunk({len(uses)}, dim=-1)"
        whole = f"self.{name}({given}).{cut}"
        value = getattr(uses[0].statement, "value", None)
        if isinstance(value, ast.Tuple) and value.elts == [use.call for use in uses]:
            targets = getattr(uses[0].statement, "targets", [None])
            if len(targets) == 1 and isinstance(targets[0], (ast.Tuple, ast.List)):
                yield Edit(self._place(value), whole)
                return
        parts, direct = _parts(method, block, uses, layers)
        line = f"{', '.join(parts)} = {whole}"
        if direct[0]:
            yield Edit(self._statement(uses[0].statement), line)
        else:
            yield self._line(uses[0].statement, line)
            yield Edit(self._place(uses[0].call), parts[0])
        for use, part, is_direct in list(zip(uses, parts, direct, strict=True))[1:]:
            yield self._without(use.statement) if is_direct else Edit(self._place(use.call), part)

    # --- lines ------------------------------------------------------------------------------

    def _statement(self, statement: ast.stmt) -> Place:
        """Return where a statement stands, which has its lines for itself and is free of
        comments but for one behind it. Raises `OtherForm`."""
        place = self._place(statement)  # pyright: ignore[reportArgumentType] - statements have positions too
        lines = self._source.lines
        before = lines[place.line][: place.col]
        after = lines[place.end_line][place.end_col :].strip()
        if before.strip() or (after and not after.startswith("#")):
            raise OtherForm
        if "#" in self._positions.read(place):
            raise OtherForm
        return place

    def _line(self, statement: ast.stmt, text: str) -> Edit:
        """Return the edit that puts a line before a statement."""
        place = self._place(statement)  # pyright: ignore[reportArgumentType] - statements have positions too
        before = self._source.lines[place.line][: place.col]
        if before.strip():
            raise OtherForm
        at = Place(place.path, place.line, place.col, place.line, place.col)
        return Edit(at, f"{text}{self._source.newline}{before}")

    def _without(self, statement: ast.stmt) -> Edit:
        """Return the edit that takes a statement away; a comment behind it stays."""
        place = self._statement(statement)
        lines = self._source.lines
        rest = lines[place.end_line][place.end_col :]
        start, end = self._positions.span(place)
        if rest.strip():
            return Edit(
                self._positions.place(place.path, start, end + len(rest) - len(rest.lstrip())), ""
            )
        start -= place.col
        if place.end_line + 1 < len(lines):
            last = Place(place.path, place.end_line + 1, 0, place.end_line + 1, 0)
            return Edit(self._positions.place(place.path, start, self._positions.span(last)[0]), "")
        return Edit(self._positions.place(place.path, start, len(self._source.text)), "")


# --- names ----------------------------------------------------------------------------------


def _joined_name(names: Sequence[str], taken: Collection[str]) -> str:
    """Return "qkv_proj" for q_proj, k_proj and v_proj, "query_key_value" for query, key and
    value."""
    head, tail, stems = _shared(names)
    middle = ("" if all(len(stem) == 1 for stem in stems) else "_").join(stems)
    return _fresh(f"{head}{middle}{tail}", taken)


def _shared(names: Sequence[str]) -> tuple[str, str, list[str]]:
    """Return what names begin and end with alike, up to an underscore, and what is left."""
    words = [name.split("_") for name in names]
    most = min(map(len, words)) - 1
    head = next((n for n in range(most) if len({w[n] for w in words}) > 1), most)
    rest = most - head
    tail = next((n for n in range(rest) if len({w[-1 - n] for w in words}) > 1), rest)
    stems = ["_".join(w[head : len(w) - tail]) for w in words]
    before = "".join(f"{word}_" for word in words[0][:head])
    after = "".join(f"_{word}" for word in words[0][len(words[0]) - tail :])
    return before, after, stems


def _stem(name: str) -> str:
    return name.removesuffix("_proj")


def _fresh(name: str, taken: Collection[str]) -> str:
    """Return a name that is not there yet. Raises `OtherForm`."""
    for tried in (name, f"{name}_joined"):
        if tried not in taken and tried.isidentifier() and not keyword.iskeyword(tried):
            return tried
    raise OtherForm


def _parts(
    method: ast.FunctionDef,
    block: Sequence[ast.stmt],
    uses: Sequence[Use],
    layers: Sequence[str],
) -> tuple[list[str], list[bool]]:
    """Return the names of the parts, and which of them are what a statement gives them anyway."""
    first = uses[0].index
    given = ast.unparse(uses[0].call.args[0])
    taken = {n.id for n in walk(method) if isinstance(n, ast.Name)}
    taken |= {n.arg for n in walk(method) if isinstance(n, ast.arg)}
    parts: list[str] = []
    direct: list[bool] = []
    stems = _shared(layers)[2]
    for use, stem, layer in zip(uses, stems, layers, strict=True):
        name = use.direct
        met = [n for s in block[first : use.index] for n in walk(s) if isinstance(n, ast.Name)]
        is_direct = bool(name) and name != given and name not in parts
        is_direct = is_direct and all(node.id != name for node in met)
        if not is_direct:
            name = next((n for n in (stem, layer, f"{layer}_part") if _may_be(n, taken)), "")
            taken.add(name)
        if not name:
            raise OtherForm
        parts.append(name)
        direct.append(is_direct)
    return parts, direct


def _may_be(name: str, taken: Collection[str]) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name not in taken


def _attributes(tree: ast.Module, family: Collection[str]) -> set[str]:
    """Return the names of all attributes that classes speak of or define."""
    classes = (n for n in walk(tree) if isinstance(n, ast.ClassDef) and n.name in family)
    nodes = [node for found in classes for node in walk(found)]
    defined = {n.name for n in nodes if isinstance(n, FUNCTION)}
    return defined | {n.attr for n in nodes if isinstance(n, ast.Attribute)}


def _has_class(names: Collection[str], source: SourceFile) -> bool:
    return any(re.search(rf"\bclass\s+{re.escape(name)}\b", source.text) for name in names)


def _ends(node: ast.expr, name: str) -> bool:
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == name


def _is_plain(value: ast.expr) -> bool:
    """Whether it may be worked out earlier, and once in place of several times."""
    return all(
        not isinstance(n, (ast.Call, ast.Starred, ast.Lambda, ast.NamedExpr, ast.Await))
        for n in walk(value)
    )


def _at(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset
