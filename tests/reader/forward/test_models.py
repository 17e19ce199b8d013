"""What hwlint says of forward passes, against torch really running them."""

from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from torchinfo import summary

from hwlint.engine.inputs import parse_input

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "examples"
MODELS = HERE / "models.py"
NAMES = (
    "ConvNet", "UNet", "VisionTransformer", "Decoder", "Fused", "Torchs", "Recurrent", "Keywords",
    "Mixture", "Windows", "Video", "OwnAttention", "Masked", "MaskedTorch", "Functions",
    "Tables",
)  # fmt: skip


def tensors(inputs):
    specs = [parse_input(text) for text in inputs]
    args, kwargs = [], {}
    for spec in specs:
        kind = spec.element()
        made = torch.rand(spec.shape)
        if kind != "float32":
            made = torch.zeros(spec.shape, dtype=getattr(torch, kind))
        if spec.name:
            kwargs[spec.name] = made
        else:
            args.append(made)
    return args, kwargs


def shapes_of(value):
    if isinstance(value, torch.Tensor):
        return [tuple(value.shape)]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [shape for item in value for shape in shapes_of(item)]
    return []


def run(model, inputs):
    """Really call a model: MACs, the shapes that it returns, those of each module's first call.

    MACs are counted without memory: on a CPU torch has fused kernels that the counter passes over.
    """
    args, kwargs = tensors(inputs)
    model.eval()
    seen = {}
    names = {id(module): name for name, module in reversed(list(model.named_modules()))}

    def keep(module, args, output):
        seen.setdefault(names[id(module)], shapes_of(output))

    handles = [module.register_forward_hook(keep) for module in model.modules()]
    with torch.no_grad():
        output = model(*args, **kwargs)
    for handle in handles:
        handle.remove()
    device = "cpu" if getattr(model, "needs_values", False) else "meta"
    args, kwargs = [a.to(device) for a in args], {k: v.to(device) for k, v in kwargs.items()}
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.to(device)(*args, **kwargs)
    return counter.get_total_flops() / 2, shapes_of(output), seen


def compare(graph, model, inputs):
    flow = graph.flow
    assert flow.missing == ()
    assert graph.params == sum(p.numel() for p in model.parameters())
    macs, outputs, seen = run(model, inputs)
    assert flow.macs == macs
    assert list(flow.outputs) == outputs
    said = {}
    for call in flow.calls:
        said.setdefault(call.name, list(call.outputs))
    assert said == seen


@pytest.fixture(scope="module")
def models(load):
    return load(MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_macs_shapes_and_parameters_are_torchs(name, models, read_flow, monkeypatch):
    # The fused kernel of encoder layers is one operation to torch, and not counted.
    monkeypatch.setattr(torch.backends.mha, "get_fastpath_enabled", lambda: False)
    inputs = models.INPUTS[name]
    graph = read_flow(MODELS, name, inputs)
    torch.manual_seed(0)
    compare(graph, getattr(models, name)(), inputs)


@pytest.mark.parametrize("name", ["ConvNet", "UNet", "VisionTransformer", "Keywords", "Windows"])
def test_the_table_is_torchinfos(name, models, read_flow):
    inputs = models.INPUTS[name]
    flow = read_flow(MODELS, name, inputs).flow
    model = getattr(models, name)()
    args, _ = tensors(inputs)
    names = {id(module): path for path, module in reversed(list(model.named_modules()))}
    rows = summary(model, input_data=args, verbose=0, mode="eval").summary_list
    theirs = {(names[id(row.module)], tuple(row.output_size)) for row in rows if row.executed}
    said = {(call.name, *call.outputs) for call in flow.calls}
    # Of a module that is called several times torchinfo shows one call.
    assert theirs <= said
    assert {name for name, *_ in said} == {name for name, _ in theirs}


EXAMPLE_MODELS = [
    ("cnn.py", "small_resnet", ["1x3x64x64"]),
    ("gpt.py", "GPT", ["1x12:int64"]),
    ("kws.py", "DSCNN", ["1x1x49x10"]),
    ("unet.py", "UNet", ["1x1x64x64"]),
    ("vit.py", "vit_small_patch16", ["1x3x224x224"]),
]


@pytest.mark.parametrize(("file", "name", "inputs"), EXAMPLE_MODELS)
def test_examples(file, name, inputs, load, read_flow):
    path = EXAMPLES / file
    module = load(path)
    arguments = (module.GPTConfig(),) if name == "GPT" else ()
    graph = read_flow(path, name, inputs)
    compare(graph, getattr(module, name)(*arguments), inputs)
