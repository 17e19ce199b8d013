"""In which ways one program is started, and from where its modules and files are found."""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.engine.config import load_config
from hwlint.engine.run import read_options
from hwlint.engine.workspace import index
from hwlint.graph import ModelGraph
from hwlint.reader import Reader

Write = Callable[[Mapping[str, str]], Path]

MODEL = """
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self, width=7):
            super().__init__()
            self.stem = nn.Conv2d(3, width, 3)
"""
ARGPARSE = """
    import argparse
    from model import Net

    if __name__ == "__main__":
        parser = argparse.ArgumentParser()
        parser.add_argument("--width", type=int, default=8)
        Net(parser.parse_args().width)
"""
CONFIG = """
    import argparse, yaml
    from model import Net

    if __name__ == "__main__":
        parser = argparse.ArgumentParser()
        parser.add_argument("--config", {how})
        with open(parser.parse_args().config) as file:
            cfg = yaml.safe_load(file)
        Net(**cfg["model"])
"""


def read(root: Path, name: str) -> list[ModelGraph]:
    """Read what one file builds, with all that the workspace holds beside it."""
    reader = Reader(read_options(index(root), load_config(root)))
    return list(reader.read_stage("calls", str(root / name), frozenset()).graphs)


def widths(graphs: list[ModelGraph]) -> list[object]:
    """Return the channels of the first layer of each model."""
    return [graph.constructed[0].args["out_channels"].value for graph in graphs]


def test_commands_that_the_readme_shows(project: Write) -> None:
    readme = "    python train.py\n    python train.py --width 12\n    python other.py --width 13\n"
    root = project({"model.py": MODEL, "train.py": ARGPARSE, "README.md": readme})
    assert widths(read(root, "train.py")) == [8, 12]


def test_an_installed_command(project: Write) -> None:
    cli = "from model import Net\n\ndef main():\n    Net(24)\n"
    toml = '[project]\nname = "x"\n[project.scripts]\nbuild-x = "cli:main"\n'
    root = project({"model.py": MODEL, "cli.py": cli, "pyproject.toml": toml})
    assert widths(read(root, "cli.py")) == [24]


@pytest.mark.parametrize("how", ["required=True", 'default="configs/b.yaml"'])
def test_each_of_several_files_is_a_way_to_build(project: Write, how: str) -> None:
    files = {f"configs/{n}.yaml": f"model:\n  width: {w}\n" for n, w in (("a", 10), ("b", 20))}
    root = project({"model.py": MODEL, "train.py": CONFIG.format(how=how), **files})
    graphs = read(root, "train.py")
    assert sorted(map(str, widths(graphs))) == ["10", "20"]
    origin = graphs[0].constructed[0].args["out_channels"].origin
    places = [leaf.place for leaf in origin.leaves()] if origin is not None else []
    assert [(Path(p.path).suffix, p.line) for p in places if p is not None] == [(".yaml", 1)]


def test_a_file_is_found_from_the_programs_folder_and_from_above(project: Write) -> None:
    program = """
        import json
        from pathlib import Path
        from model import Net

        Net(**json.loads((Path(__file__).parent / "small.json").read_text()))
        Net(**json.load(open("small.json")))
        Net(**json.load(open("settings/large.json")))
    """
    files = {"scripts/small.json": '{"width": 5}', "settings/large.json": '{"width": 6}'}
    root = project({"model.py": MODEL, "scripts/run.py": program, **files})
    assert widths(read(root, "scripts/run.py")) == [5, 5, 6]


