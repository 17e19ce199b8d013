"""In words, where an argument's value comes from."""

from hwlint.graph import Origin
from hwlint.report.lines import clean, line_of, named_line
from hwlint.source.spans import Place

__all__ = ["explain"]

_DEEPEST = 5
_LONGEST = 100


def explain(origin: Origin | None, call: Place) -> str:
    """Return "width 50 (line 12) * 2"; "" where the value stands at the call itself."""
    if origin is None or (origin.operation is None and _at(origin, call)):
        return ""
    text = _formula(origin, call, 0)
    if text is None or len(text) > _LONGEST:
        text = ", ".join(_leaf(leaf, call) for leaf in list(origin.leaves())[:4])
        text = f"from {text}" if text else ""
    return clean(text)


def _at(leaf: Origin, call: Place) -> bool:
    place = leaf.place
    if place is None or place.path != call.path:
        return False
    return (call.line, call.col) <= (place.line, place.col) < (call.end_line, call.end_col)


def _formula(origin: Origin, call: Place, depth: int) -> str | None:
    if origin.operation is None:
        return _leaf(origin, call)
    if depth >= _DEEPEST or not origin.operands:
        return None
    parts = [_formula(operand, call, depth + 1) for operand in origin.operands]
    texts = [part for part in parts if part is not None]
    if len(texts) != len(parts):
        return None
    is_function = origin.operation.isidentifier() or "." in origin.operation
    if len(texts) == 1 and not is_function:
        return None  # the other side comes from no literal, so there is no formula to show
    if is_function or len(texts) != 2:
        return f"{origin.operation}({', '.join(texts)})"
    joined = f"{texts[0]} {origin.operation} {texts[1]}"
    return f"({joined})" if depth else joined


def _leaf(leaf: Origin, call: Place) -> str:
    text = f"{leaf.name} {leaf.value!r}" if leaf.name else repr(leaf.value)
    if leaf.place is None or _at(leaf, call):
        return text
    if leaf.place.path == call.path:
        return f"{text} ({named_line(leaf.place)})"
    file = leaf.place.path.replace(chr(92), "/").rpartition("/")[2]
    return f"{text} ({file}:{line_of(leaf.place)})"
