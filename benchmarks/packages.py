"""Read models of packages as their READMEs, docstrings and tests build them; compare with torch.

    python benchmarks/packages.py

Each way of building is a small script, run under a Python of its own that has torch (which layers
are built there is the truth) and read by hwlint. Packages and ways stand in packages.toml.
"""

import argparse
import ast
import doctest
import email
import hashlib
import json
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import _scoring as scoring
from _common import CACHE, hwlint, record, run, table

HERE = Path(__file__).parent
PACKAGES: dict[str, dict[str, Any]] = tomllib.loads((HERE / "packages.toml").read_text())
NEEDS = [
    "numpy",
    "einops",
    "einx",
    "loguru",
    "torch-einops-utils",
    "local-attention",
    "axial-positional-embedding",
    "hyper-connections",
    "kornia-rs",
    "importlib_metadata",
    "huggingface-hub",
    "regex",
    "requests",
    "safetensors",
    "Pillow",
]
FENCE = re.compile(r"^```py(?:thon)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
LAZY = re.compile(r'^    _import_structure\["[\w.]+"\]\s*=\s*(\[.*?\])', re.MULTILINE | re.DOTALL)
MAX_CUTS = 6


def fetch(site: Path | None) -> Path:
    """Return a folder with the packages' sources, as site-packages would have them."""
    if site is not None:
        return site.resolve()
    target = CACHE / "packages"
    for name, package in PACKAGES.items():
        if (target / f"{name}-{package['version']}.dist-info").is_dir():
            continue
        wanted = f"{name.replace('_', '-')}=={package['version']}"
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        only = ["--only-binary=:all:", "--dest", str(CACHE / "wheels"), wanted]
        subprocess.run([*pip, *only], check=True)
        wheel = next((CACHE / "wheels").glob(f"{name}-{package['version']}-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    return target


def interpreter(given: Path | None) -> Path:
    """Return a Python with torch and the little else that the packages need to be imported."""
    if given is not None:
        return given
    home = CACHE / "packages-venv"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        # torch first: what depends on it would bring the build with the GPU's libraries.
        subprocess.run([*pip, "torch==2.13.0"], check=True)
        subprocess.run([*pip, *NEEDS], check=True)
    return python


def ways_of(name: str, package: Mapping[str, Any], site: Path) -> Iterator[str]:
    """Yield the scripts that build models of a package."""
    for module, listed in package.get("built", {}).items():
        for way in listed["ways"]:
            yield f"from {module} import {way.partition('(')[0]}\n\nmodel = {way}\n"
    if package.get("readme"):
        metadata = next(site.glob(f"{name}-*.dist-info")) / "METADATA"
        yield from FENCE.findall(email.message_from_string(metadata.read_text()).get_payload())
    for folder in package.get("docstrings", ()):
        for path in sorted((site / folder).rglob("*.py")):
            yield from examples(path, site)
    if "defaults" in package:
        yield from defaults(package["defaults"], site)


def examples(path: Path, site: Path) -> Iterator[str]:
    """Yield the examples in the docstrings of a file, with the names that they take for granted."""
    module = ".".join(path.relative_to(site).with_suffix("").parts).removesuffix(".__init__")
    parser = doctest.DocTestParser()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
            continue
        try:
            found = parser.get_examples(ast.get_docstring(node) or "")
        except ValueError:
            continue
        if found and f"{node.name}(" in "".join(example.source for example in found):
            taken = f"import torch\nfrom torch import nn\nfrom {module} import {node.name}\n\n"
            yield taken + "".join(example.source for example in found)


def defaults(package: str, site: Path) -> Iterator[str]:
    """Yield a script for every public model of a package of models, built with its defaults."""
    init = site.joinpath(*package.split("."), "__init__.py").read_text(encoding="utf-8")
    lists = re.findall(
        r'^    _import_structure\["[\w.]+"\]\s*=\s*(\[.*?\])', init, re.MULTILINE | re.DOTALL
    )
    for name in sorted({name for text in lists for name in ast.literal_eval(text)}):
        if name[0].isupper():
            yield f"from {package} import {name}\n\nmodel = {name}()\n"


def write(name: str, scripts: Iterable[str], site: Path) -> list[Path]:
    """Put the scripts beside the packages."""
    folder = site / "ways" / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.py"):
        old.unlink()
    paths: list[Path] = []
    for number, script in enumerate(dict.fromkeys(scripts)):
        path = folder / f"way_{number:03}.py"
        path.write_text(script, encoding="utf-8")
        paths.append(path)
    return paths


def build(paths: list[Path], python: Path, site: Path) -> list[dict[str, Any]]:
    """Run the scripts and return what each of them built.

    Where one fails it is cut before the statement that does (a forward with an operator that the
    meta device lacks, a file to open), and run again.
    """
    answers = _answers(paths, python, site)
    for _ in range(MAX_CUTS):
        failed = [i for i, answer in enumerate(answers) if _cut(paths[i], answer)]
        if not failed:
            return answers
        again = _answers([paths[i] for i in failed], python, site)
        for i, answer in zip(failed, again, strict=True):
            answers[i] = answer
    return answers


def _answers(paths: list[Path], python: Path, site: Path) -> list[dict[str, Any]]:
    """Return what scripts build. What one built is kept, until its text or the recorder changes."""
    kept = [_kept(path, site) for path in paths]
    new = [i for i, file in enumerate(kept) if not file.exists()]
    if new:
        kept[0].parent.mkdir(parents=True, exist_ok=True)
        made = _recorded([paths[i] for i in new], python, site)
        for i, answer in zip(new, made, strict=True):
            kept[i].write_text(json.dumps(answer))
    return [json.loads(file.read_text()) for file in kept]


def _kept(path: Path, site: Path) -> Path:
    parts = (HERE / "_recorder.py").read_bytes(), bytes(path.relative_to(site)), path.read_bytes()
    return CACHE / "packages-built" / f"{hashlib.sha256(b''.join(parts)).hexdigest()}.json"


def _recorded(paths: list[Path], python: Path, site: Path) -> list[dict[str, Any]]:
    jobs = [
        {"root": str(site), "path": ["."], "argv": [str(path.relative_to(site))]} for path in paths
    ]
    done = subprocess.run(
        [str(python), "-W", "ignore", str(HERE / "_recorder.py")],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(answers) != len(jobs):
        sys.exit(f"{len(jobs) - len(answers)} scripts brought no answer:\n{done.stderr[-2000:]}")
    return answers


def _cut(path: Path, answer: Mapping[str, Any]) -> bool:
    """Cut a script before the statement that failed; say whether that may leave something."""
    if answer["ended"].startswith("at ") or not answer["line"] or not answer["sites"]:
        return False
    text = path.read_text(encoding="utf-8")
    kept = [s for s in ast.parse(text).body if (s.end_lineno or s.lineno) < answer["line"]]
    last = max((s.end_lineno or s.lineno for s in kept), default=0)
    if all(isinstance(s, ast.Import | ast.ImportFrom) for s in kept):
        return False  # no model came to be
    path.write_text("".join(text.splitlines(keepends=True)[:last]), encoding="utf-8")
    return True


def examine(name: str, python: Path, site: Path) -> dict[str, Any]:
    """Build, read and compare the models of one package."""
    paths = write(name, ways_of(name, PACKAGES[name], site), site)
    answers = build(paths, python, site)
    ran: list[dict[str, Any]] = []
    for path, answer in zip(paths, answers, strict=True):
        if answer["sites"] and answer["ended"].startswith("at "):
            ran.append(answer)
        else:
            path.unlink()
    output = CACHE / "packages-read" / f"{name}.jsonl"
    folder = str((site / "ways" / name).relative_to(site))
    options = ["--root", str(site), "--python", str(python), "--output-format", "jsonl"]
    made = run(hwlint("inspect", str(site / folder), *options), output)
    records = [json.loads(line) for line in output.read_text().splitlines()]
    sites = scoring.merge(ran)
    result = scoring.score(sites, records)
    read = len(sites) - len(result.missed)
    return {
        "package": f"{name} {PACKAGES[name]['version']}",
        "ways": len(ran),
        "ways that build nothing": len(paths) - len(ran),
        "sites": len(sites),
        "recall_site": read / len(sites),
        "claims": result.judged,
        "wrong": len(result.wrong),
        "wrong share": len(result.wrong) / result.judged if result.judged else None,
        "wall s": made.wall,
        "missed": [list(site) for site in result.missed],
        "false": result.wrong,
        "ended": [a["ended"][-300:] for a in answers if not a["ended"].startswith("at ")],
    }


def main() -> None:
    """Examine the packages, print and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", action="append", choices=tuple(PACKAGES), help="repeatable")
    parser.add_argument("--site", type=Path, help="unpacked wheels; else they are downloaded")
    parser.add_argument("--python", type=Path, help="has torch and what the packages import")
    options = parser.parse_args()
    site, python = fetch(options.site), interpreter(options.python)
    found = [examine(name, python, site) for name in options.package or PACKAGES]
    hidden = ("missed", "false", "ended")
    rows = [{k: v for k, v in row.items() if k not in hidden} for row in found]
    total: Counter[str] = Counter()
    for row in found:
        total.update({k: row[k] for k in ("sites", "claims", "wrong")})
        total["missed"] += len(row["missed"])
    recall = 1 - total["missed"] / total["sites"]
    wrong = total["wrong"] / max(total["claims"], 1)
    summary = f"In total {total['sites']} sites, recall_site {recall:.4f}, wrong {wrong:.4%}."
    body = f"{table(rows)}\n\n{summary}"
    print(body)
    if not options.package:
        missed = {row["package"]: {"missed": row["missed"], "wrong": row["false"]} for row in found}
        data = {"rows": rows, "total": dict(total), "details": missed}
        record("packages", data, "Packages that no other benchmark reads", body)


if __name__ == "__main__":
    main()
