"""Where something is measured: a target, its profile, and the way there."""

from pathlib import Path

from attrs import frozen

from hwlint.engine.errors import UserError
from hwlint.engine.measure_targets import MeasureTarget
from hwlint.measure.interpreters import Interpreter
from hwlint.measure.job import RunnerName
from hwlint.measure.targets import LOCAL, all_targets, find_measure_target
from hwlint.measure.transports.base import Transport
from hwlint.measure.transports.local import Local
from hwlint.measure.transports.ways import way_to
from hwlint.profile import Profile, UnknownDevice, available_profiles, find_profile
from hwlint.profile.errors import did_you_mean

__all__ = ["Destination", "find_destination"]

_ETHOS_U = "ethos-u"
"""How profiles begin whose ids are what Vela calls its accelerators."""


@frozen
class Destination:
    """One target."""

    target: MeasureTarget
    profile: Profile | None
    """None: this computer, which nobody has described."""

    @property
    def is_here(self) -> bool:
        """It is this computer."""
        return self.target.transport == "local"

    @property
    def profile_id(self) -> str:
        """The name of its profile; "" where there is none."""
        return self.profile.id if self.profile is not None else ""

    @property
    def bandwidth(self) -> float | None:
        """Bytes per second to its memory, by its profile."""
        memory = self.profile.memory if self.profile is not None else None
        if memory is None or memory.bandwidth_gb_s is None:
            return None
        return memory.bandwidth_gb_s * 1e9

    def dtype(self, runner: RunnerName) -> str:
        """Return what a model computes in there where nobody says: int8 where the profile does and
        the runner can."""
        if runner == "vela":
            return "int8"
        wanted = self.profile.default_dtype if self.profile is not None else ""
        return "int8" if wanted == "int8" and runner == "onnxruntime" else "float32"

    def unit(self, runner: RunnerName, asked: str | None) -> str:
        """Return which part of the device computes. `asked`: None is what its profile is of, the
        GPU or the processor. Raises `UserError` for what Vela has not."""
        if runner != "vela":
            is_gpu = self.profile is not None and self.profile.kind == "gpu"
            return asked or ("cuda" if is_gpu else "cpu")
        profile = self.profile
        names = () if profile is None else (profile.id, *profile.extends)
        unit = next((name for name in names if name.startswith(_ETHOS_U)), None)
        if unit is None:
            known = f"the profile {names[0]}" if names else "no profile"
            raise UserError(
                f"vela compiles for Ethos-U, and {self.target.name} has {known}: "
                "--device ethos-u55-128 --runner vela"
            )
        return unit

    def transport(self, runner: RunnerName, here: Interpreter) -> Transport:
        """Return the way there. `here`: the interpreter for this computer.

        Raises:
            UserError: Where the runner cannot go that way.
        """
        if runner == "vela":
            return Local(here.path)  # a compiler: the device is not asked
        if not self.is_here and runner in ("torch", "torch-compile"):
            raise UserError(
                f"{self.target.name}: {runner} runs the source, which stays on this computer: "
                "--runner onnxruntime sends the exported model"
            )
        return way_to(self.target, self.profile_id, here.path)


def find_destination(name: str | None, root: Path, *, compiled: bool = False) -> Destination:
    """Return the target of that name; None is this computer. `compiled`: nothing runs there, so
    that the name of a profile will do.

    Raises:
        UserError: Where there is none.
    """
    target = find_measure_target(name or LOCAL, root)
    profiles = available_profiles(root)
    if target is None:
        assert name is not None
        try:
            profile = find_profile(name, profiles)
        except UnknownDevice:
            known = {LOCAL, *all_targets(root)}
            near = did_you_mean(name, known)
            raise UserError(f'no target is called "{name}"{near}: `hwlint device add`') from None
        if compiled:
            return Destination(MeasureTarget(profile.id, profile.id, runner="vela"), profile)
        vela = any(one.startswith(_ETHOS_U) for one in (profile.id, *profile.extends))
        raise UserError(
            f"{name} is a profile, {profile.name}: where is one? "
            f"`hwlint device add NAME --profile {profile.id} --ssh user@host`"
            + ("; or ask Arm's compiler: --runner vela" if vela else "")
            + ("; without --device it runs on this computer" if profile.kind == "cpu" else "")
        )
    return Destination(target, find_profile(target.profile, profiles) if target.profile else None)
