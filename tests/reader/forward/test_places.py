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


def test_a_part_that_is_added_to_has_the_place_of_its_statement(tmp_path, read_flow):
    path = tmp_path / "net.py"
    path.write_text(
        "import torch.nn as nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.layer = nn.Linear(3, 3)\n"
        "    def forward(self, x):\n"
        "        mask, y = x > 0, self.layer(x).sum()\n"
        "        x[mask] += y\n"
        "        self.kept = x\n"
        "        self.kept += self.layer(x)\n"
        "        return x\n"
    )
    flow = read_flow(path, "Net", ("2x3",)).flow
    lines = {op.name: op.place.line for op in flow.operations}
    assert lines["gt"] == lines["sum"] == 6
    assert lines["index"] == lines["index_put_"] == 7
    assert [op.place.line for op in flow.operations if op.name in ("add", "add_")] == [7, 9]
