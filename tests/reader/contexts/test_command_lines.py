"""Options of argparse's rivals, settings as objects, Lightning."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.engine.config import load_config
from hwlint.engine.run import read_options
from hwlint.engine.workspace import index
from hwlint.reader import Reader

Write = Callable[[Mapping[str, str]], Path]

MODEL = """
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self, width=7, depth=1):
            super().__init__()
            self.stem = nn.Conv2d(depth, width, 3)
"""


def built(root: Path, name: str = "run.py") -> list[tuple[object, object]]:
    """Return what the first layer of each model of a program is given."""
    reader = Reader(read_options(index(root), load_config(root)))
    graphs = reader.read_stage("calls", str(root / name), frozenset()).graphs
    layers = [graph.constructed[0] for graph in graphs]
    return [(x.args["in_channels"].value, x.args["out_channels"].value) for x in layers]


CLICK = """
    import click
    from model import Net

    @click.group()
    @click.pass_context
    def cli(ctx):
        pass

    @cli.command()
    @click.option("--width", "-w", default=16)
    @click.option("--deep/--shallow", default=False)
    @click.option("--depth", type=click.Choice(["1", "2"]), default="1")
    def train(width, deep, depth):
        Net(width, 3 if deep else int(depth))

    @cli.command("show-it")
    @click.argument("width", type=int, default=5)
    def show(width):
        Net(width)

    if __name__ == "__main__":
        cli()
"""
TYPER = """
    import typer
    from typing_extensions import Annotated
    from model import Net

    app = typer.Typer()

    @app.command()
    def main(width: int = typer.Option(16, "--wide"), depth: Annotated[int, "x"] = 2):
        Net(width, depth)

    if __name__ == "__main__":
        app()
"""
ENUMS = """
    from enum import Enum
    from typing import Annotated, Literal, Optional
    import typer
    from model import Net

    class Size(str, Enum):
        small = "s"
        large = "l"

    WIDTHS = {Size.small: 8, Size.large: 80}
    app = typer.Typer()

    @app.callback()
    def common(version: Annotated[Optional[bool], typer.Option("--version")] = None):
        pass

    @app.command()
    def train(size: Size = Size.small, bias: bool = True):
        Net(WIDTHS[size], 2 if bias else 3)

    @app.command()
    def show(
        size: Annotated[Size, typer.Option("-s", case_sensitive=False)] = Size.large,
        depth: Annotated[Literal["5", "6"], typer.Option(help="how deep")] = "5",
        wide: Annotated[Optional[bool], typer.Option("--wide/--narrow")] = None,
    ):
        Net(WIDTHS[size] * (2 if wide is False else 1), int(depth))

    if __name__ == "__main__":
        app()
"""
SHORT = """
    import argparse
    from model import Net

    parser = argparse.ArgumentParser()
    parser.add_argument("--wide-or-narrow", "--wide", type=int, default=16)
    parser.add_argument("-d", "--depth", type=int, default=2)
    parser.add_argument("-x", action="store_true")
    args = parser.parse_args()
    Net(args.wide_or_narrow, args.depth)
