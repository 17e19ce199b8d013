"""Make the picture in the README: `hwlint check` in a terminal, as it really looks.

python docs/picture.py
"""

import os
import pty
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 130
COMMAND = ("check", "examples/kws.py", "examples/cnn.py", "--no-cache")


def in_terminal(command: list[str]) -> str:
    """Run a command in a pseudo-terminal and return what it wrote, colours included."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "LINES": "200"}
    with subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=env
    ):
        os.close(theirs)
        parts: list[bytes] = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # how a closed pseudo-terminal says that nothing more comes
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


def main() -> None:
    """Write docs/check.svg."""
    text = in_terminal([sys.executable, "-m", "hwlint", *COMMAND])
    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text.from_ansi(f"$ hwlint {' '.join(COMMAND[:-1])}\n"))
    console.print(Text.from_ansi(text))
    console.save_svg(str(ROOT / "docs" / "check.svg"), title="hwlint")


if __name__ == "__main__":
    main()
