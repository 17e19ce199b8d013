"""Charts: of Vega-Lite's schema, with the numbers of the model, and drawn by Vega itself."""

import json
import runpy
from math import prod
from pathlib import Path

import altair as alt
import pytest
import vl_convert

from hwlint.engine.inspection import inspect
from hwlint.engine.run import Options, configure
from hwlint.engine.targets import find_targets
from hwlint.reader import ForwardOptions
from hwlint.report.charts import Chart, charts_of, template
from hwlint.report.sheet import Sheet, SheetMaker
from hwlint.source import Place

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
DEVICES = ("h100-sxm", "ethos-u55-128", "stm32h743", "raspberry-pi-5")


def said(place: Place) -> str:
    return f"{Path(place.path).name}:{place.line + 1}"


def sheet_of(name: str) -> Sheet:
    options = Options(devices=DEVICES)
    maker = SheetMaker(find_targets(configure(EXAMPLES, options), EXAMPLES))
    found = inspect(str(EXAMPLES / name), options, maker, forward=ForwardOptions())
    return next(sheet for result in found for sheet in result.shown)


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return sheet_of("cnn.py:small_resnet")


@pytest.fixture(scope="module")
def charts(sheet: Sheet) -> dict[str, Chart]:
    return {chart.id: chart for chart in charts_of(sheet, said)}


def data(chart: Chart, name: str) -> list[dict[str, object]]:
    return chart.spec["datasets"][name]


def test_the_templates_are_what_altair_makes():
    made = runpy.run_path(str(ROOT / "docs" / "charts.py"))["templates"]()
    for name, text in made.items():
        assert template(name) == text, "run: python docs/charts.py"


def test_a_filled_template_is_of_the_schema(charts: dict[str, Chart]):
    assert list(charts) == ["roofline", "memory", "latency", "devices"]
    for chart in charts.values():
        alt.Chart.from_dict(dict(chart.spec), validate=True)


def test_vega_draws_a_mark_for_each_layer_and_device(charts: dict[str, Chart], sheet: Sheet):
    drawn = {
        name: vl_convert.vegalite_to_svg(json.dumps({**chart.spec, "width": 600}))
        for name, chart in charts.items()
    }
    points = data(charts["roofline"], "points")
    assert len({point["row"] for point in points}) == sum(bool(row.macs) for row in sheet.rows)
    assert drawn["roofline"].count('aria-roledescription="point"') == len(points)
    assert drawn["latency"].count('aria-roledescription="bar"') == len(
        data(charts["latency"], "lines")
    )
    assert drawn["devices"].count('aria-roledescription="point"') == 3
    assert drawn["memory"].count('aria-roledescription="line mark"') == len(DEVICES)


def test_no_point_is_above_its_roof(charts: dict[str, Chart], sheet: Sheet):
    roofs = {f"{d.device} {d.dtype}": d.roof for d in sheet.devices}
    seen = set()
    for point in data(charts["roofline"], "points"):
        roof = roofs[point["device"]]
        if roof is not None:
            seen.add(point["device"])
            assert point["rate"] <= roof.ops * 1.000001
            if roof.bandwidth is not None and "chip" not in point["per_byte"]:
                assert point["rate"] <= roof.bandwidth * point["intensity"] * 1.000001
    assert seen == {"h100-sxm bf16", "ethos-u55-128 int8"}


def test_the_bars_of_a_device_are_the_whole_model(charts: dict[str, Chart]):
    shares: dict[object, float] = {}
    for bar in data(charts["latency"], "lines"):
        shares[bar["device"]] = shares.get(bar["device"], 0.0) + bar["share"]
    assert len(shares) == 3
    assert all(share == pytest.approx(1) for share in shares.values())


def test_the_highest_moment_is_the_peak(charts: dict[str, Chart], sheet: Sheet):
    for device in sheet.devices:
        name = f"{device.device} {device.dtype}"
        moments = [m for m in data(charts["memory"], "moments") if m["device"] == name]
        assert max(m["bytes"] for m in moments) == device.peak_bytes
        passed = [m["progress"] for m in moments]
        assert passed == sorted(passed)
        assert passed[-1] <= 1
    assert sheet.devices[0].peak_bytes >= 2 * prod(sheet.inputs[0][1])


def test_without_an_estimate_there_are_no_bars():
    options = Options(devices=("raspberry-pi-5",))
    maker = SheetMaker(find_targets(configure(EXAMPLES, options), EXAMPLES))
    place = str(EXAMPLES / "cnn.py:small_resnet")
    (result,) = inspect(place, options, maker, forward=ForwardOptions())
    (sheet,) = result.shown
    assert [chart.id for chart in charts_of(sheet, said)] == ["memory"]
