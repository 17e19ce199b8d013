"""The reader of plain YAML. What is expected was read by PyYAML 6.0.3's safe_load."""

import math

import pytest

from hwlint.source.literals import (
    Literal,
    LiteralProblem,
    plain,
    read_json,
    read_toml,
    read_yaml_text,
)

READ = [
    ("a: 1\nb:\n- x\n- y: 2\n  z: 3\n", {"a": 1, "b": ["x", {"y": 2, "z": 3}]}),
    ("a:\n  - 1\n  -\n    b: 2\n", {"a": [1, {"b": 2}]}),
    ("- - 1\n  - 2\n- 3\n", [[1, 2], 3]),
    ("a: [1, 2,\n  3]\nb: {x: 1, y: [a, b]}\n", {"a": [1, 2, 3], "b": {"x": 1, "y": ["a", "b"]}}),
    ("x: &a {p: 1}\ny:\n  <<: *a\n  q: 2\n", {"x": {"p": 1}, "y": {"p": 1, "q": 2}}),
    ("a: &w 64\nb: *w\n", {"a": 64, "b": 64}),
    ("# c\n---\na: 1 # c\nb: x#y\n...\n", {"a": 1, "b": "x#y"}),
    ("a: long text\n  goes on\nb: 1\n", {"a": "long text goes on", "b": 1}),
    ("a: 1e-3\nb: 1.0e-3\nc: 1.e+3\n", {"a": "1e-3", "b": 0.001, "c": 1000.0}),
    ("a: 'it''s'\nb: \"x\\ty\"\n", {"a": "it's", "b": "x\ty"}),
    ("a: |\n  x\n   y\nb: >-\n  x\n  y\n", {"a": "x\n y\n", "b": "x y"}),
    ("a: yes\nb: off\nc: ~\nd:\n", {"a": True, "b": False, "c": None, "d": None}),
    ("a: 0x1F\nb: 017\nc: 1_000\nd: -3\n", {"a": 31, "b": 15, "c": 1000, "d": -3}),
    ("a: \r\n  b: 1\r\n", {"a": {"b": 1}}),
    ("1: 2\n'k:v': [a:b, http://x.y/z]\n", {1: 2, "k:v": ["a:b", "http://x.y/z"]}),
    ("", None),
    ("- [from, 'x', -1]\n", [["from", "x", -1]]),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_plain_data(text: str, expected: object) -> None:
    assert plain(read_yaml_text("x.yaml", text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/tuple [1]\n",
        "a: !!python/object/apply:os.system [id]\n",
        "a: 1\n b: 2\n",
        "a: [1, 2\n",
        "a: {b}}\n",
        "a: *nothing\n",
        "a: 1\n---\nb: 2\n",
        "a:\n\tb: 1\n",
        "? a\n: b\n",
        "a: 1:30\n",
        "a: 'x\n",
        "a: @x\n",
        "[" * 200,
        "- " * 200,
        "a: 'b' c\n",
        "- 1\nb: 2\n",
    ],
)
def test_what_is_not_plain_is_refused(text: str) -> None:
    with pytest.raises(LiteralProblem) as caught:
        read_yaml_text("x.yaml", text)
    assert caught.value.path == "x.yaml"


def test_aliases_do_not_multiply() -> None:
    lines = ["a0: &a0 [1, 1]"]
    lines += [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    read = read_yaml_text("x.yaml", "\n".join(lines))
    assert isinstance(read.value, dict)
    assert len(read.value) == 40


def test_values_keep_their_place() -> None:
    read = read_yaml_text("net.yaml", "model:\n  width: 100  # wide\n")
    assert isinstance(read.value, dict)
    model: Literal = read.value["model"]
    assert isinstance(model.value, dict)
    place = model.value["width"].place
    assert (place.path, place.line, place.col, place.end_col) == ("net.yaml", 1, 9, 12)


def test_numbers_as_omegaconf_reads_them() -> None:
    assert plain(read_yaml_text("x.yaml", "lr: 3e-4\n", floats=True)) == {"lr": 3e-4}


def test_json() -> None:
    read = read_json("x.json", '{"a": [1, 2.5e3, true, null, "\\u00e9"], "b": {"c": "x"}}')
    assert plain(read) == {"a": [1, 2500.0, True, None, "é"], "b": {"c": "x"}}
    assert isinstance(read.value, dict)
    assert read.value["a"].place.line == 0
    with pytest.raises(LiteralProblem):
        read_json("x.json", "{'a': 1}")


def test_toml() -> None:
    assert plain(read_toml("x.toml", "[model]\nwidth = 64\n")) == {"model": {"width": 64}}
    with pytest.raises(LiteralProblem):
        read_toml("x.toml", "a = ")


def test_not_a_number() -> None:
    assert math.isnan(plain(read_yaml_text("x.yaml", "a: .nan\n"))["a"])
