import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hwlint.engine.workspace import find_root, index, is_test, workspaces

Project = Callable[[Mapping[str, str]], Path]
NET = "import torch\n"


def names(root: Path, files: tuple[str, ...]) -> list[str]:
    return [Path(file).relative_to(root).as_posix() for file in files]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hwlint.toml", ""),
        ("pyproject.toml", "[tool.hwlint]\ndevices = []\n"),
        (".git/HEAD", ""),
    ],
)
def test_the_closest_marked_folder_is_the_root(project: Project, name: str, text: str):
    root = project({name: text, "a/b/net.py": NET})
    assert find_root(root / "a" / "b" / "net.py") == root
    assert find_root(root / "a") == root


def test_a_pyproject_without_our_table_is_no_mark(project: Project):
    root = project({".git/HEAD": "", "a/pyproject.toml": "[tool.other]\n", "a/net.py": NET})
    assert find_root(root / "a" / "net.py") == root


def test_without_a_mark_the_current_folder_is_the_root(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    root = project({"a/b/net.py": NET})
    monkeypatch.chdir(root)
    assert find_root(root / "a" / "b" / "net.py") == root


def test_without_a_mark_and_from_elsewhere_the_outermost_package_is_the_root(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    files = {"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/sub/net.py": NET}
    root = project(files)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert find_root(root / "pkg" / "sub" / "net.py") == root / "pkg"
    assert find_root(root / "pkg") == root / "pkg"


def test_what_is_no_source_is_left_out(project: Project):
    root = project(
        {
            "net.py": NET,
            "pkg/net.py": NET,
            ".hidden/net.py": NET,
            "__pycache__/net.py": NET,
            "node_modules/net.py": NET,
            "build/lib/net.py": NET,
            "venv/pyvenv.cfg": "",
            "venv/lib/net.py": NET,
            "env/conda-meta/history": "",
            "env/net.py": NET,
            "notes.txt": NET,
        }
    )
    assert names(root, index(root).files) == ["net.py", "pkg/net.py"]


def test_a_package_called_build_is_source(project: Project):
    root = project({"build/__init__.py": "", "build/net.py": NET})
    assert names(root, index(root).candidates) == ["build/net.py"]


def test_gitignore_is_respected_and_named_files_are_read_all_the_same(project: Project):
    root = project({".gitignore": "old/\n", "net.py": NET, "old/net.py": NET})
    assert names(root, index(root).files) == ["net.py"]
    assert names(root, index(root, [root / "old" / "net.py"]).files) == ["net.py", "old/net.py"]
    assert names(root, index(root, [root / "old"]).files) == ["net.py", "old/net.py"]


def test_exclude_leaves_out(project: Project):
    root = project({"net.py": NET, "third/net.py": NET, "a/gen_net.py": NET})
    assert names(root, index(root, exclude=["third", "gen_*.py"]).files) == ["net.py"]


def test_links_to_folders_and_special_files_do_not_hang(project: Project):
    root = project({"pkg/net.py": NET})
    (root / "pkg" / "loop").symlink_to(root, target_is_directory=True)
    (root / "self.py").symlink_to(root / "self.py")
    os.mkfifo(root / "x.py")
    assert names(root, index(root).files) == ["pkg/net.py"]


def test_a_linked_file_is_read(project: Project):
    root = project({"pkg/net.py": NET})
    (root / "alias.py").symlink_to(root / "pkg" / "net.py")
    assert names(root, index(root).files) == ["alias.py", "pkg/net.py"]


def test_candidates_name_torch_or_import_a_file_that_does(project: Project):
    root = project(
        {
            "models/__init__.py": "from .net import Net\n",
            "models/net.py": NET,
            "train.py": "from models import Net\nNet(3)\n",
            "run.py": "import train\n",
            "other.py": "import os\n",
        }
    )
    found = names(root, index(root).candidates)
    assert found == ["models/__init__.py", "models/net.py", "run.py", "train.py"]


def test_an_import_in_brackets_is_seen(project: Project):
    root = project({"net.py": NET, "a.py": "from pkg import (\n    os,\n    net,\n)\n"})
    assert "a.py" in names(root, index(root).candidates)


def test_tests_build_nothing_that_counts(project: Project):
    root = project({"net.py": NET, "tests/net.py": NET, "test_net.py": NET, "conftest.py": NET})
    assert names(root, index(root).candidates) == ["net.py"]
    assert len(index(root).files) == 4


def test_a_folder_above_the_root_does_not_make_a_test(tmp_path: Path):
    root = tmp_path / "tests" / "project"
    assert not is_test(str(root / "net.py"), root)
    assert is_test(str(root / "test" / "net.py"), root)


def test_imports_start_at_the_root_at_src_and_above_packages(project: Project):
    root = project(
        {
            "setup.py": "",
            "src/pkg/__init__.py": "",
            "src/pkg/net.py": NET,
            "libs/other/__init__.py": NET,
            "scripts/train.py": NET,
        }
    )
    found = [p.relative_to(root).as_posix() for p in index(root).import_roots]
    assert found == [".", "src", "libs", "scripts"]


def test_a_package_is_not_a_place_to_import_from(project: Project):
    root = project({"pkg/__init__.py": "", "pkg/net.py": NET}) / "pkg"
    assert index(root).import_roots == (root.parent,)


def test_a_marked_folder_inside_is_a_workspace_of_its_own(project: Project):
    root = project(
        {".git/HEAD": "", "net.py": NET, "examples/hwlint.toml": "", "examples/net.py": NET}
    )
    inner = root / "examples"
    assert workspaces([root]) == {root: (root,), inner: (inner,)}
    assert workspaces([inner / "net.py"]) == {inner: (inner / "net.py",)}
    assert names(root, index(root).files) == ["net.py"]
    assert names(root, index(root, nested=True).files) == ["examples/net.py", "net.py"]


def test_a_new_file_changes_the_listing(project: Project):
    root = project({"net.py": NET})
    before = index(root)
    project({"other.py": ""})
    after = index(root)
    assert before.listing != after.listing
    assert before.candidates == after.candidates


def test_open_brackets_take_no_time(project: Project):
    root = project({"net.py": NET, "odd.py": "import (\n" * 20_000})
    assert names(root, index(root).candidates) == ["net.py"]
