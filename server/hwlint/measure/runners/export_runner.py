"""Exports a model to ONNX: model.onnx, what eager torch makes of the inputs (check.npz), and which
module each node comes from (nodes.json). Its result.json holds no times but `compile_s`.

    python -I export_runner.py FOLDER
"""

# torch, onnx, onnxruntime and numpy are met here as whatever version a device has.
# pyright: basic
from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import time
import warnings
from typing import Any, Dict, List, Optional, Set

sys.path.insert(0, sys.argv[1])
import hwlint_building  # from the folder of the job
import hwlint_support

sys.path.remove(sys.argv[1])

LARGEST_PROTO = 1_900_000_000
"""Bytes of weights up to which they fit into the file itself, which holds 2 GiB."""
_SCOPES = "pkg.torch.onnx.name_scopes"


def main(work: hwlint_support.Work) -> Dict[str, Any]:
    """Export one job."""
    work.progress("importing torch")
    torch = hwlint_building.torch_of(work)
    onnx = _onnx()
    subject = hwlint_building.subject_of(work, torch)
    work.progress("running once")
    outputs = _eager(subject, work, torch)
    work.progress("exporting to ONNX")
    start = time.perf_counter()
    path = work.path("model.onnx")
    _export(subject, path, work, torch)
    seconds = time.perf_counter() - start
    work.progress("checking the ONNX model")
    model = _checked(path, work, onnx)
    names = [value.name for value in model.graph.input]
    given = _flat([*subject.args, *subject.kwargs.values()], torch)
    if len(names) != len(given):
        # What changes nothing is no input of the exported graph.
        raise _failed(f"the graph takes {names}, the model was called with {len(given)} tensors")
    _save(work, names, given, outputs)
    work.write("nodes.json", json.dumps(_nodes(model, subject.module)))
    environment = {"export": f"torch {torch.__version__}, onnx {onnx.__version__}"}
    return {"compile_s": seconds, "environment": environment}


def _onnx() -> Any:
    wanted = ["onnx", "onnxscript"]
    try:
        import onnx
        import onnxscript  # noqa: F401 - torch.onnx needs it
    except ImportError as problem:
        advice = f"{sys.executable} -m pip install {' '.join(wanted)}; or --runner torch"
        message = f"exporting to ONNX needs {' and '.join(wanted)} beside torch: {problem}"
        raise hwlint_support.Stop("setup", message, advice=advice) from None
    return onnx


def _eager(subject: Any, work: hwlint_support.Work, torch: Any) -> List[Any]:
    try:
        with torch.inference_mode():
            made = subject.module(*subject.args, **subject.kwargs)
    except (SystemExit, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as problem:  # noqa: BLE001 - whatever the user's code raises
        raise hwlint_building.forward_failed(problem, work) from None
    work.only_once()
    return _flat(made, torch)


def _flat(value: Any, torch: Any) -> List[Any]:
    """Return the tensors of nested lists, tuples, dicts and data classes, in order."""
    leaves, _ = torch.utils._pytree.tree_flatten(value)  # noqa: SLF001 - what the exporter uses
    return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]


def _export(subject: Any, path: str, work: hwlint_support.Work, torch: Any) -> None:
    weights = sum(p.numel() * p.element_size() for p in subject.module.parameters())
    logging.disable(logging.WARNING)  # what it says of packages that are not there
    try:
        with warnings.catch_warnings(), open(os.devnull, "w") as nothing:
            warnings.simplefilter("ignore")
            with contextlib.redirect_stdout(nothing), contextlib.redirect_stderr(nothing):
                torch.onnx.export(
                    subject.module,
                    tuple(subject.args),
                    path,
                    kwargs=subject.kwargs or None,
                    dynamo=True,
                    external_data=weights > LARGEST_PROTO,
                    verbose=False,
                )
    except (SystemExit, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as problem:  # noqa: BLE001 - whatever the exporter or the user's code raises
        text = " ".join(str(problem).split())
        trace = hwlint_support.user_trace(problem, work)
        raise _failed(f"{type(problem).__name__}: {text[:600]}", trace) from None


def _failed(message: str, trace: str = "") -> hwlint_support.Stop:
    advice = "--runner torch measures it without ONNX"
    return hwlint_support.Stop("export", f"torch.onnx cannot export it: {message}", trace, advice)


def _checked(path: str, work: hwlint_support.Work, onnx: Any) -> Any:
    try:
        onnx.checker.check_model(path, full_check=True)
    except Exception as problem:  # noqa: BLE001 - the checker has several kinds
        raise _failed(f"onnx.checker: {' '.join(str(problem).split())[:600]}") from None
    model = onnx.load(path, load_external_data=False)
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), "?")
    work.notes.append(f"ONNX opset {opset}, {len(model.graph.node)} nodes, passed onnx.checker")
    return model


def _save(
    work: hwlint_support.Work, names: List[str], given: List[Any], outputs: List[Any]
) -> None:
    import numpy

    arrays = {f"in:{name}": _array(tensor) for name, tensor in zip(names, given)}
    arrays.update({f"out:{n:04}": _array(tensor) for n, tensor in enumerate(outputs)})
    numpy.savez(work.path("check.npz"), **arrays)


def _array(tensor: Any) -> Any:
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":  # numpy has none
        tensor = tensor.float()
    return tensor.contiguous().numpy()


# --- where nodes come from ------------------------------------------------------------------


def _nodes(model: Any, module: Any) -> List[Dict[str, Any]]:
    """Return each node with the module that it is the work of."""
    weights = {tensor.name for tensor in model.graph.initializer}
    modules = {name for name, _ in module.named_modules()}
    return [
        {
            "name": node.name,
            "op": node.op_type,
            "inputs": [name for name in node.input if name],
            "outputs": list(node.output),
            "module": _module_of(node, weights, modules),
        }
        for node in model.graph.node
    ]


def _module_of(node: Any, weights: Set[str], modules: Set[str]) -> Optional[str]:
    """Return the module whose weights the node has, else the one that was running."""
    for name in node.input:
        owner = name.rpartition(".")[0]
        if name in weights and owner and owner in modules:
            return owner
    running = _running(node)
    return running if running in modules else None


def _running(node: Any) -> Optional[str]:
    """Return the module that was running."""
    for entry in node.metadata_props:
        if entry.key == _SCOPES:
            scopes = re.findall(r"'([^']*)'", entry.value)  # a list as Python writes it
            return scopes[-2] if len(scopes) > 1 else None
    return None


if __name__ == "__main__":
    hwlint_support.run(main)
