"""Where in the source an operation is asked for."""


def test_operators_have_the_place_of_their_expression(tmp_path, read_flow):
    path = tmp_path / "net.py"
    path.write_text(
        "import torch.nn as nn\n"
        "class Net(nn.Module):\n"
        "    def forward(self, x, y):\n"
        "        more = x > y\n"
        "        return (x +\n"
        "                y) * more\n"
    )
    flow = read_flow(path, "Net", ("2x3", "2x3")).flow
    assert [(op.name, op.place.line) for op in flow.operations] == [
        ("gt", 3), ("add", 4), ("mul", 4),
    ]  # fmt: skip
