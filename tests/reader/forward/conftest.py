import importlib.util
from pathlib import Path

import pytest

from hwlint.engine.inputs import parse_input
from hwlint.reader import ForwardOptions, Reader, ReadOptions


def read_flow(path, name, inputs=()):
    """The graph of one class of a file, called with `inputs` as the command line writes them."""
    folder = Path(path).parent
    given = tuple(parse_input(text) for text in inputs)
    options = ReadOptions(folder, (folder,), forward=ForwardOptions(given))
    graphs = Reader(options).read_place(str(path), name).graphs
    assert len(graphs) == 1, f"{name} is read {len(graphs)} times"
    return graphs[0]


def load(path):
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session", name="read_flow")
def read_flow_fixture():
    return read_flow


@pytest.fixture(scope="session", name="load")
def load_fixture():
    return load
