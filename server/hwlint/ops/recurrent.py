"""Recurrent layers and their single-step cells."""

from collections.abc import Callable, Iterator

from hwlint.ops._rows import (
    absent,
    calls,
    flag,
    integer,
    integers,
    is_plain,
    is_real,
    layer,
    require_sizes,
    stored,
)
from hwlint.ops.spec import LayerSpec, Shapes, Values

__all__ = ["ROWS"]

# The constructors of the three layers pass their arguments on, so that `proj_size` has its place
# in every one of them although two refuse it.
_TAIL = (
    "bias=True, batch_first=False, dropout=0.0, bidirectional=False, proj_size=0, "
    "device=None, dtype=None"
)
_STORED = "input_size hidden_size num_layers bias batch_first dropout bidirectional proj_size"
_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _step(
    values: Values, gates: int, inputs: int, suffix: str
) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden, projection = integer(values, "hidden_size"), integer(values, "proj_size")
    yield f"weight_ih_{suffix}", (gates * hidden, inputs)
    yield f"weight_hh_{suffix}", (gates * hidden, projection or hidden)
    if flag(values, "bias"):
        yield f"bias_ih_{suffix}", (gates * hidden,)
        yield f"bias_hh_{suffix}", (gates * hidden,)
    if projection:
        yield f"weight_hr_{suffix}", (projection, hidden)


def _weights(mode: Callable[[Values], object]) -> Callable[[Values], Shapes]:
    def weights(values: Values) -> Shapes:
        gates = _GATES.get(str(mode(values)), 1)
        output = integer(values, "proj_size") or integer(values, "hidden_size")
        ways = ("", "_reverse") if flag(values, "bidirectional") else ("",)
        found: dict[str, tuple[int, ...]] = {}
        for index in range(integer(values, "num_layers")):
            inputs = output * len(ways) if index else integer(values, "input_size")
            for way in ways:
                found.update(_step(values, gates, inputs, f"l{index}{way}"))
        return found

    return weights


def _rnn_mode(values: Values) -> object:
    chosen = values["nonlinearity"]
    return f"RNN_{chosen.upper()}" if isinstance(chosen, str) else chosen


def _attributes(mode: Callable[[Values], object], names: str) -> Callable[[Values], Values]:
    def attributes(values: Values) -> Values:
        return {"mode": mode(values), **stored(names)(values)}

    return attributes


def _check_kinds(values: Values) -> None:
    for name, kind in (
        ("bias", bool),
        ("batch_first", bool),
        ("input_size", int),
        ("hidden_size", int),
    ):
        value = values[name]
        if is_plain(value) and not isinstance(value, kind):
            raise TypeError(
                f"{name} should be of type {kind.__name__}, got: {type(value).__name__}"
            )


def _check_sizes(values: Values) -> None:
    for name in ("input_size", "hidden_size", "num_layers"):
        known = integers(values, name)
        if known and known[0] <= 0:
            raise ValueError(f"{name} must be greater than zero")
    known = integers(values, "proj_size", "hidden_size")
    if known and known[0] < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if known and known[0] >= known[1]:
        raise ValueError("proj_size has to be smaller than hidden_size")


def _check(values: Values) -> None:
    dropout = values["dropout"]
    if is_real(dropout) and (isinstance(dropout, bool) or not 0 <= dropout <= 1):
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an "
            "element being zeroed"
        )
    _check_kinds(values)
    _check_sizes(values)


def _check_base(values: Values) -> None:
    _check(values)
    mode = values["mode"]
    if isinstance(mode, str) and mode not in _GATES:
        raise ValueError(f"Unrecognized RNN mode: {mode}")


def _check_unprojected(values: Values) -> None:
    known = integers(values, "proj_size")
    if known and known[0]:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    chosen = values.get("nonlinearity", "tanh")
    if isinstance(chosen, str) and chosen not in ("tanh", "relu"):
        raise ValueError(f"Unknown nonlinearity '{chosen}'. Select from 'tanh' or 'relu'.")
    _check(values)


def _cell_weights(gates: int | None) -> Callable[[Values], Shapes]:
    def weights(values: Values) -> Shapes:
        hidden = integer(values, "hidden_size")
        rows = hidden * (integer(values, "num_chunks") if gates is None else gates)
        found: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, integer(values, "input_size")),
            "weight_hh": (rows, hidden),
        }
        return {**found, "bias_ih": (rows,), "bias_hh": (rows,)} if flag(values, "bias") else found

    return weights


def _cell_attributes(names: str) -> Callable[[Values], Values]:
    def attributes(values: Values) -> Values:
        return stored(names)(values) | absent(values, "bias", "bias_ih bias_hh")

    return attributes


def _check_cell(values: Values) -> None:
    require_sizes(values, "input_size", "hidden_size")


def _layer_row(op: str, extra: str, mode: Callable[[Values], object]) -> LayerSpec:
    names = f"{_STORED} nonlinearity" if extra else _STORED
    return layer(
        op,
        "recurrent",
        "RNNBase",
        f"input_size, hidden_size, num_layers=1, {extra}{_TAIL}",
        weights=_weights(mode),
        attributes=_attributes(mode, names),
        check=_check if op == "LSTM" else _check_unprojected,
        forward=calls(f"torch.nn.{op.lower()}", "input, hx=None"),
    )


def _cell_row(op: str, gates: int, extra: str = "") -> LayerSpec:
    names = "input_size hidden_size bias"
    return layer(
        op,
        "recurrent",
        "RNNCellBase",
        f"input_size, hidden_size, bias=True, {extra}device=None, dtype=None",
        weights=_cell_weights(gates),
        attributes=_cell_attributes(f"{names} nonlinearity" if extra else names),
        check=_check_cell,
        forward=calls(f"torch.nn.{op.lower().replace('cell', '_cell')}", "input, hx=None"),
    )


ROWS = (
    layer(
        "RNNBase",
        "recurrent",
        "",
        f"mode, input_size, hidden_size, num_layers=1, {_TAIL}",
        weights=_weights(lambda values: values["mode"]),
        attributes=_attributes(lambda values: values["mode"], _STORED),
        check=_check_base,
    ),
    _layer_row("RNN", "nonlinearity='tanh', ", _rnn_mode),
    _layer_row("LSTM", "", lambda _: "LSTM"),
    _layer_row("GRU", "", lambda _: "GRU"),
    layer(
        "RNNCellBase",
        "recurrent",
        "",
        "input_size, hidden_size, bias, num_chunks, device=None, dtype=None",
        weights=_cell_weights(None),
        attributes=_cell_attributes("input_size hidden_size bias"),
        check=_check_cell,
    ),
    _cell_row("RNNCell", 1, "nonlinearity='tanh', "),
    _cell_row("LSTMCell", 4),
    _cell_row("GRUCell", 3),
)
