"""The documentation site is made without a warning, and has a page for each rule."""

import os
import re
import subprocess
import sys
from pathlib import Path

from hwlint.engine.registry import pages


def test_the_site_is_made_without_a_warning(tmp_path: Path, repository: Path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=repository,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    for code, page in pages().items():
        assert page.name in (tmp_path / "rules" / code / "index.html").read_text(encoding="utf-8")
    settings = (tmp_path / "configuration" / "index.html").read_text(encoding="utf-8")
    assert "per-file-ignores" in settings
    assert "How well it reads" not in settings
    made = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")]
    loaded = re.compile(r'(?:src=|<link rel="stylesheet" href=)"?https?://')
    assert not any(loaded.search(text) for text in made)  # it works without a network
