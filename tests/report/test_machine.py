"""The formats that programs read, on the result of a real check."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

Project = Callable[[Mapping[str, str]], Path]

NET = """\
    import torch.nn as nn


    class Net(nn.Module):
        def __init__(self, width=100):
            super().__init__()
            self.stem = nn.Conv2d(3, width, 3)
            self.conv = nn.Conv2d(width, width, 3)
            self.head = nn.Conv2d(width, 64, 1)

        def forward(self, x):
            return self.head(self.conv(self.stem(x)))
    """
CONFIG = '[tool.hwlint]\ndevices = ["h100-sxm"]\nselect = ["HW0", "HW101"]\n'


@pytest.fixture
def root(project: Project) -> Path:
    return project({"pyproject.toml": CONFIG, "models/net.py": NET})


def test_json_lines_has_a_line_a_finding(root: Path, hwlint):
    done = hwlint("check", ".", "--output-format", "json-lines", cwd=root)
    (found,) = map(json.loads, done.stdout.splitlines())
    assert (found["code"], found["path"], found["line"]) == ("HW101", "models/net.py", 5)


def test_github_has_a_command_a_finding(root: Path, hwlint):
    done = hwlint("check", ".", "--output-format", "github", cwd=root)
    (line,) = done.stdout.splitlines()
    form = r"::warning file=models/net.py,line=5,endLine=5,title=HW101 misaligned-channels,"
    assert re.match(form + r"col=30,endColumn=33::100 -> 104 [^\n]*%0Ah100-sxm bf16: ", line)
    assert "%25 of the" in line


def test_gitlab_has_what_its_report_asks_for(root: Path, hwlint):
    done = hwlint("check", ".", "--output-format", "gitlab", cwd=root)
    (found,) = json.loads(done.stdout)
    assert found["severity"] in {"info", "minor", "major", "critical", "blocker"}
    assert found["location"] == {"path": "models/net.py", "lines": {"begin": 5, "end": 5}}
    assert re.fullmatch(r"[0-9a-f]{24}", found["fingerprint"])
    assert found["check_name"] == "misaligned-channels"


def test_junit_counts_what_it_holds(root: Path, hwlint):
    done = hwlint("check", ".", "--output-format", "junit", cwd=root)
    top = ET.fromstring(done.stdout)
    assert (top.get("tests"), top.get("failures")) == ("1", "1")
    (case,) = top.iter("testcase")
    assert case.get("file") == "models/net.py"
    (failure,) = case
    assert "100 -> 104" in (failure.get("message") or "")


def test_junit_of_a_clean_run_has_a_test_that_passed(root: Path, hwlint):
    (root / "models" / "net.py").write_text("import torch\n")
    done = hwlint("check", ".", "--output-format", "junit", cwd=root)
    (case,) = ET.fromstring(done.stdout).iter("testcase")
    assert list(case) == []


def test_sarif_refers_to_its_rules(root: Path, hwlint):
    done = hwlint("check", ".", "--output-format", "sarif", "-o", "out.sarif", cwd=root)
    assert done.returncode == 0
    document = json.loads((root / "out.sarif").read_text())
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    (found,) = run["results"]
    assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"] == "HW101"
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "models/net.py", "uriBaseId": "SRCROOT"}
    region = {"startLine": 5, "startColumn": 30, "endLine": 5, "endColumn": 33}
    assert place["region"] == region
    assert run["columnKind"] == "unicodeCodePoints"
