"""Write docs/devices.md: every device, and which rules look at it.

python docs/devices.py
"""

from collections import defaultdict
from inspect import cleandoc
from pathlib import Path

from hwlint.api import Rule
from hwlint.cost import wanting
from hwlint.engine.registry import discover_rules
from hwlint.profile import KINDS, Profile, ProfileIndex, discover_profiles, missing, needs_in

PAGE = Path(__file__).resolve().parent / "devices.md"

HEAD = """\
# Devices

<!-- Written by docs/devices.py from the profiles and the rules. -->

What `hwlint device list` shows, and `hwlint device show NAME --sources` in full. Names in
brackets are also understood. What a profile does not say is unknown, and a rule that needs it
is silent on that device.
"""

ESTIMATES = """\
## Where latency is estimated

Operations over the rate that is reached, bytes over bandwidth, and the start of each kernel, in the
number format that models compute in by default there. A profile of a project's own, or one that
`hwlint device fit` writes, fills in what is wanting.
"""

RULES = """\
## Which rules look at which device

A rule names the profile fields that it needs under "Profile fields" (`hwlint rule CODE`).
`active` means that the profile has them all, for the number format that models compute in by
default there; else the table says for want of what the rule is silent. Devices that stand in
one line agree on all rules.
"""

TITLES = {
    "gpu": "GPUs",
    "npu": "NPUs and other accelerators",
    "cpu": "CPUs",
    "mcu": "Microcontrollers",
}


def needs_of(rule: type[Rule]) -> str:
    """Return the section of a rule's docstring that names profile fields."""
    text = cleandoc(rule.__doc__ or "")
    return text.partition("Profile fields\n")[2].partition("References\n")[0]


def verdict(rule: type[Rule], profile: Profile) -> str:
    """Return "active", or for want of what the rule is silent on the device."""
    lacking = missing(profile, profile.default_dtype, needs_in(needs_of(rule)))
    return (
        "silent for want of " + ", ".join(f"`{name}`" for name in lacking) if lacking else "active"
    )


def devices(profiles: ProfileIndex) -> str:
    """Return a table of devices for each kind."""
    parts: list[str] = []
    for kind in KINDS:
        rows = [
            f"| `{p.id}`{_others(p)} | {p.name} | {p.default_dtype} | {_deploy(p)} |"
            for p in profiles.values()
            if p.kind == kind
        ]
        head = "| device | what | computes in | deployed by |\n| --- | --- | --- | --- |"
        parts.append("\n".join((f"## {TITLES[kind]}\n", head, *rows)))
    return "\n\n".join(parts)


def _others(profile: Profile) -> str:
    return f" ({', '.join(profile.aliases)})" if profile.aliases else ""


def _deploy(profile: Profile) -> str:
    deploy = profile.deploy
    return f"{deploy.exporter}, {deploy.runtime}" if deploy is not None else "unknown"


def estimates(profiles: ProfileIndex) -> str:
    """Return a table of what the latency estimate is silent for want of, and on which devices."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for profile in sorted(profiles.values(), key=lambda p: (KINDS.index(p.kind), p.id)):
        lacking = wanting(profile, profile.default_dtype)
        alike[f"silent for want of `{lacking}`" if lacking else "active"].append(profile.id)
    rows = [
        f"| {', '.join(f'`{name}`' for name in names)} | {said} |"
        for said, names in sorted(alike.items())
    ]
    return "\n".join(("| device | latency estimate |", "| --- | --- |", *rows))


def rules(profiles: ProfileIndex) -> str:
    """Return the table of devices and rules, devices of the same row put together."""
    known = sorted(discover_rules(), key=lambda rule: rule.code)
    alike: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for profile in sorted(profiles.values(), key=lambda p: (KINDS.index(p.kind), p.id)):
        alike[tuple(verdict(rule, profile) for rule in known)].append(profile.id)
    rows = [
        f"| {', '.join(f'`{name}`' for name in names)} | {' | '.join(row)} |"
        for row, names in alike.items()
    ]
    head = f"| device | {' | '.join(rule.code for rule in known)} |"
    return "\n".join((head, "| --- |" + " --- |" * len(known), *rows))


def page() -> str:
    """Return the whole page."""
    profiles = discover_profiles(("hwlint_profiles",))
    parts = (
        devices(profiles),
        f"{ESTIMATES}\n{estimates(profiles)}",
        f"{RULES}\n{rules(profiles)}",
    )
    body = "\n\n".join(parts)
    return f"{HEAD}\n{body}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
