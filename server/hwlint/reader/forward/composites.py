"""The forward of torch's layers that are made of others: attention and transformers."""

# A module's forward may return anything.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwlint.ops import FUNCTIONS
from hwlint.reader.forward.functions import apply
from hwlint.reader.values import Args, Builtin, Kwargs, ModuleInstance, Tensor, Unknown, Value

if TYPE_CHECKING:
    from hwlint.reader.interpreter import Interpreter

__all__ = ["FORWARDS", "TABLE"]

_F = "torch.nn.functional."


class _Functions:
    """Runs functions by their rows."""

    def __init__(self, interp: "Interpreter") -> None:
        self.interp = interp

    def do(self, path: str, *args: Value, **kwargs: Value) -> Any:
        return apply(self.interp, FUNCTIONS[path], list(args), kwargs)


class _Run(_Functions):
    """Runs functions and parts of a module, for one call of it."""

    def __init__(self, interp: "Interpreter", module: ModuleInstance) -> None:
        super().__init__(interp)
        self.module = module

    def part(self, name: str, *args: Value, **kwargs: Value) -> Value:
        return self.interp.call(self.interp.getattr(self.module, name), list(args), kwargs)

    def own(self, name: str) -> Any:
        return self.interp.getattr(self.module, name)

    def add(self, one: Value, other: Value) -> Any:
        return self.do("torch.add", one, other)


def _given(names: str, args: Args, kwargs: Kwargs, **defaults: Value) -> dict[str, Value]:
    return {**defaults, **dict(zip(names.split(), args, strict=False)), **kwargs}


# --- attention ------------------------------------------------------------------------------------


