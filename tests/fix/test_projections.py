"""Linear layers of one input become one, which computes the same with their weights joined."""

import importlib.util
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

NET = """\
import torch
import torch.nn as nn
import torch.nn.functional as F


class {name}(nn.Module):
    # hwlint: input(2, 64, 256)
    def __init__(self, dim=256, heads=8):
        super().__init__()
        self.heads = heads
        self.head_dim = dim // heads
{init}
        self.proj = nn.Linear(dim, dim)

{forward}
"""
QKV = """
self.q_proj = nn.Linear(dim, dim)
self.k_proj = nn.Linear(dim, dim)
self.v_proj = nn.Linear(dim, dim)
"""
PLAIN = """
def forward(self, x):
    q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
    return self.proj(F.scaled_dot_product_attention(q, k, v))
"""
JOINED: dict[str, tuple[str, str, str, Sequence[str], Sequence[str]]] = {
    "InOneStatement": (
        QKV,
        PLAIN,
        "qkv_proj",
        ("q_proj", "k_proj", "v_proj"),
        (
            "self.qkv_proj = nn.Linear(dim, 3 * dim)",
            "q, k, v = self.qkv_proj(x).chunk(3, dim=-1)",
        ),
    ),
    "InThree": (
        QKV.replace("dim, dim)\nself.v", "dim, dim)  # of the keys\nself.v"),
        """
        def forward(self, x):
            shape = (*x.shape[:-1], self.heads, self.head_dim)
            q = self.q_proj(x)  # queries
            q = q.view(shape).transpose(1, 2)
            k = self.k_proj(x)  # keys
            k = k.view(shape).transpose(1, 2)
            v = self.v_proj(x).view(shape).transpose(1, 2)
            x = F.scaled_dot_product_attention(q, k, v)
            return self.proj(x.transpose(1, 2).reshape(2, 64, 256))
        """,
        "qkv_proj",
        ("q_proj", "k_proj", "v_proj"),
        (
            "# of the keys",
            "q, k, v_proj = self.qkv_proj(x).chunk(3, dim=-1)  # queries",
            "# keys",
            "v = v_proj.view(shape)",
        ),
    ),
    "LikeBert": (
        """
        self.all_head_size = self.heads * self.head_dim
        self.query = nn.Linear(dim, self.all_head_size)
        self.key = nn.Linear(dim, self.all_head_size)
        self.value = nn.Linear(dim, self.all_head_size)
        """,
        """
        def forward(self, hidden_states):
            input_shape = hidden_states.shape[:-1]
            hidden_shape = (*input_shape, -1, self.head_dim)
            query_layer = self.query(hidden_states).view(*hidden_shape).transpose(1, 2)
            key_layer = self.key(hidden_states).view(*hidden_shape).transpose(1, 2)
            value_layer = self.value(hidden_states).view(*hidden_shape).transpose(1, 2)
            out = F.scaled_dot_product_attention(query_layer, key_layer, value_layer)
            return self.proj(out.transpose(1, 2).reshape(*input_shape, -1))
        """,
        "query_key_value",
        ("query", "key", "value"),
        (
            "nn.Linear(dim, 3 * self.all_head_size)",
            "query, key, value = self.query_key_value(hidden_states).chunk(3, dim=-1)",
            "key_layer = key.view(*hidden_shape).transpose(1, 2)",
        ),
    ),
    "Grouped": (
        """
        self.to_q = nn.Linear(dim, heads * self.head_dim, bias=False)
        self.kv_dim = 2 * self.head_dim
        self.to_k = nn.Linear(dim, self.head_dim * 2, bias=False)
        self.to_v = nn.Linear(dim, self.head_dim * 2, bias=False)
        """,
        """
        def forward(self, x):
            q = self.to_q(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
            k = self.to_k(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
            v = self.to_v(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
            x = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
            return self.proj(x.transpose(1, 2).flatten(-2))
        """,
        "to_qkv",
        ("to_q", "to_k", "to_v"),
        (
            "self.to_qkv_widths = (heads * self.head_dim, self.head_dim * 2, self.head_dim * 2)",
            "self.to_qkv = nn.Linear(dim, sum(self.to_qkv_widths), bias=False)",
            "self.to_qkv(x).split(self.to_qkv_widths, dim=-1)",
        ),
    ),
    "GateAndUp": (
        """
        dd = {"device": None, "dtype": None}
        self.gate_proj = nn.Linear(dim, dim + dim, bias=False, **dd)
        self.up_proj = nn.Linear(dim, dim + dim, bias=False, **dd)
        self.down_proj = nn.Linear(dim + dim, dim)
        """,
        """
        def forward(self, x):
            return self.proj(self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x)))
        """,
        "gate_up_proj",
        ("gate_proj", "up_proj"),
        (
            "self.gate_up_proj = nn.Linear(dim, 2 * (dim + dim), bias=False, **dd)",
            "gate, up = self.gate_up_proj(x).chunk(2, dim=-1)\n",
            "self.down_proj(F.silu(gate) * up)",
        ),
    ),
}
SPLIT = """
def forward(self, x):
    q = self.q_proj(x)
    k = self.k_proj(x)
{between}
    v = self.v_proj(x)
    return self.proj(F.scaled_dot_product_attention(q, k, v))
"""
AS_THEY_ARE = {
    "Initialised": (QKV + "nn.init.zeros_(self.v_proj.bias)", PLAIN),
    "Reflected": (QKV + 'for n in "qkv":\n    getattr(self, n + "_proj").bias.data.zero_()', PLAIN),
    "RebuiltWidth": (QKV.replace("\nself.v", "\ndim = 2 * dim // 2\nself.v"), PLAIN),
    "OtherInput": (QKV, SPLIT.format(between="    x = x")),
    "ReadBetween": (QKV, SPLIT.format(between="    q = self.proj(x) + q")),
    "CalledTwice": (
        QKV,
        SPLIT.format(between="    if x.shape[0] == 3:\n        return self.v_proj(x)"),
    ),
    "InPlace": (QKV, SPLIT.format(between="    q *= 2")),
    "InPlaceByModule": (
        QKV + "self.act = nn.ReLU(True)",
        SPLIT.format(between="    q = self.act(q)"),
    ),
    "NoView": (QKV, SPLIT.format(between="    q = q.view(2, -1).view(2, 64, 256)")),
    "Conditional": (
        QKV,
        SPLIT.format(between="    heads = self.heads").replace(
            "self.v_proj(x)", "self.v_proj(x) if heads else x"
        ),
    ),
}
APART = {
    "owner.py": (
        "import torch\nimport owner_net\nnet = owner_net.Owner()\n"
        "net.q_proj.register_forward_hook(print)\nnet(torch.zeros(2, 64, 256))\n"
    ),
    "derived.py": (
        "import torch\nfrom base_net import Base\n\n\nclass Derived(Base):\n"
        "    def freeze(self):\n        self.k_proj.requires_grad_(False)\n"
    ),
    "states.py": (
        "import torch\nfrom states_net import States\nnet = States()\n"
        'print(net.state_dict()["q_proj.weight"])\nnet(torch.zeros(2, 64, 256))\n'
    ),
}