def test_no_file_outside_the_workspace_is_read(project: Write, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text('{"width": 5}')
    program = f"import json\nfrom model import Net\nNet(**json.load(open({str(outside)!r})))\n"
    (graph,) = read(project({"model.py": MODEL, "run.py": program}), "run.py")
    assert widths([graph]) == [None]


def test_a_file_that_may_be_there_leaves_the_way_without_it(project: Write) -> None:
    program = """
        import json, os, pickle
        from model import Net

        if not os.path.exists("data/train.bin"):
            print("run prepare.py first")
        width = 50
        if os.path.exists("data/meta.pkl"):
            width = pickle.load(open("data/meta.pkl", "rb"))["width"]
        Net(width)
        if os.path.exists("wide.json"):
            width = json.load(open("wide.json"))["width"]
            Net(width)
    """
    files = {"model.py": MODEL, "run.py": program, "wide.json": '{"width": 60}'}
    graphs = read(project(files), "run.py")
    assert widths(graphs) == [60, 50]


SETTINGS = "width = 9\n"
BY_PATH = """
    import importlib.util

    spec = importlib.util.spec_from_file_location("settings", "settings/base.py")
    settings = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(settings)
    Net(settings.width)
"""
STARTED = [
    "import runpy\nNet(**{'width': runpy.run_path('settings/base.py')['width']})",
    textwrap.dedent(BY_PATH),
    "from settings.base import *\nNet(globals()['width'])",
    (
        "import torch.multiprocessing as mp\ndef f(rank, width):\n    Net(width)\n"
        "mp.spawn(f, args=(9,), nprocs=2)"
    ),
    (
        "from multiprocessing import Process\ndef f(width):\n    Net(width)\n"
        "p = Process(target=f, kwargs={'width': 9})\np.start()\np.join()"
    ),
]


@pytest.mark.parametrize("started", STARTED)
def test_what_a_program_starts_is_followed(project: Write, started: str) -> None:
    program = f"from model import Net\n{started}\n"
    root = project({"model.py": MODEL, "settings/base.py": SETTINGS, "run.py": program})
    assert widths(read(root, "run.py")) == [9]


def test_modules_that_share_a_name(project: Write) -> None:
    files = {"model.py": MODEL}
    for name, width in (("exp-a", 11), ("exp_b", 22)):
        files[f"{name}/model.py"] = MODEL.replace("width=7", f"width={width}")
        files[f"{name}/train.py"] = "from model import Net\nNet()\n"
    root = project(files)
    assert widths(read(root, "exp-a/train.py")) == [11]
    assert widths(read(root, "exp_b/train.py")) == [22]


@pytest.mark.parametrize(
    "lines",
    [
        'sys.path.append("../lib")',
        "sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))",
        "sys.path.append(str(Path(__file__).resolve().parents[1] / 'lib'))",
        "sys.path += [str(Path(__file__).resolve().parents[1] / 'lib')]",
        "sys.path = ['../lib'] + sys.path",
        "sys.path[:0] = ['../lib']",
        "sys.path.extend(['../lib'])",
    ],
)
def test_folders_that_a_program_adds(project: Write, lines: str) -> None:
    program = f"import os, sys\nfrom pathlib import Path\n{lines}\nfrom model import Net\nNet()\n"
    other = MODEL.replace("width=7", "width=9")
    root = project({"a/model.py": other, "lib/model.py": MODEL, "tools/run.py": program})
    assert widths(read(root, "tools/run.py")) == [7]


def test_a_folder_hides_no_package_of_its_name(project: Write) -> None:
    program = "from nets.model import Net\nNet()\n"
    files = {"nets/__init__.py": "", "nets/model.py": MODEL, "runs/nets/first.py": program}
    assert widths(read(project(files), "runs/nets/first.py")) == [7]


def test_a_program_inside_a_package(project: Write) -> None:
    files = {"pkg/__init__.py": "", "pkg/model.py": MODEL, "src/other/__init__.py": ""}
    files["pkg/train.py"] = "from model import Net\nNet(3)\n"
    files["pkg/run.py"] = "from .model import Net\nNet(4)\n"
    files["src/other/model.py"] = MODEL
    files["scripts/go.py"] = "from other.model import Net\nNet(5)\n"
    root = project(files)
    assert widths(read(root, "pkg/train.py")) == [3]
    assert widths(read(root, "pkg/run.py")) == [4]
    assert widths(read(root, "scripts/go.py")) == [5]


def test_importing_fills_registries(project: Write) -> None:
    registry = """
        TABLE = {}

        class Registry:
            def __init__(self):
                self.table = {}

            def register(self, cls):
                self.table[cls.__name__] = cls
                return cls

        NETS = Registry()
    """
    net = MODEL.replace("class Net", "@NETS.register\n    class Net").replace(
        "import torch.nn as nn", "import torch.nn as nn\n    from .registry import NETS"
    )
    files = {"nets/__init__.py": "from .net import Net\n", "nets/registry.py": registry}
    program = "import nets\nfrom nets.registry import NETS\nNETS.table['Net'](32)\n"
    root = project({**files, "nets/net.py": net, "run.py": program})
    assert widths(read(root, "run.py")) == [32]
