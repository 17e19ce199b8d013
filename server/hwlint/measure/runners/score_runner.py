"""Training-free scores of a model as it is initialised: evidence of its capacity, not accuracy.

python -I score_runner.py FOLDER

Writes `scores.json`: each score's natural logarithm by its name, or null where it cannot be had.
"""

# torch is met here as whatever version the project has.
# pyright: basic
from __future__ import annotations

import json
import math
import sys
from typing import Any, Callable, Dict, List, Optional

sys.path.insert(0, sys.argv[1])
import hwlint_building  # from the folder of the job
import hwlint_support

sys.path.remove(sys.argv[1])

CODES = 16
"""Inputs that NASWOT tells apart."""


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Do one job."""
    work.progress("importing torch")
    torch = hwlint_building.torch_of(work)
    scores: Dict[str, Optional[float]] = {}
    for name, score in SCORES.items():
        work.progress(name)
        torch.manual_seed(work.job["seed"])
        subject = hwlint_building.subject_of(work, torch)
        try:
            found = score(subject, torch)
        except Exception as problem:  # noqa: BLE001 - a model may do what a score cannot follow
            work.notes.append(f"{name}: {hwlint_support.said(problem)}")
            found = None
        scores[name] = found if found is not None and math.isfinite(found) else None
    work.only_once()
    work.write("scores.json", json.dumps(scores))
    return {}


def synflow(subject: Any, torch: Any) -> Optional[float]:
    """Return the log of the sum over parameters of |parameter x its gradient|, where parameters are
    their absolute values, the input is all ones and what is differentiated is the outputs' sum.

    Tanaka et al., "Pruning neural networks without any data by iteratively conserving synaptic
    flow", NeurIPS 2020, arXiv:2006.05467; as a score of models: Abdelfattah et al., "Zero-cost
    proxies for lightweight NAS", ICLR 2021, arXiv:2101.08134.
    """
    module = subject.module.double()
    with torch.no_grad():
        for value in module.parameters():
            value.abs_()
    args = [_changed(a, torch, lambda t: torch.ones_like(t).double()) for a in subject.args]
    named = {
        n: _changed(a, torch, lambda t: torch.ones_like(t).double())
        for n, a in subject.kwargs.items()
    }
    _total(module(*args, **named), torch, lambda t: t.sum()).backward()
    flows = [(p.grad * p).abs().sum() for p in module.parameters() if p.grad is not None]
    return _log(float(sum(flows)))


def naswot(subject: Any, torch: Any) -> Optional[float]:
    """Return the log of |det K|, where K counts for each two of some random inputs the units that
    are on for both or off for both. None where nothing is a `torch.nn.ReLU` or its like.

    Mellor et al., "Neural architecture search without training", ICML 2021, arXiv:2006.04647.
    """
    codes: List[Any] = []

    def keep(_: Any, __: Any, output: Any) -> None:
        codes.append((output.detach() > 0).flatten())

    kinds = (torch.nn.ReLU, torch.nn.ReLU6, torch.nn.LeakyReLU)
    units = [m for m in subject.module.modules() if isinstance(m, kinds)]
    handles = [unit.register_forward_hook(keep) for unit in units]
    rows: List[Any] = []
    try:
        for _ in range(CODES):
            codes.clear()
            args = [_changed(a, torch, torch.randn_like) for a in subject.args]
            named = {n: _changed(a, torch, torch.randn_like) for n, a in subject.kwargs.items()}
            with torch.no_grad():
                subject.module(*args, **named)
            if not codes:
                return None
            rows.append(torch.cat(codes))
    finally:
        for handle in handles:
            handle.remove()
    on = torch.stack(rows).double()
    return float(torch.linalg.slogdet(on @ on.T + (1 - on) @ (1 - on).T)[1])


def grad_norm(subject: Any, torch: Any) -> Optional[float]:
    """Return the log of the Euclidean norm of all gradients of the outputs' mean square: there are
    no labels.

    Abdelfattah et al., arXiv:2101.08134, who take the loss of one batch.
    """
    module = subject.module
    outputs = module(*subject.args, **subject.kwargs)
    _total(outputs, torch, lambda t: t.pow(2).mean()).backward()
    squares = [p.grad.pow(2).sum() for p in module.parameters() if p.grad is not None]
    return _log(math.sqrt(float(sum(squares))))


SCORES = {"synflow": synflow, "naswot": naswot, "grad_norm": grad_norm}


def _changed(value: Any, torch: Any, to: Callable[[Any], Any]) -> Any:
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return to(value)
    return value


def _total(outputs: Any, torch: Any, each: Callable[[Any], Any]) -> Any:
    """Return the sum of `each` over all tensors of an output that gradients flow through."""
    if isinstance(outputs, torch.Tensor):
        return each(outputs)
    values = list(outputs.values() if isinstance(outputs, dict) else outputs)
    return sum(_total(v, torch, each) for v in values if v is not None)


def _log(value: float) -> Optional[float]:
    return math.log(value) if value > 0 else None


if __name__ == "__main__":
    hwlint_support.run(main)
