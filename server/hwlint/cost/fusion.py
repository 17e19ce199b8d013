"""Which operations the runtime of a profile makes one kernel of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hwlint.cost.attention import fused_attention
from hwlint.cost.tensors import Deployed
from hwlint.graph import Flow
from hwlint.ops.functional_elementwise import ROWS as ELEMENTWISE
from hwlint.profile import Fusion, Profile

__all__ = ["Group", "group"]

_REDUCTIONS = frozenset(
    ("layer_norm", "rms_norm", "group_norm", "softmax", "log_softmax", "mean", "sum", "normalize")
)
POINTWISE = frozenset(row.name for row in ELEMENTWISE)
"""Functions that make one item of the items at the same place."""
_GENERATED = POINTWISE | _REDUCTIONS


@dataclass(slots=True)
class Group:
    """Operations that run as one kernel."""

    operations: list[int] = field(default_factory=list[int])
    folded: list[int] = field(default_factory=list[int])
    """Of these, those whose work has gone into the weights of another."""


def group(
    flow: Flow, tensors: Deployed, profile: Profile, dtype: str, ops: Sequence[str]
) -> list[Group]:
    """Return the kernels of a run in order; views are in none of them.

    `ops`: torch.nn's name of each operation, see `layer_op`.
    """
    grouping = _Grouping(flow, tensors, profile.fusion, dtype, ops)
    for number in sorted(tensors.running):
        grouping.add(number)
    return grouping.groups


class _Grouping:
    def __init__(
        self,
        flow: Flow,
        tensors: Deployed,
        fusion: Fusion | None,
        dtype: str,
        ops: Sequence[str],
    ) -> None:
        self.flow = flow
        self.tensors = tensors
        self.fusion = fusion
        self.dtype = dtype
        self.ops = ops
        self.groups: list[Group] = []
        self.of: dict[int, Group] = {}
        attention = fusion is not None and fusion.attention
        missed = fusion.attention_missed if fusion is not None else ()
        self.attention: Mapping[int, int] = {}
        if attention:
            self.attention = fused_attention(flow, tensors, missed)
        self.writers: dict[int, int] = {}
        """The last operation that wrote each tensor, also in place."""

    def add(self, number: int) -> None:
        operation = self.flow.operations[number]
        if operation.effect in ("view", "same") or not operation.outputs:
            return
        first = self.attention.get(number)
        home = self._folds(number) or self._joins(number) if first is None else self.of.get(first)
        if home is None:
            home = Group()
            self.groups.append(home)
        home.operations.append(number)
        self.of[number] = home
        for root in self.tensors.run.made[number]:
            self.writers[root] = number

    def _folds(self, number: int) -> Group | None:
        """The kernel whose weights take up this batch norm."""
        into = self.fusion.batch_norm_folds_into if self.fusion is not None else None
        if not into or self.flow.operations[number].name != "batch_norm":
            return None
        before = self._sole_producer(number)
        if before is None or self.ops[before] not in into:
            return None
        self.of[before].folded.append(number)
        return self.of[before]

    def _joins(self, number: int) -> Group | None:
        if self.fusion is None:
            return None
        generated = self._generated_into(number)
        if generated is not None:
            return generated
        before = self._sole_producer(number)
        if before is None:
            return None
        home = self.of[before]
        heads = {self.ops[n] for n in home.operations if n not in home.folded}
        if self._is_activation(number, heads):
            return home
        return home if self._is_residual(number, home) else None

    def _is_activation(self, number: int, heads: set[str]) -> bool:
        assert self.fusion is not None
        return any(
            self.ops[number] in fused.activations
            and (not fused.dtypes or self.dtype in fused.dtypes)
            and heads & set(fused.producers)
            for fused in self.fusion.activations
        )

    def _generated_into(self, number: int) -> Group | None:
        """The generated kernel that an operation goes into: item by item into one that works so,
        and with `reductions` before and after one reduction. Others may read what is inside; all
        else that the operation reads has to be there before the kernel starts."""
        assert self.fusion is not None
        if not self.fusion.pointwise_chains or self.flow.operations[number].name not in _GENERATED:
            return None
        made = self._makers(number)
        if not made:
            return None
        home = self.of[max(made)]
        started = home.operations[0]
        late = any(self.of[n] is not home and self.of[n].operations[-1] > started for n in made)
        return home if not late and self._is_generated(number, home) else None

    def _is_generated(self, number: int, home: Group) -> bool:
        assert self.fusion is not None
        name = self.flow.operations[number].name
        inside = [self.flow.operations[n].name for n in home.operations]
        reductions = [one for one in (*inside, name) if one in _REDUCTIONS]
        if len(reductions) > (1 if self.fusion.reductions else 0):
            return False
        return all(one in _GENERATED for one in inside)

    def _is_residual(self, number: int, home: Group) -> bool:
        operation = self.flow.operations[number]
        assert self.fusion is not None
        first = self.flow.operations[home.operations[0]]
        return bool(self.fusion.residual_add and operation.name == "add" and first.macs)

    def _makers(self, number: int) -> list[int]:
        """The operations that last wrote the inputs of one."""
        roots = set(self.tensors.run.taken[number])
        writers = self.writers
        return [writers[root] for root in roots if root in writers]

    def _sole_producer(self, number: int) -> int | None:
        """The latest operation that makes an input, where nothing else reads what it makes. What
        an operation in place leaves is its own: who reads that later reads something else."""
        made = self._makers(number)
        if not made:
            return None
        latest = max(made)
        outputs = set(self.tensors.run.made[latest])
        kept = outputs.difference(self.tensors.run.made[number])
        for out in outputs:
            for reader in self.tensors.readers.get(out, ()):
                if latest < reader and (reader < number or (reader > number and out in kept)):
                    return None
        return latest