"""
BOOLEANS = """
    import argparse
    from model import Net

    parser = argparse.ArgumentParser()
    parser.add_argument("--deep", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    Net(3, 1 if args.deep else 2)
"""
FIRE = """
    import fire
    from model import Net

    def main(width=16, *, depth: int = 2):
        Net(width, depth)

    if __name__ == "__main__":
        fire.Fire(main)
"""


@pytest.mark.parametrize(
    ("program", "words", "expected"),
    [
        (CLICK, "", [(1, 16), (2, 16), (1, 5)]),
        (CLICK, "train -w 20 --deep", [(1, 16), (3, 20), (2, 16), (1, 5)]),
        (CLICK, "show-it 9", [(1, 16), (1, 9), (2, 16), (1, 5)]),
        (TYPER, "", [(2, 16)]),
        (TYPER, "--wide 24 --depth 3", [(2, 16), (3, 24)]),
        (FIRE, "--width=24", [(2, 16), (2, 24)]),
        (CLICK, "train -w 20 --shallow", [(1, 16), (1, 20), (2, 16), (1, 5)]),
        (ENUMS, "", [(2, 8), (2, 80), (5, 80), (6, 80)]),
        (ENUMS, "train --size l --no-bias", [(2, 8), (2, 80), (3, 80), (5, 80), (6, 80)]),
        (ENUMS, "show -s s --narrow", [(2, 8), (2, 80), (5, 16), (5, 80), (6, 80)]),
        (SHORT, "--wid 24 -d3", [(2, 16), (3, 24)]),
        (SHORT, "--wide=24 -x -d 3", [(2, 16), (3, 24)]),
        (BOOLEANS, "", [(1, 3)]),
        (BOOLEANS, "--no-deep", [(1, 3), (2, 3)]),
    ],
)
def test_command_lines(
    project: Write, program: str, words: str, expected: list[tuple[int, int]]
) -> None:
    readme = f"    python run.py {words}\n"
    root = project({"model.py": MODEL, "run.py": program, "README.md": readme})
    assert sorted(built(root)) == sorted(expected)


OMEGA = """
    from dataclasses import dataclass
    from omegaconf import OmegaConf
    from model import Net

    @dataclass
    class Defaults:
        width: int = 1
        depth: int = 1

    base = OmegaConf.create({"model": OmegaConf.structured(Defaults), "scale": 2})
    cfg = OmegaConf.merge(base, OmegaConf.load("a.yaml"), OmegaConf.from_cli())
    Net(**cfg.model)
    cfg.model.width = 40
    again = OmegaConf.merge(cfg, {"scale": 5})
    Net(again.model["width"], again.model.depth)
"""


def test_omegaconf(project: Write) -> None:
    settings = "model:\n  width: 12\n  depth: ${scale}\n"
    root = project({"model.py": MODEL, "run.py": OMEGA, "a.yaml": settings})
    assert built(root) == [(2, 12), (5, 40)]


HYDRA = """
    import hydra
    from model import Net

    @hydra.main(version_base=None, config_path="conf", config_name="config")
    def main(cfg):
        hydra.utils.instantiate(cfg.net, depth=cfg.depth)

    if __name__ == "__main__":
        main()
"""


def test_hydra(project: Write) -> None:
    files = {
        "conf/config.yaml": "defaults:\n  - net: small\n  - _self_\ndepth: 3\n",
        "conf/net/small.yaml": "_target_: model.Net\nwidth: ${double}\ndouble: 8\n",
        "conf/net/large.yaml": "defaults: [small]\nwidth: 64\n",
        "README.md": "    python run.py net=large depth=4 net.width=65\n",
    }
    files["conf/net/small.yaml"] = "_target_: model.Net\nwidth: ${mul}\n"
    files["conf/config.yaml"] += "mul: 8\n"
    root = project({"model.py": MODEL, "run.py": HYDRA, **files})
    assert sorted(built(root)) == [(3, 8), (3, 64), (4, 65)]


YACS = """
    import argparse
    from yacs.config import CfgNode as CN
    from model import Net

    _C = CN()
    _C.MODEL = CN()
    _C.MODEL.WIDTH = 8
    _C.MODEL.DEPTH = 1

    if __name__ == "__main__":
        parser = argparse.ArgumentParser()
        parser.add_argument("--cfg", default="a.yaml")
        parser.add_argument("opts", nargs="*", default=None)
        args = parser.parse_args()
        cfg = _C.clone()
        cfg.merge_from_file(args.cfg)
        cfg.merge_from_list(args.opts)
        cfg.freeze()
        Net(cfg.MODEL.WIDTH, cfg.MODEL.DEPTH)
"""


def test_yacs(project: Write) -> None:
    root = project({"model.py": MODEL, "run.py": YACS, "a.yaml": "MODEL:\n  WIDTH: 24\n"})
    assert built(root) == [(1, 24)]


LIGHTNING = """
    import pytorch_lightning as pl
    import torch.nn as nn

    class Base(pl.LightningModule):
        def __init__(self, width, extra=3, **kwargs):
            super().__init__()
            self.save_hyperparameters(ignore="extra")

    class Lit(Base):
        def __init__(self, width, depth=2, **kwargs):
            super().__init__(width, **kwargs)
            self.net = nn.Conv2d(self.hparams.depth, self.hparams["width"], 3)
            assert "extra" not in self.hparams

        def training_step(self, batch, _):
            self.log("loss", self.net(batch).sum())

    if __name__ == "__main__":
        pl.Trainer(max_epochs=1).fit(Lit(48, lr=1.0))
"""


def test_lightning(project: Write) -> None:
    assert built(project({"run.py": LIGHTNING})) == [(2, 48)]
