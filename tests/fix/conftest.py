"""A project that is checked, fixed and written in this process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hwlint.engine.run import CheckResult, Options, check
from hwlint.fix.session import Mended, mend

Project = Callable[[Mapping[str, str]], Path]


@dataclass
class Fixing:
    """One project."""

    root: Path
    options: Options

    def check(self) -> CheckResult:
        return check([self.root], self.options)

    def mend(self, *, unsafe: bool = True) -> Mended:
        (mended,) = mend([self.root], self.options, unsafe=unsafe)
        return mended

    def apply(self, mended: Mended) -> None:
        for path, content in mended.after.items():
            Path(path).write_bytes(content)

    def text(self, name: str = "net.py") -> str:
        return (self.root / name).read_text(encoding="utf-8")


@pytest.fixture
def fixing(project: Project) -> Callable[..., Fixing]:
    """Return a function that writes a project and gives what fixes it."""

    def make(
        files: Mapping[str, str] | str,
        device: str = "h100-sxm",
        select: tuple[str, ...] | None = None,
        dtype: str | None = None,
    ) -> Fixing:
        root = project({"net.py": files} if isinstance(files, str) else files)
        options = Options(
            devices=tuple(device.split(",")),
            dtype=dtype,
            select=select,
            root=root,
            jobs=1,
            cache=False,
        )
        return Fixing(root, options)

    return make
