"""The line of a key in TOML text."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from hwlint.profile.lines import line_of

TEXT = """\
name = "x"  # [not.a.table]

[memory]
dram_gb = 80
"odd key" = 1
a.b = 2

[[tiles]]
minimum = 8

[[tiles]]  # the second
minimum = 4
inline = { deep = 3 }

[operators.int8.support]
ReLU = "fused"

[[fusion.activations]]
producers = []
[[fusion.activations]]
producers = []
"""


def test_keys_and_tables():
    assert line_of(TEXT, ("name",)) == 1
    assert line_of(TEXT, ("memory",)) == 3
    assert line_of(TEXT, ("memory", "dram_gb")) == 4
    assert line_of(TEXT, ("memory", "odd key")) == 5
    assert line_of(TEXT, ("memory", "a", "b")) == 6
    assert line_of(TEXT, ("tiles", 0, "minimum")) == 9
    assert line_of(TEXT, ("tiles", 1, "minimum")) == 12
    assert line_of(TEXT, ("operators", "int8", "support", "ReLU")) == 16
    assert line_of(TEXT, ("fusion", "activations", 1, "producers")) == 21


def test_the_nearest_table_where_the_key_is_not_written():
    assert line_of(TEXT, ("tiles", 1, "missing")) == 11
    assert line_of(TEXT, ("tiles", 1, "inline", "deep")) == 13
    assert line_of(TEXT, ("nothing",)) is None


KEYS = st.text("abcdef_", min_size=1, max_size=4)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, st.integers(), max_size=3), max_size=4))
def test_every_key_of_a_written_file_is_found(tables):
    lines: list[str] = []
    where: dict[tuple[str, str], int] = {}
    for table, keys in tables.items():
        lines.append(f"[{table}]")
        for key, value in keys.items():
            lines.append(f"{key} = {value}")
            where[table, key] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text) == tables
    assert all(line_of(text, path) == line for path, line in where.items())
