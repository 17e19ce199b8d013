import subprocess
import sys

from hwlint.ops import names


def test_the_file_is_what_the_script_writes(repository):
    path = repository / "docs" / "audits" / "torch_names.py"
    # In a process of its own: what other tests import shows up among torch's submodules.
    code = "import runpy, sys; print(runpy.run_path(sys.argv[1])['text'](), end='')"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    target = repository / "server" / "hwlint" / "ops" / "names.py"
    assert target.read_text(encoding="utf-8") == done.stdout


def test_names():
    assert "scaled_dot_product_attention" in names.FUNCTIONAL_NAMES
    assert "Conv2d" in names.NN_NAMES
    assert "meshgrid" in names.TORCH_NAMES
    assert "masked_fill" in names.TENSOR_NAMES
    every = (names.FUNCTIONAL_NAMES, names.NN_NAMES, names.TORCH_NAMES, names.TENSOR_NAMES)
    assert not {name for group in every for name in group if name.startswith("_")}