def _attention(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    module = args[0]
    names = "query key value key_padding_mask need_weights attn_mask average_attn_weights is_causal"
    given = _given(names, args[1:], kwargs, need_weights=True, average_attn_weights=True)
    if not isinstance(module, ModuleInstance):
        return Unknown("attention that was not built")
    run = _Run(interp, module)
    given.update({name: run.own(name) for name in _OWN})
    projection = run.own("out_proj")
    for name in ("weight", "bias"):
        given[f"out_proj_{name}"] = interp.getattr(projection, name)
    query = given.get("query")
    swapped = run.own("batch_first") is True and len(getattr(query, "shape", None) or ()) == 3
    tensors = [given.get(name) for name in ("query", "key", "value")]
    if swapped:
        same = [t is query for t in tensors]
        first = run.do("torch.transpose", query, 1, 0)
        tensors = [
            first if s else run.do("torch.transpose", t, 1, 0)
            for s, t in zip(same, tensors, strict=True)
        ]
    made = _attend(interp, module, given, tensors)
    if swapped and isinstance(made, tuple):
        return (run.do("torch.transpose", made[0], 1, 0), made[1])
    return made


_OWN = (
    "embed_dim num_heads in_proj_weight in_proj_bias bias_k bias_v add_zero_attn q_proj_weight "
    "k_proj_weight v_proj_weight"
).split()
_FUNCTIONAL = (
    "query key value embed_dim num_heads in_proj_weight in_proj_bias bias_k bias_v add_zero_attn "
    "dropout_p out_proj_weight out_proj_bias training key_padding_mask need_weights attn_mask "
    "use_separate_proj_weight q_proj_weight k_proj_weight v_proj_weight static_k static_v "
    "average_attn_weights is_causal"
)


def _functional_attention(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    """F.multi_head_attention_forward()"""
    renamed = {"embed_dim_to_check": "embed_dim"}
    kwargs = {renamed.get(name, name): value for name, value in kwargs.items()}
    given = _given(_FUNCTIONAL, args, kwargs, need_weights=True, average_attn_weights=True)
    if given.get("use_separate_proj_weight") is True:
        given["in_proj_weight"] = None
    tensors = [given.get(name) for name in ("query", "key", "value")]
    return _attend(interp, None, given, tensors)


def _attend(
    interp: "Interpreter",
    module: ModuleInstance | None,
    given: dict[str, Value],
    tensors: list[Any],
) -> Value:
    heads, width = given.get("num_heads"), given.get("embed_dim")
    shapes = [t.shape if isinstance(t, Tensor) else None for t in tensors]
    known = all(s is not None and len(s) in (2, 3) for s in shapes)
    asked = isinstance(given["need_weights"], bool) and isinstance(
        given.get("add_zero_attn", False), bool
    )
    if not known or not asked or not isinstance(heads, int) or not isinstance(width, int):
        unknown = Unknown("attention over what is not known")
        if module is not None:
            return interp.unknown_call(module, unknown, interp.site)
        if interp.flow is not None:
            interp.flow.doubt(unknown.reason, interp.place)
        return unknown
    return _Heads(interp, given, int(heads), int(width)).run(tensors)


class _Heads(_Functions):
    """Attention with its batch second, as F.multi_head_attention_forward() has it."""

    def __init__(
        self, interp: "Interpreter", given: dict[str, Value], heads: int, width: int
    ) -> None:
        super().__init__(interp)
        self.given = given
        self.heads = heads
        self.width = width

    def run(self, tensors: list[Any]) -> Value:
        batched = len(tensors[0].shape) == 3
        if not batched:
            tensors = [self.do("torch.unsqueeze", t, 1) for t in tensors]
        query, key, value = self.projected(tensors)
        key, value = (self.longer(t, self.given.get(f"bias_{n}")) for n, t in
                      (("k", key), ("v", value)))  # fmt: skip
        result, weights = self.attended(query, key, value)
        if not batched:
            result = self.do("torch.squeeze", result, 1)
            weights = None if weights is None else self.do("torch.squeeze", weights, 0)
        return (result, weights)

    def projected(self, tensors: list[Any]) -> list[Any]:
        bias, weight = self.given.get("in_proj_bias"), self.given.get("in_proj_weight")
        if weight is None:
            return [
                self.do(_F + "linear", t, self.given.get(f"{n}_proj_weight"), self.third(bias))
                for n, t in zip("qkv", tensors, strict=True)
            ]
        if tensors[0] is tensors[1] is tensors[2]:
            made = self.do(_F + "linear", tensors[0], weight, bias)
            return list(self.do("torch.chunk", made, 3, -1))
        rows = self.interp.new_tensor((self.width, self.width), None, tensors[0].dtype, "parameter")
        return [self.do(_F + "linear", t, rows, self.third(bias)) for t in tensors]

    def third(self, bias: Value) -> Value:
        if bias is None:
            return None
        return self.interp.new_tensor((self.width,), None, "float32", "parameter")

    def longer(self, value: Any, bias: Value) -> Any:
        """Return keys or values with one more of each where there is a bias, or an empty one."""
        for more in (bias is not None, self.given.get("add_zero_attn") is True):
            if more:
                extra = self.interp.new_tensor((1, *value.shape[1:]), None, value.dtype)
                value = self.do("torch.cat", [value, extra], 0)
        return value

    def attended(self, query: Any, key: Any, value: Any) -> tuple[Any, Any]:
        steps, batch, width = query.shape
        count, each = self.heads, width // self.heads
        parts = [
            self.do(
                "torch.transpose", self.do("torch.reshape", t, -1, self.rows(batch), each), 0, 1
            )
            for t in (query, key, value)
        ]
        mask = self.mask(batch, steps, parts[1].shape[1], query.dtype)
        if self.given["need_weights"] is False:
            shaped = [self.do("torch.Tensor.view", t, batch, count, -1, each) for t in parts]
            if mask is not None and len(mask.shape) == 3:
                mask = self.do("torch.Tensor.view", mask, batch, count, -1, mask.shape[-1])
            made = self.do(_F + "scaled_dot_product_attention", *shaped, mask)
            made = self.do("torch.permute", made, 2, 0, 1, 3)
            return self.out(made, steps, batch), None
        turned = self.do("torch.transpose", parts[1], -2, -1)
        if mask is None:
            scores = self.do("torch.bmm", parts[0], turned)
        else:
            scores = self.do("torch.baddbmm", mask, parts[0], turned)
        weights = self.do(_F + "softmax", scores, -1)
        made = self.do("torch.transpose", self.do("torch.bmm", weights, parts[2]), 0, 1)
        return self.out(made, steps, batch), self.shown(weights, batch)

    def mask(self, batch: Any, steps: Any, keys: Any, dtype: str) -> Any:
        """Return what is added to the scores; None where there is no mask, or one that is not known
        to be as large as they are."""
        rows = self.rows(batch)
        mask = self.given.get("attn_mask")
        if not isinstance(mask, Tensor) or mask.shape not in ((steps, keys), (rows, steps, keys)):
            mask = None
        padding = self.given.get("key_padding_mask")
        if not isinstance(padding, Tensor) or padding.shape != (batch, keys):
            return None if mask is None else self.added(mask, dtype)
        each = self.do("torch.Tensor.view", self.added(padding, dtype), batch, 1, 1, keys)
        each = self.do("torch.Tensor.expand", each, -1, self.heads, -1, -1)
        each = self.do("torch.reshape", each, rows, 1, keys)
        return each if mask is None else self.do("torch.add", self.added(mask, dtype), each)

    def added(self, mask: Any, dtype: str) -> Any:
        """Return a mask as numbers to be added: minus infinity where it is true."""
        if mask.dtype != "bool":
            return mask
        zeros = self.interp.new_tensor(mask.shape, None, dtype)
        return self.do("torch.masked_fill", zeros, mask, float("-inf"))

    def rows(self, batch: Any) -> Any:
        return None if batch is None else batch * self.heads

    def out(self, made: Any, steps: Any, batch: Any) -> Any:
        rows = None if steps is None or batch is None else steps * batch
        flat = self.do("torch.reshape", made, rows, self.width)
        weight, bias = self.given.get("out_proj_weight"), self.given.get("out_proj_bias")
        result = self.do(_F + "linear", flat, weight, bias)
        return self.do("torch.Tensor.view", result, steps, batch, self.width)

    def shown(self, weights: Any, batch: Any) -> Any:
        shape = weights.shape
        each = self.do("torch.Tensor.view", weights, batch, self.heads, shape[-2], shape[-1])
        averaged = self.given["average_attn_weights"] is not False
        return self.do("torch.mean", each, 1) if averaged else each


# --- transformers ---------------------------------------------------------------------------------


class _Block(_Run):
    """One layer of a transformer: the norms stand before or after the sums."""

    def __init__(self, interp: "Interpreter", module: ModuleInstance, given: Kwargs) -> None:
        super().__init__(interp, module)
        self.given = given
        self.first = self.own("norm_first") is True

    def residual(self, value: Value, number: int, branch: Callable[[Value], Value]) -> Value:
        if self.first:
            return self.add(value, branch(self.part(f"norm{number}", value)))
        return self.part(f"norm{number}", self.add(value, branch(value)))

    def attend(self, value: Value) -> Value:
        made = self.part("self_attn", value, value, value, need_weights=False)
        return self.part("dropout1", self.head(made))

    def attend_memory(self, value: Value) -> Value:
        memory = self.given.get("memory")
        made = self.part("multihead_attn", value, memory, memory, need_weights=False)
        return self.part("dropout2", self.head(made))

    def head(self, made: Value) -> Value:
        return made[0] if isinstance(made, tuple) else made

    def feed(self, dropout: str) -> Callable[[Value], Value]:
        def run(value: Value) -> Value:
            wide = self.part("activation", self.part("linear1", value))
            return self.part(dropout, self.part("linear2", self.part("dropout", wide)))

        return run


def _encoder_layer(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given("src src_mask src_key_padding_mask is_causal", args[1:], kwargs)
    block = _Block(interp, args[0], given)
    value = block.residual(given.get("src"), 1, block.attend)
    return block.residual(value, 2, block.feed("dropout2"))


def _decoder_layer(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given("tgt memory", args[1:3], kwargs)
    block = _Block(interp, args[0], given)
    value = block.residual(given.get("tgt"), 1, block.attend)
    value = block.residual(value, 2, block.attend_memory)
    return block.residual(value, 3, block.feed("dropout3"))


def _stack(first: str) -> Any:
    def run(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
        module, rest = args[0], args[2:]
        value = args[1] if len(args) > 1 else kwargs.get(first)
        memory = [rest[0] if rest else kwargs.get("memory")] if first == "tgt" else []
        layers = interp.getattr(module, "layers")
        for layer in interp.iterate(layers):
            value = interp.call(layer, [value, *memory], {})
        norm = interp.getattr(module, "norm")
        return value if norm is None else interp.call(norm, [value], {})

    return run


def _transformer(interp: "Interpreter", args: Args, kwargs: Kwargs) -> Value:
    given = _given("src tgt", args[1:], kwargs)
    run = _Run(interp, args[0])
    memory = run.part("encoder", given.get("src"))
    return run.part("decoder", given.get("tgt"), memory)


FORWARDS = {
    "MultiheadAttention": _attention,
    "TransformerEncoderLayer": _encoder_layer,
    "TransformerDecoderLayer": _decoder_layer,
    "TransformerEncoder": _stack("src"),
    "TransformerDecoder": _stack("tgt"),
    "Transformer": _transformer,
}
"""Layers without a row of their own to call, by name."""

TABLE: dict[str, Value] = {
    _F + "multi_head_attention_forward": Builtin(
        "multi_head_attention_forward", _functional_attention
    ),
}
"""Functions that are made of others."""
