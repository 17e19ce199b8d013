"""`hwlint device`: the list, one device as a card, and both for programs."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from hwlint.cli import hwlint as command
from hwlint.profile import discover_profiles
from hwlint.profile.schema import schema_text

Project = Callable[[Mapping[str, str]], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

PROFILES = discover_profiles(("hwlint_profiles",))


def test_devices_are_listed_by_kind(hwlint: Run):
    listed = hwlint("device", "list").stdout
    lines = listed.splitlines()
    titles = ["GPUs", "NPUs and other accelerators", "CPUs", "Microcontrollers"]
    assert [line for line in lines if line in titles] == titles
    for key in PROFILES:
        assert any(line.split()[:1] == [key] for line in lines), key
    assert lines.index("CPUs") < next(n for n, line in enumerate(lines) if "raspberry-pi" in line)
    (h100,) = (line for line in lines if line.startswith("h100-sxm "))
    assert h100.split("  ")[-1] == "also h100, h100-sxm5"
    assert not [line for line in lines if line != line.rstrip()]


def test_only_one_kind(hwlint: Run):
    listed = hwlint("device", "list", "--kind", "cpu").stdout
    assert "raspberry-pi-5" in listed
    assert "h100-sxm" not in listed
    assert hwlint("device", "list", "--kind", "tpu").returncode == 2


def test_the_list_for_programs(hwlint: Run):
    listed = json.loads(hwlint("device", "list", "--output-format", "json").stdout)
    assert [entry["id"] for entry in listed] == list(PROFILES)
    assert {
        "id": "t4",
        "name": "NVIDIA T4",
        "kind": "gpu",
        "default_dtype": "fp16",
        "aliases": ["nvidia-t4"],
        "targets": [],
    } in listed


def test_a_device_is_a_card(hwlint: Run):
    shown = hwlint("device", "show", "h100").stdout
    lines = shown.splitlines()
    assert lines[0] == "NVIDIA H100 SXM5 80GB"
    assert lines[1].startswith("h100-sxm · gpu, computes in bf16 by default · also h100")
    assert "Hardware" in lines
    assert "Deploy path" in lines
    assert "80 GB, 3,350 GB/s, L2 50 MiB, L1 256 KiB a core" in shown
    assert "multiples of 8, best 64; else a slower kernel" in shown
    # Every value says how well it is known, and nothing says where unless asked.
    assert "[vendor datasheet]" in shown
    assert "https://" not in shown
    assert "Nothing is known of: requirements" not in shown
    assert "\nNothing is known of: " in shown


def test_sources_are_numbered_and_listed_once(hwlint: Run):
    shown = hwlint("device", "show", "stm32l4r5", "--sources").stdout
    card, _, sources = shown.partition("\nSources\n")
    numbers = [line.split()[0] for line in sources.splitlines() if line[:2].strip().isdigit()]
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    assert len(numbers) > 5
    assert f"[measured {numbers[-1]}]" in card or f" {numbers[-1]}]" in card
    assert "MLPerf Tiny keyword spotting" in card
    assert "23.2 a second, 1,820.5 µJ" in card


def shown_here(*arguments: str) -> str:
    done = CliRunner().invoke(command, ["device", "show", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("key", list(PROFILES))
def test_every_device_can_be_shown(key: str):
    shown = shown_here(key, "--sources")
    assert shown.startswith(f"{PROFILES[key].name}\n{key} · ")
    for leak in ("None", "[]", "<", "{", "True", "False"):
        assert leak not in shown, leak
    data = json.loads(shown_here(key, "--output-format", "json"))
    assert data["id"] == key
    assert data["reporting"]["image_channels"] == 4
    assert None not in data.values()


def test_a_device_for_programs_leaves_out_what_is_unknown(hwlint: Run):
    data = json.loads(hwlint("device", "show", "tpu", "--output-format", "json").stdout)
    assert data["peak"]["tops"] == {"bf16": 197.0, "int8": 393.0, "int4": 788.0}
    assert data["peak"]["evidence"] == "vendor datasheet"
    assert {level["name"] for level in data["memory"]["levels"]} == {"VMEM", "SMEM"}
    assert "power" not in data
    assert "sram_kib" not in data["memory"]


def test_an_unknown_device(hwlint: Run):
    done = hwlint("device", "show", "h10-sxm")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'hwlint: unknown device "h10-sxm"; did you mean "h100-sxm"?\n'
    assert hwlint("device", "show", "_nvidia").returncode == 2


def test_a_projects_own_device(hwlint: Run, project: Project):
    root = project(
        {
            "pyproject.toml": "[tool.hwlint]\n",
            ".hwlint/profiles/board.toml": """
                extends = "stm32h743"
                name = "Our board"
                [core]
                clock_mhz = 400
                source = "our schematic"
                evidence = "measured"
            """,
        }
    )
    shown = hwlint("device", "show", "board", "--sources", cwd=root).stdout
    assert shown.startswith("Our board\nboard · mcu")
    assert "cortex-m7, 1 core, 400 MHz" in shown
    assert "our schematic" in shown
    assert "board " in hwlint("device", "list", cwd=root).stdout


def test_a_fault_in_a_projects_profile_has_its_place(hwlint: Run, project: Project):
    root = project(
        {
            "pyproject.toml": "[tool.hwlint]\n",
            ".hwlint/profiles/board.toml": 'extends = "stm32h743"\n[memory]\nsram_kb = 300\n',
        }
    )
    done = hwlint("device", "show", "board", cwd=root)
    assert done.returncode == 2
    place = root / ".hwlint" / "profiles" / "board.toml"
    assert done.stderr.startswith(f"hwlint: {place}:2: memory: differs from what it extends")
    told = 'source = "s"\nevidence = "measured"\n'
    place.write_text(f'extends = "stm32h743"\n[memory]\nsram_kb = 300\n{told}')
    done = hwlint("device", "show", "board", cwd=root)
    assert done.stderr == (
        f'hwlint: {place}:3: unknown field "sram_kb" in memory; did you mean "sram_kib"?\n'
    )


def test_the_schema_is_printed(hwlint: Run):
    assert hwlint("device", "schema").stdout == schema_text()
