"""The programs in docs/targets.md measure, with programs that play adb and a board."""

import os
import re
import stat
import sys
import threading
import tty
from collections.abc import Callable
from pathlib import Path

import pytest

from hwlint.engine.config import load_config
from hwlint.measure.job import Job, Limits, save_job
from hwlint.measure.transports.command import Command, wrong_template

Place = Callable[[str, str], None]


@pytest.fixture
def examples(repository: Path) -> str:
    return (repository / "docs" / "targets.md").read_text(encoding="utf-8")


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    folder.mkdir()
    save_job(Job("onnxruntime", "net.py:Net", "k1", limits=Limits(seconds=30)), folder)
    (folder / "model.onnx").write_bytes(b"an onnx model")
    return folder


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return a function that puts a program, given as Python, on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def place(name: str, text: str) -> None:
        file = folder / name
        file.write_text(f"#!{sys.executable}\n{text}")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    return place


def program(examples: str, name: str, folder: Path) -> Path:
    (text,) = re.findall(rf"```python\n# {name}\n(.*?)```", examples, re.DOTALL)
    file = folder / name
    file.write_text(text)
    return file


def test_the_commands_are_right(examples: str, tmp_path: Path):
    templates = re.findall(r"--command '(.*?)'", examples)
    assert len(templates) == 3
    assert not [problem for each in templates if (problem := wrong_template(each))]
    (block,) = re.findall(r"```toml\n(.*?)```", examples, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(block)
    assert load_config(tmp_path).targets["pi"].way() == "ssh pi@raspberrypi.local"


ADB = """
import sys
from pathlib import Path
there = Path(__file__).with_name("phone")
words = sys.argv[1:]
if words[0] == "push":
    assert words[2] == "/data/local/tmp/hwlint.tflite"
    there.write_text(Path(words[1]).read_text())
elif words[1].startswith("rm"):
    there.unlink()
else:
    assert there.read_text() == "a tflite model"
    print("INFO: count=10 first=9000 curr=8000 min=7000 max=9000 avg=8000 std=5\\n")
    print("INFO: count=100 first=4100 curr=4000 min=3900 max=9000 avg=4.2e+03 std=5MEDIAN")
    print("INFO: Inference timings in us: Init: 5, First inference: 9000, Inference (avg): 4200")
"""
CONVERTER = """
import sys
from pathlib import Path
assert Path(sys.argv[2]).read_text() == "an onnx model"
Path(sys.argv[4], "model_float32.tflite").write_text("a tflite model")
Path(sys.argv[4], "model_float16.tflite").write_text("another")
"""


@pytest.mark.parametrize(
    ("more", "median", "notes"),
    [
        (" p5=3900 median=4000 p95=8000", 0.004, ()),
        ("", 0.0042, ("a mean: this benchmark_model tells no median",)),
    ],
)
def test_a_phone(
    more: str,
    median: float,
    notes: tuple[str, ...],
    examples: str,
    job: Path,
    on_path: Place,
    tmp_path: Path,
):
    on_path("adb", ADB.replace("MEDIAN", more))
    on_path("onnx2tf", CONVERTER)
    file = program(examples, "adb_benchmark.py", tmp_path)
    command = Command(f"{sys.executable} {file} {{model}} {{result}}")
    result = command.run(job, Path(), cancelled=lambda: False, progress=lambda _: None)
    assert result.failure is None, result.failure
    assert (result.median_s, result.notes) == (median, notes)
    assert not (tmp_path / "bin" / "phone").exists()
    on_path("adb", "import sys; print('adb: no devices/emulators found'); sys.exit(1)")
    result = command.run(job, Path(), cancelled=lambda: False, progress=lambda _: None)
    assert result.failure is not None
    assert result.failure.message.endswith("adb: no devices/emulators found")


def board(line: int, per_run: float) -> None:
    """Answer as firmware with MLPerf Tiny's API does."""
    clock, text = 1000, ""
    while True:
        try:
            text += os.read(line, 256).decode()
        except OSError:  # the other end is closed
            return
        while "%" in text:
            command, _, text = text.partition("%")
            words = command.split()
            said = "e-[Command not recognized]\r\n"
            if words[0] == "profile":
                said = "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\n"
            elif words[0] == "infer":
                runs, warmups = int(words[1]), int(words[2])
                start, clock = clock, clock + round(runs * per_run * 1e6)
                said = (
                    f"m-warmup-start-{warmups}\r\nm-warmup-done\r\nm-infer-start-{runs}\r\n"
                    f"m-lap-us-{start}\r\nm-lap-us-{clock}\r\nm-infer-done\r\nm-results-[0.1]\r\n"
                )
            os.write(line, f"{said}m-ready\r\n".encode())


def test_a_microcontroller(
    examples: str,
    job: Path,
    on_path: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    port = os.ttyname(theirs)
    thread = threading.Thread(target=board, args=(ours, 0.0125), daemon=True)
    thread.start()
    on_path("flash-model", "import sys; print('flashed', sys.argv[1:])")
    monkeypatch.setenv("WINDOW_S", "2")
    file = program(examples, "serial_tiny.py", tmp_path)
    command = Command(f"{sys.executable} {file} {{model}} {port}")
    result = command.run(job, Path(), cancelled=lambda: False, progress=lambda _: None)
    os.close(theirs)
    thread.join(10)
    os.close(ours)
    assert not thread.is_alive()
    assert result.failure is None, result.failure
    assert result.median_s == pytest.approx(0.0125)
    assert len(result.samples) == 5
    assert result.environment == {"firmware": "ULPMark for tinyML Firmware V0.0.1 kws01"}
