"""What a program builds when Python runs it."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.graph import ModelGraph
from hwlint.reader import Reader, ReadOptions

Write = Callable[[Mapping[str, str]], Path]

MODEL = """
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self, width, classes=10):
            super().__init__()
            self.stem = nn.Conv2d(3, width, 3)
            self.head = nn.Linear(width * 2, classes)
"""


def read(root: Path, name: str = "train.py") -> list[ModelGraph]:
    """Read what one file of a project builds."""
    reader = Reader(ReadOptions(root, (root,)))
    return list(reader.read_stage("calls", str(root / name), frozenset()).graphs)


def widths(graphs: list[ModelGraph]) -> list[object]:
    """Return the channels of the first layer of each model."""
    return [graph.constructed[0].args["out_channels"].value for graph in graphs]


def script(body: str) -> str:
    """Return a training script with `body` in its main function."""
    lines = textwrap.indent(textwrap.dedent(body), "    ")
    head = "import argparse\nimport torch\nfrom model import Net\n\ndef main():\n"
    return f'{head}{lines}\n\nif __name__ == "__main__":\n    main()\n'


def test_default_of_an_option(project: Write) -> None:
    body = """
        parser = argparse.ArgumentParser()
        parser.add_argument("--width", type=int, default=100)
        args = parser.parse_args()
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        net = Net(args.width).to(device)
    """
    (graph,) = read(project({"model.py": MODEL, "train.py": script(body)}))
    assert graph.complete
    assert graph.entry.name == "Net"
    assert graph.entry.kind == "call"
    assert graph.entry.built_with == "train.py:11 with args.width=100"
    origin = graph.constructed[0].args["out_channels"].origin
    places = [leaf.place for leaf in origin.leaves()] if origin is not None else []
    assert [(Path(p.path).name, p.line) for p in places if p is not None] == [("train.py", 7)]


def test_a_loop_of_training_costs_little(project: Write) -> None:
    body = """
        net = Net(16)
        for epoch in range(90_000):
            for batch in torch.utils.data.DataLoader(epoch):
                loss = net(batch).sum()
                loss.backward()
        late = Net(24)
    """
    graphs = read(project({"model.py": MODEL, "train.py": script(body)}))
    assert widths(graphs) == [16, 24]
    assert all(graph.complete for graph in graphs)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ('"--width", type=int, default="12"', [12]),
        ('"-w", "--width", default=12', [12]),
        ('"--width", type=int, default=12, choices=[8, 12, 16]', [12, 8, 16]),
        ('"--width", type=int, choices=[8, 16], required=True', [8, 16]),
        ('"width", type=int, choices=range(3, 6)', [3, 4, 5]),
        ('"width", type=int, nargs="?", default=12', [12]),
        ('"--width", type=int, required=True', [None]),
    ],
)
def test_options(project: Write, declared: str, expected: list[object]) -> None:
    body = f"""
        parser = argparse.ArgumentParser()
        parser.add_argument({declared})
        Net(parser.parse_args().width)
    """
    graphs = read(project({"model.py": MODEL, "train.py": script(body)}))
    assert widths(graphs) == expected
    assert [graph.complete for graph in graphs] == [value is not None for value in expected]


def test_a_program_changes_nothing_for_what_is_read_after_it(project: Write) -> None:
    settings = 'WIDTHS = {"small": 8}\nORDER = ["small"]\n'
    first = """
        import settings
        settings.WIDTHS["small"] = 99
        settings.ORDER.append("large")
        settings.DEPTH = 3
        Net(settings.WIDTHS["small"])
    """
    second = """
        import settings
        Net(settings.WIDTHS["small"] * len(settings.ORDER))
    """
    files = {"a.py": script(first), "b.py": script(second), "settings.py": settings}
    root = project({"model.py": MODEL, **files})
    reader = Reader(ReadOptions(root, (root,)))
    found = [
        reader.read_stage("calls", str(root / name), frozenset()).graphs
        for name in ("b.py", "a.py", "b.py")
    ]
    assert [widths(list(graphs)) for graphs in found] == [[8], [99], [8]]


def test_a_global_that_changes_between_two_models(project: Write) -> None:
    program = """
        import torch.nn as nn

        class Config:
            width = 8

        cfg = Config()
        depth = 1

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.stem = nn.Conv2d(3, cfg.width * depth, 3)

        first = Net()
        cfg.width = 16
        second = Net()
        depth = 2
        third = Net()
    """
    assert widths(read(project({"train.py": program}))) == [8, 16, 32]


def test_what_only_the_caller_knows_is_computed_with(project: Write) -> None:
    body = """
        parser = argparse.ArgumentParser()
        parser.add_argument("--width", type=int, required=True)
        parser.add_argument("--out", required=True)
        args = parser.parse_args()
        path = args.out + "/last.pt"
        Net(args.width * 2 if args.width < 8 else -args.width)
        Net(16)
    """
    graphs = read(project({"model.py": MODEL, "train.py": script(body)}))
    assert set(widths(graphs)) == {None, 16}
    assert "TypeError" not in str([graph.missing for graph in graphs])


PROGRESS = """
    class tqdm:
        def __iter__(self):
            raise RuntimeError("the reader does not follow what shows progress")
"""


def test_bars_that_show_progress_and_cells_of_notebooks(project: Write, tmp_path: Path) -> None:
    program = """
        get_ipython().run_line_magic("matplotlib", "inline")
        from model import Net
        from tqdm.auto import tqdm, trange

        for width in tqdm([8, 16], desc="widths"):
            Net(width)
        with tqdm(total=2) as bar:
            for width in trange(30, 32):
                bar.set_description("wide")
                Net(width)
        try:
            shell = get_ipython().__class__.__name__
        except NameError:
            Net(64)
    """
    installed = tmp_path / "site"
    for name in ("tqdm/auto.py", "tqdm/__init__.py"):
        path = installed / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(PROGRESS))
    root = project({"model.py": MODEL, "train.py": program})
    reader = Reader(ReadOptions(root, (root,), (installed,)))
    reading = reader.read_stage("calls", str(root / "train.py"), frozenset())
    assert widths(list(reading.graphs)) == [8, 16, 30, 31, 64]
    assert not reading.problems


def test_the_program_ends_where_it_exits(project: Write) -> None:
    body = """
        import sys
        Net(8)
        if not torch.cuda.is_available():
            sys.exit(1)
        Net(16)
    """
    assert widths(read(project({"model.py": MODEL, "train.py": script(body)}))) == [8]
