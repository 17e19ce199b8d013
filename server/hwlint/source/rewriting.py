"""Calls of layers written as other layers that take and give the same shapes."""

import ast
from collections.abc import Callable, Mapping

from hwlint.source.parsing import FaultError, parse_text

__all__ = ["REWRITINGS", "rewritten"]

_CONVOLUTION = (
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias",
)  # fmt: skip


def rewritten(how: str, text: str) -> str | None:
    """Return a call written in another way, one of `REWRITINGS`; None where it cannot be."""
    try:
        tree, older = parse_text(f"({text})")
    except FaultError:
        return None
    statement = tree.body[0] if older is None and len(tree.body) == 1 else None
    call = statement.value if isinstance(statement, ast.Expr) else None
    return REWRITINGS[how](call) if isinstance(call, ast.Call) else None


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


REWRITINGS: Mapping[str, Callable[[ast.Call], str | None]] = {
    "separable": _separable,
    "dense": _dense,
    "GroupNorm": _group_norm,
}
"""Each takes the call and returns the text."""


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
        not isinstance(n, (ast.Call, ast.NamedExpr, ast.Await, ast.Starred))
        for n in ast.walk(value)
    )
