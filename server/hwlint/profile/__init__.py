"""Device profiles: what is known about a device, from where, and how well."""

from hwlint.profile.errors import ProfileError, UnknownDevice
from hwlint.profile.index import (
    ProfileIndex,
    available_profiles,
    discover_profiles,
    find_profile,
    load_project_profiles,
)
from hwlint.profile.loader import load_profile
from hwlint.profile.model import (
    Compute,
    Deploy,
    Evidence,
    FusedActivations,
    Fusion,
    Limit,
    Memory,
    Operators,
    Power,
    Profile,
    Reporting,
    Sparsity,
    Support,
    Tile,
)

__all__ = [
    "Compute",
    "Deploy",
    "Evidence",
    "FusedActivations",
    "Fusion",
    "Limit",
    "Memory",
    "Operators",
    "Power",
    "Profile",
    "ProfileError",
    "ProfileIndex",
    "Reporting",
    "Sparsity",
    "Support",
    "Tile",
    "UnknownDevice",
    "available_profiles",
    "discover_profiles",
    "find_profile",
    "load_profile",
    "load_project_profiles",
]
