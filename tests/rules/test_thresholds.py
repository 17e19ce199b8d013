"""No number that decides whether there is a finding stands in a rule."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

RULES = Path(__file__).resolve().parents[2] / "rules" / "hwlint_rules"
COUNTING = {0, 1, 2, -1}
"""Neighbours, halves, sides, nothing and one of it: structure, no threshold."""
UNITS = {100, 1000, 1e6, 1e9}
"""Per cent, milli, micro and giga; as bounds of a comparison they are none of these."""
DECLARED = {"VALID", "INVALID", "example_budget", "example_devices"}

# Everything else, by file and number, with what it is.
KNOWN = {
    ("_alignment_text.py", 64): "how far a literal is searched for that fills all tiles",
    ("_alignment_text.py", 3): "digits that are kept of a factor",
    ("_budgets.py", 3): "lines that are named",
    ("_budgets.py", 10): "from where on a factor is shown without a decimal",
    ("_budgets.py", 100): "from where on an amount is shown without decimals",
    ("_budgets.py", 20): "bytes in a mebibyte, as a power of two",
    ("_budgets.py", 92): "the code of a backslash",
    ("_gates.py", 4): "layers of a global context: two pairs",
    ("_origins.py", 3): "leaves that are named",
    ("_origins.py", 4): "depth of a formula that is shown",
    ("_origins.py", 64): "exponents beyond which no layer is that wide",
    ("_origins.py", 90): "characters of a formula",
    ("_origins.py", 92): "the code of a backslash",
    ("_steps.py", 4): "tiles that are searched for a cheaper one",
    ("_text.py", 4): "words that are listed",
    ("_text.py", 9.95): "from where on a percentage is shown without a decimal",
    ("_text.py", 0.095): "below it a percentage is shown with one figure",
    ("_text.py", 0.01): "below it a percentage is shown as less than that",
    ("launch_bound_sequence.py", 3): "lines that are named",
    ("memory_bound_layer.py", 1000): "from where on the next unit of bytes is shown",
    ("misaligned_heads.py", 3): "the dimension that counts heads, from the end",
    ("unfused_attention.py", 4): "dimensions that torch's fused kernels of attention take",
    ("unfused_attention.py", 8): "what a head is a multiple of in fused kernels beside a mask",
    ("unremoved_reparametrization.py", 4): "bytes of a number in fp32",
}


def numbers(tree: ast.Module) -> Iterator[tuple[float, int, bool]]:
    """Yield each number that counts, its line, and whether something is compared with it."""
    compared = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for part in (node.left, *node.comparators)
    }
    declared = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id in DECLARED for t in node.targets)
        for part in ast.walk(node.value)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
            continue
        if id(node) not in declared:
            yield node.value, node.lineno, id(node) in compared


def thresholds(name: str, text: str) -> list[str]:
    """Return the numbers of a rule file that nothing explains."""
    return [
        f"{name}:{line}: {value}"
        for value, line, compared in numbers(ast.parse(text))
        if value not in COUNTING and (name, value) not in KNOWN and (compared or value not in UNITS)
    ]


def test_no_threshold_stands_in_a_rule():
    files = sorted(RULES.glob("*.py"))
    assert len(files) > 30
    wrong = [t for file in files for t in thresholds(file.name, file.read_text(encoding="utf-8"))]
    assert not wrong


def test_what_is_known_is_there():
    found = {
        (file.name, value)
        for file in RULES.glob("*.py")
        for value, _, _ in numbers(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert KNOWN.keys() <= found


@pytest.mark.parametrize(
    "line", ["if share > 0.05: ...", "LEAST = 8", "big = layer.params > 1000", "x = y % 16"]
)
def test_a_threshold_is_found(line: str):
    assert thresholds("some_rule.py", line)


@pytest.mark.parametrize("line", ["if count > 1: ...", "ms = 1000 * seconds", "half = size // 2"])
def test_what_is_no_threshold(line: str):
    assert not thresholds("some_rule.py", line)
