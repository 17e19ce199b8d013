"""HW208."""

from collections.abc import Iterable

from hwlint.api import Finding, Reading, Rule

__all__ = ["MissingQat"]


class MissingQat(Rule):
    """A project that trains for an integer-only device and never quantises.

    What it checks
    --------------
    Files that make an optimiser of `torch.optim`, on devices of which the profile says that they
    compute in integers only, where no file of the project names anything that quantises: PyTorch's
    own modules, torchao, or one of the usual tools. Whether training simulates integers
    (quantization-aware training) or a trained model is calibrated afterwards does not matter
    here: either is an answer, and both leave a trace in the source. A project that only defines
    models is left alone.

    Why it costs
    ------------
    Weights and activations will be rounded to 256 levels before the model runs on the device. What
    accuracy that takes shows only after training, unless training has the rounding in it.

    Example
    -------
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    Use instead
    -----------
        model = prepare_qat_pt2e(exported, quantizer)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    Fix safety
    ----------
    No fix: it concerns how the model is trained.

    Profile fields
    --------------
    `requirements.integer_only`.

    References
    ----------
    - https://docs.pytorch.org/ao/stable/pt2e_quantization/pt2e_quant_qat.html
    - https://arxiv.org/abs/1712.05877
    """

    code = "HW208"
    name = "missing-qat"
    scope = "file"
    watches = ("torch.optim.",)
    words = (
        "ai_edge_quantizer",
        "ai_edge_torch",
        "aimet",
        "ao.quantization",
        "brevitas",
        "FakeQuant",
        "fake_quant",
        "model_compression_toolkit",
        "modelopt",
        "neural_compressor",
        "nn.quantized",
        "nncf",
        "onnxruntime.quantization",
        "optimum.quanto",
        "prepare_qat",
        "pt2e",
        "pytorch_quantization",
        "QuantStub",
        "quantize_static",
        "torch.quantization",
        "torchao",
    )
    default_severity = "info"
    example_devices = ("ethos-u55-128", "coral-edge-tpu", "rp2040")
    VALID = (
        """
        import torch
        from torch.ao.quantization import get_default_qat_qconfig, prepare_qat

        def train(model):
            model.qconfig = get_default_qat_qconfig("qnnpack")
            model = prepare_qat(model.train())
            return torch.optim.SGD(model.parameters(), lr=0.1)
        """,
        """
        import torch.nn as nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(64, 64)
        """,
        """
        import torch

        class Warmup(torch.optim.lr_scheduler.LRScheduler):
            pass

        def schedule(optimizer):
            return torch.optim.lr_scheduler.StepLR(optimizer, 10)
        """,
    )
    INVALID = (
        """
        import torch

        def train(model):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            return optimizer
        """,
        """
        from torch.optim import AdamW

        def train(model):
            return AdamW(model.parameters())
        """,
    )

    def check(self, reading: Reading) -> Iterable[Finding]:
        """Yield one finding for the first optimiser of a file."""
        known = reading.profile.requirements
        if reading.facts is None or known is None or not known.integer_only or reading.words:
            return
        for call in reading.facts.calls:
            name = call.name.removeprefix("torch.optim.")
            if name[:1].isupper() and name != "Optimizer":
                yield Finding(
                    call.place,
                    f"trained in float for {reading.dtype} only: nothing in this project quantises",
                    f"the device computes in integers alone [{known.evidence}]",
                    "train with simulated integers (prepare_qat_pt2e), or calibrate afterwards "
                    "and compare the accuracy",
                )
                return
