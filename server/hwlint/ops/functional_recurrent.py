"""What recurrent layers compute: a whole sequence, or one step of a cell."""

from hwlint.ops._dims import meta, product, shown, whole
from hwlint.ops._functions import differ, function
from hwlint.ops.calls import Dim, Dims, Macs, Meta, Result, Rule, ShapeMismatch
from hwlint.ops.spec import Values

__all__ = ["ROWS"]


def _sizes(values: Values) -> tuple[Dim, Dim, int | None, int]:
    """Hidden size, output size, layers, directions."""
    hidden, projected = whole(values["hidden_size"]), whole(values["proj_size"])
    output = projected or hidden
    return hidden, output, whole(values["num_layers"]), 2 if values["bidirectional"] else 1


def _sequence(state: bool) -> Rule:
    def rule(values: Values) -> Result:
        value = meta(values)
        if value.shape is None:
            return None
        if len(value.shape) not in (2, 3):
            raise ShapeMismatch(f"expects 2D or 3D input, got {shown(value.shape)}")
        if differ(value.shape[-1], whole(values["input_size"])):
            raise ShapeMismatch(
                f"input.size(-1) must be equal to input_size. Expected {values['input_size']}, "
                f"got {value.shape[-1]}"
            )
        return _outputs(values, value.shape, value.dtype, state=state)

    return rule


def _outputs(values: Values, shape: Dims, dtype: str, *, state: bool) -> Result:
    hidden, output, layers, ways = _sizes(values)
    batch: Dims = ()
    if len(shape) == 3:
        batch = (shape[0] if values["batch_first"] else shape[1],)
    made = Meta((*shape[:-1], None if output is None else output * ways), dtype)
    rows: Dim = None if layers is None else layers * ways
    last = Meta((rows, *batch, output), dtype)
    return (made, (last, Meta((rows, *batch, hidden), dtype))) if state else (made, last)


def _sequence_macs(gates: int) -> Macs:
    def macs(values: Values, result: Result) -> int | None:
        del result
        shape = meta(values).shape
        hidden, output, layers, ways = _sizes(values)
        width = whole(values["input_size"])
        steps = product(shape[:-1]) if shape is not None else None
        if steps is None or hidden is None or output is None or layers is None or width is None:
            return None
        total = 0
        for index in range(layers):
            inputs = width if index == 0 else output * ways
            total += gates * hidden * (inputs + output) + (
                hidden * output if output < hidden else 0
            )
        return steps * ways * total

    return macs


def _step(state: bool) -> Rule:
    def rule(values: Values) -> Result:
        value, hidden = meta(values), whole(values["hidden_size"])
        if value.shape is None:
            return None
        if differ(value.shape[-1], whole(values["input_size"])):
            raise ShapeMismatch(
                f"input has inconsistent input_size: got {value.shape[-1]} expected "
                f"{values['input_size']}"
            )
        made = Meta((*value.shape[:-1], hidden), value.dtype)
        return (made, made) if state else made

    return rule


def _step_macs(gates: int) -> Macs:
    def macs(values: Values, result: Result) -> int | None:
        del result
        shape, hidden = meta(values).shape, whole(values["hidden_size"])
        width = whole(values["input_size"])
        if shape is None or hidden is None or width is None:
            return None
        return product((*shape[:-1], gates * hidden * (width + hidden)))

    return macs


_SEQUENCE = (
    "input, hx=None, weights=(), *, input_size, hidden_size, num_layers=1, batch_first=False, "
    "bidirectional=False, proj_size=0"
)
_STEP = "input, hx=None, weights=(), *, input_size, hidden_size"

ROWS = (
    *function("rnn", "torch.nn", _SEQUENCE, _sequence(False), macs=_sequence_macs(1), onnx="RNN"),
    *function("gru", "torch.nn", _SEQUENCE, _sequence(False), macs=_sequence_macs(3), onnx="GRU"),
    *function(
        "lstm",
        "torch.nn",
        _SEQUENCE,
        _sequence(True),
        macs=_sequence_macs(4),
        onnx="LSTM",
        tflite="UNIDIRECTIONAL_SEQUENCE_LSTM",
    ),
    *function("rnn_cell", "torch.nn", _STEP, _step(False), macs=_step_macs(1)),
    *function("gru_cell", "torch.nn", _STEP, _step(False), macs=_step_macs(3)),
    *function("lstm_cell", "torch.nn", _STEP, _step(True), macs=_step_macs(4)),
)
