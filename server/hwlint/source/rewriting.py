"""Calls of layers written as other layers that take and give the same shapes."""

import ast
from collections.abc import Callable, Mapping, Sequence

from hwlint.source.parsing import FaultError, parse_text
from hwlint.source.walking import walk

__all__ = ["REWRITINGS", "rewritten"]

_CONVOLUTION = (
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias",
)  # fmt: skip


def rewritten(how: str, text: str) -> str | None:
    """Return a call, or a list of layers, written in another way, one of `REWRITINGS`; None where
    it cannot be."""
    try:
        tree, older = parse_text(f"({text})")
    except FaultError:
        return None
    statement = tree.body[0] if older is None and len(tree.body) == 1 else None
    node = statement.value if isinstance(statement, ast.Expr) else None
    if how == "fused":
        return _replaced(text, _fused(node)) if isinstance(node, (ast.Call, ast.List)) else None
    return _WHOLE[how](node) if isinstance(node, ast.Call) else None


def _separable(call: ast.Call) -> str | None:
    """Return a convolution as one for each channel and one over channels (MobileNet, Howard et al.
    2017). It has one bias, in the second; groups make way."""
    given = _given(call, "Conv2d")
    prefix = _prefix(call)
    if given is None or prefix is None or not given.get("groups", "1").isdigit():
        return None
    if not {"in_channels", "out_channels", "kernel_size"} <= set(given):
        return None
    keep = "".join(f", {k}={given[k]}" for k in ("stride", "padding", "dilation") if k in given)
    ins, outs, kernel = (given[k] for k in ("in_channels", "out_channels", "kernel_size"))
    bias = f", bias={given['bias']}" if "bias" in given else ""
    depthwise = f"{prefix}Conv2d({ins}, {ins}, {kernel}{keep}, groups={ins}, bias=False)"
    return f"{prefix}Sequential({depthwise}, {prefix}Conv2d({ins}, {outs}, 1{bias}))"


def _dense(call: ast.Call) -> str | None:
    """Return the opposite: a depthwise and a pointwise convolution in a row as one."""
    prefix = _prefix(call)
    if not _is_called(call, "Sequential") or call.keywords or len(call.args) != 2:
        return None
    given = [_given(c, "Conv2d") if isinstance(c, ast.Call) else None for c in call.args]
    first, second = given
    if first is None or second is None or prefix is None:
        return None
    if not {"in_channels", "out_channels", "kernel_size", "groups"} <= set(first):
        return None
    ins = first["in_channels"]
    if first["groups"] != ins or first["out_channels"] != ins or second.get("in_channels") != ins:
        return None
    plain = {"stride": "1", "padding": "0", "dilation": "1", "groups": "1"}
    if second.get("kernel_size") != "1" or any(second.get(k, v) != v for k, v in plain.items()):
        return None
    keep = "".join(f", {k}={first[k]}" for k in ("stride", "padding", "dilation") if k in first)
    bias = f", bias={second['bias']}" if "bias" in second else ""
    outs, kernel = second.get("out_channels"), first["kernel_size"]
    return None if outs is None else f"{prefix}Conv2d({ins}, {outs}, {kernel}{keep}{bias})"


def _group_norm(call: ast.Call) -> str | None:
    """Return a batch normalization as one over groups of channels of a single picture. Eight
    groups: as many divide what is a multiple of any device's tile."""
    prefix = _prefix(call)
    channels = call.args[0] if call.args else None
    if not _is_called(call, "BatchNorm2d") or prefix is None or channels is None:
        return None
    if len(call.args) != 1 or call.keywords or not _is_plain(channels):
        return None
    return f"{prefix}GroupNorm(8, {ast.unparse(channels)})"


_WHOLE: Mapping[str, Callable[[ast.Call], str | None]] = {
    "separable": _separable,
    "dense": _dense,
    "GroupNorm": _group_norm,
}
"""Each takes the call and returns the text."""
REWRITINGS = (*_WHOLE, "fused")


_Stretch = tuple[ast.expr, ast.expr, str]
"""From the first node to the end of the last, and what is to stand there."""
_ACTIVATIONS = frozenset(("ReLU", "ReLU6", "Hardswish", "SiLU", "GELU", "LeakyReLU", "Mish", "ELU"))


