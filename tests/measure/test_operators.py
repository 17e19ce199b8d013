"""From operators of a runtime to lines of the source."""

from hwlint.measure.job import OperatorTime
from hwlint.measure.operators import Node, hottest_lines, with_modules
from hwlint.measure.subject import Site, Subject
from hwlint.source.spans import Place

# conv -> relu -> (conv + shortcut) -> relu, as an exporter writes it.
NODES = [
    Node("node_Conv_1", "Conv", ("x", "conv1.weight"), ("getitem",), "conv1"),
    Node("node_relu", "Relu", ("getitem",), ("relu",), "relu"),
    Node("node_Conv_2", "Conv", ("relu", "conv2.weight"), ("getitem_3",), "conv2"),
    Node("node_add", "Add", ("getitem_3", "x"), ("add",), ""),
    Node("node_relu_1", "Relu", ("add",), ("relu_1",), "relu"),
    Node("node_linear", "Gemm", ("relu_1", "fc.weight"), ("linear",), "fc"),
]


def module_of(name: str, kind: str) -> str | None:
    (found,) = with_modules([OperatorTime(kind, None, 1.0, node=name)], NODES)
    return found.module


def test_a_node_that_is_as_it_was_exported():
    assert module_of("node_linear", "Gemm") == "fc"
    assert module_of("node_add", "Add") == ""


def test_a_chain_is_named_after_its_last_output():
    assert module_of("relu_nchwc", "Conv") == "conv1"
    assert module_of("relu_1_nchwc", "Conv") == "conv2"
    assert module_of("getitem_3_nchwc", "Conv") == "conv2"


def test_quantised_and_fused_nodes():
    assert module_of("node_Conv_2_quant", "QLinearConv") == "conv2"
    assert module_of("node_linear_quant", "QGemm") == "fc"
    assert module_of("node_linear/MatMulAddFusion", "Gemm") == "fc"
    assert module_of("fused node_Conv_1", "FusedConv") == "conv1"


def test_what_the_runtime_adds_is_nobodys():
    assert module_of("ReorderOutput", "ReorderOutput") is None


def place(line: int) -> Place:
    return Place("/p/net.py", line, 0, line, 5)


SUBJECT = Subject(
    name="Net",
    kind="class",
    built_with="",
    recipe=None,
    part="",
    inputs=(),
    assumed=False,
    sites=(
        Site("conv2d", "block.conv", place(3)),
        Site("relu", "block", place(9)),
        Site("add", "block", place(10)),
        Site("linear", "", place(20)),
    ),
    layers={"block": place(30), "block.conv": place(3)},
)


def lines(*times: OperatorTime, subject: Subject = SUBJECT) -> dict[int | None, float]:
    found = hottest_lines(times, subject)
    return {line.place.line if line.place else None: line.share for line in found}


def test_a_layer_is_where_it_is_built_and_a_call_where_it_stands():
    found = lines(
        OperatorTime("aten::conv2d", "block.conv", 6.0),
        OperatorTime("aten::relu_", "block", 1.0),
        OperatorTime("Add", "block", 1.0),
        OperatorTime("Gemm", "", 1.0),
        OperatorTime("ReorderOutput", None, 1.0),
    )
    assert found == {3: 0.6, 9: 0.1, 10: 0.1, 20: 0.1, None: 0.1}
    assert next(iter(found)) == 3  # the most first


def test_an_operator_that_is_not_known_there_is_at_its_module():
    assert lines(OperatorTime("aten::mystery", "block", 1.0)) == {30: 1.0}
    assert lines(OperatorTime("aten::mystery", "elsewhere", 1.0)) == {None: 1.0}


def test_a_part_is_measured_alone():
    from attrs import evolve

    part = evolve(SUBJECT, part="block")
    assert lines(OperatorTime("Conv", "conv", 1.0), subject=part) == {3: 1.0}
    assert lines(OperatorTime("Add", "", 1.0), subject=part) == {10: 1.0}


def test_nothing_was_profiled():
    assert hottest_lines((), SUBJECT) == ()
