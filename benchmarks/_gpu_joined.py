"""Two records of a GPU as one."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

LEFT_OUT: Mapping[str, Collection[str]] = {
    "measure": ("samples", "lines", "operators", "environment"),
    "measure-compiled": ("samples", "lines", "operators", "environment"),
    "tiles": ("kernels",),
}
"""By part, what would make the file large: it stands in the table, or nobody looks for it."""


def joined(folders: Sequence[Path], out: Path) -> None:
    """Write the parts of all records into one, each with its command and commit. Of a part that is
    in several the later one is kept, and none that failed or found nothing."""
    data: dict[str, Any] = {"parts": {}}
    texts: dict[str, str] = {}
    for folder in folders:
        record = json.loads((folder / "gpu.json").read_text())
        made = {"command": record["command"], **record["environment"]}
        ran = f"`{made['command']}`: commit {made['commit']}, Python {made['python']}, "
        ran += f"{made['cores']} cores"
        for name, text in _sections((folder / "gpu.md").read_text()).items():
            part = record["parts"].get(name)
            if not part or "failed" in part or not part.get("timed", part.get("rows", True)):
                continue
            title = "gpu, the later run" if name == "gpu" and name in texts else name
            data["parts"][title] = {"made": made, **_short(part, LEFT_OUT.get(name, ()))}
            texts[title] = f"## {title}\n\n{ran}.\n\n{text}"
    out.mkdir(parents=True, exist_ok=True)
    (out / "gpu.json").write_text(json.dumps(data, indent=1) + "\n")
    (out / "gpu.md").write_text("\n\n".join(["# One GPU", *texts.values()]) + "\n")


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def _short(value: Any, left_out: Collection[str]) -> Any:
    """Leave entries out, wherever they are, and digits that say nothing."""
    if isinstance(value, dict):
        return {k: _short(each, left_out) for k, each in value.items() if k not in left_out}
    if isinstance(value, list):
        return [_short(each, left_out) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value
