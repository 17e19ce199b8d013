"""`hwlint device fit`: what it prints."""

import re
from dataclasses import dataclass
from pathlib import Path

from hwlint.cost import Accuracy, item_bytes
from hwlint.engine.errors import UserError
from hwlint.engine.fitting import Fitting, fit_device, write_profile
from hwlint.engine.run import Options
from hwlint.engine.workspace import find_root
from hwlint.profile import available_profiles, find_profile

__all__ = ["Shown", "fit_and_write"]


@dataclass(frozen=True)
class Shown:
    """A fit and where it was written."""

    device: str
    dtype: str
    fitting: Fitting
    path: Path

    def text(self) -> str:
        """Return it for people."""
        found, ours = self.fitting.coefficients, self.fitting.ours
        head = f"{self.device} in {self.dtype}, {ours.samples} models, each foretold by the others:"
        formula = (
            f"latency = {found.ms_per_gop:.4g} ms per 10^9 operations + {found.ms_per_mb:.4g} ms "
            f"per MB + {found.ms_per_kernel:.4g} ms per kernel {_signed(found.ms)} ms"
        )
        lines = [
            head,
            "",
            f"{'':26}  {'MAPE':>7}  {'±5 %':>6}  {'±10 %':>6}  {'Spearman':>8}  {'Kendall':>8}",
            _line("operations, bytes, kernels", ours),
            _line("FLOPs alone", self.fitting.flops),
            "",
            formula,
            f"Wrote {self.path}: --device {self.path.stem} takes it.",
        ]
        return "\n".join(lines) + "\n"

    def data(self) -> dict[str, object]:
        """Return it for programs."""
        return {
            "device": self.device,
            "dtype": self.dtype,
            "coefficients": self.fitting.coefficients._asdict(),
            "accuracy": self.fitting.ours._asdict(),
            "flops_baseline": self.fitting.flops._asdict(),
            "profile": str(self.path),
        }


def fit_and_write(
    name: str,
    file: Path,
    dtype: str | None,
    new: str | None,
    root: Path | None,
    python: Path | None,
) -> Shown:
    """Fit, write the project profile, and return what to show."""
    folder = (root or find_root(Path.cwd())).resolve()
    profile = find_profile(name, available_profiles(folder))
    dtype = dtype or profile.default_dtype
    if item_bytes(dtype) is None:
        raise UserError(f'--dtype {dtype}: no number format is called "{dtype}"')
    new = new or f"{profile.id}-fitted"
    if not _NAME.fullmatch(new) or new == profile.id:
        raise UserError(f"--as {new}: a new name of letters, digits, - and _ is needed")
    fitting = fit_device(profile, dtype, file, Options(root=root, python=python))
    path = write_profile(folder, new, profile, dtype, file, fitting)
    return Shown(profile.id, dtype, fitting, path)


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def _line(name: str, found: Accuracy) -> str:
    return (
        f"{name:26}  {100 * found.mape:5.1f} %  {100 * found.within_5:4.0f} %  "
        f"{100 * found.within_10:4.0f} %  {found.spearman:8.3f}  {found.kendall:8.3f}"
    )


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'} {abs(value):.4g}"
