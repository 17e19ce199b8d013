"""Small tensors and arrays: the reader's values against those of torch and numpy themselves."""

import importlib.util
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwlint.reader import Reader, ReadOptions
from hwlint.reader.values import Builtin, External, ListValue, ModuleInstance, Tensor, Unknown

HEAD = "import math\nimport torch\nfrom torch import nn\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


def read(folder: Path, source: str, name: str = "result") -> Any:
    """Return what the interpreter binds to a name at the end of a module."""
    path = folder / "program.py"
    path.write_text(source)
    reader = Reader(ReadOptions(folder, (folder,), ()))
    module = reader.imports.load_path(str(path), "program")
    assert module is not None
    module.ensure()
    assert module.problem is None, module.problem.text()
    return module.attribute(name)


def execute(source: str, name: str = "result") -> Any:
    """Return what Python binds to it."""
    scope: dict[str, Any] = {}
    exec(source, scope)  # noqa: S102  # the programs stand in this file
    return scope[name]


def plain(value: Any) -> Any:
    """Turn a value of either side into (kind, shape, dtype, items) or Python's own."""
    if isinstance(value, Tensor):
        return ("tensor", value.shape, value.dtype, value.data)
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        return ("tensor", tuple(value.shape), dtype, value.flatten().tolist())
    if type(value).__module__ == "numpy":
        if value.ndim:
            return ("tensor", value.shape, str(value.dtype), value.ravel().tolist())
        return value.item()
    if isinstance(value, tuple | list | ListValue):
        return ("items", [plain(v) for v in value])
    if isinstance(value, External | Builtin):
        return value.name
    return str(value) if isinstance(value, torch.dtype) else value


def same(left: Any, right: Any) -> bool:
    if isinstance(left, tuple | list) and isinstance(right, tuple | list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, float):
        close = math.isclose(left, right, rel_tol=1e-6, abs_tol=1e-9)
        return close or (math.isnan(left) and math.isnan(right))
    return (
        type(left + 0) is type(right + 0) and left == right
        if _numbers(left, right)
        else left == right
    )


def _numbers(left: Any, right: Any) -> bool:
    return isinstance(left, int | float) and isinstance(right, int | float)


