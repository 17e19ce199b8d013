"""HW305 and HW306: only what needs values of tensors, once each, where it stands."""

import textwrap

import pytest
import torch

from hwlint_rules.graph_break import GraphBreak

NET = """
import torch
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.ready = True

    def forward(self, x):
        x = self.conv(x)
        part = x[:, :int(x.sum().item())]
        wide = x.mean() > 0
        deep = x.amax() > 0
BODY
        return x
"""
BASE = NET.splitlines().index("BODY")


@pytest.fixture
def lines(told):
    """Return a function that gives (line of a body, how often) of what cuts the graph."""

    def look(body: str) -> list[tuple[int, object]]:
        text = NET.replace("BODY", textwrap.indent(body, "        "))
        found = told(GraphBreak, text, "h100-sxm")
        return sorted((f.anchor.line - BASE, f.data["times"]) for f in found)

    return look


def answers() -> list[str]:
    """Return how torch is asked something of a tensor that is no tensor and rests on no value."""
    tensor, found = torch.ones(1), []
    questions = "dim ndim ndimension numel nelement nbytes itemsize element_size storage_offset"
    also = "dense_dim sparse_dim get_device data_ptr output_nr requires_grad retains_grad"
    names = [name for name in dir(tensor) if name.startswith("is_") and name != "is_nonzero"]
    for name in [*names, *questions.split(), *also.split()]:
        got = getattr(tensor, name)
        takes = "part" if name in ("is_same_size", "is_set_to") else ""
        asked = f"part.{name}({takes})" if callable(got) else f"part.{name}"
        found.append(asked)
    return found


def test_what_is_no_value(lines):
    asked = answers()
    assert {"part.numel()", "part.is_contiguous()", "part.ndim", "part.is_cuda"} <= {*asked}
    body = "\n".join(f"if {question}:\n    x = x + 1" for question in asked)
    assert lines(f"{body}\nif wide:\n    x = x + 1") == [(2 * len(asked), 1)]
    assert lines("if torch.numel(part) == 0 or part.stride(0) > 1:\n    x = x + 1") == []
    assert lines("if not self.ready or part.size(1) == 0:\n    x = x + 1") == []


def test_values_stand_where_the_condition_does(lines):
    assert lines("if x.abs().max() > 1:\n    x = x + 1") == [(0, 1)]
    assert lines("if self.ready and wide:\n    x = x + 1") == [(0, 1)]
    assert lines("if (\n    self.ready\n    and not wide\n):\n    x = x + 1") == [(2, 1)]
    assert lines("if self.conv(x[:, :3]) is None:\n    pass\nif wide:\n    x = x + 1") == [(2, 1)]
    assert lines("x = x + (1 if wide else 2)") == [(0, 1)]
    assert lines("while deep:\n    x = x + 1") == [(0, 1)]


def test_each_part_that_is_asked(lines):
    body = "if (\n    wide\n    and x.shape[0] > 0\n):\n    x = x + 1"
    assert lines(body) == [(1, 1)]


def test_a_run_that_was_not_followed_to_its_end_gives_the_least(told):
    body = "for _ in range(2):\n    x = x[x.nonzero()[:, 0]]\n"
    whole = NET.replace("BODY", textwrap.indent(body, "        "))
    (known,) = told(GraphBreak, whole, "h100-sxm")
    assert known.message.endswith("2 times in one run")
    cut = whole.replace("        return x", "        return unheard_of(x)")
    (found,) = told(GraphBreak, f"from elsewhere import unheard_of\n{cut}", "h100-sxm")
    assert found.message.endswith("at least 2 times in one run")


@pytest.mark.parametrize(("said", "count"), [("int", 0), ("'int'", 0), ("torch.Tensor", 1)])
def test_a_number_is_not_taken_for_a_tensor(told, said: str, count: int):
    text = f"""
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.embed = nn.Embedding(10, 8)

            def forward(self, index: {said}, ids=None):
                if index.sum() == 0:
                    raise ValueError("not the first")
                return self.embed(index if ids is None else ids)
        """
    assert len(told(GraphBreak, textwrap.dedent(text), "h100-sxm")) == count
