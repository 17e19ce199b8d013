"""The JSON schema of the configuration takes what is read, and nothing else."""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import jsonschema
import pytest

from hwlint.engine.config import KEYS, load_config
from hwlint.engine.config_schema import SCHEMA, schema_text
from hwlint.engine.errors import UserError

Project = Callable[[Mapping[str, str]], Path]
GOOD = {
    "extend": ["extend = 'hwlint-base.toml'"],
    "devices": ["devices = ['h100-sxm']", "devices = 'h100-sxm'"],
    "dtype": ["dtype = 'bf16'", "dtype = { h100-sxm = 'fp16' }"],
    "batch": ["batch = 8"],
    "mode": ["mode = 'training'"],
    "image-size": ["image-size = [192, 160]", "image-size = 224"],
    "select": ["select = ['HW1', 'redundant-bias']", "select = 'HW1'", "select = []"],
    "ignore": ["ignore = ['HW302']"],
    "severity": ["severity.HW1 = 'off'", "severity = {}"],
    "per-file-ignores": ["per-file-ignores = { 'a/*' = ['HW1'], b = 'HW2' }"],
    "exclude": ["exclude = ['old/']"],
    "src": ["src = ['lib']"],
    "python": ["python = '.venv'"],
    "min-coverage": ["min-coverage = 90", "min-coverage = 99.5"],
    "fail-on": ["fail-on = 'info'"],
    "models": [
        "models.'a.py:Net' = { args = { width = 96, deep = [1] }, inputs = [[1, 3, 2, 2]] }",
        "models.a = { inputs = ['x=1x128:int64', [1, 2]], batch = 2 }",
    ],
    "budgets": [
        "[[budgets]]\nmodel = 'a.py:Net'\ndevice = 'stm32h743'\nlatency_ms = 50\nsram_kb = 0.5",
        "budgets = []",
    ],
    "targets": [
        "targets.pi = { profile = 'raspberry-pi-5', ssh = 'pi@host', python = 'python3.11' }",
        "targets.a = { profile = 'h100', runner = 'torch-compile' }",
        "targets.a = { profile = 'h100', dask = 'tcp://farm:8786' }",
        "targets.a = { profile = 'h100', command = 'flash {model}' }",
    ],
}
BAD = {
    "extend": ["extend = 1"],
    "devices": ["devices = []", "devices = [1]", "devices = 3"],
    "dtype": ["dtype = 16", "dtype = { h100-sxm = 16 }"],
    "batch": ["batch = 0", "batch = true", "batch = 1.5", "batch = '1'"],
    "mode": ["mode = 'train'", "mode = 1"],
    "image-size": ["image-size = [1, 2, 3]", "image-size = [0, 1]", "image-size = [1]"],
    "select": ["select = [1]", "select = {}"],
    "ignore": ["ignore = 302"],
    "severity": ["severity.HW1 = 'loud'", "severity = 'off'"],
    "per-file-ignores": ["per-file-ignores = ['a']", "per-file-ignores.a = [1]"],
    "exclude": ["exclude = [{}]"],
    "src": ["src = [1]"],
    "python": ["python = 3", "python = ['a']"],
    "min-coverage": ["min-coverage = 101", "min-coverage = -1", "min-coverage = '9'"],
    "fail-on": ["fail-on = 'off'", "fail-on = 2"],
    "models": [
        "models = ['a']",
        "models.a = 1",
        "models.a = { width = 1 }",
        "models.a = { args = [1] }",
        "models.a = { inputs = [[0]] }",
        "models.a = { inputs = [1] }",
        "models.a = { batch = 0 }",
    ],
    "budgets": [
        "budgets = 'a'",
        "[[budgets]]\nmodel = 'a'\ndevice = 'b'",
        "[[budgets]]\nmodel = 'a'\nlatency_ms = 5",
        "[[budgets]]\nmodel = 'a'\ndevice = 'b'\nlatency_ms = 0",
        "[[budgets]]\nmodel = 'a'\ndevice = 'b'\nlatency_s = 1",
        "[[budgets]]\nmodel = 1\ndevice = 'b'\nlatency_ms = 1",
    ],
    "targets": [
        "targets = ['pi']",
        "targets.pi = 'pi@host'",
        "targets.pi = { ssh = 'pi@host' }",
        "targets.pi = { profile = 'h100', ssh = '-oProxyCommand=x' }",
        "targets.pi = { profile = 'h100', ssh = 'a', command = 'b' }",
        "targets.pi = { profile = 'h100', dask = 'farm:8786' }",
        "targets.pi = { profile = 'h100', runner = 'tvm' }",
        "targets.pi = { profile = 'h100', sssh = 'a' }",
    ],
    "unknown": ["devcies = ['a']"],
}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one_and_knows_every_key():
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))
    properties = SCHEMA["properties"]
    assert isinstance(properties, Mapping)
    assert set(properties) == {*KEYS, "extend"} == set(GOOD)
    assert set(BAD) == {*GOOD, "unknown"}


@pytest.mark.parametrize("text", [text for texts in GOOD.values() for text in texts])
def test_what_is_read_is_in_the_schema(project: Project, text: str):
    load_config(project({"hwlint.toml": text, "hwlint-base.toml": ""}))
    VALIDATOR.validate(tomllib.loads(text))


@pytest.mark.parametrize("text", [text for texts in BAD.values() for text in texts])
def test_what_is_refused_is_not(project: Project, text: str):
    with pytest.raises(UserError):
        load_config(project({"hwlint.toml": text}))
    assert not VALIDATOR.is_valid(tomllib.loads(text))


def test_the_command_prints_it(hwlint):
    assert json.loads(hwlint("config", "--schema").stdout) == json.loads(schema_text())


def test_the_readme_shows_a_configuration_that_is_one(repository: Path):
    text = (repository / "README.md").read_text(encoding="utf-8")
    shown = text.partition("## Configuration")[2].partition("```toml\n")[2].partition("```")[0]
    VALIDATOR.validate(tomllib.loads(shown)["tool"]["hwlint"])
