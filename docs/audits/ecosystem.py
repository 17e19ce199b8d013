"""What hwlint says of timm, torchvision and transformers, and findings drawn for a judge.

    python docs/audits/ecosystem.py --site DIR                      # writes ecosystem.md
    python docs/audits/ecosystem.py --site DIR --draw FILE          # and 100 findings to judge
    python docs/audits/ecosystem.py --site DIR --library timm --device h100-sxm --page /dev/null

DIR holds the libraries as `pip download --no-deps` unpacks them. A check that was run is kept in
--kept and not run again. The findings are drawn with a seed that stands below, as many of each
rule as of any other while it has some. They are judged by someone who sees the libraries' source
and the profiles and not the rules, against the test of "false" in TEST, which was written before
the first draw.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any, cast

from attrs import fields, has
from drawing import Found, checked, drawn_evenly, excerpt, relative

from hwlint.api import Rule
from hwlint.engine.registry import discover_rules
from hwlint.engine.run import Options
from hwlint.profile import Profile, ProfileIndex, discover_profiles, needs_in

LIBRARIES = ("timm", "torchvision", "transformers")
DEVICES = ("h100-sxm", "ethos-u55-128", "raspberry-pi-5", "stm32h743")
SEED = 88003
COUNT = 100
PAGE = Path(__file__).resolve().parent / "ecosystem.md"
LONGEST = 2000
"""Characters that are shown of one value of a profile."""

TEST = """\
A finding is FALSE if any of these holds, in the way of building that it names as the worst:

1. A number, name or shape that is said is not what the code builds or computes.
2. The arithmetic is wrong, or does not follow from the profile's value.
3. The place is not what an engineer would have to change, or look at, to change what is said.
4. A layer or call that is said to be affected is not.
5. It depends on something that never runs when the model is used for inference.
6. The profile does not say what is claimed, or says it under a condition that is not met.
7. The runtime of the profile does what is said that it does not do, by its own source or
   documents: an expert of the device would say that this costs nothing.
8. What is advised cannot be done there, or would not bring what is said ("same result" where
   it is not).

A finding that is true and merely unimportant (nobody would change the model for it, or nobody
could) is NOISE. That is not false and is counted by itself.
"""

HEAD = """\
# What hwlint says of the libraries

<!-- Written by docs/audits/ecosystem.py: a change that moves a number shows in review. -->

`hwlint check` over {libraries} for {devices}: the number of findings by rule.

    python docs/audits/ecosystem.py --site DIR [--library NAME... --every N]

## By library

{by_library}

## By device

{by_device}

## Are they true?

    python docs/audits/ecosystem.py --site DIR --draw FILE      # seed {seed}, {count} findings