KNOWN = """
torch.arange(5)
torch.arange(2, 9, 3)
torch.arange(5, 0, -2)
torch.arange(0, 2, 0.25)
torch.arange(4, dtype=torch.float32)
torch.arange(end=3, start=1)
torch.linspace(0, 0.3, 7)
torch.linspace(0, 0.1, 1)
torch.linspace(-2, 2, steps=4)
[x.item() for x in torch.linspace(0, 0.2, 12)]
[x.tolist() for x in torch.linspace(0, 0.25, 10).split([2, 2, 5, 1])]
torch.zeros(2, 3)
torch.zeros((2, 3), dtype=torch.int64)
torch.ones([4]) * 3
torch.full((2, 2), 7)
torch.full((2,), 0.5)
torch.full_like(torch.zeros(2), 3)
torch.eye(3)
torch.eye(2, 3)
torch.tensor([1, 2, 3])
torch.tensor([1.5, 2])
torch.tensor([[True, False], [False, True]])
torch.tensor(3)
torch.tensor([])
torch.tensor([[1, 2], [3, 4]], dtype=torch.float64)
torch.tensor([0.1, 0.2]) == 0.1
torch.arange(4) * 1.5
torch.arange(4) / 2
torch.arange(-4, 4) // 3
torch.arange(-4, 4) % 3
torch.tensor([5.5, -5.5]) // 2
torch.tensor([5.5, -5.5]) % 2
torch.tensor([1, 2], dtype=torch.int32) + torch.tensor([1, 2])
torch.tensor([1, 2], dtype=torch.int32) + torch.tensor(5)
torch.tensor([1, 2], dtype=torch.int32) + torch.tensor(0.5)
torch.tensor([1.0]) + torch.tensor([1.0], dtype=torch.float64)
torch.tensor([1.0], dtype=torch.float16) + 1
torch.tensor([200], dtype=torch.uint8) + 100
2 ** torch.arange(5)
torch.arange(5) ** 2
torch.pow(2.5, torch.arange(3))
torch.pow(torch.tensor([4.0, 9.0]), 0.5)
1 / torch.tensor([1.0, 0.0, -0.0])
10000 ** -(torch.arange(4) / 4)
-torch.arange(3)
~torch.tensor([True, False])
~torch.arange(3)
torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5]).round()
torch.round(torch.tensor([2.675, 3.5]))
torch.floor(torch.tensor([1.5, -1.5]))
torch.ceil(torch.tensor([1.2, -1.2])).int()
torch.tensor([1.9, -1.9]).int()
torch.tensor([1.9, -1.9]).long().tolist()
torch.tensor([0.1, 2.0]).double()
torch.tensor([0.1, 1000.1]).half()
torch.tensor([0.1, 3.14159]).bfloat16()
torch.tensor([0, 2]).bool()
torch.tensor([1, 2]).to(torch.float32)
torch.tensor([1, 2]).type_as(torch.tensor([1.0]))
torch.arange(6).view(2, 3)
torch.arange(6).reshape(-1, 2)
torch.arange(6).reshape((3, -1)).t()
torch.arange(24).view(2, 3, 4).permute(2, 0, 1)
torch.arange(24).view(2, 3, 4).transpose(1, 2)
torch.arange(24).view(2, 3, 4).flatten(1)
torch.arange(24).view(2, 3, 4).movedim(0, 2)
torch.arange(6).unflatten(0, (2, -1))
torch.arange(3).unsqueeze(0)
torch.arange(3).unsqueeze(-1)
torch.zeros(1, 3, 1).squeeze()
torch.zeros(1, 3, 1).squeeze(0)
torch.arange(3)[None, :] - torch.arange(2)[:, None]
torch.arange(3).expand(2, 3)
torch.arange(3).repeat(2)
torch.arange(4).view(2, 2).repeat(1, 2)
torch.arange(3).tile((2, 2))
torch.arange(3).repeat_interleave(2)
torch.tensor([1, 2]).repeat_interleave(torch.tensor([1, 3]))
torch.arange(6).view(2, 3).flip(1)
torch.arange(5).roll(2)
torch.arange(6).view(2, 3).roll((1, 1), (0, 1))
torch.arange(24).view(2, 3, 4)[1]
torch.arange(24).view(2, 3, 4)[:, 1]
torch.arange(24).view(2, 3, 4)[..., 1]
torch.arange(24).view(2, 3, 4)[:, None, ::2, -1]
torch.arange(24).view(2, 3, 4)[0, 1:, 2:]
torch.arange(5)[[0, 3]]
torch.arange(5)[torch.tensor([[0, 1], [4, 4]])]
torch.arange(12).view(3, 4)[[0, 2], [1, 3]]
torch.arange(12).view(3, 4)[:, [1, 3]]
torch.arange(24).view(2, 3, 4)[:, [0, 2], :]
torch.arange(24).view(2, 3, 4)[[0, 1], :, [1, 2]]
torch.arange(5)[torch.arange(5) > 2]
torch.arange(6).view(2, 3)[torch.tensor([[True, False, True], [False, False, True]])]
torch.arange(6).view(2, 3)[torch.tensor([False, True])]
torch.cat([torch.arange(2), torch.arange(3)])
torch.cat((torch.zeros(2, 1), torch.ones(2, 2)), dim=1)
torch.cat([torch.tensor([1]), torch.tensor([0.5])])
torch.stack([torch.arange(3), torch.arange(3)])
torch.stack([torch.arange(3), torch.arange(3)], dim=-1)
torch.stack(torch.meshgrid([torch.arange(2), torch.arange(3)], indexing="ij"))
torch.meshgrid(torch.arange(2), torch.arange(3), indexing="xy")
torch.hstack([torch.arange(2), torch.arange(2)])
torch.arange(7).chunk(3)
torch.arange(7).split(3)
torch.arange(8).view(2, 4).split([1, 3], dim=1)
torch.arange(7).tensor_split(3)
torch.arange(6).view(3, 2).unbind()
torch.arange(6).view(3, 2).unbind(1)
torch.arange(6).view(3, 2).select(1, 0)
torch.arange(6).narrow(0, 2, 3)
torch.arange(6).index_select(0, torch.tensor([5, 0]))
torch.arange(6).sum()
torch.arange(6).view(2, 3).sum(0)
torch.arange(6).view(2, 3).sum(dim=1, keepdim=True)
torch.tensor([True, True]).sum()
torch.tensor([1.0, 2.0]).mean()
torch.arange(6.0).view(2, 3).mean(-1)
torch.arange(1, 5).prod()
torch.tensor([3, 1, 2]).max()
torch.tensor([3, 1, 2]).min().item()
torch.tensor([[3, 1], [2, 5]]).max(1)
torch.tensor([[3, 1], [2, 5]]).max(dim=0).values
torch.max(torch.tensor([1, 5]), torch.tensor([3, 2]))
torch.tensor([[3, 1], [2, 5]]).amax((0, 1))
torch.tensor([3, 1, 2]).argmax()
torch.tensor([3, 1, 2]).argsort()
torch.tensor([3, 1, 2]).sort(descending=True)
torch.tensor([3, 1, 2]).topk(2)
torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
torch.unique(torch.tensor([3, 1, 3]), return_inverse=True)
torch.tensor([0, 3, 0, 1]).nonzero()
torch.tensor([False, True]).any()
torch.tensor([[False, True], [True, True]]).all(1)
torch.cumsum(torch.tensor([1, 2, 3]), 0)
torch.tensor([[0.1, 0.2], [0.3, 0.4]]).cumsum(1)
torch.cumprod(torch.tensor([1.0, 2.0, 3.0]), dim=0)
torch.diff(torch.tensor([1, 4, 9]))
torch.clamp(torch.arange(5), min=1, max=3)
torch.clip(torch.tensor([0.5, 2.5]), 1.0, 2.0)
torch.where(torch.arange(3) > 1, torch.arange(3), 0)
torch.where(torch.tensor([True, False]), 1.0, torch.tensor([2.0, 3.0]))
torch.arange(3).masked_fill(torch.tensor([True, False, True]), 9)
torch.tril(torch.ones(3, 3))
torch.triu(torch.ones(2, 3), diagonal=1)
torch.ones(2, 2).triu_(1)
torch.outer(torch.arange(3), torch.arange(2))
torch.log(torch.tensor([1.0, 2.0, 8.0]))
torch.log2(torch.tensor([8.0, 1024.0]))
torch.exp(torch.tensor([0, 1]))
torch.sqrt(torch.tensor([2.0, 9.0]))
torch.abs(torch.tensor([-1, 2]))
torch.div(torch.tensor([7, -7]), 2, rounding_mode="floor")
torch.div(torch.tensor([7, -7]), 2, rounding_mode="trunc")
torch.nn.functional.one_hot(torch.arange(3), 4)
torch.ones(3).fill_(2)
torch.ones(3).mul_(2).add_(1)
torch.ones(3).zero_()
torch.ones(2, dtype=torch.int32).new_zeros(3)
torch.ones(2).new_full((1, 2), 5)
torch.minimum(torch.arange(4), torch.tensor(2))
torch.logical_and(torch.tensor([True, False]), torch.tensor([True, True]))
torch.arange(4).eq(2)
torch.arange(4) != 2
torch.arange(4) >= torch.tensor([[1], [2]])
torch.arange(4).tolist()
torch.arange(4).view(2, 2).tolist()
torch.tensor(2.5).tolist()
torch.arange(4).numel()
torch.zeros(2, 3).shape
torch.zeros(2, 3).size(-1)
torch.zeros(2, 3).ndim
torch.zeros(2, 3).dim()
torch.Size([1, 2]).numel() if False else 2
len(torch.zeros(4, 2))
len(torch.Size((1, 2)))
int(torch.tensor(3.7))
float(torch.tensor(0.1))
bool(torch.tensor([1]) > 0)
math.ceil(torch.tensor(2.2))
round(torch.tensor(2.5).item())
abs(torch.tensor([-2]))
max(torch.tensor(1), torch.tensor(2))
sum(torch.arange(4))
sum(torch.arange(4)).item()
[int(v) for v in torch.arange(3)]
list(range(torch.tensor(3)))
[10, 20, 30][torch.tensor(1)]
torch.zeros(2).dtype
torch.zeros(2).long().dtype
(torch.zeros(2).dtype == torch.float32, torch.half == torch.float16)
torch.finfo(torch.float32).max
torch.finfo(torch.float16).min
torch.finfo(torch.bfloat16).eps
torch.iinfo(torch.int32).max
torch.device("cuda:1").index
torch.device("cpu").type == torch.zeros(1).device.type
torch.zeros(1).device == torch.device("cpu")
torch.get_default_dtype()
torch.is_tensor(torch.zeros(1)), torch.is_tensor(3)
isinstance(torch.zeros(1), torch.Tensor)
isinstance(nn.Parameter(torch.zeros(1)), nn.Parameter)
nn.Parameter(torch.ones(3)) * 2
nn.Parameter(torch.zeros(2, 3)).shape
nn.init.constant_(torch.ones(2), 4)
nn.init.calculate_gain("relu"), nn.init.calculate_gain("leaky_relu", 0.2)
nn.init._calculate_fan_in_and_fan_out(torch.zeros(4, 3, 2, 2))
torch.nn.modules.utils._pair(3), torch.nn.modules.utils._triple((1, 2, 3))
torch.nn.modules.utils._ntuple(4)(1)
torch._assert(True, "x")
torch.numel(torch.zeros(2, 3))
torch.zeros(0, 3).shape
torch.broadcast_shapes((2, 1), (3,))
torch.is_floating_point(torch.zeros(1))
""".strip().splitlines()