def text(name: str, init: str, forward: str) -> str:
    init, forward = (textwrap.dedent(each).strip() for each in (init, forward))
    return NET.format(
        name=name,
        init=textwrap.indent(init, " " * 8),
        forward=textwrap.indent(forward, " " * 4),
    )


def module(file: Path, name: str) -> torch.nn.Module:
    spec = importlib.util.spec_from_file_location(f"projections_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    torch.manual_seed(0)
    return getattr(made, name)()


def joined(state: dict[str, torch.Tensor], name: str, parts: Sequence[str]) -> dict[str, object]:
    """Return a checkpoint with the weights, and biases, of the parts in one."""
    found: dict[str, object] = {k: v for k, v in state.items() if k.partition(".")[0] not in parts}
    for kind in ("weight", "bias"):
        if f"{parts[0]}.{kind}" in state:
            found[f"{name}.{kind}"] = torch.cat([state[f"{part}.{kind}"] for part in parts])
    return found


def test_the_result_is_the_same_with_the_weights_joined(fixing: Callable[..., object]):
    files = {
        f"{name.lower()}.py": text(name, init, forward)
        for name, (init, forward, *_) in JOINED.items()
    }
    project = fixing(files, select=("HW304", "HW002"))
    before = {name: module(project.root / f"{name.lower()}.py", name) for name in JOINED}
    mended = project.mend()
    assert len(mended.made) == len(JOINED)
    assert all("(changes parameters)" in made.fix.title for made in mended.made)
    project.apply(mended)
    assert project.mend().made == []
    given = torch.randn(2, 64, 256)
    for name, (_, _, layer, parts, written) in JOINED.items():
        file = project.root / f"{name.lower()}.py"
        new = file.read_text(encoding="utf-8")
        assert [said for said in written if said not in new] == [], new
        file.rename(project.root / f"fixed_{name.lower()}.py")
        after = module(project.root / f"fixed_{name.lower()}.py", name)
        after.load_state_dict(joined(before[name].state_dict(), layer, parts))
        torch.testing.assert_close(after(given), before[name](given))
        after(given).sum().backward()


def test_what_is_used_in_another_way_stays(fixing: Callable[..., object]):
    files = {f"{name.lower()}.py": text(name, *body) for name, body in AS_THEY_ARE.items()}
    project = fixing(files, select=("HW304", "HW002"))
    found = {Path(one.anchor.path).stem for one in project.check().findings}
    assert found >= {name.lower() for name in AS_THEY_ARE}
    mended = project.mend()
    assert ([Path(made.found.anchor.path).stem for made in mended.made], mended.after) == ([], {})


def test_what_another_file_names_stays(fixing: Callable[..., object]):
    nets = {
        f"{name.lower()}_net.py": text(name, QKV, PLAIN) for name in ("Owner", "Base", "States")
    }
    project = fixing({**nets, **APART}, select=("HW304", "HW002"))
    assert len({one.anchor.path for one in project.check().findings}) == len(nets)
    mended = project.mend()
    assert ([made.found.anchor.path for made in mended.made], mended.after) == ([], {})


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_breaks_stay(ending: str, fixing: Callable[..., object]):
    init, forward, *_ = JOINED["LikeBert"]
    project = fixing("", select=("HW304", "HW002"))
    file = project.root / "net.py"
    file.write_bytes(text("LikeBert", init, forward).replace("\n", ending).encode())
    project.apply(project.mend())
    assert file.read_bytes().count(ending.encode()) == file.read_bytes().count(b"\n")
    assert b"query, key, value = " in file.read_bytes()
