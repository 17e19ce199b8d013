"""What hwlint says of a module's source: it is read as `hwlint inspect` and `check` read it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from _ethos_u_cases import Case

from hwlint.api import Rule
from hwlint.engine.registry import discover_rules
from hwlint.engine.run import Options, configure, read_options
from hwlint.engine.workspace import index
from hwlint.graph import ModelGraph
from hwlint.profile import Profile, discover_profiles
from hwlint.reader import ForwardOptions, InputSpec, Reader, ReadOptions

__all__ = ["Static", "reading"]

DTYPES = {"float32": "", "positive": "", "bool": "bool"}
"""hwlint's names of the dtypes of inputs; floats are its default."""


class Static:
    """Reads sources that are written into one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        config = configure(folder, Options(root=folder))
        self._options: ReadOptions = read_options(index(folder, (folder,), config.exclude), config)
        self._profiles = discover_profiles(("hwlint_profiles",))

    def profile(self, target: str) -> Profile:
        """Return the profile of a device."""
        return self._profiles[target]

    def rules(self) -> list[Rule]:
        """Return hwlint's own rules."""
        return [rule() for rule in discover_rules(("hwlint_rules",))]

    def graph(self, case: Case) -> ModelGraph:
        """Return what the source builds, and what flows through it."""
        path = self._folder / "case.py"
        path.write_text(case.source)
        inputs = tuple(
            InputSpec("", tuple(shape), DTYPES.get(dtype, dtype)) for shape, dtype in case.inputs
        )
        options = replace(self._options, forward=ForwardOptions(inputs, {}))
        (graph,) = Reader(options).read_place(str(path), "Net").graphs
        return graph


@contextmanager
def reading() -> Iterator[Static]:
    """Read in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        yield Static(Path(name))
