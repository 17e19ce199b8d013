"""What a pass over a file rests on besides files: what earlier passes found that is built."""

from hwlint.engine.pool import Built
from hwlint.engine.workspace import digest
from hwlint.reader import STAGES

__all__ = ["PassNames"]


class PassNames:
    """Names passes: two with an equal name over unchanged files have an equal result."""

    def __init__(self) -> None:
        """Know of no classes that are built."""
        self._built: Built = frozenset()
        self._built_in: dict[str, list[str]] = {}

    def __call__(self, path: str, stage: str, built: Built) -> str:
        """Name the pass with what it rests on: a factory on the forms in which programs build any
        class, a class on whether it is built, a test on what is wanted of all."""
        if stage == STAGES[0]:
            return stage
        if stage != "defaults":
            marks = sorted(f"{p}:{t}" for p, t in built if stage == STAGES[-1] or " " in t)
            own = sorted(t for p, t in built if p == path and stage != STAGES[-1])
            return f"{stage} {digest(chr(0).join([*marks, *own]).encode())}"
        if built is not self._built:
            self._built = built
            self._built_in = {}
            for owner, name in sorted(built):
                self._built_in.setdefault(owner, []).append(name)
        return " ".join(("defaults", *self._built_in.get(path, ())))
