"""Times single operations with ONNX Runtime, for a profile of the machine.

python -I calibrate_onnxruntime_runner.py FOLDER

As calibrate_torch_runner.py. Each operation stands several times in a row in a model of its own,
where its shapes allow that: starting a session's run and bringing tensors into the layout that the
kernels work in is then shared by all of them, as it is in a network.
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, Tuple

sys.path.insert(0, sys.argv[1])
import hwlint_calibrating  # from the folder of the job
import hwlint_support

sys.path.remove(sys.argv[1])

IN_A_ROW = 4
OPSET = 21


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Do one job."""
    work.progress("importing onnxruntime")
    try:
        import numpy
        import onnx
        import onnxruntime as ort
    except ImportError as problem:
        message = f"{problem.name} cannot be imported by {sys.executable}"
        advice = f"{sys.executable} -m pip install onnx onnxruntime"
        raise hwlint_support.Stop("setup", message, advice=advice) from None
    ort.set_default_logger_severity(3)
    threads = hwlint_support.threads_of(work.job)
    hwlint_calibrating.visit_all(work, Maker(onnx, ort, numpy, threads).runs)
    return {
        "environment": hwlint_support.environment(
            runner="onnxruntime", onnxruntime=ort.__version__, threads=threads
        )
    }


class Maker:
    """Makes what is timed."""

    def __init__(self, onnx: Any, ort: Any, numpy: Any, threads: int) -> None:
        self.onnx, self.ort, self.numpy = onnx, ort, numpy
        self.draw = numpy.random.default_rng(0)
        self.options = ort.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.inter_op_num_threads = 1

    def runs(self, case: Dict[str, Any]) -> List[Callable[[], Any]]:
        """Return a function for each operation in a row that together run them once."""
        graph = Graph(self, case["inputs"])
        parts = case.get("chain", [case])
        times = IN_A_ROW if all(map(_keeps_shape, parts)) else 1
        for _ in range(times):
            for part in parts:
                graph.add(part)
        session = self.ort.InferenceSession(
            graph.model(), self.options, providers=["CPUExecutionProvider"]
        )
        given = {name: self.random(shape) for name, shape in graph.inputs.items()}
        run = session.run
        # A round calls each of them: the whole once for as many operations as it holds.
        return [lambda: run(None, given), *([lambda: None] * (times - 1))]

    def random(self, shape: List[int]) -> Any:
        """Return an array of random numbers."""
        return self.draw.standard_normal(shape, dtype=self.numpy.float32)


def _keeps_shape(case: Dict[str, Any]) -> bool:
    layer, args = case.get("layer"), case.get("args", [])
    if layer == "Conv2d":
        stride = case["kwargs"]["stride"] if "kwargs" in case else 1
        return args[0] == args[1] and stride == 1
    if layer == "Linear":
        return args[0] == args[1]
    same = ("MaxPool2d", "AvgPool2d", "BatchNorm2d", "LayerNorm", "ReLU6", "SiLU", *UNARY)
    return layer in same or case.get("function") in ("exp", "softmax")


UNARY: Dict[str, Tuple[str, Dict[str, Any]]] = {
    "ReLU": ("Relu", {}),
    "GELU": ("Gelu", {}),
    "Sigmoid": ("Sigmoid", {}),
    "Tanh": ("Tanh", {}),
    "Hardswish": ("HardSwish", {}),
    "Hardsigmoid": ("HardSigmoid", {"alpha": 1 / 6}),
    "ELU": ("Elu", {}),
    "LeakyReLU": ("LeakyRelu", {"alpha": 0.01}),
}


