from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Schema:
    """Columns of a data set."""

    name: str
    n_numeric: int
    cardinalities: tuple[int, ...] = field(default_factory=tuple)
    n_classes: int = 1

    @property
    def n_out(self) -> int:
        return 1 if self.n_classes <= 2 else self.n_classes


SCHEMAS = {
    "adult": Schema("adult", 6, (9, 16, 7, 15, 6, 5, 2, 42), 2),
    "covtype": Schema("covtype", n_numeric=10, cardinalities=(4, 40), n_classes=7),
    "california": Schema("california", 8),
}
