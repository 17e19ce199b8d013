"""The invariants of docs/architecture.md, checked on every import and call in the sources."""

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Data flows from left to right: a package imports only what stands before it.
ORDER = (
    "source",
    "ops",
    "graph",
    "profile",
    "reader",
    "cost",
    "api",
    "engine",
    "fix",
    "measure",
    "search",
    "report",
    "lsp",
    "cli",
    "__main__",
)

# Who alone may import what.
OWNERS: dict[str, set[str]] = {
    "alembic": {"measure"},
    "altair": set(),  # it makes templates of charts, see docs/charts.py
    "ast": {"source", "reader"},
    "click": {"cli"},
    "dask": {"measure"},
    "distributed": {"measure"},
    "lsprotocol": {"lsp"},
    "libcst": {"source"},
    "numpy": {"measure"},
    "onnx": {"measure"},
    "onnxruntime": {"measure"},
    "optuna": {"search"},
    "psycopg": {"measure"},
    "pygls": {"lsp"},
    "rich": {"cli", "report"},
    "sqlalchemy": {"measure", "search"},
    "torch": {"measure"},
    "vl_convert": {"report"},
}

RUNS_CODE = {"__import__", "compile", "eval", "exec", "execfile"}
RUNS_CODE_MODULES = {"code", "codeop", "imp", "runpy"}
LOADERS = {
    "import_module",
    "importlib.import_module",
    "importlib.metadata.entry_points",
    "importlib.util.spec_from_file_location",
    "entry_points",
    "spec_from_file_location",
}
STARTS_PROCESSES = {"pty", "subprocess"}
STARTS_GIT = "server/hwlint/engine/commits.py"
"""For `--baseline-commit`, and what it starts reads objects only."""
NOT_PURE = {
    "asyncio", "datetime", "glob", "io", "logging", "multiprocessing", "os", "pathlib", "random",
    "secrets", "shutil", "socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    path: Path
    package: str
    """The part of the house that it belongs to: "reader", "api", "hwlint_rules"."""
    tree: ast.Module

    def imports(self) -> Iterator[tuple[str, int]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                yield base, node.lineno
                # `from hwlint import reader` names a package as well.
                yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)

    def calls(self) -> Iterator[tuple[str, int]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node.lineno

    def at(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


def modules() -> list[Module]:
    found: list[Module] = []
    for folder in ("server/hwlint", "rules/hwlint_rules", "profiles/hwlint_profiles"):
        base = ROOT / folder
        for path in sorted(base.rglob("*.py")):
            part = path.relative_to(base).parts[0].removesuffix(".py")
            package = part if folder.startswith("server") else base.name
            tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
            found.append(Module(path, package, tree))
    return found


MODULES = modules()
SERVER = [m for m in MODULES if m.path.is_relative_to(ROOT / "server")]
RULES = [m for m in MODULES if m.package == "hwlint_rules"]
PROFILES = [m for m in MODULES if m.package == "hwlint_profiles"]


def top(name: str) -> str:
    return name.partition(".")[0]


def test_the_three_packages_are_there():
    assert len(SERVER) > 10
    assert RULES
    assert PROFILES


def test_each_library_has_one_owner():
    wrong = [
        f"{m.at(line)} imports {name}"
        for m in MODULES
        for name, line in m.imports()
        if top(name) in OWNERS and m.package not in OWNERS[top(name)]
    ]
    assert not wrong


def test_data_flows_one_way():
    wrong = [
        f"{m.at(line)} ({m.package}) imports {name}"
        for m in SERVER
        for name, line in m.imports()
        if _against_the_flow(m.package, name)
    ]
    assert not wrong


def _against_the_flow(package: str, name: str) -> bool:
    parts = name.split(".")
    if parts[0] != "hwlint" or len(parts) < 2 or parts[1] not in ORDER:
        return False
    if package == "__init__":  # `import hwlint` stays empty: it costs nothing
        return True
    return ORDER.index(parts[1]) > ORDER.index(package)


def test_every_part_of_the_house_is_on_the_map():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    parts = {m.package for m in SERVER} - {"__init__"}
    assert parts <= set(ORDER)
    assert not [part for part in parts - {"__main__"} if f"`{part}" not in text]


def test_the_reader_knows_no_device():
    wrong = [
        f"{m.at(line)} imports {name}"
        for m in SERVER
        if m.package in {"source", "ops", "graph", "reader"}
        for name, line in m.imports()
        if name.startswith(("hwlint.profile", "hwlint.cost", "hwlint.api"))
    ]
    assert not wrong


def test_a_rule_imports_the_api_and_nothing_else_of_ours():
    allowed = sys.stdlib_module_names | {"hwlint_rules"}
    wrong = [
        f"{m.at(line)} imports {name}"
        for m in RULES
        for name, line in m.imports()
        if top(name) not in allowed and name != "hwlint" and not name.startswith("hwlint.api")
    ]
    assert not wrong


def test_a_rule_is_pure():
    loader = ROOT / "rules" / "hwlint_rules" / "__init__.py"
    wrong = [
        f"{m.at(line)} uses {name}"
        for m in RULES
        if m.path != loader
        for name, line in (*m.imports(), *m.calls())
        if top(name) in NOT_PURE or name in {"open", "print", "input"}
    ]
    assert not wrong


def test_profiles_import_nothing_of_ours():
    wrong = [
        f"{m.at(line)} imports {name}"
        for m in PROFILES
        for name, line in m.imports()
        if top(name) not in sys.stdlib_module_names | {"hwlint_profiles"}
    ]
    assert not wrong


def test_rules_and_profiles_are_found_by_entry_point_only():
    wrong = [
        f"{m.at(node.lineno)} names {node.value!r}"
        for m in SERVER
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(("hwlint_rules", "hwlint_profiles"))
    ]
    wrong += [
        f"{m.at(line)} imports {name}"
        for m in SERVER
        for name, line in m.imports()
        if top(name) in {"hwlint_rules", "hwlint_profiles"}
    ]
    assert not wrong


def test_only_measure_executes_code():
    wrong = [
        f"{m.at(line)} calls {name}"
        for m in MODULES
        if m.package != "measure"
        for name, line in m.calls()
        if name in RUNS_CODE or name.startswith(("os.system", "os.exec", "os.spawn", "os.popen"))
    ]
    wrong += [
        f"{m.at(line)} imports {name}"
        for m in MODULES
        if m.package != "measure"
        for name, line in m.imports()
        if top(name) in RUNS_CODE_MODULES | STARTS_PROCESSES
    ]
    wrong = [each for each in wrong if not each.startswith(f"{STARTS_GIT}:")]
    assert not wrong


def test_only_plug_ins_are_imported_by_name():
    # The engine finds rules, profile/ finds profiles, by entry point.
    wrong = [
        f"{m.at(line)} calls {name}"
        for m in SERVER
        if m.package not in {"engine", "measure", "profile"}
        for name, line in m.calls()
        if name in LOADERS
    ]
    assert not wrong


def test_only_the_command_line_prints():
    wrong = [
        f"{m.at(line)} calls {name}"
        for m in MODULES
        if m.package not in {"cli", "__main__"}
        for name, line in m.calls()
        if name == "print" or name.startswith(("sys.stdout.", "sys.stderr.", "sys.exit"))
    ]
    assert not wrong


def _in_child(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


PATHS = [str(ROOT / name) for name in ("server", "rules", "profiles")]


def test_a_check_imports_neither_torch_nor_onnx_nor_numpy(tmp_path: Path):
    (tmp_path / "net.py").write_text("import torch.nn as nn\nnet = nn.Linear(100, 10)\n")
    code = f"""
import sys
sys.path[:0] = {PATHS!r}
from hwlint.cli import main
try:
    main(["check", {str(tmp_path)!r}, "--no-cache", "--output-format", "json"])
except SystemExit as stop:
    assert stop.code in (0, 1), stop.code
else:
    raise AssertionError("main returned")
print(sorted({{"torch", "onnx", "numpy", "onnxruntime", "vl_convert"}} & set(sys.modules)))
"""
    assert _in_child(code).endswith("[]")


def test_importing_the_command_line_is_quick():
    # Best of several, by the processor: what is measured is the import, not the machine's load.
    def best(code: str) -> float:
        return min(_timed(code) for _ in range(7))

    bare = best("pass")
    cli = best(f"import sys; sys.path[:0] = {PATHS!r}; import hwlint.cli")
    assert cli - bare <= 0.15


def _timed(code: str) -> float:
    start = _spent()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    return _spent() - start


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("name", ["pygls", "libcst"])
def test_heavy_libraries_wait_until_they_are_needed(name: str):
    code = (
        f"import sys; sys.path[:0] = {PATHS!r}; import hwlint.cli; print({name!r} in sys.modules)"
    )
    assert _in_child(code) == "False"
