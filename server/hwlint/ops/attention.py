"""Attention and the transformer layers around it."""

from collections.abc import Callable

from hwlint.ops import dropout, linear, norm
from hwlint.ops._composed import weights_below
from hwlint.ops._rows import (
    absent,
    flag,
    integer,
    integers,
    is_whole,
    layer,
    require_sizes,
    stored,
)
from hwlint.ops.spec import Child, LayerSpec, Reference, Shapes, Values

__all__ = ["ROWS"]

_FACTORY = "device=None, dtype=None"
_LAYER = (
    "dim_feedforward=2048, dropout=0.1, activation=F.relu, layer_norm_eps=1e-5, "
    f"batch_first=False, norm_first=False, bias=True, {_FACTORY}"
)
_PARTS = {row.op: row for row in (*linear.ROWS, *linear.INTERNAL, *norm.ROWS, *dropout.ROWS)}
_FUNCTIONS = {
    "relu": Reference("torch.nn.functional.relu"),
    "gelu": Reference("torch.nn.functional.gelu"),
}


def _placed(values: Values) -> dict[str, object]:
    return {"device": values["device"], "dtype": values["dtype"]}


def _widths(values: Values) -> Values:
    width = values["embed_dim"]
    return {name: width for name in ("kdim", "vdim") if values[name] is None}


def _same_width(values: Values) -> object:
    """True or False, or the argument that leaves it unknown."""
    width = values["embed_dim"]
    for other in (values["kdim"], values["vdim"]):
        if other is not width and not is_whole(other):
            return other
        if other is not width and not is_whole(width):
            return width
    return all(values[name] is width or values[name] == width for name in ("kdim", "vdim"))


def _head_width(values: Values) -> object:
    known = integers(values, "embed_dim", "num_heads")
    if known:
        return known[0] // known[1]
    width = values["embed_dim"]
    return values["num_heads"] if is_whole(width) else width


def _own_attention_weights(values: Values) -> Shapes:
    width = integer(values, "embed_dim")
    found: dict[str, tuple[int, ...]] = {}
    if _same_width(values):
        found["in_proj_weight"] = (3 * width, width)
    else:
        found["q_proj_weight"] = (width, width)
        found["k_proj_weight"] = (width, integer(values, "kdim"))
        found["v_proj_weight"] = (width, integer(values, "vdim"))
    if flag(values, "bias"):
        found["in_proj_bias"] = (3 * width,)
    if flag(values, "add_bias_kv"):
        found.update(bias_k=(1, 1, width), bias_v=(1, 1, width))
    return found


def _attention_weights(values: Values) -> Shapes:
    return {**_own_attention_weights(values), **weights_below(_attention_parts(values), _PARTS)}


def _attention_attributes(values: Values) -> Values:
    same = _same_width(values)
    unused = {
        True: ("q_proj_weight", "k_proj_weight", "v_proj_weight"),
        False: ("in_proj_weight",),
    }
    return {
        **stored("embed_dim kdim vdim num_heads dropout batch_first add_zero_attn")(values),
        "head_dim": _head_width(values),
        "_qkv_same_embed_dim": same,
        **(dict.fromkeys(unused[same]) if isinstance(same, bool) else {}),
        **absent(values, "bias", "in_proj_bias"),
        **absent(values, "add_bias_kv", "bias_k bias_v"),
    }


def _attention_parts(values: Values) -> tuple[Child, ...]:
    width = values["embed_dim"]
    args = {"in_features": width, "out_features": width, "bias": values["bias"]}
    return (Child("out_proj", "NonDynamicallyQuantizableLinear", args | _placed(values)),)


def _check_heads(width: object, heads: object) -> None:
    if not (is_whole(width) and is_whole(heads)):
        return
    if width <= 0 or heads <= 0:
        raise ValueError(
            "embed_dim and num_heads must be greater than 0, "
            f"got embed_dim={width} and num_heads={heads} instead"
        )
    if width % heads:
        raise AssertionError("embed_dim must be divisible by num_heads")


def _check_attention(values: Values) -> None:
    _check_heads(values["embed_dim"], values["num_heads"])
    require_sizes(values, "embed_dim", "kdim", "vdim")


def _part(values: Values, name: str, op: str, **args: object) -> Child:
    placed = {} if op == "Dropout" else _placed(values)
    return Child(name, op, {**args, **placed})


def _attention(values: Values, name: str) -> Child:
    return _part(
        values,
        name,
        "MultiheadAttention",
        embed_dim=values["d_model"],
        num_heads=values["nhead"],
        dropout=values["dropout"],
        batch_first=values["batch_first"],
        bias=values["bias"],
    )


def _numbered(values: Values, name: str, count: int) -> list[Child]:
    if name == "dropout":
        return [
            _part(values, f"dropout{n + 1}", "Dropout", p=values["dropout"]) for n in range(count)
        ]
    shape, eps, bias = values["d_model"], values["layer_norm_eps"], values["bias"]
    return [
        _part(values, f"norm{n + 1}", "LayerNorm", normalized_shape=shape, eps=eps, bias=bias)
        for n in range(count)
    ]


