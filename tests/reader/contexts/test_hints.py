"""What is offered for a class that nothing builds, pasted and filled in, makes it read."""

import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from torch import nn

from hwlint.reader import Reader, ReadOptions

HERE = Path(__file__).parent / "hints"

# What somebody who knows the class writes in the place of each `...`.
VALUES: Mapping[str, Mapping[str, str]] = {
    "ActorCritic": {"shape": "(17,)", "n": "6", "hidden_sizes": "(64, 64)"},
    "WorldModel": {
        "encoder": "nn.Sequential(nn.Conv2d(3, 32, 4, 2), nn.ELU())",
        "latent_dim": "512",
        "action_dim": "4",
    },
    "MultiTask": {"trunk": "mlp([40, 64], nn.ReLU)", "heads": '{"age": 1, "sex": 2}'},
    "Decoder": {
        "vocab_size": "65",
        "n_embd": "96",
        "block_size": "128",
        "n_layer": "3",
        "n_head": "6",
        "bias": "False",
        "dropout": "0.1",
    },
    "Seq2Seq": {
        "embed_dim": "40",
        "cell": '"gru"',
        "hidden": "72",
        "layers": "2",
        "src_vocab": "range(700)",
        "tgt_vocab": "range(500)",
    },
    "TextCNN": {
        "vocab_size": "5000",
        "word_dim": "30",
        "filter_num": "100",
        "filters": "[3, 4, 5]",
        "class_size": "2",
    },
    "Tagger": {
        "vocab_size": "90",
        "tag_to_ix": '{"B": 0, "I": 1, "O": 2}',
        "embedding_dim": "5",
        "hidden_dim": "12",
    },
    "CrossAttention": {"query_dim": "320"},
    "Conformer": {"dim": "144", "depth": "2", "heads": "4"},
    "KeywordSpotter": {"n_mels": "40", "hop": "2", "width": "24"},
    "Tower": {"*": "784, 300, 100"},
    "Codec": {
        "width": "32",
        "kernel": "7",
        "strides": "[2, 4, 5]",
        "dim": "128",
        "codebooks": "8",
        "sample_rate": "16000",
    },
    "Denoiser": {"steps": "1000", "dim": "56", "depth": "3"},
    "LowRank": {
        "in_features": "60",
        "out_features": "30",
        "rank": "4",
        "device": "None",
        "dtype": "torch.bfloat16",
    },
    "ConvNorm": {
        "inp": "8",
        "out": "24",
        "kernel_size": "5",
        "norm": '"gn"',
        "act": '"silu"',
    },
    "BasicBlock": {"inplanes": "16", "planes": "20"},
    "DepthBlock": {"inplanes": "16", "planes": "20", "stride": "2"},
    "Stages": {"block": "DepthBlock", "layers": "[1, 2, 1]", "norm_layer": "nn.BatchNorm2d"},
    "Encoder": {"width": "48", "depth": "2", "patch": "16"},
    "UNet": {"in_channels": "3", "base": "12", "depth": "4"},
    "Segmenter": {
        "backbone": "Stages(BasicBlock, [2, 2], nn.BatchNorm2d)",
        "num_classes": "21",
        "aux": "True",
    },
    "PoolHead": {"kind": "Pooling.ATTENTION", "dim": "40", "patches": "(14, 14)"},
}

_BY_NAME = re.compile(r'(?:\b(\w+)=|"(\w+)": )\.\.\.')


def filled(hint: str, values: Mapping[str, str]) -> str:
    """Fill a hint in: every name with its value, none twice and none left over."""
    left = dict(values)

    def one(match: re.Match[str]) -> str:
        return match[0].removesuffix("...") + left.pop(match[1] or match[2])

    text = _BY_NAME.sub(one, hint)
    if "[...]" in text:
        text = text.replace("...", left.pop("*"))
    assert not left, (hint, left)
    assert "..." not in text, hint
    return text


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder with the classes, from which they can be imported."""
    shutil.copytree(HERE, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.pyc"))
    (tmp_path / "hwlint.toml").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path.resolve()
    for name in [name for name in sys.modules if name.partition(".")[0] == "zoo"]:
        del sys.modules[name]


def contexts(root: Path, hwlint: Callable[..., subprocess.CompletedProcess[str]]) -> Any:
    """Return what `hwlint inspect --contexts` tells of a folder."""
    done = hwlint("inspect", root, "--contexts", "--output-format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def paste(root: Path, item: Mapping[str, Any], hint: str) -> None:
    """Put a comment above the class that it was offered for."""
    path = root / item["file"]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[item["line"] - 1].startswith(f"class {item['model']}(")
    lines.insert(item["line"] - 1, hint)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def as_python_builds(module: ModuleType, name: str, hint: str) -> nn.Module:
    """Build a class with torch from what its hint says."""
    offered = {"nn": nn, "SimpleNamespace": SimpleNamespace, "OmegaConf": Settings}
    offered |= {"zoo": sys.modules["zoo"], **vars(importlib.import_module("zoo.settings"))}
    call = hint.removeprefix("# hwlint: build")
    names = {**offered, **vars(module), "given": lambda *args, **kwargs: (args, kwargs)}
    args, kwargs = eval(f"given{call}", names)  # noqa: S307 - written a few lines above
    cls = getattr(module, name)
    only = [
        p.name for p in inspect.signature(cls).parameters.values() if p.kind is p.POSITIONAL_ONLY
    ]
    return cls(*args, *[kwargs.pop(n) for n in only], **kwargs)


class Settings(dict[str, Any]):
    """What OmegaConf.create gives, as far as a class asks for it."""

    @classmethod
    def create(cls, given: Mapping[str, Any]) -> "Settings":
        """Return settings whose items are attributes too."""
        return cls({k: cls.create(v) if isinstance(v, dict) else v for k, v in given.items()})

    __getattr__ = dict.__getitem__


def test_hints_filled_in_make_classes_read(
    root: Path, hwlint: Callable[..., subprocess.CompletedProcess[str]], lab: Any
) -> None:
    told = contexts(root, hwlint)
    assert not told["models"]
    assert {item["model"] for item in told["unbuilt"]} == set(VALUES)
    hints = {item["model"]: filled(item["hint"], VALUES[item["model"]]) for item in told["unbuilt"]}
    for item in sorted(told["unbuilt"], key=lambda item: -item["line"]):
        paste(root, item, hints[item["model"]])

    told = contexts(root, hwlint)
    assert not told["unbuilt"]
    rows = {m["model"]: [(c["kind"], c["complete"]) for c in m["contexts"]] for m in told["models"]}
    assert rows == {name: [("hint", True)] for name in VALUES}

    reader = Reader(ReadOptions(root, (root,)))
    for path in sorted((root / "zoo").glob("*.py")):
        module = importlib.import_module(f"zoo.{path.stem}")
        for graph in reader.read(str(path)).graphs:
            model = as_python_builds(module, graph.entry.name, hints[graph.entry.name])
            assert lab.rows_of_graph(graph) == lab.rows_of_model(model), graph.entry.name
            assert graph.params == sum(p.numel() for p in model.parameters()), graph.entry.name
