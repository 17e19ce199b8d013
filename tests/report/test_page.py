"""The page: one file that loads nothing, with the numbers of `inspect --device`."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DEVICES = ("--device", "h100-sxm,stm32h743,raspberry-pi-5")
LOADS = {"src", "href", "srcset", "data", "action", "poster", "formaction", "xlink:href"}


class Page(HTMLParser):
    """What of a page can be asked for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.rows: list[list[tuple[dict[str, str | None], str]]] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append((dict(attrs), ""))

    def handle_data(self, data):
        self.texts.append((self._open[-1] if self._open else "", data))
        if {"td", "th"} & set(self._open[-3:]) and self.rows and self.rows[-1]:
            attrs, text = self.rows[-1][-1]
            self.rows[-1][-1] = attrs, text + data

    def handle_endtag(self, tag):
        if tag in self._open:
            while self._open.pop() != tag:
                pass


@pytest.fixture(scope="module")
def kept() -> list[str]:
    """What several tests look at is made once."""
    return []


@pytest.fixture
def made(hwlint, kept: list[str], tmp_path: Path) -> tuple[str, Page]:
    if not kept:
        file = tmp_path / "report.html"
        done = hwlint("report", "cnn.py:small_resnet", *DEVICES, "-o", file, cwd=EXAMPLES)
        assert done.returncode == 0, done.stderr
        assert "1 model" in done.stdout
        kept.append(file.read_text(encoding="utf-8"))
    return kept[0], Page(kept[0])


def test_it_loads_nothing(made: tuple[str, Page]):
    text, page = made
    for tag, attrs in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        for name in LOADS & set(attrs):
            assert attrs[name].startswith("#"), f"<{tag} {name}={attrs[name]}>"
    styles = "".join(data for tag, data in page.texts if tag == "style")
    assert "url(" not in styles
    assert "@import" not in styles
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert text.count("<script") == text.count("</script>") == 3


def test_its_numbers_are_those_of_inspect(made: tuple[str, Page], hwlint):
    _, page = made
    form = ("--output-format", "json")
    done = hwlint("inspect", "cnn.py:small_resnet", *DEVICES, *form, cwd=EXAMPLES)
    (entry,) = json.loads(done.stdout)["entry_points"]
    shown = [row for row in page.rows if re.fullmatch(r"\d+", row[2][1] if len(row) > 2 else "")]
    parts = [[part.get("seconds", "") for part in d["parts"]] for d in entry["devices"]]
    assert len(shown) == len(parts[0])
    for number, row in enumerate(shown):
        assert row[0][1] == entry["devices"][0]["parts"][number]["name"]
        said = [row[7 + 3 * device][0]["data-v"] for device in range(3)]
        assert said == [str(device[number]) for device in parts]
    totals = {row[0][1].split()[0]: row[1][0].get("data-v") for row in page.rows if row[0][1]}
    for device in entry["devices"]:
        known = device["total"] is not None and device["silent_for"] is None
        assert totals[device["device"]] == (str(device["total"]["seconds"]) if known else None)


def test_its_findings_are_those_of_check(made: tuple[str, Page], hwlint):
    text, _ = made
    form = ("--output-format", "json", "--no-cache")
    done = hwlint("check", "cnn.py", *DEVICES, *form, cwd=EXAMPLES)
    findings = json.loads(done.stdout)["findings"]
    assert findings
    assert text.count('<article class="finding') == len(findings)
    for found in findings:
        assert f"{found['code']} {found['name']}" in text
        assert f"cnn.py:{found['line']}:{found['column']}" in text


def test_its_charts_are_whole(made: tuple[str, Page]):
    text, page = made
    places = [a["data-chart"] for _, a in page.tags if "data-chart" in a]
    data = json.loads(re.search(r'id="charts">(.*?)</script>', text, re.DOTALL)[1])
    assert places == list(data)
    assert all(spec["datasets"] for spec in data.values())


def test_names_cannot_break_out_of_it(hwlint, project):
    hostile = "</script><script>alert(1)</script>&<b>"
    text = f"""\
        import torch.nn as nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.add_module({hostile!r}, nn.Conv2d(3, 100, 3))

            def forward(self, x):
                return self.get_submodule({hostile!r})(x)
        """
    root = project({"net.py": text})
    done = hwlint("report", "net.py", "-o", "deep/report.html", cwd=root)
    assert done.returncode == 0, done.stderr
    page = (root / "deep" / "report.html").read_text(encoding="utf-8")
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert page.count("</script>") == 3


def test_without_a_model_there_is_no_page(hwlint, project):
    root = project({"plain.py": "import torch\n"})
    done = hwlint("report", "plain.py", cwd=root)
    assert done.returncode == 2
    assert "nothing here builds a model" in done.stderr
    assert not (root / "report.html").exists()


def test_a_wrong_device_is_said_before_anything_is_read(hwlint):
    done = hwlint("report", "cnn.py", "--device", "h10", cwd=EXAMPLES)
    assert done.returncode == 2
    assert 'unknown device "h10"' in done.stderr
