"""Peak memory as planned, against the storages that are alive while torch runs the model."""

import gc
import importlib.util
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from hwlint.cost import peak_memory, peak_on
from hwlint.engine.inputs import parse_input
from hwlint.graph import Flow, Unread
from hwlint.profile import available_profiles
from hwlint.reader import ForwardOptions, Reader, ReadOptions

PROFILES = available_profiles()
MODELS = Path(__file__).parents[1] / "reader" / "forward" / "models.py"
EXAMPLES = MODELS.parents[3] / "examples"
OWN = (
    "ConvNet", "UNet", "VisionTransformer", "Decoder", "Fused", "Keywords", "Video", "OwnAttention",
    "Torchs", "Windows",
)  # fmt: skip
OTHERS = (
    ("cnn.py", "small_resnet", "1x3x64x64"),
    ("gpt.py", "GPT", "1x32:int64"),
    ("kws.py", "DSCNN", "1x1x49x10"),
    ("unet.py", "UNet", "1x1x64x64"),
    ("vit.py", "vit_small_patch16", "1x3x224x224"),
)


class Alive(TorchDispatchMode):
    """Counts the bytes of storages that are alive after each operation."""

    def __init__(self, ignored):
        super().__init__()
        self.ignored = ignored
        self.storages = WeakIdKeyDictionary()
        self.peak = 0

    def see(self, tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self.ignored:
            self.storages[storage] = storage.nbytes()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs, out)):
            if isinstance(leaf, torch.Tensor):
                self.see(leaf)
        self.peak = max(self.peak, sum(self.storages.values()))
        return out


def measured(model, args, kwargs):
    model.eval()
    own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    gc.collect()
    with torch.no_grad(), Alive(own) as alive:
        model(*args, **kwargs)
    return alive.peak


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def planned(path, name, specs):
    options = ReadOptions(path.parent, (path.parent,), forward=ForwardOptions(tuple(specs)))
    return peak_memory(Reader(options).read_place(str(path), name).graphs[0].flow)


def compare(path, name, model, texts):
    specs = [parse_input(text) for text in texts]
    made = [torch.zeros(s.shape, dtype=getattr(torch, s.element())) for s in specs]
    args = [t for s, t in zip(specs, made, strict=True) if not s.name]
    kwargs = {s.name: t for s, t in zip(specs, made, strict=True) if s.name}
    real = measured(model, args, kwargs)
    assert planned(path, name, specs).bytes == pytest.approx(real, rel=0.05)


@pytest.mark.parametrize("name", OWN)
def test_own_models(name):
    module = load(MODELS)
    compare(MODELS, name, getattr(module, name)(), module.INPUTS[name])


@pytest.mark.parametrize(("file", "name", "text"), OTHERS)
def test_examples(file, name, text):
    module = load(EXAMPLES / file)
    arguments = (module.GPTConfig(),) if name == "GPT" else ()
    compare(EXAMPLES / file, name, getattr(module, name)(*arguments), [text])


def test_a_run_that_is_not_complete_has_no_peak():
    assert peak_memory(Flow((), assumed=False, missing=(Unread(None, "unknown"),))) is None


@pytest.mark.parametrize(
    ("file", "name", "text", "kib"),
    [
        ("image_classification.py", "ResNet8", "1x3x32x32", 48.0),
        ("visual_wake_words.py", "MobileNetV1", "1x3x96x96", 54.0),
        ("keyword_spotting.py", "DSCNN", "1x1x49x10", 15.6),
        ("anomaly_detection.py", "AutoEncoder", "1x640", 0.75),
    ],
)
def test_a_runtime_that_plans_keeps_what_is_still_to_be_read(file, name, text, kib):
    # The live tensors of MLPerf Tiny's int8 files, counted on their TFLite graphs.
    path = EXAMPLES / "tiny" / file
    options = ReadOptions(path.parent, (path.parent,), forward=ForwardOptions((parse_input(text),)))
    graph = Reader(options).read_place(str(path), name).graphs[0]
    found = peak_on(graph, PROFILES["stm32h743"], "int8")
    assert found.bytes / 1024 == pytest.approx(kib, abs=0.1)