@pytest.mark.parametrize("expression", KNOWN)
def test_values_are_those_of_torch(folder: Path, expression: str) -> None:
    source = f"{HEAD}result = {expression}\n"
    found, wanted = plain(read(folder, source)), plain(execute(source))
    assert same(found, wanted), f"{found} for {wanted}"


SHAPES = """
torch.rand(2, 3)
torch.randn((4, 5))
torch.randint(0, 10, (2, 3))
torch.randperm(7)
torch.empty(3, 2).uniform_(-1, 1)
torch.empty(3).normal_()
torch.zeros(100, 200)
torch.zeros(100, 200) + torch.ones(200)
torch.arange(10000)
torch.arange(0, 1, 0.3)
torch.zeros(2, 64, 64).flatten(1)
torch.matmul(torch.rand(2, 3, 4), torch.rand(4, 5))
torch.rand(3, 4) @ torch.rand(4)
torch.rand(5, 3, 4).bmm(torch.rand(5, 4, 2))
torch.einsum("bij,bjk->bik", torch.rand(2, 3, 4), torch.rand(2, 4, 5))
torch.rand(3, 4).softmax(-1)
torch.sigmoid(torch.rand(3))
torch.nn.functional.pad(torch.zeros(1, 2, 3), (1, 2, 0, 1))
torch.rand(3, 100).std(1)
torch.rand(3, 4).gather(1, torch.zeros(3, 2, dtype=torch.int64))
torch.rand(3, 4).norm(dim=1)
torch.rand(3, 4).var(dim=1, keepdim=True)
torch.rand(2, 3).mT
torch.nn.init.xavier_uniform_(torch.empty(3, 5))
torch.logspace(0, 1, 5)
nn.Parameter(torch.empty(3, 4)).data.normal_()
torch.rand(10).cumsum(0)
torch.rand(6, 4).chunk(3, dim=0)[1]
torch.rand(6, 4).max(1).values
torch.cat([torch.rand(2, 3), torch.zeros(2, 1)], 1)
torch.stack([torch.rand(2), torch.rand(2)])
torch.rand(4, 4)[1:, None]
torch.zeros(2, 1 << 20, 0)[:, :, :]
torch.zeros(1 << 20, 0).sum(1)
torch.zeros(0, 1 << 20).t()
""".strip().splitlines()