class Graph:
    """A model that grows by one operation after the other."""

    def __init__(self, maker: Maker, shapes: List[List[int]]) -> None:
        self.maker, self.helper = maker, maker.onnx.helper
        self.inputs = {f"in{n}": shape for n, shape in enumerate(shapes)}
        self.last = "in0"
        self.nodes: List[Any] = []
        self.weights: List[Any] = []

    def add(self, part: Dict[str, Any]) -> None:
        """Add one layer or function; raises `KeyError` for what it does not know."""
        if "layer" in part:
            getattr(self, f"_{part['layer'].lower()}", lambda *_: self._unary(part))(
                part["args"], part.get("kwargs", {})
            )
        else:
            getattr(self, f"_f_{part['function']}")()

    def model(self) -> bytes:
        """Return the model."""
        helper, number = self.helper, self.maker.onnx.TensorProto.FLOAT
        given = [helper.make_tensor_value_info(n, number, s) for n, s in self.inputs.items()]
        out = [helper.make_tensor_value_info(self.last, number, None)]
        graph = helper.make_graph(self.nodes, "g", given, out, self.weights)
        opset = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()

    def _node(self, op: str, *inputs: str, **attributes: Any) -> None:
        name = f"t{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(op, [*inputs], [name], **attributes))
        self.last = name

    def _weight(self, shape: List[int], positive: bool = False) -> str:
        name = f"w{len(self.weights)}"
        value = self.maker.random(shape)
        value = abs(value) if positive else value * 0.1
        self.weights.append(self.maker.onnx.numpy_helper.from_array(value, name))
        return name

    def _number(self, value: float) -> str:
        name = f"w{len(self.weights)}"
        array = self.maker.numpy.array(value, dtype=self.maker.numpy.float32)
        self.weights.append(self.maker.onnx.numpy_helper.from_array(array, name))
        return name

    def _unary(self, part: Dict[str, Any]) -> None:
        if part["layer"] == "ReLU6":
            self._node("Clip", self.last, self._number(0.0), self._number(6.0))
            return
        op, attributes = UNARY[part["layer"]]
        self._node(op, self.last, **attributes)

    def _conv2d(self, args: List[int], kwargs: Dict[str, Any]) -> None:
        cin, cout, kernel = args[:3]
        rest = dict(zip(("stride", "padding", "dilation", "groups"), args[3:]))
        said = {"stride": 1, "padding": 0, "groups": 1, **rest, **kwargs}
        weight = self._weight([cout, cin // said["groups"], kernel, kernel])
        self._node(
            "Conv",
            self.last,
            weight,
            strides=[said["stride"]] * 2,
            pads=[said["padding"]] * 4,
            group=said["groups"],
        )

    def _linear(self, args: List[int], _: Dict[str, Any]) -> None:
        self._node("MatMul", self.last, self._weight([args[0], args[1]]))
        self._node("Add", self.last, self._weight([args[1]]))

    def _batchnorm2d(self, args: List[int], _: Dict[str, Any]) -> None:
        four = [self._weight([args[0]], positive=True) for _ in range(4)]
        self._node("BatchNormalization", self.last, *four)

    def _layernorm(self, args: List[int], _: Dict[str, Any]) -> None:
        two = [self._weight([args[0]]) for _ in range(2)]
        self._node("LayerNormalization", self.last, *two)

    def _maxpool2d(self, args: List[int], _: Dict[str, Any]) -> None:
        self._pool("MaxPool", args)

    def _avgpool2d(self, args: List[int], _: Dict[str, Any]) -> None:
        self._pool("AveragePool", args)

    def _pool(self, op: str, args: List[int]) -> None:
        kernel, stride, padding = args
        shape = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [padding] * 4}
        self._node(op, self.last, **shape)

    def _adaptiveavgpool2d(self, _args: List[int], _: Dict[str, Any]) -> None:
        self._node("GlobalAveragePool", self.last)

    def _silu(self, _args: List[int], _: Dict[str, Any]) -> None:
        before = self.last
        self._node("Sigmoid", before)
        self._node("Mul", before, self.last)

    def _f_add(self) -> None:
        self._node("Add", "in0", "in1")

    def _f_mul(self) -> None:
        self._node("Mul", "in0", "in1")

    def _f_matmul(self) -> None:
        self._node("MatMul", "in0", "in1")

    def _f_cat(self) -> None:
        self._node("Concat", "in0", "in1", axis=1)

    def _f_softmax(self) -> None:
        self._node("Softmax", self.last, axis=-1)

    def _f_mean(self) -> None:
        axis = self.maker.numpy.array([-1], dtype=self.maker.numpy.int64)
        self.weights.append(self.maker.onnx.numpy_helper.from_array(axis, "axis"))
        self._node("ReduceMean", self.last, "axis", keepdims=0)

    def _f_exp(self) -> None:
        self._node("Exp", self.last)

    def _f_contiguous(self) -> None:
        self._node("Transpose", self.last, perm=[0, 2, 1])


if __name__ == "__main__":
    hwlint_support.run(main)
