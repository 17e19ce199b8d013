from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.engine.config import load_config
from hwlint.engine.errors import UserError

Project = Callable[[Mapping[str, str]], Path]


def loaded(project: Project, text: str):
    return load_config(project({".git/HEAD": "", "pyproject.toml": "[tool.hwlint]\n" + text}))


def test_without_a_file_the_defaults_hold(project: Project):
    config = load_config(project({".git/HEAD": ""}))
    assert (config.devices, config.batch, config.mode) == (("h100-sxm",), 1, "inference")
    assert config.where("devices") == "default"


def test_every_key_is_read(project: Project):
    config = loaded(
        project,
        """
        devices = ["stm32h743", "h100-sxm", "stm32h743"]
        dtype = { "h100-sxm" = "fp16" }
        batch = 8
        mode = "training"
        image-size = [192, 160]
        select = ["HW1"]
        ignore = "HW102"
        exclude = ["old"]
        src = ["lib"]
        python = ".venv/bin/python"
        min-coverage = 90
        fail-on = "warning"
        severity.HW101 = "error"
        [tool.hwlint.models."net.py:Net"]
        args = { width = 64 }
        inputs = [[1, 3, 32, 32]]
        batch = 2
        """.replace("\n        ", "\n"),
    )
    assert config.file is not None
    root = config.file.parent
    assert config.devices == ("stm32h743", "h100-sxm")
    assert config.dtype == {"h100-sxm": "fp16"}
    assert (config.batch, config.mode, config.image_size) == (8, "training", (192, 160))
    assert (config.select, config.ignore, config.exclude) == (("HW1",), ("HW102",), ("old",))
    assert (config.src, config.python) == ((root / "lib",), root / ".venv/bin/python")
    assert (config.min_coverage, config.fail_on) == (90.0, "warning")
    assert config.severity == {"HW101": "error"}
    model = config.models["net.py:Net"]
    assert (model.args, model.inputs, model.batch) == ({"width": 64}, ((1, 3, 32, 32),), 2)
    assert config.where("devices").endswith("pyproject.toml:3")


WRONG = [
    ('devcies = ["a"]', 2, 'unknown key "devcies"; did you mean "devices"?'),
    ("devices = [1]", 2, '"devices" must be a list of strings'),
    ("devices = []", 2, '"devices" is empty'),
    ("batch = 0", 2, '"batch" must be a whole number from 1 up, not 0'),
    ("batch = true", 2, '"batch" must be a whole number from 1 up, not true'),
    ('\nmode = "train"', 3, '"mode" must be "inference" or "training", not "train"'),
    ('severity.HW101 = "loud"', 2, '"severity.HW101" must be one of'),
    ('[tool.hwlint.severity]\nHW101 = "loud"', 3, '"severity.HW101" must be one of'),
    ("min-coverage = 101", 2, '"min-coverage" must be a number from 0 to 100, not 101'),
    ("image-size = [1, 2, 3]", 2, '"image-size" must be a whole number or [height, width]'),
    ("dtype = 16", 2, '"dtype" must be a string or a table by device, not 16'),
    ("python = 3", 2, '"python" must be a string, not 3'),
    ('fail-on = "off"', 2, '"fail-on" must be'),
    ('[tool.hwlint.models."net.py:Net"]\narg = 1', 3, 'unknown key "arg"; did you mean "args"?'),
    ("[tool.hwlint.models.net]\ninputs = [[0]]", 3, '"inputs" must be a list of shapes'),
    ('extend = "nowhere.toml"', 2, "which is not there"),
    ("devices = [", 2, ""),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_what_is_wrong_is_said_with_its_line(
    project: Project, monkeypatch: pytest.MonkeyPatch, text: str, line: int, message: str
):
    monkeypatch.chdir(project({}))
    with pytest.raises(UserError) as error:
        loaded(project, text)
    assert str(error.value).startswith(f"pyproject.toml:{line}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_hwlint_toml_goes_before_pyproject(project: Project):
    root = project({"hwlint.toml": "batch = 2", "pyproject.toml": "[tool.hwlint]\nbatch = 3"})
    assert load_config(root).batch == 2


def test_the_closest_one_counts_and_nothing_is_merged(project: Project):
    root = project(
        {
            "pyproject.toml": "[tool.hwlint]\nbatch = 3\nmode = 'training'",
            "sub/pyproject.toml": "[tool.hwlint]\nbatch = 2",
        }
    )
    config = load_config(root / "sub")
    assert (config.batch, config.mode) == (2, "inference")


def test_extend_takes_over_what_is_not_said(project: Project):
    root = project(
        {
            "base.toml": "batch = 3\nmode = 'training'",
            "hwlint.toml": "extend = 'base.toml'\nbatch = 2",
        }
    )
    config = load_config(root)
    assert (config.batch, config.mode) == (2, "training")
    assert config.where("mode").endswith("base.toml:2")


def test_extend_in_a_circle_is_an_error(project: Project):
    root = project({"hwlint.toml": "extend = 'b.toml'", "b.toml": "extend = 'hwlint.toml'"})
    with pytest.raises(UserError, match="leads back"):
        load_config(root)


def test_a_file_that_is_no_text_is_an_error(project: Project):
    root = project({"hwlint.toml": ""})
    (root / "hwlint.toml").write_bytes(b"batch = \xff")
    with pytest.raises(UserError, match="not UTF-8"):
        load_config(root)
