"""--watch checks again when a file changes."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Queue

NET = """\
import torch.nn as nn

body = nn.Sequential(nn.Conv2d(64, 100, 3), nn.Conv2d(100, 64, 3))
"""


def test_each_change_is_checked_and_an_interrupt_ends_it(
    project: Callable[[Mapping[str, str]], Path],
):
    root = project({"net.py": NET, "hwlint.toml": 'devices = ["h100-sxm"]\nselect = ["HW101"]\n'})
    process = subprocess.Popen(
        [sys.executable, "-m", "hwlint", "check", "--watch", "--output-format", "concise"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell's background job is started with the signal ignored, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout or ()])
    reader.start()

    def told() -> str:
        """Return what comes until it waits."""
        said = ""
        while "Watching for changes" not in said:
            said += lines.get(timeout=60)
        return said

    try:
        assert "net.py:3:36: HW101" in told()
        (root / "net.py").write_text(NET.replace("100", "104"))
        assert "No findings" in told()
        (root / "other.py").write_text("# one line\n" + NET)
        assert "other.py:4:36: HW101" in told()
        (root / "hwlint.toml").write_text("devices = [\n")
        assert "hwlint.toml:" in told()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        reader.join()
        process.stdout.close()
    assert process.returncode == 130
