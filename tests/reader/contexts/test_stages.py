"""What is read of a workspace, stage by stage: factories, defaults, tests and documents, hints."""

import json
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.engine.run import CheckResult, Options, check

Write = Callable[[Mapping[str, str]], Path]

NET = """
    import torch.nn as nn

    class Net(nn.Module):
        def __init__(self, width, depth=2):
            super().__init__()
            self.layers = nn.ModuleList(nn.Conv2d(width, width, 3) for _ in range(depth))
"""


def run(root: Path, *paths: str) -> CheckResult:
    """Check a workspace."""
    (root / "hwlint.toml").touch()
    chosen = [root / path for path in paths] or [root]
    return check(chosen, Options(cache=False, jobs=1))


def inspect(hwlint: Callable[..., object], root: Path, *arguments: str) -> Mapping[str, object]:
    """Return the list of contexts as JSON."""
    done = hwlint("inspect", root, "--contexts", "--output-format", "json", *arguments)
    return json.loads(done.stdout)  # type: ignore[attr-defined]


MARKDOWN = """
    # Net

    ```python
    from net import Net
    net = Net(100)
    ```
"""
RST = """
    Net
    ===

    .. code-block:: python

       from net import Net
       Net(100)
"""
PROMPTS = """
    >>> from net import Net
    >>> net = Net(
    ...     100)
"""
FUNCTION = """
    from net import Net

    def test_it():
        Net(100)
"""
PARAMETERS = """
    import pytest
    from net import Net

    @pytest.fixture
    def size():
        return 50

    @pytest.mark.parametrize("by", [1, 2])
    def test_it(by, size):
        Net(by * size)
"""
UNITTEST = """
    import unittest
    from net import Net

    class TestNet(unittest.TestCase):
        def setUp(self):
            self.net = Net(100)

        def test_it(self):
            pass
"""
SHOWN = [
    ("README.md", MARKDOWN),
    ("README.rst", RST),
    ("docs/use.md", PROMPTS),
    ("tests/test_net.py", FUNCTION),
    ("tests/test_net.py", PARAMETERS),
    ("tests/test_net.py", UNITTEST),
]


@pytest.mark.parametrize(("file", "text"), SHOWN)
def test_the_last_resort_gives_contexts_and_no_findings(
    project: Write, hwlint: Callable[..., object], file: str, text: str
) -> None:
    root = project({"net.py": NET, "run.py": "", file: text})
    result = run(root)
    assert not result.findings
    assert not result.coverage.unbuilt
    (model,) = inspect(hwlint, root)["models"]  # type: ignore[misc]
    rows = model["contexts"]
    assert {row["kind"] for row in rows} == {"shown"}
    assert {row["file"].endswith(file) for row in rows} == {True}
    program = "from net import Net\nNet(101)\n"
    (root / "run.py").write_text(program)
    built = run(root)
    assert built.findings
    assert built.coverage.total == 1


def test_documents_show_bases_too_and_other_classes_of_that_name(project: Write) -> None:
    derived = NET + "\n    class _Deep(Net):\n        pass\n"
    files = {f"{folder}/net.py": derived for folder in ("a", "b")}
    shown = "```python\nfrom {}.net import Net\nNet(100)\n```\n"
    root = project({**files, "README.md": shown.format("a") + shown.format("b")})
    result = run(root)
    assert (result.coverage.full, result.coverage.total) == (2, 2)
    assert not result.coverage.unbuilt


def test_modules_that_are_named_in_settings_only(project: Write) -> None:
    program = """
        import importlib, json

        settings = json.load(open("settings.json"))
        module = importlib.import_module(settings["module"])
        getattr(module, settings["class"])(**settings["arguments"])
    """
    settings = '{"module": "nets.net", "class": "Net", "arguments": {"width": 100}}'
    root = project({"nets/net.py": NET, "settings.json": settings, "train.py": program})
    (found,) = {found.built_by for found in run(root).findings}
    assert found.startswith("train.py:6 with")


def test_a_docstring_shows_how_a_class_is_built(project: Write) -> None:
    shown = '        """A net.\n\n        >>> Net(100)\n        """\n'
    text = NET.replace("class Net(nn.Module):\n", f"class Net(nn.Module):\n{shown}")
    result = run(project({"net.py": text}))
    assert (result.coverage.full, result.coverage.total) == (1, 1)
    assert not result.findings


def test_a_function_that_tries_a_class_out_builds_it(project: Write) -> None:
    text = NET + "\n    def test():\n        net = Net(100)\n        print(net)\n"
    guarded = f'{text}\n    if __name__ == "__main__":\n        test()\n'
    for version in (text, guarded):
        result = run(project({"net.py": version}))
        assert (result.coverage.full, result.coverage.total) == (1, 1)
        assert "built by net.py:10" in f"built by {result.findings[0].built_by}"


