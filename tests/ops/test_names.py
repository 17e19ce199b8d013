import importlib.util

from hwlint.ops import names


def test_the_file_is_what_the_script_writes(repository):
    path = repository / "docs" / "audits" / "torch_names.py"
    spec = importlib.util.spec_from_file_location("torch_names", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.TARGET.read_text(encoding="utf-8") == script.text()


def test_names():
    assert "scaled_dot_product_attention" in names.FUNCTIONAL_NAMES
    assert "Conv2d" in names.NN_NAMES
    assert "meshgrid" in names.TORCH_NAMES
    assert "masked_fill" in names.TENSOR_NAMES
    every = (names.FUNCTIONAL_NAMES, names.NN_NAMES, names.TORCH_NAMES, names.TENSOR_NAMES)
    assert not {name for group in every for name in group if name.startswith("_")}