{test}"""


def main() -> None:
    """Write the page, and what is drawn."""
    given = arguments()
    options = Options(devices=tuple(given.device), jobs=given.jobs)
    said = {
        name: checked(
            given.site / name, given.kept / f"{name}.json", options, given.every, given.first
        )
        for name in given.library
    }
    given.page.write_text(page(said, given.device), encoding="utf-8")
    if given.draw is not None:
        findings = [
            {**found, "file": relative(found["path"], given.site), "library": name}
            for name, result in said.items()
            for found in result["findings"]
        ]
        chosen = drawn_evenly(findings, given.seed, given.count)
        given.draw.write_text(to_judge(chosen, len(findings), given), encoding="utf-8")
        if given.sheet is not None:
            given.sheet.write_text(sheet(chosen, len(findings), said, given.seed), encoding="utf-8")


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--site", type=Path, required=True, help="folder that holds the libraries")
    parser.add_argument("--library", nargs="+", default=LIBRARIES)
    parser.add_argument("--device", nargs="+", default=DEVICES)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="read every Nth file")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="beginning with the Nth")
    parser.add_argument("--jobs", type=int, help="processes of each check")
    parser.add_argument("--kept", type=Path, default=Path("ecosystem"), help="the checks' JSON")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--draw", type=Path, help="where to write what is drawn")
    parser.add_argument("--sheet", type=Path, help="where to write a table for the verdicts")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    return parser.parse_args()


def page(said: Mapping[str, Any], devices: Sequence[str]) -> str:
    """Return the page: two tables and the test of "false"."""
    every = [(name, found) for name, result in said.items() for found in result["findings"]]
    by_library = Counter((found["code"], name) for name, found in every)
    by_device = Counter(
        (found["code"], row["device"]) for _, found in every for row in found["devices"]
    )
    names = {found["code"]: found["name"] for _, found in every}
    coverage = [
        f"{named(name, result)}: {result['coverage']['read']} of "
        f"{result['coverage']['entry_points']} ways of building read fully."
        for name, result in said.items()
    ]
    return HEAD.format(
        libraries=", ".join(named(*part) for part in said.items()),
        devices=", ".join(devices),
        by_library=table(names, by_library, list(said)) + "\n\n" + "\n".join(coverage),
        by_device=table(names, by_device, list(devices)),
        seed=SEED,
        count=COUNT,
        test=TEST,
    )


def named(name: str, result: Mapping[str, Any]) -> str:
    """Return the name of a library, with what part of it was read."""
    every = result["every"]
    return name if every == 1 else f"{name} (every {every}th file)"


def table(
    names: Mapping[str, str], counts: Mapping[tuple[str, str], int], columns: Sequence[str]
) -> str:
    """Return counts by rule as a table, with a sum below."""
    lines = [f"| rule | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for code in sorted(names):
        cells = [str(counts.get((code, column), 0)) for column in columns]
        lines.append(f"| {code} {names[code]} | {' | '.join(cells)} |")
    sums = [sum(counts.get((code, column), 0) for code in names) for column in columns]
    lines.append(f"| all | {' | '.join(map(str, sums))} |")
    return "\n".join(lines)


def to_judge(chosen: Sequence[Found], total: int, given: argparse.Namespace) -> str:
    """Return what a judge sees: the test, then each finding with source and profile values."""
    profiles = discover_profiles(("hwlint_profiles",))
    rules = {rule.code: rule for rule in discover_rules()}
    parts = [f"{len(chosen)} of {total} findings, seed {given.seed}\n", TEST]
    for number, found in enumerate(chosen, 1):
        parts.append(one(number, found, given.site))
        parts.append(values(rules.get(found["code"]), found, profiles))
    return "\n".join(parts)


def sheet(chosen: Sequence[Found], total: int, said: Mapping[str, Any], seed: int) -> str:
    """Return a table of what is drawn, with a column for the verdicts."""
    libraries = ", ".join(named(*part) for part in said.items())
    by = "Judged by [ecosystem-judging.md](ecosystem-judging.md)."
    lines = [f"{len(chosen)} of {total} findings in {libraries}, seed {seed}. {by}", ""]
    lines += ["| | place | rule | says | verdict |", "| ---: | --- | --- | --- | --- |"]
    for number, found in enumerate(chosen, 1):
        told = "<br>".join(said_on(row) for row in found["devices"])
        place = f"{found['file']}:{found['line']}:{found['column']}"
        lines.append(f"| {number} | {place} | {found['code']} | {told} | |")
    return "\n".join(lines) + "\n"


def said_on(row: Mapping[str, str]) -> str:
    """Return what is said for one device, and in which way of building."""
    built = f" ({row['worst']})" if row["worst"] else ""
    return f"{row['device']}: {row['message']}{built}"


def one(number: int, found: Found, site: Path) -> str:
    """Return one finding with the source at its place and at the related ones."""
    lines = [f"\n## {number}. {found['code']} {found['name']}: {found['file']}:{found['line']}\n"]
    for row in found["devices"]:
        built = f" [in {row['worst']}]" if row["worst"] else ""
        lines.append(f"{row['device']} ({row['dtype']}): {row['message']}{built}")
        lines += [f"    {row[key]}" for key in ("why", "advice") if row[key]]
    worst = found.get("contexts", {}).get("worst")
    lines += [f"worst in: {worst or 'the file itself'}", ""]
    lines.append(excerpt(site, found["file"], found["line"], 6))
    for place in found.get("related", [])[:6]:
        file = relative(place["path"], site)
        lines.append(f"\nrelated, {file}:{place['line']}: {place['message']}")
        if (site / file).is_file():
            lines.append(excerpt(site, file, place["line"], 3))
    return "\n".join(lines)


def values(rule: type[Rule] | None, found: Found, profiles: ProfileIndex) -> str:
    """Return the values of the profile fields that the rule names, for each device of a finding."""
    if rule is None:
        return ""
    text = cleandoc(rule.__doc__ or "").partition("Profile fields\n")[2].partition("References")[0]
    lines = ["\nprofile values:"]
    for row in found["devices"]:
        for need in needs_in(text):
            path = [row["dtype"] if part == "<dtype>" else part for part in need.path]
            value, source = looked_up(profiles[row["device"]], path)
            lines.append(
                f"- {row['device']} {'.'.join(path)} = {shown(value, found, row['dtype'])} {source}"
            )
    return "\n".join(lines)


def looked_up(profile: Profile, path: Sequence[str]) -> tuple[object, str]:
    """Return a field's value, and where it comes from."""
    value: object = profile
    source = ""
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
        if getattr(value, "evidence", ""):
            source = (
                f"[{getattr(value, 'evidence', '')}: {'; '.join(getattr(value, 'source', ()))}]"
            )
    return value, source if path[0] != "reporting" else "[editorial]"


def shown(value: object, found: Found, dtype: str) -> str:
    """Return a value as text; of a mapping by operator only the one that the finding is about."""
    op = found.get("data", {}).get("op")
    if isinstance(value, Mapping):
        known = cast("Mapping[str, object]", value)
        if op in known:
            return f"{{{op}: {known[op]!r}}}"
    text = plain(value, dtype)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def plain(value: object, dtype: str) -> str:
    """Return a value without sources, of several only those for this number format."""
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        return ", ".join(plain(x, dtype) for x in items if dtype in getattr(x, "dtypes", (dtype,)))
    if not has(type(value)):
        return repr(value)
    told = [
        f"{field.name}={getattr(value, field.name)!r}"
        for field in fields(type(value))
        if field.name not in ("source", "note") and getattr(value, field.name) not in (None, "", ())
    ]
    return f"{type(value).__name__}({', '.join(told)})"


if __name__ == "__main__":
    sys.exit(main())