@pytest.mark.parametrize("expression", SHAPES)
def test_shapes_are_those_of_torch(folder: Path, expression: str) -> None:
    source = f"{HEAD}result = {expression}\n"
    found, wanted = plain(read(folder, source)), plain(execute(source))
    assert found[:3] == wanted[:3]


UNKNOWN = """
torch.rand(3).tolist()
torch.rand(3)[0].item()
torch.empty(3).sum().item()
int(torch.randn(1))
torch.rand(3)[torch.rand(3) > 0.5].shape[0]
torch.zeros(3)[math.something].shape
torch.arange(0, 1, 0.3).tolist()
torch.something_new(3)
torch.zeros(5000).tolist()
torch.load("weights.pt")["w"].shape
torch.rand(3).nonzero().shape[0]
torch.tensor([0.1] * 9).sum().item()
""".strip().splitlines()


@pytest.mark.parametrize("expression", UNKNOWN)
def test_what_is_not_known_stays_so(folder: Path, expression: str) -> None:
    head = HEAD + "import somewhere\nmath = somewhere\n"
    assert isinstance(read(folder, f"{head}result = {expression}\n"), Unknown)


STATEMENTS = {
    "widths": """
depth, w_a, w_0, w_m = 22, 27.89, 48, 2.09
cont = torch.arange(depth) * w_a + w_0
capacity = torch.round(torch.log(cont / w_0) / math.log(w_m))
widths = torch.round(torch.divide(w_0 * torch.pow(w_m, capacity), 8)) * 8
result = widths.int().tolist()
""",
    "window": """
side = torch.arange(3)
coords = torch.stack(torch.meshgrid([side, side], indexing="ij")).flatten(1)
relative = coords[:, :, None] - coords[:, None, :]
relative = relative.permute(1, 2, 0).contiguous()
result = relative.sum(-1)
""",
    "depths": """
rates = [x.tolist() for x in torch.linspace(0, 0.2, sum([2, 2, 6])).split([2, 2, 6])]
result = rates
""",
    "buffers": """
class Holder(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.arange(4))
        self.scale = nn.Parameter(torch.ones(2, 3))
holder = Holder()
result = [holder.steps.tolist(), tuple(holder.scale.shape), holder.scale.numel()]
""",
    "branch": """
found = torch.arange(4).max() > 2
if found:
    result = "large"
else:
    result = "small"
""",
    "copied": """
base = torch.zeros(2, 2)
copy = base.clone()
copy.fill_(3)
result = base.tolist()
""",
    "a part in place": """
import numpy as np
repeats, whole = np.full((8,), 1), torch.arange(6)
part = whole[1:3]
repeats[1:-2] *= 5
whole[1:3] += 10
result = [repeats.tolist(), sum([[n] * int(r) for n, r in zip("abcdefgh", repeats)], [])]
result += [whole.tolist()]
""",
    "unpacked": """
a, (b, c) = torch.tensor([1, 2]), torch.arange(4).chunk(2)
result = [a, b, c]
""",
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_programs_give_what_torch_gives(folder: Path, name: str) -> None:
    source = HEAD + STATEMENTS[name]
    found, wanted = plain(read(folder, source)), plain(execute(source))
    assert same(found, wanted), f"{found} for {wanted}"


VIEWS = ("base[0]", "base.view(4)", "base.t()", "base.chunk(2)[1]", "list(base)[1]")


@pytest.mark.parametrize("view", VIEWS)
def test_writing_to_a_view_is_not_lost(folder: Path, view: str) -> None:
    source = f"{HEAD}base = torch.zeros(2, 2)\nview = {view}\nview.fill_(3)\n"
    assert isinstance(read(folder, source + "result = base.tolist()\n"), Unknown)
    assert same(plain(read(folder, source, "view")), plain(execute(source, "view")))
    after = f"view = {view}\nbase.mul_(2).add_(1)\nresult = view.sum().item()\n"
    assert isinstance(read(folder, f"{HEAD}base = torch.zeros(2, 2)\n{after}"), Unknown)


def test_items_are_stored(folder: Path) -> None:
    made = read(folder, f"{HEAD}result = torch.zeros(2, 3)\n")
    interp = Reader(ReadOptions(folder, (folder,), ())).interp
    interp.store_tensor(made, (slice(None), 1), 5)
    interp.store_tensor(made, 0, interp.make_tensor(ListValue([1, 2, 3])))
    assert plain(made)[3] == [1.0, 2.0, 3.0, 0.0, 5.0, 0.0]
    interp.store_tensor(made, 1, interp.new_tensor((3,), None))
    assert made.data is None


def test_drop_rates_are_exact_to_the_last_digit(folder: Path) -> None:
    source = HEAD + (
        "result = [[x.item() for x in torch.linspace(0, rate / 100, count)]\n"
        "          for rate in range(5, 60, 9) for count in range(1, 60)]\n"
    )
    assert [list(row) for row in read(folder, source)] == execute(source)


def test_ranges_are_exact_to_the_last_digit(folder: Path) -> None:
    source = HEAD + (
        "result = [torch.arange(0, stop / 7, step / 8).tolist()\n"
        "          for stop in range(1, 30, 4) for step in range(1, 9)]\n"
    )
    assert [list(row) for row in read(folder, source)] == execute(source)


NORMED = """
nn.utils.weight_norm(nn.Conv1d(4, 6, 3))
nn.utils.weight_norm(nn.Linear(4, 6), dim=None)
nn.utils.weight_norm(nn.ConvTranspose1d(4, 6, 3), dim=1)
nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Conv1d(4, 6, 3)))
nn.utils.spectral_norm(nn.Conv2d(4, 6, 3))
nn.utils.spectral_norm(nn.ConvTranspose2d(4, 6, 3))
nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 6, 3), name="weight", dim=2)
nn.utils.parametrizations.spectral_norm(nn.Linear(4, 6))
nn.utils.skip_init(nn.Linear, 3, 5)
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*spectral_norm.*:FutureWarning")
@pytest.mark.parametrize("expression", NORMED)
def test_normalised_layers_have_the_parameters_of_torch(folder: Path, expression: str) -> None:
    source = f"{HEAD}model = {expression}\n"
    listed = (
        "result = [(n, tuple(p.shape)) for n, p in model.named_parameters()]\n"
        "buffers = [(n, tuple(p.shape)) for n, p in model.named_buffers()]\n"
        "modules = [n for n, _ in model.named_modules()]\n"
        "weight = tuple(model.weight.shape)\n"
    )
    assert isinstance(read(folder, source, "model"), ModuleInstance)
    for name in ("result", "buffers", "modules", "weight"):
        found = read(folder, source + listed, name)
        wanted = execute(source + listed, name)
        assert sorted(map(tuple, found) if name == "result" else found) == sorted(wanted)


def test_numbers_keep_where_they_came_from(folder: Path) -> None:
    from hwlint.reader.provenance import to_origin

    source = HEAD + "start = 48\nresult = (torch.arange(3) * 8 + start).tolist()[1]\n"
    value = read(folder, source)
    assert value == 56
    origin = to_origin(value)
    assert origin is not None
    assert origin.operation == "+"


# --- expressions nobody wrote -------------------------------------------------------------------

_integers = st.integers(-5, 5)
_shape = st.sampled_from([(), (1,), (3,), (2, 1), (2, 3), (1, 3), (0,)])
_dtype = st.sampled_from(["int64", "int32", "float32", "float64", "bool", "uint8"])


@st.composite
def leaves(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 4)) == 0:
        return f"({draw(st.sampled_from([0, 1, 2, -3, 0.5, -1.5, 7, 0.1, True]))!r})"
    shape, dtype = draw(_shape), draw(_dtype)
    count = math.prod(shape)
    low = 0 if dtype == "uint8" else -5
    numbers = [draw(st.integers(low, 5)) for _ in range(count)]
    scale = f" * {draw(st.sampled_from([0.5, 0.1, 1.5]))}" if dtype.startswith("float") else ""
    return f"(torch.tensor({numbers}, dtype=torch.{dtype}).reshape({shape}){scale})"


BINARY = ("+", "-", "*", "/", "//", "%", "==", "<", ">=", "!=")
CALLS = (
    "{}.sum()", "{}.float()", "{}.int()", "{}.round()", "{}.abs()", "{}.unsqueeze(0)", "{}.mean()",
    "{}.max()", "{}.amin(-1)", "{}.cumsum(0)", "{}.bool()", "{}.tolist()", "{}[None]", "{}[..., 0]",
    "{}[-1]", "{}.t()", "{}.argmax()", "{}.any()", "{}.all(-1)", "{}.prod()", "{}.floor()",
    "{}.clamp(-1, 2)", "{}.diff()", "{}.unique()", "{}.sort()[0]", "torch.stack([{}, {}], -1)",
    "torch.cat([{}, {}])", "torch.where({} > 0, {}, 2)", "{}.repeat(2, 2)", "{}.flatten()",
    "{}[torch.tensor([0, 0])]", "{}.squeeze()", "{}.double()", "{}.sqrt()", "torch.outer({}, {})",
    "{}.flip(0)",
)  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn) -> str:
    parts = [draw(leaves()) for _ in range(draw(st.integers(1, 3)))]
    text = parts[0]
    for other in parts[1:]:
        text = f"({text} {draw(st.sampled_from(BINARY))} {other})"
    for _ in range(draw(st.integers(0, 2))):
        text = draw(st.sampled_from(CALLS)).replace("{}", text)
    return text


def fits(shape: Any, wanted: Any) -> bool:
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(f is None or f == w for f, w in pairs)


def right_or_unknown(found: Any, wanted: Any) -> bool:
    if isinstance(found, Unknown):
        return True
    if isinstance(found, Tensor):
        found = plain(found)
        wanted = plain(wanted)
        kind, shape, *rest = found
        shapes = shape is None or fits(shape, wanted[1])
        others = zip((kind, *rest), (wanted[0], *wanted[2:]), strict=True)
        return shapes and all(f is None or f == "" or same(f, w) for f, w in others)
    return same(plain(found), plain(wanted))


def test_a_count_is_asked_for(tmp_path: Path):
    path = tmp_path / "program.py"
    path.write_text("import torch\nresult = torch.arange(3).topk(None)\n")
    options = ReadOptions(tmp_path, (tmp_path,), ())
    (problem,) = Reader(options).read(str(path)).problems
    assert problem.reason == "TypeError: topk(): argument 'k' must be int, not NoneType"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=expressions())
@pytest.mark.filterwarnings("ignore")
def test_any_expression_is_right_or_unknown(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = f"{HEAD}result = {text}\n"
    try:
        wanted = execute(source)
    except (RuntimeError, TypeError, IndexError, AttributeError, ValueError, ZeroDivisionError):
        return  # what torch refuses may be anything
    found = read(tmp_path_factory.getbasetemp(), source)
    assert right_or_unknown(found, wanted), f"{text}\n{plain(found)}\n{plain(wanted)}"


# --- numpy --------------------------------------------------------------------------------------

NUMPY = """
np.arange(5)
np.arange(0, 1, 0.3)
np.linspace(0, 1, 5)
np.linspace(0, 1, 4, endpoint=False)
np.logspace(0, 2, 3)
np.full((3,), 2)
np.zeros((2, 2))
np.zeros(3, dtype=int)
np.array([1, 2, 3]) / 2
np.array([1.5, 2]) * 2
np.array([[1, 2], [3, 4]]).T
np.array([1, 2])[0]
np.array([3, 1, 3, 2])[1:3]
np.array([1, 2, 3])[np.array([1, 2, 3]) > 1]
np.round(np.array([0.5, 1.5, 2.4]))
np.round(2.567, 2)
np.round(np.array([1.005, 2.5])).astype(int)
np.ceil(2.1)
int(np.ceil(np.log2(48)))
np.ceil(np.log2(48)).astype(int)
np.sqrt(16.0)
np.power(2.0, np.arange(4))
np.power(2, 3)
np.maximum(np.arange(4), 2)
np.minimum(3, 4)
np.prod((2, 3, 4))
np.prod([1.5, 2.0])
np.sum(np.arange(4))
np.mean([1, 2, 3])
np.cumsum([1, 2, 3])
np.unique(np.array([3, 1, 3]), return_counts=True)
np.unique([3, 1, 3]).tolist()
np.argsort([3, 1, 2])
np.argmax(np.array([1, 5, 2]))
np.max(np.array([[1, 5], [2, 0]]), axis=0)
np.diff(np.array([1, 4, 9]))
np.concatenate([np.arange(2), np.arange(3)])
np.concatenate(([0], np.arange(3)))
np.stack([np.arange(2), np.arange(2)], axis=1)
np.clip(np.arange(5), 1, 3)
np.where(np.arange(3) > 0, 1, 0)
np.repeat([1, 2], 2)
np.tile(np.arange(2), 2)
np.append(np.arange(2), 5)
np.abs(-3)
np.int64(3), np.float32(0.1)
np.array([1, 2, 3]).size
np.array([[1, 2, 3]]).shape
np.split(np.arange(6), 3)
np.transpose(np.arange(6).reshape(2, 3))
np.arange(6).reshape(2, 3).transpose(1, 0)
np.expand_dims(np.arange(3), 0)
np.array([1, 2, 3]).max()
np.array([1, 2, 3]).sum() * 2
np.arange(3) * 2 + [1, 1, 1]
np.linspace(8, 64, 4, dtype=np.float64)
np.floor_divide(7, 2)
np.mod(np.arange(5), 3)
np.array([0.1, 0.7, 0.2]).argmax()
np.log(np.array([1.0, 10.0])) / np.log(2.5)
np.outer(np.arange(2), np.arange(3))
np.meshgrid(np.arange(2), np.arange(3))
np.array(3) + 1
""".strip().splitlines()


@pytest.mark.skipif(importlib.util.find_spec("numpy") is None, reason="numpy is not installed")
@pytest.mark.parametrize("expression", NUMPY)
def test_arrays_are_those_of_numpy(folder: Path, expression: str) -> None:
    source = f"import numpy as np\nresult = {expression}\n"
    found, wanted = plain(read(folder, source)), plain(execute(source))
    assert same(found, wanted), f"{found} for {wanted}"