def _fused(node: ast.Call | ast.List) -> _Stretch | None:
    """Return a pointwise and a depthwise convolution, with what normalises and activates in
    between, as one convolution: the inverted bottleneck of MobileNetV2 as EfficientNetV2 has it in
    its first stages (Tan and Le 2021, "Fused-MBConv"). The first pair of a sequence."""
    if isinstance(node, ast.Call) and (not _is_called(node, "Sequential") or node.keywords):
        return None
    layers = node.args if isinstance(node, ast.Call) else node.elts
    for index, layer in enumerate(layers):
        given = _given(layer, "Conv2d") if isinstance(layer, ast.Call) else None
        if given is not None and _is_pointwise(given):
            last = _depthwise_after(layers[index + 1 :], given.get("out_channels", ""))
            wide = _given(last, "Conv2d") if last is not None else None
            if last is not None and wide is not None:
                return layer, last, _widened(last, given["in_channels"], wide)
    return None


def _widened(call: ast.Call, ins: str, given: Mapping[str, str]) -> str:
    """Return a depthwise convolution as one over all of other channels."""
    kept = ("stride", "padding", "dilation", "bias")
    keep = "".join(f", {k}={given[k]}" for k in kept if k in given)
    channels, kernel = given["out_channels"], given["kernel_size"]
    return f"{_prefix(call)}Conv2d({ins}, {channels}, {kernel}{keep})"


def _is_pointwise(given: Mapping[str, str]) -> bool:
    plain = {"stride": "1", "padding": "0", "dilation": "1", "groups": "1"}
    whole = {"in_channels", "out_channels"} <= set(given)
    return (
        whole
        and given.get("kernel_size") in ("1", "(1, 1)")
        and all(given.get(k, v) == v for k, v in plain.items())
    )


def _depthwise_after(layers: Sequence[ast.expr], channels: str) -> ast.Call | None:
    """Return the depthwise convolution that follows, with at most a norm and an activation before
    it."""
    passed = [_normalises, _activates]
    for layer in layers:
        if not isinstance(layer, ast.Call):
            return None
        given = _given(layer, "Conv2d")
        if given is not None:
            three = [given.get(k) for k in ("in_channels", "out_channels", "groups")]
            wide = given.get("kernel_size") not in (None, "1", "(1, 1)")
            return layer if wide and three == [channels] * 3 else None
        while passed and not passed[0](layer, channels):
            passed.pop(0)
        if not passed:
            return None
        passed.pop(0)
    return None


def _normalises(call: ast.Call, channels: str) -> bool:
    named = isinstance(call.func, ast.Attribute) and "Norm" in call.func.attr
    return named and channels in map(ast.unparse, call.args)


def _activates(call: ast.Call, channels: str) -> bool:
    del channels
    return isinstance(call.func, ast.Attribute) and call.func.attr in _ACTIVATIONS


def _replaced(text: str, stretch: _Stretch | None) -> str | None:
    """Return a text, which was read in brackets, with another stretch in it."""
    if stretch is None:
        return None
    first, last, new = stretch
    lines = f"({text})".encode().splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + column - 1

    start = offset(first.lineno, first.col_offset)
    end = offset(last.end_lineno or last.lineno, last.end_col_offset or 0)
    whole = text.encode()
    return (whole[:start] + new.encode() + whole[end:]).decode()


def _is_called(call: ast.Call, name: str) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == name


def _prefix(call: ast.Call) -> str | None:
    """Return "nn." of `nn.Conv2d`. A bare name was imported by itself, and no other with it."""
    return f"{ast.unparse(call.func.value)}." if isinstance(call.func, ast.Attribute) else None


def _given(call: ast.Call, name: str) -> dict[str, str] | None:
    """Return the arguments of a call of a convolution by their names; None where they are not
    plain, or where there are others."""
    if not _is_called(call, name) or len(call.args) > len(_CONVOLUTION):
        return None
    given: dict[str, ast.expr] = dict(zip(_CONVOLUTION, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg not in _CONVOLUTION:
            return None
        given[keyword.arg] = keyword.value
    if not all(_is_plain(value) for value in given.values()):
        return None
    return {key: ast.unparse(value) for key, value in given.items()}


def _is_plain(value: ast.expr) -> bool:
    """Whether it may be worked out twice, and in another order."""
    return all(
        not isinstance(n, (ast.Call, ast.NamedExpr, ast.Await, ast.Starred)) for n in walk(value)
    )