FACTORY = """

    def small(width=60):
        return Net(width)

    def large(width=120):
        return Net(width)
"""


@pytest.mark.parametrize(("call", "expected"), [("small()", 2), ("small(width=72)", 1)])
def test_defaults_that_a_program_never_uses_are_no_way_to_build(
    project: Write, call: str, expected: int
) -> None:
    program = f"import net\n\nif __name__ == '__main__':\n    net.{call}\n"
    result = run(project({"net.py": NET + FACTORY, "train.py": program}))
    assert result.coverage.total == 1 + (expected if expected > 1 else 0)


def test_findings_of_some_paths_are_those_of_all_at_these_paths(project: Write) -> None:
    program = "from net import Net\n\nif __name__ == '__main__':\n    Net(100)\n"
    root = project(
        {
            "net.py": NET,
            "a/train.py": program,
            "other.py": NET.replace("width, d", "d, width=44, d"),
        }
    )
    every = run(root).findings
    for path in ("net.py", "a", "other.py"):
        some = run(root, path).findings
        under = [f for f in every if Path(f.anchor.path).is_relative_to(root / path)]
        assert list(some) == under
    assert every


PARTED = {
    "pkg/__init__.py": "",
    "pkg/blocks.py": """
        import torch.nn as nn

        class Block(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.fc = nn.Linear(width, width)

        class Head(nn.Module):
            def __init__(self, width=None):
                super().__init__()
                self.fc = nn.Linear(width, 10)
        """,
    "pkg/net.py": """
        import torch.nn as nn
        from pkg.blocks import Block

        class Net(nn.Module):
            def __init__(self, cfg, block: type[nn.Module]):
                super().__init__()
                self.first = Block(cfg.width)
                self.rest = nn.ModuleList(block(cfg.width) for _ in range(cfg.get("depth", 2)))
        """,
}


def test_parts_of_what_nothing_builds_need_no_hint_of_their_own(project: Write) -> None:
    root = project(PARTED)
    assert [item.hint for item in run(root).coverage.unbuilt] == [
        "# hwlint: build(width=...)",  # of Head, whose default cannot be meant
        "# hwlint: build(cfg=SimpleNamespace(width=...), block=...)",
    ]


def test_a_hint_takes_the_names_of_its_file_and_modules(
    project: Write, hwlint: Callable[..., object]
) -> None:
    hint = "# hwlint: build(OmegaConf.create({'width': 1100}), block=pkg.blocks.Head)"
    text = textwrap.dedent(PARTED["pkg/net.py"]).replace("class Net", f"{hint}\nclass Net")
    (model,) = inspect(hwlint, project({**PARTED, "pkg/net.py": text}))["models"]  # type: ignore[misc]
    (row,) = model["contexts"]
    assert row["complete"]
    assert row["built_with"] == f"hint: {hint[16:-1]}"


def test_a_hint_that_cannot_be_computed_says_why(project: Write) -> None:
    text = NET.replace("    class Net", "    # hwlint: build(width=WIDTH)\n    class Net")
    (gap,) = run(project({"net.py": text})).coverage.gaps
    assert gap.reason == "NameError: name 'WIDTH' is not defined"


def test_a_hint_that_is_not_filled_in_is_a_note(project: Write) -> None:
    text = NET.replace("    class Net", "    # hwlint: build(width=...)\n    class Net")
    result = run(project({"net.py": text}))
    (note,) = result.notes
    assert note.reason.startswith("not understood: # hwlint: build(width=...)")
    assert "has `...` where a value belongs" in note.reason


def test_contexts_of_a_model(project: Write, hwlint: Callable[..., object]) -> None:
    program = (
        "from net import Net\n\nif __name__ == '__main__':\n    Net(100)\n    Net(64, depth=3)\n"
    )
    hinted = NET.replace("    class Net", "    # hwlint: build(width=8)\n    class Net")
    root = project({"net.py": hinted, "train.py": program, "hwlint.toml": ""})
    (model,) = inspect(hwlint, root)["models"]  # type: ignore[misc]
    rows = [(r["kind"], r["built_with"], r["default"]) for r in model["contexts"]]
    assert rows == [
        ("hint", "hint: width=8", True),
        ("call", "train.py:4 with width=100", False),
        ("call", "train.py:5 with width=64, depth=3", False),
    ]
    done = hwlint("inspect", root / "net.py", "--contexts")
    assert "* hint" in done.stdout  # type: ignore[attr-defined]
    assert "train.py:4 with width=100" in done.stdout  # type: ignore[attr-defined]
