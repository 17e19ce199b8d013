"""Draw findings of HW101 and HW102 in timm's dev files, to be judged by hand.

    python docs/audits/findings.py --site DIR --truth FILE --seed 2026 [--count 50] [--kept FILE]

DIR holds timm as `pip download --no-deps timm` unpacks it, FILE is the record's split.json. What
is drawn is judged by someone who sees timm's source and this test, written before the first draw:

A finding is FALSE if any of these holds:

1. The number named is not what the code builds, in some real way of building it that is in the
   library (a registered model, or a class or function called with its own defaults).
2. The multiple, or the padded number, is arithmetically wrong.
3. The anchored literal is not what an engineer would have to change to change the number, or the
   value said for it does not bring about the numbers said.
4. A layer that is said to be affected does not get the number.
5. A share that is named is off by more than rounding.
6. The claim depends on something that never runs.

A finding that is true and merely unimportant (nobody would change the model for it, or nobody
could) is NOISE. That is not false and is counted by itself.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from drawing import checked, drawn, excerpt, relative

from hwlint.engine.run import Options

RULES = ("HW101", "HW102")
DEVICE = "h100-sxm"


def in_files(findings: list[dict[str, Any]], files: set[str], site: Path) -> list[dict[str, Any]]:
    """Keep the findings in these files, in the order of the source."""
    kept = [{**found, "file": relative(found["path"], site)} for found in findings]
    kept = [found for found in kept if found["file"] in files]
    return sorted(kept, key=lambda found: (found["file"], found["line"], found["code"]))


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--site", type=Path, required=True, help="folder that holds timm")
    parser.add_argument("--truth", type=Path, required=True, help="split.json of the record")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--kept", type=Path, default=Path("findings.json"), help="the check's JSON")
    return parser.parse_args()


def main() -> None:
    """Print what is drawn."""
    given = arguments()
    split = json.loads(given.truth.read_text())["files"]
    files = {file for file, part in split.items() if part == "dev" and file.startswith("timm/")}
    options = Options(devices=(DEVICE,), select=RULES)
    said = checked(given.site / "timm", given.kept, options)
    findings = in_files(said["findings"], files, given.site)
    chosen = drawn(findings, given.seed, given.count)
    texts = [f"{len(chosen)} of {len(findings)} findings in {len(files)} files, seed {given.seed}"]
    for number, found in enumerate(chosen, 1):
        place = f"{found['file']}:{found['line']}"
        texts.append(f"\n{number}. {place} {found['code']} {found['message']}")
        texts.append(f"   {found['devices'][0]['why']}")
        texts.append(f"   worst in: {found['contexts']['worst'] or 'its own defaults'}")
        texts.append(excerpt(given.site, found["file"], found["line"]))
    sys.stdout.write("\n".join(texts) + "\n")


if __name__ == "__main__":
    main()
