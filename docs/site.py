"""What the documentation site has besides written pages: a page for each rule, their index, and how
hwlint is configured, as the README has it.

mkdocs build --strict
"""

from collections.abc import Iterable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from hwlint.engine.registry import Page, pages

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = {
    "HW0": "The run itself",
    "HW1": "Misaligned dimensions",
    "HW2": "What the device cannot run as it is",
    "HW3": "What does not fuse",
    "HW4": "Sparsity that does not pay",
    "HW5": "What bounds a layer",
    "HW6": "Budgets",
}
"""How the codes of a family begin, and what it is about."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of the rules."""
    known = pages()
    files.append(File.generated(config, "configuration.md", content=_configuration()))
    files.append(File.generated(config, "rules/index.md", content=_index(known.values())))
    for page in known.values():
        name = f"rules/{page.code}.md"
        files.append(File.generated(config, name, content=_explained(page)))
    return files


def _configuration() -> str:
    """Return the section of the README that says how hwlint is configured."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return "# Configuration" + text.partition("\n## Configuration")[2].partition("\n## ")[0]


def _index(known: Iterable[Page]) -> str:
    lines = ["# Rules", "", "`hwlint rule CODE` prints the same in a terminal.", ""]
    family = ""
    for page in known:
        if page.code[:3] != family:
            family = page.code[:3]
            lines += ["", f"## {FAMILIES[family]}", "", "| code | name | what |", "| - | - | - |"]
        what = page.text.partition("\n\n")[0].replace("\n", " ")
        lines.append(f"| [{page.code}]({page.code}.md) | {page.name} | {what} |")
    return "\n".join(lines) + "\n"


def _explained(page: Page) -> str:
    return f"# {page.code} {page.name}\n\nSeverity by default: {page.severity}.\n\n{page.text}\n"