def _layer_parts(*attentions: str) -> Callable[[Values], tuple[Child, ...]]:
    def children(values: Values) -> tuple[Child, ...]:
        width, inner, bias = values["d_model"], values["dim_feedforward"], values["bias"]
        wide = {"in_features": width, "out_features": inner, "bias": bias}
        narrow = {"in_features": inner, "out_features": width, "bias": bias}
        # Each attention and the feed-forward pair have a norm and a dropout of their own.
        blocks = len(attentions) + 1
        return (
            *(_attention(values, name) for name in attentions),
            _part(values, "linear1", "Linear", **wide),
            _part(values, "dropout", "Dropout", p=values["dropout"]),
            _part(values, "linear2", "Linear", **narrow),
            *_numbered(values, "norm", blocks),
            *_numbered(values, "dropout", blocks),
        )

    return children


def _activation(values: Values) -> Values:
    name = values["activation"]
    return {"activation": _FUNCTIONS.get(name, name)} if isinstance(name, str) else {}


def _encoder_layer_attributes(values: Values) -> Values:
    function = values["activation"]
    found = stored("norm_first activation")(values)
    if isinstance(function, Reference):
        known = [*_FUNCTIONS.values()]
        found["activation_relu_or_gelu"] = known.index(function) + 1 if function in known else 0
    return found


def _check_layer(values: Values) -> None:
    _check_heads(values["d_model"], values["nhead"])
    require_sizes(values, "d_model", "dim_feedforward")
    _PARTS["Dropout"].check({"p": values["dropout"]})
    name = values["activation"]
    if isinstance(name, str):
        raise RuntimeError(f"activation should be relu/gelu, not {name}")


def _stacked(parameter: str) -> Callable[[Values], tuple[Child, ...]]:
    def children(values: Values) -> tuple[Child, ...]:
        count, given, last = values["num_layers"], values[parameter], values["norm"]
        closing = () if last is None else (Child("norm", given=last),)
        if not is_whole(count):
            return (Child("layers", given=count), *closing)
        # Torch copies the layer that it is given for every place, and uses it in none.
        copies = (Child(f"layers.{n}", given=given, copied=True) for n in range(count))
        return (Child("layers", "ModuleList"), *copies, *closing)

    return children


def _stack_attributes(names: str) -> Callable[[Values], Values]:
    def attributes(values: Values) -> Values:
        found = stored(names)(values)
        return {**found, "norm": None} if values["norm"] is None else found

    return attributes


_SHARED = (
    "d_model",
    "nhead",
    "dim_feedforward",
    "dropout",
    "activation",
    "layer_norm_eps",
    "batch_first",
    "norm_first",
    "bias",
)


def _half(values: Values, side: str) -> Child:
    custom = values[f"custom_{side}"]
    if custom is not None:
        return Child(side, given=custom)
    kind = f"Transformer{side.capitalize()}"
    shape, eps, bias = values["d_model"], values["layer_norm_eps"], values["bias"]
    shared = {name: values[name] for name in _SHARED}
    return Child(
        side,
        kind,
        {
            f"{side}_layer": _part(values, "", f"{kind}Layer", **shared),
            "num_layers": values[f"num_{side}_layers"],
            "norm": _part(values, "", "LayerNorm", normalized_shape=shape, eps=eps, bias=bias),
        },
    )


def _halves(values: Values) -> tuple[Child, ...]:
    return (_half(values, "encoder"), _half(values, "decoder"))


def _check_transformer(values: Values) -> None:
    # With two halves of the caller's own torch looks at none of the sizes.
    if values["custom_encoder"] is None or values["custom_decoder"] is None:
        _check_layer(values)


def _below(children: Callable[[Values], tuple[Child, ...]]) -> Callable[[Values], Shapes]:
    return lambda values: weights_below(children(values), _PARTS)


def _layer_row(side: str, *attentions: str) -> LayerSpec:
    parts = _layer_parts(*attentions)
    return layer(
        f"Transformer{side}Layer",
        "attention",
        "",
        f"d_model, nhead, {_LAYER}",
        weights=_below(parts),
        attributes=_encoder_layer_attributes
        if side == "Encoder"
        else stored("norm_first activation"),
        normalise=_activation,
        check=_check_layer,
        children=parts,
    )


def _stack_row(side: str, extra: str) -> LayerSpec:
    parts = _stacked(f"{side.lower()}_layer")
    names = "num_layers" + "".join(
        f" {item.partition('=')[0]}" for item in extra.split(", ") if item
    )
    return layer(
        f"Transformer{side}",
        "attention",
        "",
        f"{side.lower()}_layer, num_layers, norm=None, {extra}",
        weights=_below(parts),
        attributes=_stack_attributes(names),
        children=parts,
    )


ROWS = (
    layer(
        "MultiheadAttention",
        "attention",
        "",
        "embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, "
        f"kdim=None, vdim=None, batch_first=False, {_FACTORY}",
        weights=_attention_weights,
        attributes=_attention_attributes,
        normalise=_widths,
        check=_check_attention,
        children=_attention_parts,
    ),
    _layer_row("Encoder", "self_attn"),
    _layer_row("Decoder", "self_attn", "multihead_attn"),
    _stack_row("Encoder", "enable_nested_tensor=True, mask_check=True"),
    _stack_row("Decoder", ""),
    layer(
        "Transformer",
        "attention",
        "",
        "d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, "
        "dropout=0.1, activation=F.relu, custom_encoder=None, custom_decoder=None, "
        f"layer_norm_eps=1e-5, batch_first=False, norm_first=False, bias=True, {_FACTORY}",
        weights=_below(_halves),
        attributes=stored("d_model nhead batch_first"),
        normalise=_activation,
        check=_check_transformer,
        children=_halves,
    ),
)

_PARTS.update((row.op, row) for row in ROWS)
