"""Device profiles: what is known about a device, from where, and how well."""

from hwlint.profile.calibrated import Calibrated, PassTime, ProductTime
from hwlint.profile.errors import ProfileError, UnknownDevice
from hwlint.profile.hardware import (
    Achievable,
    Compute,
    Core,
    Dispatch,
    Effort,
    Energy,
    Fit,
    Measurement,
    Memory,
    MemoryLevel,
    Power,
    Remark,
)
from hwlint.profile.index import (
    ProfileIndex,
    available_profiles,
    discover_profiles,
    find_profile,
    load_project_profiles,
    plugins,
)
from hwlint.profile.loader import load_profile
from hwlint.profile.model import KINDS, Profile, Reporting
from hwlint.profile.needs import Need, missing, needs_in
from hwlint.profile.shapes import Cliff, Layout, MatrixUnit, Tile, Wave
from hwlint.profile.software import (
    Deploy,
    FusedActivations,
    FusedPattern,
    Fusion,
    Limit,
    Operators,
    Requirements,
    Sparsity,
    Support,
)
from hwlint.profile.sourced import Evidence, Sourced

__all__ = [
    "KINDS",
    "Achievable",
    "Calibrated",
    "Cliff",
    "Compute",
    "Core",
    "Deploy",
    "Dispatch",
    "Effort",
    "Energy",
    "Evidence",
    "Fit",
    "FusedActivations",
    "FusedPattern",
    "Fusion",
    "Layout",
    "Limit",
    "MatrixUnit",
    "Measurement",
    "Memory",
    "MemoryLevel",
    "Need",
    "Operators",
    "PassTime",
    "Power",
    "ProductTime",
    "Profile",
    "ProfileError",
    "ProfileIndex",
    "Remark",
    "Reporting",
    "Requirements",
    "Sourced",
    "Sparsity",
    "Support",
    "Tile",
    "UnknownDevice",
    "Wave",
    "available_profiles",
    "discover_profiles",
    "find_profile",
    "load_profile",
    "load_project_profiles",
    "missing",
    "needs_in",
    "plugins",
]
